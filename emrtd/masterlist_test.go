package emrtd

import (
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"slices"
	"strings"
	"testing"

	"marz/emrtd/cert"
	"marz/emrtd/der"
	"marz/emrtd/testpki"
)

// lister makes the state's signer of master lists.
func (w *world) lister(t testing.TB) *testpki.Holder {
	p := testpki.Profile{Country: "UT", Organisation: "Utopia", CommonName: "List Signer", Serial: 9, From: day(2025, 1, 1), Until: day(2030, 1, 1), Usage: 0x80, Purposes: []string{cert.MasterListSigner}}
	return w.issue(t, key(t, w.csca.Key.Kind, 2), p)
}

func (w *world) list(t testing.TB, certificates ...[]byte) []byte {
	t.Helper()
	b, err := w.lister(t).MasterList(w.random, certificates, testpki.Form{Carry: [][]byte{w.csca.Certificate}})
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// TestTrustBuilder: a list counts when its root is given, and is refused when it is not; lists do not vouch for lists.
func TestTrustBuilder(t *testing.T) {
	w, abroad := newWorld(t, p256), newWorld(t, p256)
	p := cscaProfile()
	p.Country, p.CommonName = "XA", "CSCA Abroad"
	var err error
	if abroad.csca, err = testpki.Authority(abroad.random, key(t, p256, 8), p); err != nil {
		t.Fatal(err)
	}
	list := w.list(t, w.csca.Certificate, abroad.csca.Certificate)
	b := NewTrustBuilder()
	add(t, b, "list", list)
	if _, err := b.Trust(); err == nil || !strings.Contains(err.Error(), "give the certificate of its root") {
		t.Errorf("a list without its root: %v", err)
	}
	add(t, b, "root", pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: w.csca.Certificate}))
	tr, err := b.Trust()
	if err != nil || len(tr.CSCAs.All()) != 2 {
		t.Fatalf("%v, %d", err, len(tr.CSCAs.All()))
	}
	add(t, b, "list from abroad", abroad.list(t, abroad.csca.Certificate))
	if _, err := b.Trust(); err == nil {
		t.Error("a list is vouched for by another list")
	}
	if err := NewTrustBuilder().Add("noise", []byte("noise")); err == nil {
		t.Error("noise is trusted")
	}
}

func add(t *testing.T, b *TrustBuilder, name string, content []byte) {
	t.Helper()
	if err := b.Add(name, content); err != nil {
		t.Fatal(err)
	}
}

// TestListSigner: who signs documents may not sign lists.
func TestListSigner(t *testing.T) {
	w := newWorld(t, p256)
	raw, err := w.signer.MasterList(w.random, [][]byte{w.csca.Certificate}, testpki.Form{})
	if err != nil {
		t.Fatal(err)
	}
	l, err := ParseMasterList(raw)
	if err != nil {
		t.Fatal(err)
	}
	roots := cert.NewStore()
	roots.Add(parse(t, w.csca.Certificate), "root")
	if c := l.Verify(roots); c.Good() || c.Purpose || !slices.Equal(names(c.Defects), []der.Name{ListSignerUse}) {
		t.Errorf("%s %v", c.Why(), c.Defects)
	}
}

// TestListSignerBySigner: who signs documents has no way to make a signer of lists.
func TestListSignerBySigner(t *testing.T) {
	w := newWorld(t, p256)
	p := testpki.Profile{Country: "UT", Organisation: "Utopia", CommonName: "List Signer", Serial: 9, From: day(2025, 1, 1), Until: day(2030, 1, 1), Usage: 0x80, Purposes: []string{cert.MasterListSigner}}
	lister, err := w.signer.Issue(w.random, key(t, p256, 2), p)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := lister.MasterList(w.random, [][]byte{w.csca.Certificate}, testpki.Form{Carry: [][]byte{w.signer.Certificate}})
	if err != nil {
		t.Fatal(err)
	}
	l, err := ParseMasterList(raw)
	if err != nil {
		t.Fatal(err)
	}
	roots := cert.NewStore()
	roots.Add(parse(t, w.csca.Certificate), "root")
	if c := l.Verify(roots); c.Good() || c.Chain.Err() == nil || c.Chain.Err().Reason != cert.IssuerUnfit {
		t.Errorf("good %v: %s", c.Good(), c.Why())
	}
}

