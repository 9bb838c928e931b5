package number

import (
	"strings"
	"unicode/utf8"
)

// groups are the characters that are taken for one another, a group a line, the first standing for all in Alike.
//
// They were chosen so: what OCR-B and plates' faces confuse among Latin letters and digits; letters of other scripts that are drawn as a Latin letter, a digit or each other; letters
// that differ by a mark, which zones and keyboards leave out; Arabic and Persian letters that differ by dots. A group is what is confused with any of its members, so
// that Cyrillic В, which is drawn as B, is in the group of 8. A table holds Alike forms: when groups change, tables of before are refused and have to be built again.
//
// Left out with care. Latin Q and D are drawn like 0 in few faces, and would join numbers that are issued side by side. Armenian Ա, Ո, Ռ, Յ, Ց, Զ and Հ look like no capital
// that plates bear; that ո, ց and հ look like n, g and h counts only in lower case, in which no plate is written. Arabic ه and و look like ٥ and ٩ in handwriting only; ا is drawn
// as ١ in every face.
const groups = `
0 O О Ο Օ Ò Ó Ô Õ Ö Ø Ő Ō Ө
1 I І Ι Ì Í Î Ï Ї Ϊ Ī ا آ أ إ ٱ
2 Z Ζ Ź Ž Ż
3 З
5 S Ѕ Տ Ś Š Ş Ș
6 G Ğ Ģ Ġ
8 B В Β
A А Α À Á Â Ã Ä Å Ā Ă Ą
C С Ç Ć Č
D Ð Đ Ď
E Е Ε Ё È É Ê Ë Ē Ę Ě
H Н Η Ң
J Ј
K К Κ Ķ Қ
L Լ Ĺ Ľ Ł Ļ
M М Μ
N Ν Ñ Ń Ň Ņ
P Р Ρ
R Ŕ Ř
T Т Τ Ţ Ť Ț
U Ս Ù Ú Û Ü Ű Ů Ū
X Х Χ Ҳ
Y У Υ Ý Ÿ Ў Ү Ұ Ϋ
Г Γ Ґ Ғ
И Й Ӣ
П Π
Ф Φ
ب پ ت ث
ح ج چ خ
د ذ
ر ز ژ
س ش
ص ض
ط ظ
ع غ
ف ق
ک گ
ه ة ۀ ہ ھ ە
و ؤ
ی ئ
`

// alikes gives of each rune below tableEnd the one that stands for its group. No group has a rune beyond it.
var alikes = func() (t [tableEnd]rune) {
	for r := range t {
		t[r] = rune(r)
	}
	for line := range strings.Lines(groups) {
		for i, word := range strings.Fields(line) {
			first, _ := utf8.DecodeRuneInString(strings.TrimSpace(line))
			if r, _ := utf8.DecodeRuneInString(word); i > 0 {
				t[r] = first
			}
		}
	}
	return t
}()

// alikeRune returns what stands for a rune of Normal form in Alike.
func alikeRune(r rune) rune {
	if r >= 0 && r < tableEnd {
		return alikes[r]
	}
	return r
}
