package emrtd

import (
	"math/big"
	"slices"
	"strings"
	"testing"

	"marz"
	"marz/emrtd/cert"
	"marz/emrtd/der"
	"marz/emrtd/testpki"
)

// defectLister makes the state's signer of defect lists.
func (w *world) defectLister(t testing.TB) *testpki.Holder {
	return w.defectListerFor(t, cert.DefectListSigner)
}

func (w *world) defectListerFor(t testing.TB, purpose string) *testpki.Holder {
	p := testpki.Profile{Country: "UT", Organisation: "Utopia", CommonName: "Defect List Signer", Serial: 10, From: day(2025, 1, 1), Until: day(2030, 1, 1), Usage: 0x80, Purposes: []string{purpose}}
	return w.issue(t, key(t, w.csca.Key.Kind, 2), p)
}

func (w *world) defects(t testing.TB, version int, listed ...testpki.Listed) *DefectList {
	t.Helper()
	raw, err := w.defectLister(t).DefectList(w.random, version, listed, testpki.Form{SigningTime: day(2026, 1, 2)})
	if err != nil {
		t.Fatal(err)
	}
	l, err := ParseDefectList(raw)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func groups(numbers ...int64) []byte {
	var parts [][]byte
	for _, n := range numbers {
		parts = append(parts, der.Int(big.NewInt(n)))
	}
	return der.Set(parts...)
}

// TestKnownDefects: a listed signer gets a result of its own and the defect in the report; no other check changes, and nothing is better for it.
func TestKnownDefects(t *testing.T) {
	for name, c := range map[string]struct {
		known  []testpki.Known
		want   marz.Result
		defect string
		code   int
		groups []int
	}{
		"compromised":              {[]testpki.Known{{Kind: "1.1", Parameters: testpki.Enumerated(4)}}, marz.Failed, SignerRevoked, 4, nil},
		"compromised, no code":     {[]testpki.Known{{Kind: "1.1"}}, marz.Failed, SignerRevoked, 0, nil},
		"certificate damaged":      {[]testpki.Known{{Kind: "1.2", Parameters: der.Sequence()}}, marz.Undetermined, SignerReplaced, 0, nil},
		"chip's keys":              {[]testpki.Known{{Kind: "1.3"}}, marz.Undetermined, ChipKeyRevoked, 0, nil},
		"protocol fails":           {[]testpki.Known{{Kind: "1.5", Parameters: testpki.Enumerated(6)}}, marz.Successful, ProtocolFails, 6, nil},
		"validity":                 {[]testpki.Known{{Kind: "1.6", Parameters: testpki.Enumerated(1)}}, marz.Undetermined, ValidityWrong, 1, nil},
		"active keys":              {[]testpki.Known{{Kind: "1.4"}}, marz.Undetermined, ActiveKeyRevoked, 0, nil},
		"unknown, authentication":  {[]testpki.Known{{Kind: "1.99"}}, marz.Failed, oidDefectList + ".1.99", 0, nil},
		"group that was read":      {[]testpki.Known{{Kind: "2.1", Parameters: groups(2, 3)}}, marz.Undetermined, GroupMalformed, 0, []int{2, 3}},
		"group that was not read":  {[]testpki.Known{{Kind: "2.1", Parameters: groups(3)}}, marz.Successful, GroupMalformed, 0, []int{3}},
		"groups, none named":       {[]testpki.Known{{Kind: "2.1"}}, marz.Undetermined, GroupMalformed, 0, nil},
		"security object":          {[]testpki.Known{{Kind: "2.2"}}, marz.Undetermined, ObjectInvalid, 0, nil},
		"hashes of groups":         {[]testpki.Known{{Kind: "2.2", Parameters: testpki.Enumerated(4)}}, marz.Undetermined, ObjectInvalid, 4, nil},
		"signer's name":            {[]testpki.Known{{Kind: "2.6", Parameters: der.Set()}}, marz.Undetermined, NameWrong, 0, nil},
		"EF.COM":                   {[]testpki.Known{{Kind: "2.3"}}, marz.Successful, COMDiffers, 0, nil},
		"unknown, passport":        {[]testpki.Known{{Kind: "2.99"}}, marz.Failed, oidDefectList + ".2.99", 0, nil},
		"another application":      {[]testpki.Known{{Kind: "3.1", Parameters: groups(4)}}, marz.Successful, IdentityGroup, 0, []int{4}},
		"unknown, of another":      {[]testpki.Known{{Kind: "3.99"}}, marz.Successful, oidDefectList + ".3.99", 0, nil},
		"powered down":             {[]testpki.Known{{Kind: "4.3"}}, marz.Successful, PowerDown, 0, nil},
		"unknown, of the document": {[]testpki.Known{{Kind: "4.99"}}, marz.Undetermined, oidDefectList + ".4.99", 0, nil},
		"two":                      {[]testpki.Known{{Kind: "4.3"}, {Kind: "1.1", Parameters: testpki.Enumerated(1)}}, marz.Failed, SignerRevoked, 1, nil},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, p256)
			tr, doc := w.trust(t), w.document(t, testpki.Form{})
			before := verify(t, doc, tr)
			tr.Defects = []*DefectList{w.defects(t, 0, testpki.Listed{Signer: w.signer, Hash: true, Known: c.known})}
			r := verify(t, doc, tr)
			if r.ResultOf(CheckDefects) != c.want || r.Result != c.want || r.Trust != Trusted {
				t.Errorf("check %s, result %s; want %s", r.ResultOf(CheckDefects), r.Result, c.want)
			}
			i := slices.IndexFunc(r.Known, func(k KnownDefect) bool { return k.Defect == c.defect })
			if i < 0 || r.Known[i].Code != c.code || !slices.Equal(r.Known[i].Groups, c.groups) || r.Known[i].List != "the defect list of UT of 2026-01-02T00:00:00.000Z" {
				t.Errorf("%+v", r.Known)
			}
			if !slices.Contains(names(r.Defects), DefectKnown) {
				t.Errorf("%v", r.Defects)
			}
			for _, x := range before.Checks {
				if x.Check != CheckDefects && r.ResultOf(x.Check) != x.Result {
					t.Errorf("%s is %s, and was %s without the list", x.Check, r.ResultOf(x.Check), x.Result)
				}
			}
		})
	}
}

