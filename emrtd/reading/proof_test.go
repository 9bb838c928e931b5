package reading

import (
	"bytes"
	"crypto"
	"crypto/rand"
	"image"
	"image/jpeg"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"marz"
	"marz/emrtd"
	"marz/emrtd/cert"
	"marz/emrtd/chip"
	"marz/emrtd/testpki"
	"marz/mrz"
)

var noon = marz.InstantOf(time.Date(2026, 1, 15, 12, 0, 0, 0, time.UTC))

// maker makes readings of one state's documents.
type maker struct {
	*testing.T
	state *testpki.State
}

func newMaker(t *testing.T) *maker {
	t.Helper()
	s, err := testpki.NewState(rand.Reader, testpki.Kind{Curve: "P-256", Hash: crypto.SHA256}, "UT", noon.Time())
	if err != nil {
		t.Fatal(err)
	}
	return &maker{t, s}
}

func (m *maker) trust(revoked ...int64) emrtd.Trust {
	m.Helper()
	tr := emrtd.Trust{CSCAs: cert.NewStore(), Signers: cert.NewStore()}
	c, err := cert.Parse(m.state.CSCA.Certificate)
	if err != nil {
		m.Fatal(err)
	}
	tr.CSCAs.Add(c, "test")
	list, err := m.state.Revoked(noon.Time(), revoked...)
	if err != nil {
		m.Fatal(err)
	}
	crl, err := cert.ParseCRL(list)
	if err != nil {
		m.Fatal(err)
	}
	tr.CRLs = append(tr.CRLs, crl)
	return tr
}

func picture(t testing.TB) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := jpeg.Encode(&b, image.NewGray(image.Rect(0, 0, 35, 45)), nil); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// sound is a reading in which nothing is wrong. The keys for chip and active authentication are what the chip is said to have shown; their files are any.
func (m *maker) sound() *Reading {
	m.Helper()
	groups := map[int][]byte{1: testpki.DataGroup1(strings.ReplaceAll(specimen, "\n", "")), 2: testpki.DataGroup2(picture(m), 35, 45), 14: {0x6e, 0}, 15: {0x6f, 0}}
	sod, err := m.state.Sign(groups)
	if err != nil {
		m.Fatal(err)
	}
	r := &Reading{ID: "0123456789abcdef", Zone: specimen, Source: "a test", Chip: Chip{Result: marz.Successful, Access: "BAC", Files: map[FileName][]byte{SOD: sod}, Auth: Asked{Result: marz.Successful}}}
	for n, b := range groups {
		r.Chip.Files[DG(n)] = b
	}
	return r
}

func (m *maker) prove(r *Reading, trust emrtd.Trust) *Proof {
	m.Helper()
	doc, err := mrz.Parse(specimen, marz.DateOf(noon.Time()))
	if err != nil {
		m.Fatal(err)
	}
	doc.Issuer = "UTO"
	return Prove(r, doc, trust, noon)
}

