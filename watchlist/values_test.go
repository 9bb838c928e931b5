package watchlist

import (
	"bytes"
	"encoding/csv"
	"encoding/xml"
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"marz"
)

// FuzzPublishedValues puts any value into any column of a row, and into any attribute, of the forms that are published.
func FuzzPublishedValues(f *testing.F) {
	for _, v := range []string{"", "(1) A (2) B", "00/00/1971", "dd/mm/1971", "31/02/1971", "1971-03-04", "true", "١٩٧١", "a\"b;c,\nd", "\u200b", "12345678901234567890", "issued in the Ruritania", "IMO 9074729", "\xff"} {
		for _, column := range []uint8{0, 3, 11, 14, 24, 40} {
			f.Add(v, column, "B")
		}
	}
	type form struct {
		comma  rune
		lines  string
		header []string
		row    []string
	}
	var forms []form
	for _, file := range []struct {
		name  string
		comma rune
		above int
	}{{"eu.csv", ';', 0}, {"uk-conlist.csv", ',', 1}, {"uk-sanctions-list.csv", ',', 1}} {
		lines := bytes.SplitAfterN(bytes.TrimPrefix(readFile(f, "testdata/varied/"+file.name), utf8BOM), []byte("\n"), file.above+1)
		r := csv.NewReader(bytes.NewReader(lines[file.above]))
		r.Comma, r.FieldsPerRecord = file.comma, -1
		rows, err := r.ReadAll()
		if err != nil {
			f.Fatal(err)
		}
		forms = append(forms, form{file.comma, string(bytes.Join(lines[:file.above], nil)), rows[0], rows[2]})
	}
	attributes := bytes.Split(readFile(f, "testdata/varied/eu.xml"), []byte(`="`))
	f.Fuzz(func(t *testing.T, v string, at uint8, other string) {
		for _, form := range forms {
			row := slices.Clone(form.row)
			row[int(at)%len(row)] = v
			row[(int(at)+1)%len(row)] = other
			var b bytes.Buffer
			b.WriteString(form.lines)
			w := csv.NewWriter(&b)
			w.Comma = form.comma
			if err := w.WriteAll([][]string{form.header, form.row, row}); err != nil {
				t.Fatal(err)
			}
			readsOrRefuses(t, b.Bytes())
		}
		i := 1 + int(at)%(len(attributes)-1)
		parts := slices.Clone(attributes)
		_, rest, _ := bytes.Cut(parts[i], []byte(`"`))
		var escaped strings.Builder
		if err := xml.EscapeText(&escaped, []byte(v)); err != nil {
			t.Fatal(err)
		}
		parts[i] = []byte(escaped.String() + `"` + string(rest))
		readsOrRefuses(t, bytes.Join(parts, []byte(`="`)))
	})
}

// readsOrRefuses states what holds for any file.
func readsOrRefuses(t *testing.T, b []byte) {
	t.Helper()
	l, err := ImportFS(fstest.MapFS{"f": {Data: b}}, "f", Options{})
	if err != nil {
		if _, ok := errors.AsType[*marz.Error](err); !ok || l != nil {
			t.Fatalf("the error %v is not of the project's type, or has a list beside it", err)
		}
		return
	}
	checkList(t, l)
	build(l.Alerts, nil, nil)
}