// TestDefectWords: what versions 1 and 2 say in words comes with the defect.
func TestDefectWords(t *testing.T) {
	w := newWorld(t, p256)
	tr := w.trust(t)
	for _, version := range []int{1, 2} {
		tr.Defects = []*DefectList{w.defects(t, version, testpki.Listed{Signer: w.signer, Known: []testpki.Known{{Kind: "2.1", Parameters: groups(2), Words: "the face is turned"}, {Kind: "4.3", Words: "again"}}})}
		r := verify(t, w.document(t, testpki.Form{}), tr)
		if len(r.Known) != 2 || r.Known[0].Description+r.Known[1].Description != "the face is turnedagain" && r.Known[0].Description+r.Known[1].Description != "againthe face is turned" || len(tr.Defects[0].Defects) != 0 {
			t.Errorf("version %d: %+v %v", version, r.Known, tr.Defects[0].Defects)
		}
	}
}

// TestKnownDefectsMakeNothingBetter: whatever a list says, what failed stays failed.
func TestKnownDefectsMakeNothingBetter(t *testing.T) {
	w := newWorld(t, p256)
	tr, doc := w.trust(t), w.document(t, testpki.Form{})
	doc.Groups = map[int][]byte{1: w.groups[1], 2: []byte("another face"), 14: w.groups[14]}
	for _, kind := range []string{"1.2", "2.1", "2.2", "2.3", "3.1", "4.1", "4.3", "5.1"} {
		tr.Defects = []*DefectList{w.defects(t, 0, testpki.Listed{Signer: w.signer, Known: []testpki.Known{{Kind: kind}}})}
		if r := verify(t, doc, tr); r.Result != marz.Failed || r.ResultOf(CheckGroups) != marz.Failed {
			t.Errorf("%s: %s", kind, r.Result)
		}
	}
}

// TestListedSigner: who is meant by a list, and who is not.
func TestListedSigner(t *testing.T) {
	known := []testpki.Known{{Kind: "1.1", Parameters: testpki.Enumerated(0)}}
	w := newWorld(t, p256)
	p := signerProfile()
	p.Serial = 78
	other := w.issue(t, key(t, p256, 3), p)
	p = signerProfile()
	p.CommonName = "Twin" // the same issuer, number and key in another certificate
	twin := w.issue(t, w.signer.Key, p)
	for name, c := range map[string]struct {
		listed testpki.Listed
		form   testpki.Form
		want   marz.Result
	}{
		"by number":                    {testpki.Listed{Signer: w.signer, Known: known}, testpki.Form{}, marz.Failed},
		"by number, object by key":     {testpki.Listed{Signer: w.signer, Known: known}, testpki.Form{ByKeyID: true}, marz.Failed},
		"by key":                       {testpki.Listed{Signer: w.signer, ByKeyID: true, Known: known}, testpki.Form{}, marz.Failed},
		"another":                      {testpki.Listed{Signer: other, Known: known}, testpki.Form{}, marz.Successful},
		"another by key":               {testpki.Listed{Signer: other, ByKeyID: true, Known: known}, testpki.Form{}, marz.Successful},
		"twin":                         {testpki.Listed{Signer: twin, Known: known}, testpki.Form{}, marz.Failed},
		"twin told apart":              {testpki.Listed{Signer: twin, Hash: true, Known: known}, testpki.Form{}, marz.Successful},
		"certificate missing":          {testpki.Listed{Signer: w.signer, Known: known}, testpki.Form{WithoutCertificate: true}, marz.Failed},
		"all of an authority":          {testpki.Listed{Signer: w.csca, Authority: true, Known: known}, testpki.Form{}, marz.Failed},
		"all under a key":              {testpki.Listed{Signer: w.csca, Authority: true, ByKeyID: true, Known: known}, testpki.Form{}, marz.Failed},
		"another authority":            {testpki.Listed{Signer: newOther(t, w), Authority: true, Known: known}, testpki.Form{}, marz.Successful},
		"another authority's key":      {testpki.Listed{Signer: newOther(t, w), Authority: true, ByKeyID: true, Known: known}, testpki.Form{}, marz.Successful},
		"certificate missing, another": {testpki.Listed{Signer: other, Known: known}, testpki.Form{WithoutCertificate: true}, marz.Undetermined},
	} {
		t.Run(name, func(t *testing.T) {
			tr := w.trust(t)
			for version := range 3 {
				if version != 2 && (c.listed.Authority || c.listed.Hash && c.form.WithoutCertificate) {
					continue
				}
				tr.Defects = []*DefectList{w.defects(t, version, c.listed)}
				if r := verify(t, w.document(t, c.form), tr); r.ResultOf(CheckDefects) != c.want {
					t.Errorf("version %d: %s, want %s: %+v", version, r.ResultOf(CheckDefects), c.want, r.Known)
				}
			}
		})
	}
	if r := verify(t, w.document(t, testpki.Form{}), w.trust(t)); r.ResultOf(CheckDefects) != marz.NotSupported || r.Result != marz.Successful {
		t.Errorf("without a list: %s, %s", r.ResultOf(CheckDefects), r.Result)
	}
}

