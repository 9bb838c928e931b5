package mrz

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"marz"
)

// anyDocument draws a document of a format that can be written and says all there is to read back.
func anyDocument(t *rapid.T, l *layout) Document {
	draw := func(name, pattern string) string { return rapid.StringMatching(pattern).Draw(t, name) }
	d := Document{
		Format:      l.format,
		Code:        l.codes[rapid.IntRange(0, len(l.codes)-1).Draw(t, "code"):][:1] + draw("second", "[A-UW-Z0-9]?"),
		Issuer:      draw("issuer", "[A-Z]{1,3}"),
		Nationality: draw("nationality", "[A-Z]{1,3}"),
		Primary:     draw("primary", "[A-Z]{1,8}( [A-Z]{1,5})?"),
		Secondary:   draw("secondary", "([A-Z]{1,6}( [A-Z]{1,3})?)?"),
		Number:      draw("number", "[A-Z0-9]{1,8}[A-Z0-9]"),
		Sex:         rapid.SampledFrom([]string{"M", "F", "X"}).Draw(t, "sex"),
		Birth:       anyDate(t, "birth", 1927, 2025),
		Expiry:      anyDate(t, "expiry", 1977, 2076),
		Optional1:   draw("optional1", "([A-Z0-9]{0,5}[A-Z0-9])?"),
	}
	if l.format == TD3 && digit(d.Code[len(d.Code)-1]) || d.Code == "AI" || d.Code == "AC" {
		d.Code = d.Code[:1]
	}
	if l.longNumber && rapid.Bool().Draw(t, "long") {
		d.Number = draw("long number", "[A-Z0-9]{10,14}")
		if l.format == TD2 {
			d.Optional1 = "" // there is no room for both
		}
	}
	if l.format == FranceID {
		d.Code, d.Issuer, d.Nationality, d.Expiry = "ID", "FRA", "FRA", marz.Date{}
		d.Number = draw("card", "[0-9]{12}")
		d.Secondary = draw("given", "([A-Z]{1,5}( [A-Z]{1,5})?)?")
	} else if d.Code+d.Issuer == franceHead {
		d.Code = "I"
	}
	if WithdrawnCode(d.Issuer) || WithdrawnCode(d.Nationality) {
		d.Issuer, d.Nationality = "UTO", "UTO"
	}
	if l.format == TD1 {
		d.Optional2 = draw("optional2", "([A-Z0-9<]{0,10}[A-Z0-9])?")
	}
	return d
}

func anyDate(t *rapid.T, name string, from, to int) marz.Date {
	d := date(rapid.IntRange(from, to).Draw(t, name), rapid.IntRange(1, 12).Draw(t, "month"), rapid.IntRange(1, 28).Draw(t, "day"))
	switch rapid.IntRange(0, 9).Draw(t, "unknown") {
	case 0:
		return marz.Date{}
	case 1:
		d.Day = 0
	case 2:
		d.Month, d.Day = 0, 0
	case 3:
		d.Year = 0
	}
	return d
}

// Whatever is written is read back the same, with every check digit right and nothing to object to.
func TestWrittenIsRead(t *testing.T) {
	for _, l := range layouts {
		rapid.Check(t, func(t *rapid.T) {
			want := anyDocument(t, l)
			text, err := Write(want)
			if err != nil {
				t.Fatal(err)
			}
			got, err := Parse(text, testToday)
			if err != nil {
				t.Fatal(err)
			}
			if !got.ChecksOK() || len(got.Defects) != 0 {
				t.Fatalf("%s\nchecks %+v defects %v", text, got.Checks, got.Defects)
			}
			want.Checks, want.Defects, want.DefectsAt, want.Lines = got.Checks, got.Defects, got.DefectsAt, strings.Split(text, "\n")
			want.CenturyDoubt, want.ExpiryDoubt, want.Truncated = got.CenturyDoubt, got.ExpiryDoubt, got.Truncated
			if diff := cmp.Diff(&want, got); diff != "" {
				t.Fatalf("%s\n(-want +got):\n%s", text, diff)
			}
		})
	}
}

// A name too long for its field fills it, ends in a letter, keeps the start of both identifiers, and is read as cut.
func TestLongNames(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		parts := rapid.SliceOfN(rapid.StringMatching("[A-Z]{1,40}"), 1, 6)
		primary := rapid.SliceOfN(rapid.StringMatching("[A-Z]{2,45}"), 1, 5).Draw(t, "primary")
		secondary := parts.Draw(t, "secondary")
		if rapid.IntRange(0, 3).Draw(t, "no secondary") == 0 {
			secondary = nil
		}
		width := rapid.SampledFrom([]int{30, 31, 39}).Draw(t, "width")
		field, ok := nameField(primary, secondary, width)
		if !ok {
			t.Fatal("refused")
		}
		whole := strings.Join(primary, "<")
		if len(secondary) > 0 {
			whole += "<<" + strings.Join(secondary, "<")
		}
		if len(whole) <= width {
			if field != whole {
				t.Fatalf("%s: cut to %s", whole, field)
			}
			return
		}
		if len(field) != width || field[width-1] == filler {
			t.Fatalf("%s: not full: %s", whole, field)
		}
		first, second, _ := strings.Cut(field, "<<")
		if first[0] != primary[0][0] || len(secondary) > 0 && (second == "" || second[0] != secondary[0][0]) {
			t.Fatalf("%s: identifier lost: %s", whole, field)
		}
		for i, c := range strings.Split(first, "<") {
			if c == "" || !strings.HasPrefix(primary[i], c) {
				t.Fatalf("%s: component %q", whole, c)
			}
		}
	})
}

// Every wrong character under a check digit is found, but for the substitutions that 7-3-1 cannot see: those between
// characters of the same value modulo 10. There the document reads as right, and the test holds that no others do.
func TestSubstitutions(t *testing.T) {
	const alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ<"
	for _, s := range specimens {
		l := layouts[s.want.Format]
		lines := strings.Split(s.text, "\n")
		checked := []span{l.number, l.birth, l.expiry}
		if len(l.composite) > 0 {
			checked = append(l.composite, l.number)
		}
		missed := 0
		for _, at := range checked {
			for i := at.from; i < at.to; i++ {
				for _, c := range []byte(alphabet) {
					was := lines[at.line][i]
					if c == was {
						continue
					}
					changed := append([]string(nil), lines...)
					changed[at.line] = lines[at.line][:i] + string(c) + lines[at.line][i+1:]
					d, err := Parse(strings.Join(changed, "\n"), testToday)
					found := err != nil || !d.ChecksOK()
					alike := value(c)%10 == value(was)%10
					if !found && !alike {
						t.Errorf("%s: %c for %c at line %d position %d goes unseen", s.source, c, was, at.line+1, i+1)
					}
					if !found {
						missed++
					}
				}
			}
		}
		if missed == 0 {
			t.Errorf("%s: the weakness of 7-3-1 has gone, which cannot be", s.source)
		}
	}
}

// The weakness itself, in full: a single substitution keeps a check digit exactly when both values are equal modulo 10.
func TestWeakness(t *testing.T) {
	const alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ<"
	for position := range 3 {
		for _, a := range []byte(alphabet) {
			for _, b := range []byte(alphabet) {
				field := func(c byte) string { return strings.Repeat("7", position) + string(c) + "K9" }
				same := CheckDigit(field(a)) == CheckDigit(field(b))
				if same != (value(a)%10 == value(b)%10) {
					t.Fatalf("%c and %c at %d: same %v", a, b, position, same)
				}
			}
		}
	}
}
