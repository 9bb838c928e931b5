package der

import (
	"bytes"
	"encoding/hex"
	"math/big"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// names are the names of the defects in order.
func names(list []Defect) []Name {
	var out []Name
	for _, d := range list {
		out = append(out, d.Name)
	}
	return out
}

func TestForms(t *testing.T) {
	for name, c := range map[string]struct {
		in    string
		want  []Name
		fails bool
	}{
		"definite":             {in: "3003020105"},
		"indefinite":           {in: "30800201050000", want: []Name{IndefiniteLength}},
		"indefinite in it":     {in: "3080308002010500000000", want: []Name{IndefiniteLength, IndefiniteLength}},
		"long length":          {in: "308103020105", want: []Name{LengthNotMinimal}},
		"length with zero":     {in: "30820003020105", want: []Name{LengthNotMinimal}},
		"high tag":             {in: "5f1f0141"},
		"padded high tag":      {in: "5f801f0141", want: []Name{TagNotMinimal}},
		"low as high tag":      {in: "5f010141", want: []Name{TagNotMinimal}},
		"bytes after":          {in: "3003020105aa", want: []Name{TrailingBytes}},
		"nothing":              {in: "", fails: true},
		"cut":                  {in: "30030201", fails: true},
		"child beyond parent":  {in: "3003020505", fails: true},
		"length of nine bytes": {in: "3089000000000000000001", fails: true},
		"huge length":          {in: "3088ffffffffffffffff00", fails: true},
		"primitive indefinite": {in: "0480010000", fails: true},
		"no end":               {in: "3080020105", fails: true},
		"lone end":             {in: "30020000", fails: true},
		"endless tag":          {in: "5fffffffffffffff", fails: true},
	} {
		r := NewReader(unhex(t, c.in), 0)
		_, err := r.One()
		if (err != nil) != c.fails || !c.fails && !slices.Equal(names(r.Defects), c.want) {
			t.Errorf("%s: error %v, defects %v, want %v", name, err, r.Defects, c.want)
		}
	}
}

func TestBounds(t *testing.T) {
	deep := bytes.Repeat([]byte{0x30, 0x80}, MaxDepth+2)
	if _, err := NewReader(deep, 0).One(); err == nil {
		t.Error("nesting is not bounded")
	}
	many := Encode(Universal, TagSequence, true, bytes.Repeat([]byte{5, 0}, MaxElements))
	if _, err := NewReader(many, 0).One(); err == nil {
		t.Error("the number of elements is not bounded")
	}
	r := NewReader(Encode(Universal, TagSequence, true, bytes.Repeat([]byte{5, 0x81, 0}, 1000)), 0)
	if _, err := r.One(); err != nil || len(r.All()) != maxDefects+1 || r.Dropped != 1000-maxDefects {
		t.Errorf("defects are not bounded or not counted: %d, %d, %v", len(r.All()), r.Dropped, err)
	}
}

func TestIntegers(t *testing.T) {
	for in, c := range map[string]struct {
		want string
		name []Name
	}{
		"020100": {"0", nil}, "02017f": {"127", nil}, "020180": {"-128", nil}, "02020080": {"128", nil}, "0202ff7f": {"-129", nil},
		"02020001": {"1", []Name{IntegerPadded}}, "0202ffff": {"-1", []Name{IntegerPadded}}, "0200": {"0", []Name{IntegerEmpty}},
	} {
		r := NewReader(unhex(t, in), 0)
		e, err := r.One()
		if err != nil {
			t.Fatal(err)
		}
		n, err := r.Integer(e)
		if err != nil || n.String() != c.want || !slices.Equal(names(r.Defects), c.name) {
			t.Errorf("%s: %v %v %v, want %s %v", in, n, err, r.Defects, c.want, c.name)
		}
	}
}

func TestIntegersAreReadAsWritten(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := new(big.Int).SetBytes(rapid.SliceOfN(rapid.Byte(), 0, 40).Draw(t, "n"))
		if rapid.Bool().Draw(t, "negative") {
			n.Neg(n)
		}
		r := NewReader(Int(n), 0)
		e, err := r.One()
		if err != nil {
			t.Fatal(err)
		}
		if got, err := r.Integer(e); err != nil || got.Cmp(n) != 0 || len(r.Defects) > 0 {
			t.Fatalf("%v is read as %v, %v, %v", n, got, err, r.Defects)
		}
	})
}

