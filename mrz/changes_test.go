package mrz

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"marz"
)

const erikssonUpper, erikssonLower = "P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<", "L898902C36UTO7408122F1204159ZE184226B<<<<<10"

func TestChanges(t *testing.T) {
	lines := []string{erikssonUpper, erikssonLower}
	for name, c := range map[string]struct {
		read string
		want []Change
	}{
		"nothing":           {strings.ToLower(erikssonUpper) + " \r\n " + erikssonLower, []Change{}},
		"one for another":   {strings.Replace(erikssonUpper, "ERI", "ER1", 1) + "\n" + strings.Replace(erikssonLower, "902C", "9O2C", 1), []Change{{1, 8, "1", "I", ""}, {2, 6, "O", "0", ""}}},
		"one lost":          {erikssonUpper + "\n" + erikssonLower[1:], []Change{{2, 1, "", "L", ""}}},
		"one too many":      {"X" + erikssonUpper + "\n" + erikssonLower, []Change{{1, 1, "X", "", ""}}},
		"one after the end": {erikssonUpper + "\n" + erikssonLower + ";", []Change{{2, 44, ";", "", ""}}},
	} {
		if diff := cmp.Diff(c.want, Changes(c.read, lines)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
	if n := len(Changes("", lines)); n != 88 {
		t.Errorf("of nothing %d changes make a zone, want 88", n)
	}
	if n := len(Changes(strings.Repeat("X", 1<<20), lines)); n != mostCompared {
		t.Errorf("a long text has %d changes, want %d", n, mostCompared)
	}
}

// Whatever was read, the changes make the zone of it when they are made one after the other from the end; and they are no more than were made.
func TestChangesMakeTheZone(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		to := []rune(erikssonUpper + erikssonLower)
		from := slices.Clone(to)
		made := rapid.IntRange(0, 6).Draw(t, "made")
		for range made {
			at := rapid.IntRange(0, len(from)-1).Draw(t, "at")
			r := rapid.SampledFrom([]rune("A0<Z9-")).Draw(t, "r")
			switch rapid.IntRange(0, 2).Draw(t, "how") {
			case 0:
				from[at] = r
			case 1:
				from = slices.Insert(from, at, r)
			case 2:
				from = slices.Delete(from, at, at+1)
			}
		}
		changes := Changes(string(from), []string{erikssonUpper, erikssonLower})
		if len(changes) > made {
			t.Fatalf("%d changes tell what %d made", len(changes), made)
		}
		puts, takes := 0, 0
		for _, c := range changes {
			at := (c.Line-1)*44 + c.Column - 1
			if c.To != "" && string(to[at]) != c.To {
				t.Fatalf("%+v names another character than stands there, %c", c, to[at])
			}
			if c.From == "" {
				puts++
			}
			if c.To == "" {
				takes++
			}
		}
		if len(from)+puts-takes != len(to) {
			t.Fatalf("%d characters with %d put in and %d taken out are not %d", len(from), puts, takes, len(to))
		}
	})
}

// What a check digit tells is told by Tells, and nothing else: a document in which the change is undone has a wrong check digit exactly then.
func TestTells(t *testing.T) {
	today := marz.Date{Year: 2025, Month: 1, Day: 1}
	for _, text := range []string{erikssonUpper + "\n" + erikssonLower,
		"I<UTOD231458907<<<<<<<<<<<<<<<\n7408122F1204159UTO<<<<<<<<<<<6\nERIKSSON<<ANNA<MARIA<<<<<<<<<<",
		"I<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<\nD231458907UTO7408122F1204159<<<<<<<6",
		"V<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<\nL8988901C4XXX4009078F9612109<<<<<<<<"} {
		d, err := Parse(text, today)
		if err != nil {
			t.Fatal(err)
		}
		for l, line := range d.Lines {
			for c := 2; c < len(line); c++ { // another document code may be another format
				for _, r := range "0123456789ABGKLZ<" {
					wrong := slices.Clone(d.Lines)
					wrong[l] = line[:c] + string(r) + line[c+1:]
					w, err := Parse(strings.Join(wrong, "\n"), today)
					if err != nil || string(r) == line[c:c+1] || blankDigit(d, l, c) {
						continue
					}
					change := Change{Line: l + 1, Column: c + 1, From: string(r), To: line[c : c+1]}
					if told := !w.ChecksOK(); told != d.Tells(change) {
						t.Errorf("%s: %+v: told by the check digits %v, by Tells %v", d.Format, change, told, d.Tells(change))
					}
				}
			}
		}
	}
	if (&Document{Format: TD3}).Tells(Change{Line: 1, Column: 1}) {
		t.Error("a document without lines tells a change")
	}
}

// blankDigit reports whether the place decides where the number ends, or is a check digit of nothing, which may be 0 or a filler.
func blankDigit(d *Document, line, column int) bool {
	l := layouts[d.Format]
	return line == l.number.line && column == l.number.to || l.optCheck && line == l.optional1.line && column >= l.optional1.from && column <= l.optional1.to
}
