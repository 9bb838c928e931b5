package mrz

import (
	"slices"
	"strings"
)

// mostCompared bounds the characters of a text that is compared with a zone: what is longer was read of no zone.
const mostCompared = 512

// Changes says in which characters a zone differs from a text that was read of it, each change of one character, as few as make the one of the other. Blanks and line ends of the text count for nothing. Of a text that is longer than any zone
// with what may stand around it, only the beginning is compared. Nothing says why: that is whoever's who changed it.
func Changes(read string, lines []string) []Change {
	var from []rune
	for _, line := range readLines(read) {
		from = append(from, line...)
	}
	from = from[:min(len(from), mostCompared)]
	to := []rune(strings.Join(lines, ""))
	width := 1
	if len(lines) > 0 {
		width = max(1, len(lines[0]))
	}
	out := []Change{}
	cost := distances(from, to)
	for i, j := len(from), len(to); i > 0 || j > 0; {
		same := i > 0 && j > 0 && from[i-1] == to[j-1]
		switch {
		case same && cost[i][j] == cost[i-1][j-1]:
			i, j = i-1, j-1
		case i > 0 && j > 0 && cost[i][j] == cost[i-1][j-1]+1:
			i, j = i-1, j-1
			out = append(out, changeAt(j, width, shown(from[i]), shown(to[j])))
		case j > 0 && cost[i][j] == cost[i][j-1]+1:
			j--
			out = append(out, changeAt(j, width, "", shown(to[j])))
		default:
			i--
			out = append(out, changeAt(max(0, min(j, len(to)-1)), width, shown(from[i]), ""))
		}
	}
	slices.Reverse(out)
	return out
}

func changeAt(i, width int, from, to string) Change {
	return Change{Line: i/width + 1, Column: i%width + 1, From: from, To: to}
}

// distances returns how many characters at least have to be changed, put in or taken out to make each beginning of to from each of from.
func distances(from, to []rune) [][]int {
	cost := make([][]int, len(from)+1)
	for i := range cost {
		cost[i] = make([]int, len(to)+1)
		cost[i][0] = i
	}
	for j := range cost[0] {
		cost[0][j] = j
	}
	for i, r := range from {
		for j, t := range to {
			swap := cost[i][j]
			if r != t {
				swap++
			}
			cost[i+1][j+1] = min(swap, cost[i][j+1]+1, cost[i+1][j]+1)
		}
	}
	return cost
}

// Tells reports whether a check digit of the document would be wrong had the change not been made: whether one covers the place and tells the two characters from each other (9303-3 §4.9: not where their values are the same modulo 10), or
// stands there itself. Line and column are those of the document's lines; for a character put in or taken out the place alone decides, since all that follows it moves.
func (d *Document) Tells(c Change) bool {
	l := layouts[d.Format]
	if l == nil || len(d.Lines) != l.lines {
		return false
	}
	n := l.number
	for _, s := range slotsOf(l, l.longNumber && d.Lines[n.line][n.to] == filler) {
		if !s.covered || !slices.Contains(s.cells, cell{c.Line - 1, c.Column - 1}) {
			continue
		}
		if len(c.From) != 1 || len(c.To) != 1 || l.isCheckDigit(span{c.Line - 1, c.Column - 1, c.Column}) {
			return true
		}
		a, b := value(c.From[0]), value(c.To[0])
		return a < 0 || b < 0 || a%10 != b%10
	}
	return false
}

func (l *layout) isCheckDigit(at span) bool {
	return at == l.number.checkAt() || at == l.birth.checkAt() || at == l.expiry.checkAt() || at == l.compositeAt || l.optCheck && at == l.optional1.checkAt()
}