// TestListEntries: an entry that is no certificate is reported with its place, and does not hide the others.
func TestListEntries(t *testing.T) {
	w := newWorld(t, p256)
	l, err := ParseMasterList(w.list(t, w.csca.Certificate, der.Sequence(der.Null()), w.signer.Certificate))
	if err != nil {
		t.Fatal(err)
	}
	if len(l.Entries) != 2 || len(l.Unreadable) != 1 || l.Unreadable[0].Err == nil {
		t.Errorf("%d read, %v", len(l.Entries), l.Unreadable)
	}
	other, err := ParseMasterList(w.list(t, w.csca.Certificate, w.lister(t).Certificate))
	if err != nil {
		t.Fatal(err)
	}
	d := Difference(l, other)
	if d.Same != 1 || len(d.Added) != 1 || len(d.Removed) != 1 || d.Removed[0].Serial.Int64() != 77 || d.Added[0].Serial.Int64() != 9 {
		t.Errorf("%+v", d)
	}
}

// fold breaks a line of an export as its publisher does.
func fold(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); i += 70 {
		if i > 0 {
			b.WriteString("\n ")
		}
		b.WriteString(s[i:min(i+70, len(s))])
	}
	return b.String()
}

// TestLDIF: an export with a list, a signer and a revocation list makes a document provable; what is broken in it is noted and the rest is taken.
func TestLDIF(t *testing.T) {
	w := newWorld(t, p256)
	crl, err := w.csca.RevocationList(w.random, 5, day(2026, 1, 1), day(2026, 3, 1))
	if err != nil {
		t.Fatal(err)
	}
	line := func(name string, b []byte) string { return fold(name + ":: " + base64.StdEncoding.EncodeToString(b)) }
	export := fmt.Sprintf("version: 1\n\n# of the test\ndn: o=ml,c=UT\nobjectClass: top\n%s\n\ndn: o=dsc,c=UT\r\n%s\r\n\r\ndn:: %s\n%s\n\ndn: o=bad,c=UT\nuserCertificate;binary:: @@\n\ndn: o=bad2\nuserCertificate;binary:: MAA=\n",
		line("pkdMasterListContent", w.list(t, w.csca.Certificate)), line("userCertificate;binary", w.signer.Certificate),
		base64.StdEncoding.EncodeToString([]byte("o=crl,c=UT")), line("certificateRevocationList;binary", crl))
	b := NewTrustBuilder()
	add(t, b, "export", []byte(export))
	add(t, b, "root", w.csca.Certificate)
	tr, err := b.Trust()
	if err != nil {
		t.Fatal(err)
	}
	wholly(t, verify(t, w.document(t, testpki.Form{WithoutCertificate: true}), tr))
	if len(b.Notes) != 2 || !strings.Contains(b.Notes[0], "no base64") || len(tr.CRLs) != 1 || len(tr.Signers.All()) != 1 {
		t.Errorf("%q, %d lists, %d signers", b.Notes, len(tr.CRLs), len(tr.Signers.All()))
	}
}

// TestLDIFRecords: what is no record is an error in its place.
func TestLDIFRecords(t *testing.T) {
	for in, want := range map[string]string{
		"dn: a\nx: 1\n\ndn: b\ny:  2\n": "a x=1|b y=2",
		"dn: a\nx: 1\n 2\n  3\n":        "a x=12 3",
		"dn: a\nx\n\ndn: b\n":           "error|b",
		"x: 1\n\ndn: b\n":               "error|b",
		"dn: a\nx:< file:///y\n":        "error",
		"dn: a\nchangetype: delete\n":   "error",
		"# only\n\nversion: 1\n":        "",
		"dn: a\nx::\n":                  "a x=",
	} {
		var got []string
		for e, err := range ReadLDIF(strings.NewReader(in)) {
			if err != nil {
				got = append(got, "error")
				continue
			}
			s := e.DN
			for _, a := range e.Attributes {
				s += " " + a.Name + "=" + string(a.Value)
			}
			got = append(got, s)
		}
		if strings.Join(got, "|") != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
	long := "dn: a\nx: " + strings.Repeat("y", maxLDIFLine)
	for _, err := range ReadLDIF(strings.NewReader(long)) {
		if err == nil {
			t.Error("a line of any length is read")
		}
	}
}

// TestCountries: the table of states against certificates' countries.
func TestCountries(t *testing.T) {
	for _, c := range []struct {
		state, country string
		same, known    bool
	}{
		{"D", "DE", true, true}, {"DEU", "de", true, true}, {"ARM", "AM", true, true}, {"ARM", "RU", false, true}, {"GBD", "GB", true, true}, {"UNO", "UN", true, true},
		{"RKS", "KS", true, true}, {"RKS", "XK", true, true}, {"XZZ", "ZZ", false, false}, {"CHE", "CH", true, true}, {"EUE", "EU", true, true}, {"UNO", "UNO", true, true},
	} {
		if same, known := SameCountry(c.state, c.country); same != c.same || known != c.known {
			t.Errorf("%s, %s: %v %v", c.state, c.country, same, known)
		}
	}
}
