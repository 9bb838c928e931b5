package agreement

import (
	"bytes"
	"crypto/rand"
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"marz"
)

// signers are the parties of the treaty with keys, and a ground that knows them.
func signers(t *testing.T) (Ground, map[marz.AuthorityID]string) {
	g := Ground{Authorities: slices.Clone(world.Authorities), Places: world.Places, Blocs: world.Blocs}
	secret := map[marz.AuthorityID]string{}
	for i := range g.Authorities {
		a := &g.Authorities[i]
		s, v, err := NewKey(rand.Reader, a.ID)
		if err != nil {
			t.Fatal(err)
		}
		secret[a.ID], a.Key = s, v
	}
	return g, secret
}

func TestSignatures(t *testing.T) {
	g, secret := signers(t)
	signed := func(who ...marz.AuthorityID) Instrument {
		i := Instrument{Agreement: treaty()}
		for _, id := range who {
			if err := i.Sign(secret[id] + "\n"); err != nil {
				t.Fatal(err)
			}
		}
		return i
	}
	other, _, err := NewKey(rand.Reader, "bb-bg")
	if err != nil {
		t.Fatal(err)
	}
	good := signed("aa-bg", "bb-bg")
	for name, c := range map[string]struct {
		change func(*Instrument, *Ground)
		want   []string // in the error; none: it is good
	}{
		"good":      {func(*Instrument, *Ground) {}, nil},
		"other way": {func(i *Instrument, _ *Ground) { slices.Reverse(i.Signatures) }, nil},
		"twice":     {func(i *Instrument, _ *Ground) { i.Signatures = append(i.Signatures, i.Signatures...) }, nil},
		"noise": {func(i *Instrument, _ *Ground) {
			i.Signatures = append([]string{"", "— ", "— aa-bg AAAA", "— cc-bg !!", "x\ny"}, i.Signatures...)
		}, nil},
		"missing":    {func(i *Instrument, _ *Ground) { i.Signatures = i.Signatures[:1] }, []string{"bb-bg has not signed"}},
		"none":       {func(i *Instrument, _ *Ground) { i.Signatures = nil }, []string{"aa-bg has not signed", "bb-bg has not signed"}},
		"other text": {func(i *Instrument, _ *Ground) { i.Agreement.Articles[1].Text = "Other." }, []string{"the signature of aa-bg is not good", "the signature of bb-bg is not good"}},
		"wrong key":  {func(i *Instrument, _ *Ground) { *i = signed("aa-bg"); i.Sign(other) }, []string{"the signature of bb-bg is not good"}},
		"renamed": {func(i *Instrument, _ *Ground) {
			i.Signatures[0] = strings.Replace(i.Signatures[0], "aa-bg", "bb-bg", 1)
		},
			[]string{"aa-bg has not signed"}},
		"key of another name": {func(_ *Instrument, g *Ground) { g.Authorities[0].Key = g.Authorities[1].Key }, []string{`the key that is known here for aa-bg is that of "ab-pd"`}},
		"odd key":             {func(_ *Instrument, g *Ground) { g.Authorities[0].Key = "aa-bg+1+2" }, []string{"the key of aa-bg that is known here is not well formed"}},
		"no key":              {func(_ *Instrument, g *Ground) { g.Authorities[0].Key = "" }, []string{"the key of aa-bg is not known"}},
		"unknown party":       {func(i *Instrument, _ *Ground) { i.Agreement.Parties = append(i.Agreement.Parties, "zz-bg") }, []string{`"zz-bg" is not an authority`}},
		"no parties":          {func(i *Instrument, _ *Ground) { i.Agreement.Parties = nil }, []string{"nobody is to sign"}},
		"nothing":             {func(i *Instrument, _ *Ground) { *i = Instrument{Signatures: i.Signatures} }, []string{"nobody is to sign"}},
		"flood":               {func(i *Instrument, _ *Ground) { i.Signatures = slices.Repeat(i.Signatures, 10_000) }, []string{"20000 signatures"}},
		"beyond the text":     {func(i *Instrument, _ *Ground) { i.Signatures = []string{"x\n\n" + strings.Join(i.Signatures, "\n")} }, []string{"has not signed"}},
	} {
		i, ground := Instrument{Agreement: treaty(), Signatures: slices.Clone(good.Signatures)}, Ground{Authorities: slices.Clone(g.Authorities)}
		c.change(&i, &ground)
		err := i.CheckSignatures(&ground)
		if (err == nil) != (c.want == nil) || err != nil && marz.CodeOf(err) != marz.Invalid {
			t.Errorf("%s: %v", name, err)
			continue
		}
		for _, want := range c.want {
			if !strings.Contains(err.Error(), want) {
				t.Errorf("%s: %v, want it to name %q", name, err, want)
			}
		}
	}
}

