package mirror

import (
	"bytes"
	"encoding/binary"
	"net/http"
	"strings"
	"testing"

	"marz/journal"
)

// fuzzed is a mirror with the first 300 of 700 entries, a pending head over all of them, and the history that it should be.
type fuzzed struct {
	p *place
	h *history
	n *node
}

func newFuzzed(t testing.TB) *fuzzed {
	n := newNode(t)
	f := &fuzzed{newPlace(t, n, "am", all), newHistory(t, n, strings.Repeat("abcdefg", 100)), n}
	f.h.give(t, f.p, 0, 300)
	body, header := f.h.checkpoint(t, 300, 700)
	if resp := f.p.call(t, "/add-checkpoint", body, header...); resp.StatusCode != 200 {
		t.Fatal(resp.StatusCode)
	}
	return f
}

// sound says that whatever came, the mirror holds the beginning of the one history and nothing else.
func (f *fuzzed) sound(t *testing.T, status int) {
	ctx := t.Context()
	st, err := f.p.s.State(ctx, testOrigin)
	if err != nil || st.Next < 300 || st.Next > 700 || st.Size < 300 || st.Size > st.Next || st.Heads > st.Size || st.Payloads > st.Size {
		t.Fatalf("status %d, state %+v, %v", status, st, err)
	}
	if status == 0 || status >= 500 {
		t.Fatalf("status %d", status)
	}
	next := int64(0)
	err = f.p.s.Entries(ctx, testOrigin, 0, maxSeq, func(r Row) error {
		if r.Seq != next || !bytes.Equal(r.Body, f.h.bodies[next]) || !bytes.Equal(r.Hashes, f.h.hashes[next]) {
			t.Fatalf("seq %d holds what was never signed", r.Seq)
		}
		next++
		return nil
	})
	if err != nil || next != st.Next {
		t.Fatalf("%d entries, state %+v, %v", next, st, err)
	}
	if len(f.p.evidence(t, EvidenceFork)) > 0 {
		t.Fatal("there is evidence against a node that did nothing wrong")
	}
}

func fuzzPath(f *testing.F, path string, seeds ...func(*history, *testing.F) []byte) {
	w := newFuzzed(f)
	for _, s := range seeds {
		f.Add(s(w.h, f))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		q, err := http.NewRequest("POST", "http://am"+path, bytes.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		resp, err := serve(w.p.r, q, "node")
		if err != nil {
			t.Fatal(err)
		}
		w.sound(t, resp.StatusCode)
	})
}

func FuzzAddCheckpoint(f *testing.F) {
	fuzzPath(f, "/add-checkpoint",
		func(h *history, f *testing.F) []byte { b, _ := h.checkpoint(f, 300, 700); return b },
		func(h *history, f *testing.F) []byte { b, _ := h.checkpoint(f, 0, 5); return b },
		func(h *history, f *testing.F) []byte { b, _ := h.checkpoint(f, 700, 700); return b },
		func(*history, *testing.F) []byte { return []byte("old 700\n\n") })
}

func FuzzAddEntries(f *testing.F) {
	fuzzPath(f, "/add-entries",
		func(h *history, f *testing.F) []byte { return h.entries(f, 300, 400, 700) },
		func(h *history, f *testing.F) []byte { return h.entries(f, 250, 260, 300) },
		func(*history, *testing.F) []byte { return (&entriesHeader{origin: testOrigin}).encode() },
		func(*history, *testing.F) []byte {
			return append((&entriesHeader{origin: testOrigin, end: 700}).encode(), 0xff, 0xff)
		})
}

func FuzzAddHeads(f *testing.F) {
	fuzzPath(f, "/add-heads", func(h *history, f *testing.F) []byte {
		head := itemsHeader{testOrigin, 0, 20, 2}
		return appendString(appendString(head.encode(), 2, h.note(f, 3)), 2, h.note(f, 20))
	}, func(*history, *testing.F) []byte { return (&itemsHeader{testOrigin, 0, maxSeq, maxItems}).encode() })
}

func FuzzAddPayloads(f *testing.F) {
	fuzzPath(f, "/add-payloads", func(*history, *testing.F) []byte {
		head := itemsHeader{testOrigin, 0, 300, 1}
		return appendPayload(head.encode(), PayloadRow{2, make([]byte, journal.SaltSize), []byte("{}")})
	}, func(*history, *testing.F) []byte {
		head := itemsHeader{testOrigin, 0, 300, 1}
		return binary.BigEndian.AppendUint32(append(head.encode(), make([]byte, 40)...), 1<<31)
	})
}

// What is read is what was written, and has one written form.
func FuzzTexts(f *testing.F) {
	f.Add("old 5\n\n")
	f.Add("7\n3\n\n")
	f.Add("7\n7\n7\n1\n0\n")
	f.Fuzz(func(t *testing.T, s string) {
		if c, err := parseCheckpoint([]byte(s)); err == nil && string(c.encode()) != s {
			t.Errorf("%q is read as %+v", s, c)
		}
		if m, err := parseInfo(s); err == nil && m.encode() != s {
			t.Errorf("%q is read as %+v", s, m)
		}
		if st, err := parseState(s); err == nil && st.encode() != s {
			t.Errorf("%q is read as %+v", s, st)
		}
	})
}
