package reader

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"marz"
	"marz/emrtd/reading"
	"marz/mrz"
)

// Bounds of zones: of one line, as a whole zone may stand on one, and of all characters together, of which a whole zone has 72, 88 or 90.
const (
	mostLine = 128
	fewest   = 66
	most     = 96
)

// gatherer puts lines together into zones. Package mrz's finder says where a document is whole; what it cannot read as one, and yet looks like a zone, is handed on as it stands when the device falls silent.
type gatherer struct {
	lines []string // at most 3
}

// line takes the next line.
func (g *gatherer) line(line string) []Event {
	if len(line) > mostLine {
		out := g.end()
		return append(out, dropped(len(line), fmt.Sprintf("a line of %d bytes is none of a zone", len(line)))...)
	}
	if strings.TrimSpace(line) == "" {
		return nil
	}
	g.lines = append(g.lines, line)
	var out []Event
	if len(g.lines) > 3 {
		out = g.drop(1, "a line belongs to no zone")
	}
	if g.size() < fewest {
		return out
	}
	from, ok, _ := find(g.lines)
	if !ok {
		return out
	}
	out = append(out, g.drop(from, "lines before a zone belong to none")...)
	zone := strings.Join(g.lines, "\n")
	g.lines = nil
	return append(out, whole(zone)...)
}

// size is how many bytes the lines have.
func (g *gatherer) size() int {
	n := 0
	for _, l := range g.lines {
		n += len(l)
	}
	return n
}

// whole hands on a zone that the finder reads. Blanks around its lines could make it longer than a reading takes.
func whole(zone string) []Event {
	if len(zone) > reading.MostZone {
		return dropped(len(zone), "a zone has more blanks than a reading takes")
	}
	return []Event{{Kind: Zone, Zone: zone}}
}

func (g *gatherer) drop(lines int, why string) []Event {
	n := 0
	for _, l := range g.lines[:lines] {
		n += len(l)
	}
	g.lines = append([]string(nil), g.lines[lines:]...)
	return dropped(n, why)
}

// end takes what is there for all that comes.
func (g *gatherer) end() []Event {
	if len(g.lines) == 0 {
		return nil
	}
	if e, ok := misread(g.lines); ok {
		g.lines = nil
		return []Event{e}
	}
	_, _, why := find(g.lines)
	return g.drop(len(g.lines), "no zone: "+why)
}

// anyDay decides the centuries of dates, which are nothing to a reader.
var anyDay = marz.Date{Year: 2025, Month: 1, Day: 1}

// find asks mrz whether lines end with a document, and with which line it begins; and if not, why.
func find(lines []string) (from int, ok bool, why string) {
	for r := range mrz.Documents(strings.NewReader(strings.Join(lines, "\n")+"\n"), anyDay) {
		if r.Err == nil {
			return r.Line - 1, true, ""
		}
		if why == "" {
			why = reason(r.Err)
		}
	}
	return 0, false, why
}

// reason is what an error of mrz says, without where.
func reason(err error) string {
	if e, ok := errors.AsType[*marz.Error](err); ok && e.Fix != "" {
		return e.Fix
	}
	return "it cannot be read"
}

// misread makes the event of lines that are no document and look like a zone all the same: as many characters in each line as zones have, give or take 2, and nearly all of them such as zones have.
func misread(lines []string) (Event, bool) {
	n, odd := 0, 0
	for _, line := range lines {
		one := 0
		for _, c := range []byte(strings.ToUpper(line)) {
			switch {
			case c == ' ' || c == '\t':
				continue
			case c != '<' && (c < 'A' || c > 'Z') && (c < '0' || c > '9'):
				odd++
			}
			one++
		}
		if !slices.ContainsFunc([]int{30, 36, 44, 60, 72, 88, 90}, func(width int) bool { return one >= width-2 && one <= width+2 }) {
			return Event{}, false
		}
		n += one
	}
	text := strings.Join(lines, "\n")
	if n < fewest || n > most || odd*8 > n || len(text) > reading.MostZone {
		return Event{}, false
	}
	_, _, why := find(lines)
	return Event{Kind: Zone, Zone: text, Note: why}, true
}
