package trust

import (
	"crypto"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"marz"
	"marz/emrtd"
	"marz/emrtd/cert"
	"marz/emrtd/testpki"
)

func day(y int, m time.Month, d int) time.Time { return time.Date(y, m, d, 0, 0, 0, 0, time.UTC) }

var monday = marz.InstantOf(day(2026, 1, 12))

// state is what a state issues: its authority, a second one, a signer of lists.
type state struct {
	random       *rand.ChaCha8
	csca, second *testpki.Holder
	lister       *testpki.Holder
}

func newState(t testing.TB, country string) *state {
	t.Helper()
	s := &state{random: rand.NewChaCha8([32]byte{byte(country[0]), byte(country[1])})}
	p := testpki.Profile{Country: country, CommonName: "CSCA", Serial: 1, From: day(2020, 1, 1), Until: day(2035, 1, 1), CA: true, Usage: 0x06}
	holder := func(h *testpki.Holder, err error) *testpki.Holder {
		if err != nil {
			t.Fatal(err)
		}
		return h
	}
	key := func() *testpki.Key {
		k, err := testpki.NewKey(s.random, testpki.Kind{Curve: "P-256", Hash: crypto.SHA256})
		if err != nil {
			t.Fatal(err)
		}
		return k
	}
	s.csca = holder(testpki.Authority(s.random, key(), p))
	p.Serial, p.CommonName = 2, "CSCA 2"
	s.second = holder(testpki.Authority(s.random, key(), p))
	s.lister = holder(s.csca.Issue(s.random, key(), testpki.Profile{Country: country, CommonName: "List Signer", Serial: 9, From: day(2020, 1, 1), Until: day(2035, 1, 1), Usage: 0x80, Purposes: []string{cert.MasterListSigner}}))
	return s
}

func (s *state) list(t testing.TB, at time.Time, certificates ...[]byte) []byte {
	t.Helper()
	b, err := s.lister.MasterList(s.random, certificates, testpki.Form{SigningTime: at})
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func (s *state) crl(t testing.TB, at time.Time, serials ...int64) []byte {
	t.Helper()
	b, err := s.csca.RevocationList(s.random, 1, at, at.AddDate(0, 3, 0), serials...)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// take imports and writes.
func take(t testing.TB, s *Store, o Options, given ...Given) Version {
	t.Helper()
	p, err := s.Import(given, monday, o)
	if err != nil {
		t.Fatal(err)
	}
	v, err := p.Write()
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// trusts fails the test unless the store has these numbers of authorities and revocation lists in force, in this version.
func trusts(t testing.TB, s *Store, number, authorities, crls int) emrtd.Trust {
	t.Helper()
	tr, v, err := s.Open()
	if err != nil {
		t.Fatal(err)
	}
	if v.Number != number || len(tr.CSCAs.All()) != authorities || len(tr.CRLs) != crls {
		t.Errorf("version %d: %d authorities, %d revocation lists; want version %d: %d, %d", v.Number, len(tr.CSCAs.All()), len(tr.CRLs), number, authorities, crls)
	}
	return tr
}

// TestImport: what is given takes the place of what is of its kind and owner, and stands beside all else; older lists are refused; one goes back by a version of its own.
func TestImport(t *testing.T) {
	ut, xa := newState(t, "UT"), newState(t, "XA")
	s := At(t.TempDir(), OS{})
	if _, _, err := s.Open(); marz.CodeOf(err) != marz.NotFound {
		t.Errorf("an empty folder is opened: %v", err)
	}
	first := take(t, s, Options{}, Given{"a/ut.cer", ut.csca.Certificate}, Given{"ut.ml", ut.list(t, day(2026, 1, 1), ut.csca.Certificate, ut.second.Certificate)})
	trusts(t, s, 1, 2, 0)
	take(t, s, Options{}, Given{"crl", ut.crl(t, day(2026, 1, 1))}, Given{"xa.cer", xa.csca.Certificate})
	trusts(t, s, 2, 3, 1)

	newer := Given{"ut2.ml", ut.list(t, day(2026, 1, 10), ut.csca.Certificate, xa.second.Certificate)}
	p, err := s.Import([]Given{newer}, monday, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if c := p.Change; len(c.Added) != 1 || len(c.Removed) != 1 || c.Same != 2 || c.Added[0].Subject.Country() != "XA" || len(c.Files) != 1 || c.Files[0].Old == nil || c.Files[0].New == nil {
		t.Errorf("%+v", c)
	}
	if _, err := p.Write(); err != nil {
		t.Fatal(err)
	}
	trusts(t, s, 3, 3, 1)
	if _, err := p.Write(); marz.CodeOf(err) != marz.Conflict {
		t.Errorf("a plan on an older version is written: %v", err)
	}

	older := Given{"ut3.ml", ut.list(t, day(2026, 1, 5), ut.csca.Certificate)}
	if _, err := s.Import([]Given{older}, monday, Options{}); err == nil || !strings.Contains(err.Error(), "--older") {
		t.Errorf("an older list is taken in: %v", err)
	}
	if v := take(t, s, Options{Older: "the newer one was withdrawn"}, older); v.Older == "" {
		t.Error("why an older list was taken in is not kept")
	}
	trusts(t, s, 4, 2, 1)

	back, err := s.Rollback(1, monday)
	if err != nil {
		t.Fatal(err)
	}
	v, err := back.Write()
	if err != nil || v.Digest != first.Digest || v.Back != 1 {
		t.Errorf("%+v, %v", v, err)
	}
	trusts(t, s, 5, 2, 0)
	history, err := s.History()
	if err != nil || len(history) != 5 || history[0].Number != 5 || history[4].Files[0].Name != "ut.cer" {
		t.Errorf("%v, %v", history, err)
	}
	if again, err := s.Import([]Given{{"ut.cer", ut.csca.Certificate}}, monday, Options{}); err != nil || !again.Same() {
		t.Errorf("%v: what is in force already is something new", err)
	}
}