// TestDefectListSigner: a list counts when its root is given, and its signer is neither a signer of documents nor of master lists.
func TestDefectListSigner(t *testing.T) {
	w := newWorld(t, p256)
	listed := []testpki.Listed{{Signer: w.signer, Known: []testpki.Known{{Kind: "1.1"}}}}
	for name, c := range map[string]struct {
		by   *testpki.Holder
		root bool
		why  string
	}{
		"as it should be":        {w.defectLister(t), true, ""},
		"without its root":       {w.defectLister(t), false, "give the certificate of its root"},
		"by a document's signer": {w.signer, true, "not one for such lists"},
		"by a lister of masters": {w.lister(t), true, "not one for such lists"},
		"by the authority":       {w.csca, true, "not one for such lists"},
	} {
		raw, err := c.by.DefectList(w.random, 0, listed, testpki.Form{})
		if err != nil {
			t.Fatal(err)
		}
		b := NewTrustBuilder()
		add(t, b, "defects", raw)
		if c.root {
			add(t, b, "root", w.csca.Certificate)
		} else {
			add(t, b, "root", newOther(t, w).Certificate)
		}
		tr, err := b.Trust()
		if (err == nil) != (c.why == "") || err != nil && !strings.Contains(err.Error(), c.why) || err == nil && len(tr.Defects) != 1 {
			t.Errorf("%s: %v", name, err)
		}
	}
	raw, err := w.defectLister(t).DefectList(w.random, 0, listed, testpki.Form{ContentType: oidMasterList})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := ParseDefectList(raw); err == nil {
		t.Error("a master list is read as a defect list")
	}
	good := w.defects(t, 0, listed...)
	if c := good.Verify(storeWith(t, w.csca)); !c.Good() || len(c.Defects) != 0 {
		t.Errorf("%s %v", c.Why(), c.Defects)
	}
	if raw, err = w.defectListerFor(t, "2.999.1").DefectList(w.random, 0, listed, testpki.Form{}); err != nil {
		t.Fatal(err)
	}
	other, err := ParseDefectList(raw)
	if err != nil {
		t.Fatal(err)
	}
	if c := other.Verify(storeWith(t, w.csca)); !c.Good() || !slices.Equal(names(c.Defects), []der.Name{DefectListSignerUse}) {
		t.Errorf("%s %v", c.Why(), c.Defects)
	}
}

func newOther(t testing.TB, w *world) *testpki.Holder {
	t.Helper()
	p := cscaProfile()
	p.CommonName = "CSCA of nobody"
	h, err := testpki.Authority(w.random, key(t, p256, 3), p)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func storeWith(t testing.TB, holders ...*testpki.Holder) *cert.Store {
	s := cert.NewStore()
	for _, h := range holders {
		s.Add(parse(t, h.Certificate), "test")
	}
	return s
}

// FuzzDefectList: no panic, and no list is good without its root.
func FuzzDefectList(f *testing.F) {
	w := newWorld(f, p256)
	lister := w.defectLister(f)
	for version, k := range []testpki.Known{{Kind: "1.1", Parameters: testpki.Enumerated(1)}, {Kind: "2.1", Parameters: groups(1, 2), Words: "w"}, {Kind: "9.9", Parameters: der.Null()}} {
		for _, by := range []bool{true, false} {
			raw, err := lister.DefectList(w.random, version, []testpki.Listed{{Signer: w.signer, ByKeyID: by, Hash: by, Known: []testpki.Known{k}}}, testpki.Form{})
			if err != nil {
				f.Fatal(err)
			}
			f.Add(raw)
		}
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		l, err := ParseDefectList(b)
		if err != nil {
			return
		}
		if l.Verify(cert.NewStore()).Good() {
			t.Fatal("a list without a root is good")
		}
		for _, x := range l.Listed {
			if x.Signer == nil && x.Authority == nil {
				t.Fatal("a listed signer has no name")
			}
		}
	})
}
