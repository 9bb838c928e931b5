package mrz

import (
	"fmt"
	"slices"
	"strings"
	"unicode"
)

// lost stands in a frame for a character that the reader did not see.
const lost = rune(0)

// frame is what was read, laid out in lines of a format: as it is, or with one character put in or taken out.
type frame struct {
	layout  *layout
	lines   [][]rune
	cost    int
	changes []Change
}

// framesOf lays a text out in every format that its length allows.
func framesOf(text string) []frame {
	lines := readLines(text)
	var out []frame
	for _, size := range []struct{ width, need int }{{30, 3}, {36, 2}, {44, 2}} {
		out = append(out, framesIn(lines, size.width, size.need)...)
	}
	return out
}

// readLines returns the lines of a text in capitals, without blanks and control characters and without empty lines.
func readLines(text string) [][]rune {
	var lines [][]rune
	text = strings.TrimPrefix(strings.ToValidUTF8(text, "\uFFFD"), byteOrderMark)
	for line := range strings.SplitSeq(lineEnds.Replace(text), "\n") {
		line = strings.Map(func(r rune) rune {
			if unicode.IsSpace(r) || unicode.IsControl(r) || r == lost {
				return -1
			}
			return r
		}, capitals(line))
		if line != "" {
			lines = append(lines, []rune(line))
		}
	}
	return lines
}

// framesIn lays lines out in lines of a width. Where the line ends can be trusted, they say in which line a character is
// lost or added; where they are missing, it may be anywhere.
func framesIn(lines [][]rune, width, need int) []frame {
	lines, junk := cutJunk(lines, width, need)
	var all []rune
	for _, line := range lines {
		all = append(all, line...)
	}
	from, to := 0, len(all)
	if len(lines) == need {
		at := 0
		for _, line := range lines {
			if len(line) != width {
				from, to = at, at+len(line)
			}
			at += len(line)
		}
	}
	var out []frame
	switch len(all) - width*need {
	case 0:
		if len(lines) == need && to-from != len(all) {
			return nil // one line too long by what another lacks
		}
		out = []frame{{lines: split(all, width)}}
	case -1:
		out = insertions(all, from, to, width)
	case 1:
		out = deletions(all, from, to, width)
	}
	var frames []frame
	for _, l := range formatsOf(width) {
		for _, f := range out {
			f.layout = l
			f.cost += len(junk) * costForced
			f.changes = append(slices.Clone(f.changes), junk...)
			frames = append(frames, f)
		}
	}
	return frames
}

// formatsOf returns the layouts with lines of a width.
func formatsOf(width int) []*layout {
	switch width {
	case 30:
		return []*layout{layoutTD1}
	case 36:
		return []*layout{layoutTD2, layoutMRVB, layoutFranceID}
	}
	return []*layout{layoutTD3, layoutMRVA}
}

// cutJunk takes off what follows the zone: lines after the last, and characters of no zone at the end of a line.
func cutJunk(lines [][]rune, width, need int) (cut [][]rune, junk []Change) {
	if len(lines) > need {
		for _, line := range lines[need:] {
			junk = append(junk, Change{need, width + 1, string(line), "", "a line after the last of the zone"})
		}
		lines = lines[:need]
	}
	for i, line := range lines {
		end := len(line)
		for end > width && !inZone(line[end-1]) {
			end--
		}
		if end < len(line) {
			junk = append(junk, Change{i + 1, end + 1, string(line[end:]), "", "after the end of the line, in no zone"})
		}
		cut = append(cut, line[:end])
	}
	return cut, junk
}

// inZone reports whether a character can stand in a zone.
func inZone(r rune) bool { return r <= 'Z' && value(byte(r)) >= 0 }

func split(all []rune, width int) [][]rune {
	var lines [][]rune
	for ; len(all) > 0; all = all[width:] {
		lines = append(lines, append([]rune(nil), all[:width]...))
	}
	return lines
}

// insertions puts a lost character into each place. Beside a filler it may have been one; in a run, all places are one.
func insertions(all []rune, from, to, width int) []frame {
	var out []frame
	for i := from; i <= to; i++ {
		put := func(r rune, cost int, change ...Change) {
			whole := append(append(append([]rune(nil), all[:i]...), r), all[i:]...)
			out = append(out, frame{lines: split(whole, width), cost: cost, changes: change})
		}
		put(lost, costShift)
		if i > 0 && all[i-1] == filler && (i == len(all) || all[i] != filler) {
			put(filler, runCost(all, i-1), Change{i/width + 1, i%width + 1, "", "<", "one of several fillers lost"})
		}
	}
	return out
}

// deletions takes each character out; of a run of equal ones only the first.
func deletions(all []rune, from, to, width int) []frame {
	var out []frame
	for i := from; i < to; i++ {
		if i > from && all[i-1] == all[i] {
			continue
		}
		cost, why := costShift, "a character too many"
		if i+1 < len(all) && all[i+1] == all[i] {
			cost, why = costFree, "doubled"
			if all[i] == filler {
				cost = runCost(all, i)
			}
		}
		whole := append(append([]rune(nil), all[:i]...), all[i+1:]...)
		at := min(i, len(whole)-1)
		change := Change{at/width + 1, at%width + 1, shown(all[i]), "", why}
		out = append(out, frame{lines: split(whole, width), cost: cost, changes: []Change{change}})
	}
	return out
}

// runCost is the cost of losing or doubling one of the fillers around i.
func runCost(all []rune, i int) int {
	n := 1
	for j := i - 1; j >= 0 && all[j] == filler; j-- {
		n++
	}
	for j := i + 1; j < len(all) && all[j] == filler; j++ {
		n++
	}
	if n > 2 {
		return costRun
	}
	return costFiller
}

// shown is a character as a change names it.
func shown(r rune) string {
	if r == lost {
		return ""
	}
	return fmt.Sprintf("%c", r)
}

// with returns the lines with variants put in place; nil when a character is still none of the zone.
func (f frame) with(variants ...variant) []string {
	lines := make([][]rune, len(f.lines))
	for i, line := range f.lines {
		lines[i] = append([]rune(nil), line...)
	}
	for _, v := range variants {
		for i, at := range v.at {
			lines[at.line][at.column] = rune(v.text[i])
		}
	}
	out := make([]string, len(lines))
	for i, line := range lines {
		for _, r := range line {
			if !inZone(r) {
				return nil
			}
		}
		out[i] = string(line)
	}
	return out
}