func TestSign(t *testing.T) {
	_, secret := signers(t)
	i := Instrument{Agreement: treaty()}
	for name, c := range map[string]struct {
		i   Instrument
		key string
	}{
		"no party":    {i, secret["cc-bg"]},
		"no key":      {i, "aa-bg"},
		"empty":       {i, ""},
		"nothing":     {Instrument{}, secret["aa-bg"]},
		"odd text":    {Instrument{Agreement: &Agreement{ID: "x\x00", Parties: []marz.AuthorityID{"aa-bg"}}}, secret["aa-bg"]},
		"not who say": {Instrument{Report: &Report{By: "bb-bg", Article: "t/1"}}, secret["aa-bg"]},
	} {
		if err := c.i.Sign(c.key); marz.CodeOf(err) != marz.Invalid || c.key != "" && strings.Contains(err.Error(), c.key) && c.key != "aa-bg" {
			t.Errorf("%s: %v", name, err)
		}
	}
	for range 2 { // signing again changes nothing
		if err := i.Sign(secret["aa-bg"]); err != nil || len(i.Signatures) != 1 {
			t.Errorf("%v, %q", err, i.Signatures)
		}
	}
}

func TestDigestIsOfWhatIsSaid(t *testing.T) {
	i := Instrument{Agreement: treaty()}
	file := EncodeSigned([]Instrument{i})
	var tight bytes.Buffer
	if err := json.Compact(&tight, file); err != nil {
		t.Fatal(err)
	}
	loose := bytes.ReplaceAll(file, []byte("\n"), []byte("\r\n\t "))
	for _, text := range [][]byte{file, tight.Bytes(), loose} {
		all, err := ParseSigned("f", text)
		if err != nil || all[0].Digest() != i.Digest() {
			t.Errorf("%v, %v\n%s", all, err, text)
		}
		if diff := cmp.Diff(all[0].Agreement, i.Agreement); diff != "" {
			t.Error(diff)
		}
	}
	seen := map[string]string{}
	for name, change := range map[string]func(*Agreement){
		"same": func(*Agreement) {}, "id": func(a *Agreement) { a.ID = "u" }, "title": func(a *Agreement) { a.Title += " " }, "parties": func(a *Agreement) { slices.Reverse(a.Parties) },
		"from": func(a *Agreement) { a.From++ }, "article": func(a *Agreement) { a.Articles[0].ID = "9" }, "until": func(a *Agreement) { a.Articles[0].Until = 5 },
		"order": func(a *Agreement) { slices.Reverse(a.Articles) }, "while": func(a *Agreement) { a.While = conditions[:1] },
	} {
		j := Instrument{Agreement: treaty()}
		change(j.Agreement)
		if other := seen[j.Digest()]; other != "" {
			t.Errorf("%s and %s have the same digest", name, other)
		}
		seen[j.Digest()] = name
	}
}

