package name

import "strings"

// Edit is the cost of one whole letter or sound that is another, is missing or stands too much. Costs below it are for sounds that are written for one another.
const Edit = 10

// What a sound costs that the other side does not have.
const (
	vowelGap = 5
	openGap  = 1 // a vowel opposite a script that does not write it
	weakGap  = 4 // h, y, w, and open letters, which come and go between spellings
)

// likened are sounds that are written for one another, by how much it costs. What stands in no group costs a whole edit.
var likened = []struct {
	cost   uint8
	sounds []string // each letter of one string with each other letter of the same
}{
	{1, []string{"tT", "dD", "xX", "kK", "CX", "sQ", "vw", "kq", "GX", "yj", "iy", "ij", "Jj"}},
	{1, []string{"Ww", "Wv", "Wu", "Wo", "Iy", "Ii", "Ie", "Ij", "Aa", "Ae", "EA", "Ea", "Ee", "Eh"}},
	{2, []string{"gG", "xh", "ZJ", "Zj", "cQ", "SX", "kX", "cK", "gq", "Gq", "Ao", "Ai", "Au", "Wf", "WI", "AI", "EI", "Ei", "IJ", "AE", "AW", "TZ"}},
	{3, []string{"DJ", "Dj", "xk", "fv", "SC", "sc", "CQ", "JQ", "JK", "CK", "wu", "wo", "gJ", "gj", "gh", "bv", "zs", "zD", "sT", "zc", "Kq", "Sj", "GJ", "qx", "Gx", "xK", "TD"}},
	{4, []string{"tX", "tC", "ae", "ei", "ou", "oa", "Ss", "Zz", "Cc", "zJ", "zQ", "bp", "td", "kg", "dT", "tD", "cC", "iu", "XQ", "hG", "fw", "hk", "ui", "zj", "eo", "cS"}},
	{6, []string{"ai", "au", "eu", "io", "mn", "SZ", "CJ", "lr", "pf", "sS"}},
}

var substitute = func() (t [128][128]uint8) {
	for i := range t {
		for j := range t[i] {
			if i != j {
				t[i][j] = Edit
			}
		}
	}
	for _, g := range likened {
		for _, s := range g.sounds {
			for i := range len(s) {
				for j := range len(s) {
					if i != j && t[s[i]][s[j]] > g.cost {
						t[s[i]][s[j]] = g.cost
					}
				}
			}
		}
	}
	return t
}()

// gaps is what each sound costs when the other side does not have it: first opposite a script that writes vowels, then opposite one that does not.
var gaps = func() (t [2][128]uint8) {
	for i := range t[0] {
		t[0][i], t[1][i] = Edit, Edit
	}
	for _, c := range "aeiou" {
		t[0][c], t[1][c] = vowelGap, openGap
	}
	for _, c := range "hywWI" {
		t[0][c], t[1][c] = weakGap, weakGap
	}
	for _, c := range "AE" {
		t[0][c], t[1][c] = 1, 1
	}
	return t
}()

// maxSounds bounds the work of one comparison: longer parts are compared by their beginnings.
const maxSounds = 32

// silentGap is what the last consonant of a Latin spelling costs that is not in another script: French does not sound it, and endings in s are left out.
const silentGap = 3

// voiced returns from where on the last sounds of a Latin spelling may be silent.
func voiced(sounds string) int {
	n := len(sounds)
	for n >= shortest && n > len(sounds)-2 && strings.IndexByte("tsdzprxkX", sounds[n-1]) >= 0 {
		n--
	}
	return n
}

// soundCost is the weighted edit distance of two strings of sounds, or limit+1 when it is more. Where one side leaves vowels out, those of the other are cheap. What a sounds at its end
// from silentA on, and b from silentB on, may be silent.
func soundCost(a, b string, aOpen, bOpen bool, silentA, silentB, limit int) int {
	a, b = a[:min(len(a), maxSounds)], b[:min(len(b), maxSounds)]
	gapA, gapB := &gaps[0], &gaps[0] // gapA: what a sound of a costs that b does not have
	if bOpen {
		gapA = &gaps[1]
	}
	if aOpen {
		gapB = &gaps[1]
	}
	var row [maxSounds + 1]int
	var gapOfB [maxSounds]int
	for j := range len(b) {
		gapOfB[j] = int(gapB[b[j]&127])
		if j >= silentB {
			gapOfB[j] = min(gapOfB[j], silentGap)
		}
		row[j+1] = row[j] + gapOfB[j]
	}
	for i := range len(a) {
		before, gap := row[0], int(gapA[a[i]&127])
		if i >= silentA {
			gap = min(gap, silentGap)
		}
		row[0] += gap
		least := row[0]
		sub := &substitute[a[i]&127]
		for j := range len(b) {
			c := b[j] & 127
			v := min(before+int(sub[c]), row[j+1]+gap, row[j]+gapOfB[j])
			before, row[j+1] = row[j+1], v
			least = min(least, v)
		}
		if least > limit {
			return limit + 1
		}
	}
	return min(row[len(b)], limit+1)
}

// letterCost is the restricted edit distance of two parts by their letters (bytes), each edit and each swap of neighbours one Edit, or limit+1 when it is more.
func letterCost(a, b string, limit int) int {
	for len(a) > 0 && len(b) > 0 && a[0] == b[0] {
		a, b = a[1:], b[1:]
	}
	for len(a) > 0 && len(b) > 0 && a[len(a)-1] == b[len(b)-1] {
		a, b = a[:len(a)-1], b[:len(b)-1]
	}
	if len(a) > len(b) {
		a, b = b, a
	}
	most := limit / Edit
	if len(b)-len(a) > most {
		return limit + 1
	}
	if len(a) == 0 {
		return len(b) * Edit
	}
	if len(b) > maxSounds {
		return limit + 1
	}
	var rows [3][maxSounds + 1]int
	for j := range len(b) + 1 {
		rows[1][j] = j
	}
	for i := range len(a) {
		two, one, cur := &rows[i%3], &rows[(i+1)%3], &rows[(i+2)%3]
		cur[0] = i + 1
		least := cur[0]
		for j := range len(b) {
			v := min(one[j+1], cur[j]) + 1
			if a[i] == b[j] {
				v = min(v, one[j])
			} else {
				v = min(v, one[j]+1)
			}
			if i > 0 && j > 0 && a[i] == b[j-1] && a[i-1] == b[j] {
				v = min(v, two[j-1]+1)
			}
			cur[j+1] = v
			least = min(least, v)
		}
		if least > most {
			return limit + 1
		}
	}
	return min(rows[(len(a)+1)%3][len(b)]*Edit, limit+1)
}
