package emrtd

import (
	"testing"
	"time"

	"marz"
	"marz/emrtd/cert"
	"marz/emrtd/testpki"
)

// rekeyed is a state whose authority took a second key and a third, each time with the numbers that a test wants. Its signer is of the last key.
type rekeyed struct {
	*world
	first, second, third *testpki.Holder // each signed by itself
	link2, link3         *testpki.Holder // the second key under the first, the third under the second
}

func newRekeyed(t *testing.T, renamed bool) *rekeyed {
	w := &rekeyed{world: newWorld(t, p256)}
	w.first = w.csca
	next := func(by *testpki.Holder, k int, serial int64, name string) (own, link *testpki.Holder) {
		p := cscaProfile()
		p.Serial, p.CA, p.Usage = serial, true, 0x06
		if renamed {
			p.CommonName, p.NameChange = name, true
		}
		own, err := testpki.Authority(w.random, key(t, p256, k), p)
		if err != nil {
			t.Fatal(err)
		}
		p.Serial += 10
		if link, err = by.Issue(w.random, own.Key, p); err != nil {
			t.Fatal(err)
		}
		return own, link
	}
	w.second, w.link2 = next(w.first, 5, 2, "CSCA Utopia 2")
	w.third, w.link3 = next(w.second, 6, 3, "CSCA Utopia 3")
	w.csca = w.third
	w.signer = w.issue(t, w.signer.Key, signerProfile())
	return w
}