func TestParseSignedRefuses(t *testing.T) {
	const word = `{"by":"aa-bg","agreement":"t","status":"active","from":"2024-01-01T00:00:00.000Z","issued":"2024-01-01T00:00:00.000Z"}`
	wrap := func(s string) string { return `{"v":1,"instruments":[` + s + `]}` }
	if _, err := ParseSigned("f", []byte(wrap(`{"statement":`+word+`}`))); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		"empty": "", "not JSON": "[[agreement]]", "null": "null", "no instruments": wrap(""), "version": `{"v":2,"instruments":[{"statement":` + word + `}]}`,
		"two":               wrap(`{"statement":` + word + `,"report":{"by":"aa-bg","article":"t/1","status":"met","at":""}}`),
		"none":              wrap(`{"signatures":["x"]}`),
		"unknown":           wrap(`{"statement":` + word + `,"note":"x"}`),
		"unknown within":    wrap(`{"statement":{"by":"aa-bg","because":"x"}}`),
		"twice":             wrap(`{"statement":` + word + `,"statement":` + word + `}`),
		"twice within":      wrap(`{"statement":` + strings.Replace(word, `"status"`, `"status":"suspended","status"`, 1) + `}`),
		"twice at the top":  `{"v":1,"v":1,"instruments":[{"statement":` + word + `}]}`,
		"capitals":          wrap(`{"Statement":` + word + `}`),
		"capitals within":   wrap(`{"statement":` + strings.Replace(word, `"status"`, `"STATUS"`, 1) + `}`),
		"long s":            wrap(`{"ſtatement":` + word + `}`),
		"more":              wrap(`{"statement":`+word+`}`) + `{}`,
		"brace":             wrap(`{"statement":`+word+`}`) + `}`,
		"kind":              wrap(`{"statement":[]}`),
		"instant":           wrap(`{"statement":` + strings.Replace(word, `.000Z","issued`, `","issued`, 1) + `}`),
		"no instant at all": wrap(`{"statement":` + strings.Replace(word, `2024-01-01T00:00:00.000Z`, `1970-01-01T00:00:00.000Z`, 1) + `}`),
		"deep":              wrap(strings.Repeat("[", 1_000_000)),
		"huge":              strings.Repeat(" ", maxFile+1),
	} {
		if all, err := ParseSigned("f.json", []byte(text)); all != nil || marz.CodeOf(err) != marz.Invalid || !strings.Contains(err.Error(), "f.json") || len(err.Error()) > 500 {
			t.Errorf("%s: %v, %v", name, all, err)
		}
	}
}

// What is checked costs no more than the signatures under it, whatever parties an agreement that nobody signed names.
func TestManyPartiesAreRefusedUnlooked(t *testing.T) {
	g, _ := signers(t)
	i := Instrument{Agreement: treaty()}
	i.Agreement.Parties = slices.Repeat([]marz.AuthorityID{"aa-bg"}, maxParties+1)
	err := i.CheckSignatures(&g)
	if err == nil || !strings.Contains(err.Error(), "101 parties") || strings.Contains(err.Error(), "not signed") {
		t.Errorf("%v", err)
	}
}

// What anybody writes beside the signatures is left out, and one good line of each signer is kept.
func TestBare(t *testing.T) {
	g, secret := signers(t)
	i := Instrument{Agreement: treaty()}
	for _, id := range []marz.AuthorityID{"bb-bg", "aa-bg"} {
		if err := i.Sign(secret[id]); err != nil {
			t.Fatal(err)
		}
	}
	want := []string{i.Signatures[1], i.Signatures[0]} // in the order of the parties
	i.Signatures = slices.Concat([]string{"a name", "— aa-bg AAAA"}, i.Signatures, i.Signatures)
	if got := i.Bare(&g); !slices.Equal(got.Signatures, want) || got.CheckSignatures(&g) != nil || len(i.Signatures) != 6 {
		t.Errorf("%q, want %q", got.Signatures, want)
	}
}
