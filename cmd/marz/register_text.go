package main

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"

	"marz"
)

// zones are the time zones of places, in which instants about them are written.
type zones map[marz.PlaceID]*time.Location

func zonesOf(posts []marz.Post, sections []marz.Section) zones {
	z := zones{}
	for _, p := range posts {
		if loc, err := time.LoadLocation(p.Zone); err == nil {
			z[p.ID.Place()] = loc
		}
	}
	for _, s := range sections { // of the post that keeps it
		if loc := z[s.Post.Place()]; loc != nil {
			z[s.ID] = loc
		}
	}
	return z
}

// of returns the zone of places: theirs when it is one. About no place in particular, it is the one zone that all places have. Otherwise UTC.
func (z zones) of(places ...marz.PlaceID) *time.Location {
	var found *time.Location
	if len(places) == 0 {
		for p := range z {
			places = append(places, p)
		}
	}
	for _, p := range places {
		loc := z[p]
		if loc == nil || found != nil && found.String() != loc.String() {
			return time.UTC
		}
		found = loc
	}
	if found == nil {
		return time.UTC
	}
	return found
}

// in writes an instant as RFC 3339 with the offset of a zone; none is "".
func in(i marz.Instant, zone *time.Location) string {
	if i == 0 {
		return ""
	}
	if i%1000 != 0 {
		return i.In(zone).Format("2006-01-02T15:04:05.000Z07:00")
	}
	return i.In(zone).Format(time.RFC3339)
}

// local writes the instants in a reason, which the register gives in UTC, with the offset of a zone.
func local(reason string, zone *time.Location) string {
	return marz.RewriteInstants(reason, func(i marz.Instant) string { return in(i, zone) })
}

// table gathers rows of cells, and writes them as aligned columns.
type table struct {
	text strings.Builder
	tabs *tabwriter.Writer
}

func newTable(head ...string) *table {
	t := &table{}
	t.tabs = tabwriter.NewWriter(&t.text, 0, 0, 2, ' ', 0)
	if len(head) > 0 {
		t.row(head...)
	}
	return t
}

func (t *table) row(cells ...string) {
	fmt.Fprintln(t.tabs, strings.Join(cells, "\t")) // into memory: it cannot fail
}

// String returns the rows, without space at their ends.
func (t *table) String() string {
	t.tabs.Flush()
	lines := strings.Split(strings.TrimSuffix(t.text.String(), "\n"), "\n")
	for i, l := range lines {
		lines[i] = strings.TrimRight(l, " ")
	}
	return strings.Join(lines, "\n") + "\n"
}

// width is that of the terminal for which text is broken into lines.
const width = 120

// wrap writes text in lines of the terminal's width, each after the indent.
func wrap(w io.Writer, indent, text string) {
	line := ""
	for _, word := range strings.Fields(text) {
		if line != "" && len(indent)+len([]rune(line))+1+len([]rune(word)) > width {
			fmt.Fprintln(w, indent+line)
			line = ""
		}
		if line != "" {
			line += " "
		}
		line += word
	}
	if line != "" {
		fmt.Fprintln(w, indent+line)
	}
}

// joined writes several names in one cell.
func joined[T ~string](all []T) string {
	out := make([]string, len(all))
	for i, v := range all {
		out[i] = string(v)
	}
	return strings.Join(out, ", ")
}