func TestObjectIdentifiers(t *testing.T) {
	for _, s := range []string{"2.23.136.1.1.1", "1.2.840.113549.1.1.10", "0.4.0.127.0.7.1.1.4.1.3", "2.5.29.15", "2.999.1", "1.3.36.3.3.2.8.1.1.7"} {
		r := NewReader(OID(s), 0)
		e, err := r.One()
		if err != nil {
			t.Fatal(err)
		}
		if got, err := r.OID(e); err != nil || got != s || len(r.Defects) > 0 {
			t.Errorf("%s is read as %s, %v, %v", s, got, err, r.Defects)
		}
	}
	for _, in := range []string{"0600", "060180", "06028081", "060bffffffffffffffffffff7f"} {
		r := NewReader(unhex(t, in), 0)
		e, err := r.One()
		if err != nil {
			t.Fatal(err)
		}
		if got, err := r.OID(e); err == nil {
			t.Errorf("%s is read as %s", in, got)
		}
	}
}

func TestTimes(t *testing.T) {
	day := func(y int, m time.Month, d, h, min, s int) time.Time {
		return time.Date(y, m, d, h, min, s, 0, time.UTC)
	}
	for _, c := range []struct {
		tag  int
		in   string
		want time.Time
		name []Name
	}{
		{TagUTCTime, "250131235959Z", day(2025, 1, 31, 23, 59, 59), nil},
		{TagUTCTime, "490101000000Z", day(2049, 1, 1, 0, 0, 0), nil},
		{TagUTCTime, "500101000000Z", day(1950, 1, 1, 0, 0, 0), nil},
		{TagUTCTime, "680101000000Z", day(1968, 1, 1, 0, 0, 0), nil},
		{TagGeneralizedTime, "20500101000000Z", day(2050, 1, 1, 0, 0, 0), nil},
		{TagUTCTime, "2501312359Z", day(2025, 1, 31, 23, 59, 0), []Name{TimeForm}},
		{TagUTCTime, "250131235959+0400", day(2025, 1, 31, 19, 59, 59), []Name{TimeForm}},
		{TagUTCTime, "20250131235959Z", day(2025, 1, 31, 23, 59, 59), []Name{TimeForm}},
		{TagGeneralizedTime, "250131235959Z", day(2025, 1, 31, 23, 59, 59), []Name{TimeForm}},
		{TagGeneralizedTime, "20250131235959.5Z", day(2025, 1, 31, 23, 59, 59).Add(time.Second / 2), []Name{TimeForm}},
		{TagUTCTime, "250231235959Z", time.Time{}, []Name{TimeUnreadable}},
		{TagUTCTime, "", time.Time{}, []Name{TimeUnreadable}},
	} {
		r := NewReader(Encode(Universal, c.tag, false, []byte(c.in)), 0)
		e, err := r.One()
		if err != nil {
			t.Fatal(err)
		}
		got, err := r.Time(e)
		if err != nil || !got.Equal(c.want) || !slices.Equal(names(r.Defects), c.name) {
			t.Errorf("%s: %v %v %v, want %v %v", c.in, got, err, r.Defects, c.want, c.name)
		}
	}
}

func TestOctetsInPieces(t *testing.T) {
	r := NewReader(unhex(t, "24800402616224040402636400000000"), 0)
	e, rest, err := r.First()
	if err != nil {
		t.Fatal(err)
	}
	b, err := r.Octets(e)
	if err != nil || string(b) != "abcd" || len(rest) != 2 || !slices.Equal(names(r.Defects), []Name{IndefiniteLength, ConstructedText}) {
		t.Errorf("%q, rest %x, %v, %v", b, rest, err, r.Defects)
	}
	if got := Canonical(e); !bytes.Equal(got, Octets([]byte("abcd"))) {
		t.Errorf("canonical: %x", got)
	}
}

