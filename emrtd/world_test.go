package emrtd

import (
	"crypto"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"marz"
	"marz/emrtd/cert"
	"marz/emrtd/der"
	"marz/emrtd/testpki"
	"marz/emrtd/testpki/saved"
)

// specimen is ICAO's specimen of Doc 9303-4, Appendix B.
const specimen = "P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<L898902C36UTO7408122F1204159ZE184226B<<<<<10"

// noon is the instant at which the test's documents are checked.
var noon = marz.InstantOf(day(2026, 1, 15).Add(12 * time.Hour))

func day(y int, m time.Month, d int) time.Time { return time.Date(y, m, d, 0, 0, 0, 0, time.UTC) }

// world is a state with its authority, a signer, and one document, all made for a test.
type world struct {
	random *rand.ChaCha8
	csca   *testpki.Holder
	signer *testpki.Holder
	groups map[int][]byte
}

// keys holds one key of each size and curve for all tests: making them takes longer than all else.
var keys = struct {
	sync.Mutex
	of map[string][]*testpki.Key
}{of: map[string][]*testpki.Key{}}

// key returns the n-th key of a kind.
func key(t testing.TB, kind testpki.Kind, n int) *testpki.Key {
	t.Helper()
	keys.Lock()
	defer keys.Unlock()
	name := fmt.Sprint(kind.Bits, kind.Curve)
	for len(keys.of[name]) <= n {
		k, err := newKey(kind, len(keys.of[name]))
		if err != nil {
			t.Fatal(err)
		}
		keys.of[name] = append(keys.of[name], k)
	}
	return keys.of[name][n].As(kind)
}

// newKey is a saved key of RSA, or one made anew.
func newKey(kind testpki.Kind, n int) (*testpki.Key, error) {
	if k := saved.Key(kind.Bits, n); k != nil {
		return testpki.FromRSA(k, kind), nil
	}
	return testpki.NewKey(chacha(uint64(n)+7), kind)
}

func chacha(seed uint64) *rand.ChaCha8 {
	var b [32]byte
	for i := range 8 {
		b[i] = byte(seed >> (8 * i))
	}
	return rand.NewChaCha8(b)
}

func cscaProfile() testpki.Profile {
	return testpki.Profile{Country: "UT", Organisation: "Utopia", CommonName: "CSCA Utopia", Serial: 1, From: day(2020, 1, 1), Until: day(2035, 1, 1), UsageUntil: day(2025, 6, 1)}
}

func signerProfile() testpki.Profile {
	return testpki.Profile{Country: "UT", Organisation: "Utopia", CommonName: "Document Signer", Serial: 77, From: day(2025, 1, 1), Until: day(2035, 1, 1), Usage: 0x80, DocumentTypes: []string{"P"}}
}

func newWorld(t testing.TB, kind testpki.Kind) *world { return newWorldOf(t, kind, 1) }

func newWorldOf(t testing.TB, kind testpki.Kind, seed uint64) *world {
	t.Helper()
	w := &world{random: chacha(seed), groups: map[int][]byte{1: testpki.DataGroup1(specimen), 2: der.Encode(der.Application, 0x15, true, der.Octets([]byte("a face"))), 14: der.Encode(der.Application, 14, true)}}
	var err error
	if w.csca, err = testpki.Authority(w.random, key(t, kind, 0), cscaProfile()); err != nil {
		t.Fatal(err)
	}
	w.signer = w.issue(t, key(t, kind, 1), signerProfile())
	return w
}

func (w *world) issue(t testing.TB, k *testpki.Key, p testpki.Profile) *testpki.Holder {
	t.Helper()
	h, err := w.csca.Issue(w.random, k, p)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func (w *world) sod(t testing.TB, form testpki.Form) []byte {
	t.Helper()
	b, err := w.signer.SecurityObject(w.random, w.groups, w.signer.Key.Kind.Hash, form)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func (w *world) crl(t testing.TB, at, next time.Time, serials ...int64) *cert.CRL {
	t.Helper()
	b, err := w.csca.RevocationList(w.random, 5, at, next, serials...)
	if err != nil {
		t.Fatal(err)
	}
	l, err := cert.ParseCRL(b)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// trust trusts the state's authority, with a list of revocations that is good at noon.
func (w *world) trust(t testing.TB) Trust {
	t.Helper()
	tr := Trust{CSCAs: cert.NewStore(), Signers: cert.NewStore(), CRLs: []*cert.CRL{w.crl(t, day(2026, 1, 1), day(2026, 3, 1))}}
	tr.CSCAs.Add(parse(t, w.csca.Certificate), "test")
	return tr
}

func parse(t testing.TB, raw []byte) *cert.Certificate {
	t.Helper()
	c, err := cert.Parse(raw)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func (w *world) document(t testing.TB, form testpki.Form) Document {
	return Document{SOD: w.sod(t, form), Groups: w.groups, Zone: specimen}
}

func verify(t testing.TB, d Document, tr Trust) *Report {
	t.Helper()
	r, err := Verify(d, tr, noon)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func names(list []der.Defect) []der.Name {
	var out []der.Name
	for _, d := range list {
		out = append(out, d.Name)
	}
	return out
}

// wholly fails the test unless every check is successful that can be, and the defects are these.
func wholly(t *testing.T, r *Report, defects ...der.Name) {
	t.Helper()
	for _, c := range r.Checks {
		if c.Result != marz.Successful && c.Check != CheckCOM && c.Check != CheckChip && c.Check != CheckDefects {
			t.Errorf("%s: %s, %s", c.Check, c.Result, c.Reason)
		}
	}
	if r.Result != marz.Successful || r.Trust != Trusted || !slices.Equal(names(r.Defects), defects) {
		t.Errorf("result %s, trust %s, defects %v", r.Result, r.Trust, r.Defects)
	}
}

var p256 = testpki.Kind{Curve: "P-256", Hash: crypto.SHA256}
