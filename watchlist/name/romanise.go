package name

import (
	"slices"
	"strings"
)

// romanisations are ways of writing a script in Latin letters that passports and lists use, the first that of ICAO. A letter that a table does not have is as in the table before it.
var romanisations = []struct {
	of     rune // a letter of the script
	tables []string
}{
	{'а', []string{
		// ICAO 9303-3 §6.B, as in passports of the Russian Federation since 2014
		"а a б b в v г g д d е e ж zh з z и i к k л l м m н n о o п p р r с s т t у u ф f х kh ц ts ч ch ш sh щ shch ъ ie ы y ь - э e ю iu я ia ґ g є ie і i ђ d ѕ dz ј j љ lj њ nj ћ c џ dz ә a ғ gh қ q ң ng ө o ұ u ү u һ h ҳ h ҷ j",
		// BGN/PCGN, and passports of the Russian Federation of 1997 to 2010 without their apostrophes
		"ъ - ю yu я ya є ye ә ae",
		// Ukraine, resolution 55 of 2010
		"г h х kh и y є ie щ shch ю iu я ia",
		// German
		"в w ж sch з s х ch ц z ч tsch ш sch щ schtsch ю ju я ja й j",
		// French, and Soviet passports
		"ж j х kh ц ts ч tch ш ch щ chtch у ou ю iou я ia",
		// ISO 9 without its marks, Polish and Czech
		"в v ж z з z х h ц c ч c ш s щ sc у u ю ju я ja",
	}},
	{'ա', []string{
		// Passports of the Republic of Armenia (BGN/PCGN 1981 without its apostrophes)
		"ա a բ b գ g դ d ե e զ z է e ը y թ t ժ zh ի i լ l խ kh ծ ts կ k հ h ձ dz ղ gh ճ ch մ m յ y ն n շ sh ո o չ ch պ p ջ j ռ r ս s վ v տ t ր r ց ts ւ v փ p ք k օ o ֆ f և ev",
		// Western Armenian
		"բ p գ k դ t պ b կ g տ d ջ ch ճ j ծ dz ձ ts",
	}},
	{'ა', []string{
		// Georgia, national system of 2002
		"ა a ბ b გ g დ d ე e ვ v ზ z თ t ი i კ k ლ l მ m ნ n ო o პ p ჟ zh რ r ს s ტ t უ u ფ p ქ k ღ gh ყ q შ sh ჩ ch ც ts ძ dz წ ts ჭ ch ხ kh ჯ j ჰ h",
	}},
	{'α', []string{
		// ELOT 743, ISO 843 type 2
		"α a β v γ g δ d ε e ζ z η i θ th ι i κ k λ l μ m ν n ξ x ο o π p ρ r σ s τ t υ y φ f χ ch ψ ps ω o",
	}},
	{'ا', []string{
		// ICAO 9303-3 §6.C, for machine-readable zones, where x marks letters that Latin does not have
		"ء xe ا a ب b ة xah ت t ث xth ج j ح xh خ xkh د d ذ xdh ر r ز z س s ش xsh ص xss ض xdz ط xtt ظ xzz ع e غ g ف f ق q ك k ل l م m ن n ه h و w ي y پ p چ xc ژ xj گ xg",
		// Without the marks
		"ء - ث th ح h خ kh ذ dh ش sh ص s ض d ط t ظ z ع a غ gh چ ch ژ zh گ g",
		// Persian
		"و v ي i ث s ذ z ض z ق gh",
	}},
}

// romanised are the tables, each with what the first has beside its own.
var romanised = func() map[rune][]map[rune]string {
	out := map[rune][]map[rune]string{}
	for _, s := range romanisations {
		var all []map[rune]string
		for i, table := range s.tables {
			m := map[rune]string{}
			if i > 0 {
				for r, t := range all[0] {
					m[r] = t
				}
			}
			f := strings.Fields(table)
			for k := 0; k < len(f); k += 2 {
				m[[]rune(f[k])[0]] = strings.Trim(f[k+1], "-")
			}
			all = append(all, m)
		}
		for r := range all[0] {
			out[r] = all
		}
	}
	return out
}()

// Romanise returns how passports and lists write a part of another script in Latin letters, that of ICAO 9303-3 §6 first, each once; nil where Marz has no table. Arabic comes
// without the vowels that it does not write, as it stands in a machine-readable zone.
func Romanise(part string) []string {
	runes := []rune(part)
	if len(runes) == 0 {
		return nil
	}
	var out []string
	for _, table := range romanised[runes[0]] {
		var b strings.Builder
		for _, r := range runes {
			s, ok := table[r]
			if !ok {
				b.Reset()
				break
			}
			b.WriteString(s)
		}
		if s := b.String(); s != "" && !slices.Contains(out, s) {
			out = append(out, s)
		}
	}
	return out
}

// arabicMarked are the letters that ICAO 9303-3 §6.C writes with an x, longest first, and the others.
var arabicMarked, arabicPlain = func() (marked [][2]string, plain map[byte]string) {
	plain = map[byte]string{}
	f := strings.Fields(romanisations[len(romanisations)-1].tables[0])
	for i := 0; i < len(f); i += 2 {
		if len(f[i+1]) > 1 {
			marked = append(marked, [2]string{f[i+1], f[i]})
		} else {
			plain[f[i+1][0]] = f[i]
		}
	}
	marked = append(marked, [2]string{"xaa", "ا"}, [2]string{"xae", "ا"}, [2]string{"xta", "ه"}, [2]string{"xw", "و"}, [2]string{"xi", "ي"}, [2]string{"xkk", "ك"}, [2]string{"xya", "ي"})
	slices.SortStableFunc(marked, func(a, b [2]string) int { return len(b[0]) - len(a[0]) })
	plain['i'], plain['u'] = "ا", "و"
	return marked, plain
}()

// Restore brings a name that a machine-readable zone writes letter by letter from Arabic (ICAO 9303-3 §6.C) back to its letters. nil when none of its parts has a letter that only
// that table has.
func Restore(parts []string) []string {
	out := make([]string, len(parts))
	found := false
	for i, p := range parts {
		s, marked := restore(p)
		if s == "" {
			return nil
		}
		out[i], found = s, found || marked
	}
	if !found {
		return nil
	}
	return out
}

func restore(p string) (arabic string, marked bool) {
	var b strings.Builder
next:
	for p != "" {
		if p[0] == 'x' {
			for _, m := range arabicMarked {
				if rest, ok := strings.CutPrefix(p, m[0]); ok {
					b.WriteString(m[1])
					p, marked = rest, true
					continue next
				}
			}
			return "", false
		}
		s, ok := arabicPlain[p[0]]
		if !ok {
			return "", false
		}
		b.WriteString(s)
		p = p[1:]
	}
	return b.String(), marked
}
