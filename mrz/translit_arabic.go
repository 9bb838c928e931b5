package mrz

import (
	"strings"
	"unicode/utf8"
)

// arabic is the table of Doc 9303-3 §6 C, in the order of Unicode. X is an escape: it and the one or two letters after it stand
// for one letter. ڤ and ڥ are of appendix B §B.5.4 (the program in §B.7 writes the first XV). ی is XYA; by §B.5.6 note 4 Y and XAY
// are possible too.
var arabic = func() map[rune]string {
	const table = `
		ءXE آXAA أXAE ؤU إI ئXI اA بB ةXAH تT ثXTH جJ حXH خXKH دD ذXDH رR زZ سS شXSH صXSS ضXDZ طXTT ظXZZ عE غG فF قQ كK لL مM نN هH
		وW ىXAY يY ٱXXA ٹXXT ټXRT پP ځXKE څXXH چXC ڈXXD ډXDR ڑXXR ړXRR ږXRX ژXJ ښXXS ڤV ڥXF کXKK ګXXK ڭXNG گXGG ںXNN ڼXXN ھXDO
		ۀXYH ہXXG ۂXGE ۃXTG یXYA ۍXXY ېY ےXYB ۓXBE`
	m := map[rune]string{}
	for _, entry := range strings.Fields(table) {
		r, n := utf8.DecodeRuneInString(entry)
		m[r] = entry[n:]
	}
	for _, r := range notEncoded {
		m[r] = ""
	}
	return m
}()

const (
	// notEncoded are the letters that the table lists and does not write: tatweel, and obsolete letters of the Maghreb. Of the
	// marks it lists (U+064B to U+0652, U+0670) shadda alone is written.
	notEncoded = "ـڜڢڧڨ"
	shadda     = '\u0651'
	tehMarbuta = 'ة'
	tehMark    = '\x01' // stands for teh marbuta until it is known whether it ends its component
)

// Arabic returns how Doc 9303-3 §6 C writes a letter of Arabic script in a zone, teh marbuta as at the end of a component: XAH,
// and XTA elsewhere. For a letter that is left out it returns "" and true, for what the table does not have, marks among it,
// "" and false.
func Arabic(letter rune) (latin string, ok bool) {
	latin, ok = arabic[letter]
	return latin, ok
}

// withTeh writes each teh marbuta in a component (9303-3 §6 C note 2).
func withTeh(component string) string {
	if rest, ends := strings.CutSuffix(component, string(tehMark)); ends {
		component = rest + "XAH"
	}
	return strings.ReplaceAll(component, string(tehMark), "XTA")
}
