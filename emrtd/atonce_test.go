package emrtd

import (
	"sync"
	"testing"

	"marz"
	"marz/emrtd/testpki"
)

// TestManyAtOnce: several documents are proven at once against one trust, whose store finds out what it remembers meanwhile.
func TestManyAtOnce(t *testing.T) {
	w := newRekeyed(t, true)
	tr := w.trust(t)
	tr.CSCAs = storeWith(t, w.all()...)
	doc := w.document(t, testpki.Form{})
	var wait sync.WaitGroup
	for range 8 {
		wait.Go(func() {
			for range 3 {
				if r, err := Verify(doc, tr, noon); err != nil || r.Result != marz.Successful {
					t.Errorf("%v, %+v", err, r)
				}
			}
		})
	}
	wait.Wait()
}