// TestProve changes one thing after the other, and says which answer has to change with it and which not.
func TestProve(t *testing.T) {
	m, other := newMaker(t), newMaker(t)
	yes := map[Question]marz.Result{Read: marz.Successful, Signature: marz.Successful, Signer: marz.Successful, Revocation: marz.Successful, Data: marz.Successful, Copy: marz.Successful, Zone: marz.Successful}
	hidden := []string{"another portrait", "portrait kept back", "no security object", "a broken one", "lifted"} // without a portrait
	for name, c := range map[string]struct {
		change func(*Reading)
		trust  emrtd.Trust
		want   map[Question]marz.Result
	}{
		"nothing":               {func(*Reading) {}, m.trust(), nil},
		"another portrait":      {func(r *Reading) { r.Chip.Files[DG(2)] = testpki.DataGroup2(append(picture(t), 0), 35, 45) }, m.trust(), map[Question]marz.Result{Data: marz.Failed}},
		"another printed zone":  {func(r *Reading) { r.Zone = strings.Replace(specimen, "ANNA", "ANNE", 1) }, m.trust(), map[Question]marz.Result{Zone: marz.Failed}},
		"a revoked signer":      {func(*Reading) {}, m.trust(2), map[Question]marz.Result{Revocation: marz.Failed}},
		"another authority":     {func(*Reading) {}, other.trust(), map[Question]marz.Result{Signer: marz.Undetermined, Revocation: marz.Undetermined}},
		"nobody is trusted":     {func(*Reading) {}, emrtd.Trust{}, map[Question]marz.Result{Signer: marz.NotSupported, Revocation: ""}},
		"a copied chip":         {func(r *Reading) { r.Chip.Auth.Result = marz.Failed }, m.trust(), map[Question]marz.Result{Copy: marz.Failed}},
		"one way of two fails":  {func(r *Reading) { r.Chip.Active.Result = marz.Failed }, m.trust(), map[Question]marz.Result{Copy: marz.Failed}},
		"a key of its own":      {func(r *Reading) { r.Chip.Files[DG(14)] = []byte{0x6e, 1, 0} }, m.trust(), map[Question]marz.Result{Copy: marz.Undetermined, Data: marz.Failed}},
		"not asked":             {func(r *Reading) { r.Chip.Auth = Asked{} }, m.trust(), map[Question]marz.Result{Copy: marz.Undetermined}},
		"portrait kept back":    {func(r *Reading) { delete(r.Chip.Files, DG(2)) }, m.trust(), map[Question]marz.Result{Data: marz.Undetermined}},
		"a file nobody signed":  {func(r *Reading) { r.Chip.Files[DG(11)] = []byte{0x6b, 0} }, m.trust(), map[Question]marz.Result{Data: marz.Failed}},
		"no security object":    {func(r *Reading) { delete(r.Chip.Files, SOD) }, m.trust(), map[Question]marz.Result{Signature: marz.Failed, Signer: "", Revocation: "", Data: "", Copy: "", Zone: ""}},
		"a broken one":          {func(r *Reading) { r.Chip.Files[SOD] = []byte{0x77, 1, 0} }, m.trust(), map[Question]marz.Result{Signature: marz.Failed, Signer: "", Revocation: "", Data: "", Copy: "", Zone: ""}},
		"lifted":                {func(r *Reading) { r.Chip = Chip{Result: marz.Aborted, Reason: "lifted"} }, m.trust(), map[Question]marz.Result{Read: marz.Aborted, Signature: "", Signer: "", Revocation: "", Data: "", Copy: "", Zone: ""}},
		"a seal that is none":   {func(r *Reading) { r.Seals = [][]byte{[]byte("HELLO")} }, m.trust(), map[Question]marz.Result{SealSigned: marz.Undetermined}},
		"a mapping nobody sees": {func(r *Reading) { r.Chip.Auth, r.Chip.Map.Result = Asked{}, marz.Successful }, m.trust(), map[Question]marz.Result{Copy: marz.Undetermined}},
	} {
		t.Run(name, func(t *testing.T) {
			r := m.sound()
			c.change(r)
			p := m.prove(r, c.trust)
			want := maps.Clone(yes)
			maps.Copy(want, c.want)
			for q, result := range want {
				if a, _ := p.Of(q); a.Result != result {
					t.Errorf("%s: %q (%s), want %q", q, a.Result, a.Reason, result)
				}
			}
			if shown := p.Portrait != nil; shown == slices.Contains(hidden, name) {
				t.Errorf("portrait shown: %v (%s)", shown, p.NoPortrait)
			}
			proven := want[Signature] == marz.Successful && want[Signer] == marz.Successful && want[Data] == marz.Successful && want[Revocation] != marz.Failed
			if p.Proven() != proven {
				t.Errorf("proven: %v", p.Proven())
			}
		})
	}
}

// TestReasonsHoldNothingOfTheHolder: whatever a reader says, no answer has more than plain text, and none has what stands in the zone.
func TestReasonsHoldNothingOfTheHolder(t *testing.T) {
	m := newMaker(t)
	r := m.sound()
	r.Chip.Result, r.Chip.Reason = marz.Aborted, "lifted\x00\x1b[2J"+strings.Repeat("x", 1000)
	r.Zone = strings.Replace(specimen, "ERIKSSON", "ERIKSSEN", 1)
	for _, a := range m.prove(r, m.trust()).Answers {
		if strings.ContainsAny(a.Reason, "\x00\x1b") || len(a.Reason) > 400 || strings.Contains(strings.ToUpper(a.Reason), "ERIKSS") || strings.Contains(a.Reason, "L898902C") {
			t.Errorf("%s: %q", a.Question, a.Reason)
		}
	}
}

func TestParseRefuses(t *testing.T) {
	for name, text := range map[string]string{
		"nothing": ``, "no id": `{"chip":{"result":"aborted"}}`, "a short id": `{"id":"x","chip":{"result":"aborted"}}`, "no word of the chip": `{"id":"0123456789abcdef"}`,
		"another result": `{"id":"0123456789abcdef","chip":{"result":"fine"}}`, "another file": `{"id":"0123456789abcdef","chip":{"result":"aborted","files":{"EF.DG17":"AA=="}}}`,
		"an empty file": `{"id":"0123456789abcdef","chip":{"result":"aborted","files":{"EF.DG1":""}}}`, "a long zone": `{"id":"0123456789abcdef","zone":"` + strings.Repeat("<", 300) + `","chip":{"result":"aborted"}}`,
		"many seals": `{"id":"0123456789abcdef","seals":["AA==","AA==","AA==","AA==","AA=="],"chip":{"result":"aborted"}}`,
	} {
		if r, err := Parse([]byte(text)); marz.CodeOf(err) != marz.Invalid {
			t.Errorf("%s: %v, %v", name, r, err)
		}
	}
	if _, err := Parse([]byte(`{"id":"0123456789abcdef","chip":{"result":"aborted"},"later":1}`)); err != nil {
		t.Error(err)
	}
}

func FuzzHiddenWays(f *testing.F) {
	access := chip.CardAccess(chip.AllPACE()[:2]...)
	f.Add(access, append([]byte{0x6e, byte(len(access))}, access...))
	f.Add([]byte{}, []byte{0x6e, 0})
	f.Fuzz(func(t *testing.T, access, dg14 []byte) { hidesWays(access, dg14) })
}
