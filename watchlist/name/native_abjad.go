package name

// arabic holds the letters of Arabic, Persian, Urdu, Pashto, Kurdish, Sindhi and Uyghur. ذ ض ظ are z in Persian, Urdu
// and Turkish names and d, dh or z in Arabic ones, which is what D stands for.
var arabic = alphabet(`
	اa آa أa إA ٱa ءA ؤW ئI بb تt ةE ثT جJ حh خx دd ذD رr زz سs شS صs ضD طt ظD عA غG فf قq كk لl مm نn هh وW ىI يI
	پp چC ژZ گg ڤv ڨg ڭng ڢf ڧq کk یI ەE ہh ھh ۀE ۂE ۃE
	ٹt ڈd ڑr ںn ےI ۓI
	ټt ځdz څc ډd ړr ږG ښS ڼn ګg ېI ۍI
	ڕr ڵl ۆo ێe ۋW ۇu ۈu ۊo
	ٻb ڄJ ڏd ڙr ڳg ڱng ڻn ٺt ٿt ڇC ڃn ٽt ڌd ڊd ڍd ڀb ڦf ڪk ڬk ڠG ڡf ڥv ڜS ڝs ڞD ڟt ڗz ڛs ڎd ڐd ڒr ڔr ڷl ڽn ݢg ۏW ۉu ۅo
	ۄW ٮb ٯq ڂh ځdz ڿC ۿh ۺS ۻD ۼG ڮk ڰg ڴg ڶl ڸl ڹn ۑI`)

func arabicSounds(p []rune, i int) (string, int) {
	first, last := i == 0, i == len(p)-1
	switch r := p[i]; {
	case in("اأآإٱ", r) && first:
		return "A", 1 // bears any short vowel
	case in("هةەہھ", r) && last && !first:
		return "E", 1
	case r == 'ت' && at(p, i+1) == 'ش' && (in("اويى", at(p, i+2)) || i+2 == len(p) && in("اوين", at(p, i-1))):
		return "C", 2 // of foreign names: -ич
	case r == 'ل' && at(p, i+1) == 'ل' && in("هہ", at(p, i+2)): // Allah, whose a is never written
		if i+3 == len(p) {
			return "llaE", 3
		}
		return "llah", 3
	}
	return arabic[p[i]], 1
}

// hebrew holds the unpointed letters. ב is v within a part and כ kh, which the older names have: Avraham, Zecharya.
var hebrew = alphabet(`
	אA בv גg דd הh וW זz חx טt יI כx ךx לl מm םm נn ןn סs עA פp ףf צc ץc קk רr שS תt װW ױoI ײI`)

func hebrewSounds(p []rune, i int) (string, int) {
	first, last := i == 0, i == len(p)-1
	switch r := p[i]; {
	case r == 'ב' && first:
		return "b", 1
	case r == 'כ' && first:
		return "k", 1
	case r == 'ה' && last && !first:
		return "E", 1
	case in("וי", r) && at(p, i+1) == r:
		return hebrew[r], 2
	}
	return hebrew[p[i]], 1
}