func (w *rekeyed) list(t *testing.T, by *testpki.Holder, until time.Time, serials ...int64) *cert.CRL {
	t.Helper()
	raw, err := by.RevocationList(w.random, 5, day(2026, 1, 1), until, serials...)
	if err != nil {
		t.Fatal(err)
	}
	l, err := cert.ParseCRL(raw)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// TestRevokedAuthority: an authority's certificate that is revoked fails every key that was linked from it, and no other key, be it of the same name (ICAO 9303-12 §4.1.5.1).
func TestRevokedAuthority(t *testing.T) {
	fresh, stale := day(2026, 3, 1), day(2026, 1, 10)
	for name, c := range map[string]struct {
		renamed bool
		trusted func(w *rekeyed) []*testpki.Holder
		lists   func(t *testing.T, w *rekeyed) []*cert.CRL
		want    marz.Result
	}{
		"none":                             {false, (*rekeyed).all, func(t *testing.T, w *rekeyed) []*cert.CRL { return []*cert.CRL{w.list(t, w.third, fresh)} }, marz.Successful},
		"its own, by its own key":          {false, (*rekeyed).unlinked, func(t *testing.T, w *rekeyed) []*cert.CRL { return []*cert.CRL{w.list(t, w.third, fresh, 3)} }, marz.Failed},
		"another key of the name, no link": {false, (*rekeyed).unlinked, func(t *testing.T, w *rekeyed) []*cert.CRL { return []*cert.CRL{w.list(t, w.third, fresh, 1, 2)} }, marz.Successful},
		"the key before, linked":           {false, (*rekeyed).all, func(t *testing.T, w *rekeyed) []*cert.CRL { return []*cert.CRL{w.list(t, w.third, fresh, 2)} }, marz.Failed},
		"the first key, linked twice":      {false, (*rekeyed).all, func(t *testing.T, w *rekeyed) []*cert.CRL { return []*cert.CRL{w.list(t, w.third, fresh, 1)} }, marz.Failed},
		"the first key, by its own list, other names": {true, (*rekeyed).all, func(t *testing.T, w *rekeyed) []*cert.CRL {
			return []*cert.CRL{w.list(t, w.third, fresh), w.list(t, w.first, fresh, 1)}
		}, marz.Failed},
		"the first key, by its old list": {true, (*rekeyed).all, func(t *testing.T, w *rekeyed) []*cert.CRL {
			return []*cert.CRL{w.list(t, w.third, fresh), w.list(t, w.first, stale, 1)}
		}, marz.Failed},
		"the link": {false, (*rekeyed).all, func(t *testing.T, w *rekeyed) []*cert.CRL { return []*cert.CRL{w.list(t, w.third, fresh, 13)} }, marz.Failed},
		"the link, other names": {true, (*rekeyed).all, func(t *testing.T, w *rekeyed) []*cert.CRL {
			return []*cert.CRL{w.list(t, w.third, fresh), w.list(t, w.second, fresh, 13)}
		}, marz.Failed},
		"a number of another name": {true, (*rekeyed).all, func(t *testing.T, w *rekeyed) []*cert.CRL {
			return []*cert.CRL{w.list(t, w.third, fresh), w.list(t, w.second, fresh, 3)}
		}, marz.Successful},
		"a later key":            {false, func(w *rekeyed) []*testpki.Holder { return append(w.all(), w.later(t)) }, func(t *testing.T, w *rekeyed) []*cert.CRL { return []*cert.CRL{w.list(t, w.third, fresh, 4)} }, marz.Successful},
		"a number that two have": {false, func(w *rekeyed) []*testpki.Holder { return append(w.all(), w.twin(t)) }, func(t *testing.T, w *rekeyed) []*cert.CRL { return []*cert.CRL{w.list(t, w.third, fresh, 3)} }, marz.Undetermined},
		"cleared by a revoked key alone": {false, (*rekeyed).unlinked, func(t *testing.T, w *rekeyed) []*cert.CRL {
			return []*cert.CRL{w.list(t, w.third, stale, 1), w.list(t, w.first, fresh)}
		}, marz.Undetermined},
		"cleared by another key of the name": {false, (*rekeyed).unlinked, func(t *testing.T, w *rekeyed) []*cert.CRL {
			return []*cert.CRL{w.list(t, w.third, stale), w.list(t, w.first, fresh)}
		}, marz.Successful},
		"signer, by a revoked key": {false, (*rekeyed).unlinked, func(t *testing.T, w *rekeyed) []*cert.CRL {
			return []*cert.CRL{w.list(t, w.third, fresh, 1), w.list(t, w.first, fresh, 77)}
		}, marz.Failed},
	} {
		t.Run(name, func(t *testing.T) {
			w := newRekeyed(t, c.renamed)
			tr := Trust{CSCAs: storeWith(t, c.trusted(w)...), CRLs: c.lists(t, w)}
			r := verify(t, w.document(t, testpki.Form{}), tr)
			if got := r.ResultOf(CheckRevocation); got != c.want || r.Trust != Trusted || c.want == marz.Failed && r.Result != marz.Failed {
				t.Errorf("%s, want %s: %+v %v", got, c.want, r.Checks, r.Defects)
			}
		})
	}
}

func (w *rekeyed) all() []*testpki.Holder {
	return []*testpki.Holder{w.link2, w.first, w.link3, w.second, w.third}
}

func (w *rekeyed) unlinked() []*testpki.Holder {
	return []*testpki.Holder{w.first, w.second, w.third}
}

// later is a fourth key, linked from the third.
func (w *rekeyed) later(t *testing.T) *testpki.Holder {
	p := cscaProfile()
	p.Serial, p.CA, p.Usage = 4, true, 0x06
	return w.issue(t, key(t, p256, 3), p)
}

// twin is another key's certificate with the third one's number.
func (w *rekeyed) twin(t *testing.T) *testpki.Holder {
	p := cscaProfile()
	p.Serial = 3
	h, err := testpki.Authority(w.random, key(t, p256, 3), p)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

// TestValidTwin: of an authority's certificates of one key, one that is valid does, whatever stands first.
func TestValidTwin(t *testing.T) {
	w := newWorld(t, p256)
	p := cscaProfile()
	p.Serial, p.CA, p.Usage, p.Until = 12, true, 0x06, day(2025, 12, 31)
	expired := w.issue(t, w.csca.Key, p)
	for _, holders := range [][]*testpki.Holder{{expired, w.csca}, {w.csca, expired}} {
		tr := w.trust(t)
		tr.CSCAs = storeWith(t, holders...)
		wholly(t, verify(t, w.document(t, testpki.Form{}), tr))
	}
	tr := w.trust(t)
	tr.CSCAs = storeWith(t, expired)
	if r := verify(t, w.document(t, testpki.Form{}), tr); r.ResultOf(CheckCSCAValidity) != marz.Failed {
		t.Errorf("%+v", r.Checks)
	}
}