func TestTexts(t *testing.T) {
	for _, c := range []struct {
		tag      int
		in, want string
		bad      bool
	}{
		{TagPrintableString, "Tehran 1", "Tehran 1", false}, {TagPrintableString, "a_b", "a_b", true}, {TagUTF8String, "Հայ", "Հայ", false},
		{TagUTF8String, "\xe9", "é", true}, {TagBMPString, "\x00A\x05\x40", "AՀ", false}, {TagBMPString, "A", "A", true},
		{TagT61String, "\xe9", "é", false}, {TagUniversalString, "\x00\x00\x00A", "A", false}, {TagUniversalString, "\xff\xff\xff\xff", "\ufffd", true},
		{TagNumericString, "12 3", "12 3", false}, {TagNumericString, "x", "x", true}, {TagIA5String, "a@b", "a@b", false},
	} {
		r := NewReader(Encode(Universal, c.tag, false, []byte(c.in)), 0)
		e, err := r.One()
		if err != nil {
			t.Fatal(err)
		}
		if got, err := r.Text(e); err != nil || got != c.want || (len(r.Defects) > 0) != c.bad {
			t.Errorf("%s %q: %q %v %v", e.Name(), c.in, got, err, r.Defects)
		}
	}
}

func TestBitStrings(t *testing.T) {
	for in, ok := range map[string]bool{"030100": true, "03020780": true, "030207ff": true, "0300": false, "03020801": false, "030101": false} {
		r := NewReader(unhex(t, in), 0)
		e, err := r.One()
		if err != nil {
			t.Fatal(err)
		}
		if _, _, err := r.Bits(e); (err == nil) != ok {
			t.Errorf("%s: %v", in, err)
		}
		if padded := in == "030207ff"; padded != (len(r.Defects) == 1) {
			t.Errorf("%s: %v", in, r.Defects)
		}
	}
}

// FuzzReader: whatever is read keeps its bytes, children lie within their parents, and what Canonical writes is DER of the same shape.
func FuzzReader(f *testing.F) {
	for _, s := range []string{"3003020105", "30800201050000", "24800402616200000000", "5f1f0141", "308103020105", "3080308002010500000000", "3114300506032a0304300b06092a864886f70d010105"} {
		b, _ := hex.DecodeString(s)
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		r := NewReader(data, 0)
		e, rest, err := r.First()
		if err != nil {
			return
		}
		if !bytes.Equal(append(slices.Clone(e.Raw), rest...), data) {
			t.Fatal("bytes are lost")
		}
		walk(t, data, e)
		again := NewReader(Canonical(e), 0)
		c, err := again.One()
		if err != nil {
			t.Fatalf("what Canonical writes cannot be read: %v", err)
		}
		if len(again.Defects) > 0 {
			t.Fatalf("what Canonical writes has defects: %v", again.Defects)
		}
		if !bytes.Equal(Canonical(c), c.Raw) {
			t.Fatal("Canonical changes what is canonical")
		}
	})
}

func walk(t *testing.T, data []byte, e *Element) {
	if !bytes.Equal(data[e.Offset:e.Offset+len(e.Raw)], e.Raw) {
		t.Fatal("an element is not where it says")
	}
	r := NewReader(nil, 0)
	_, _ = r.Integer(e)
	_, _ = r.OID(e)
	_, _ = r.Text(e)
	_, _ = r.Time(e)
	_, _, _ = r.Bits(e)
	_, _ = r.Bool(e)
	for _, c := range e.Children {
		if c.Offset < e.Offset || c.Offset+len(c.Raw) > e.Offset+len(e.Raw) {
			t.Fatal("a child lies outside its parent")
		}
		walk(t, data, c)
	}
}
