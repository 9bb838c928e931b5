package reading

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"marz"
	"marz/emrtd/chip"
)

// specimen is ICAO's specimen of Doc 9303-4, Appendix B.
const specimen = "P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<\nL898902C36UTO7408122F1204159ZE184226B<<<<<10"

func sample() Reading {
	return Reading{ID: "abcdefghijklmnop", Zone: "P<UTO", Source: "a reader", Seals: [][]byte{{1}},
		Chip: Chip{Result: marz.Successful, Access: "BAC", Files: map[FileName][]byte{COM: {0x60, 0}, DG(1): {0x61, 0}}, Auth: Asked{Result: marz.Failed, Reason: "a copy"}}}
}

// What is written is read again; what is out of bounds is refused by its name, and without what it says of the holder.
func TestParse(t *testing.T) {
	b, err := json.Marshal(sample())
	if err != nil {
		t.Fatal(err)
	}
	got, err := Parse(b)
	if err != nil || !cmp.Equal(*got, sample()) {
		t.Errorf("%v\n%s", err, cmp.Diff(*got, sample()))
	}
	for says, spoil := range map[string]func(*Reading){
		"its id":                 func(r *Reading) { r.ID = "short" },
		"base64url":              func(r *Reading) { r.ID = "abcdefghijklmno+" },
		"more than 256":          func(r *Reading) { r.Zone = strings.Repeat("<", 257) },
		"the name of its reader": func(r *Reading) { r.Source = strings.Repeat("x", 201) },
		"it has 5 seals":         func(r *Reading) { r.Seals = make([][]byte, 5) },
		"a seal has 0 bytes":     func(r *Reading) { r.Seals = [][]byte{{}} },
		"what came of reading":   func(r *Reading) { r.Chip.Result = "" },
		"none of the five":       func(r *Reading) { r.Chip.Map.Result = "perhaps" },
		"no file of a chip":      func(r *Reading) { r.Chip.Files["EF.DG17"] = []byte{1} },
		"EF.DG3 has 0 bytes":     func(r *Reading) { r.Chip.Files[DG(3)] = nil },
	} {
		r := sample()
		spoil(&r)
		b, err := json.Marshal(r)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := Parse(b); marz.CodeOf(err) != marz.Invalid || !strings.Contains(err.Error(), says) {
			t.Errorf("%v, and not %q", err, says)
		}
	}
	if _, err := Parse(make([]byte, MostBytes+1)); err == nil {
		t.Error("too much was taken")
	}
	if s := sample().String(); strings.Contains(s, "UTO") {
		t.Errorf("%q says something of the holder", s)
	}
}

// FuzzParse: no panic; what was taken is within its bounds, and is the same when it is written and read again.
func FuzzParse(f *testing.F) {
	b, err := json.Marshal(sample())
	if err != nil {
		f.Fatal(err)
	}
	f.Add(b)
	f.Add([]byte(`{"id":"0123456789abcdef","chip":{"result":"not-supported","active":{},"later":[1]}}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		r, err := Parse(b)
		if err != nil {
			if marz.CodeOf(err) != marz.Invalid {
				t.Fatal(err)
			}
			return
		}
		out, err := json.Marshal(r)
		if err != nil {
			t.Fatal(err)
		}
		again, err := Parse(out)
		if len(out) > MostBytes {
			return
		}
		if err != nil || !cmp.Equal(r, again) {
			t.Fatalf("%v\n%s", err, cmp.Diff(r, again))
		}
	})
}

// The key of a zone, worked examples of ICAO 9303-11 appendix D.2: documents of every size, with a long number too.
func TestPassword(t *testing.T) {
	for zone, same := range map[string]string{
		"I<UTOD231458907<<<<<<<<<<<<<<<\n7408122F1204159UTO<<<<<<<<<<<6\nERIKSSON<<ANNA<MARIA<<<<<<<<<<": "D23145890 740812 120415",
		"I<UTOD23145890<7349<<<<<<<<<<<\n3407127M9507122UTO<<<<<<<<<<<2\nSTEVENSON<<PETER<JOHN<<<<<<<<<": "D23145890734 340712 950712",
		"I<UTOSTEVENSON<<PETER<JOHN<<<<<<<<<<\nD23145890<UTO3407127M95071227349<<<8":                     "D23145890734 340712 950712",
		"I<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<\nL898902C<3UTO6908061F9406236<<<<<<<8":                     "L898902C< 690806 940623",
		"P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<\nL898902C36UTO7408122F1204159ZE184226B<<<<<10":     "L898902C3 740812 120415",
	} {
		got, err := Password(zone)
		if err != nil {
			t.Errorf("%s: %v", zone, err)
			continue
		}
		f := strings.Fields(same)
		if want, err := chip.FromMRZ(f[0], f[1], f[2]); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s: the key is not that of %s", zone, same)
		}
	}
	for _, zone := range []string{"", "P<UTO", "IDFRABERTHIER<<<<<<<<<<<<<<<<<<<<<<<\n8806923102858CORINNE<<<<<<<6512068F6"} {
		if _, err := Password(zone); err == nil {
			t.Errorf("%q gives a key", zone)
		}
	}
}
