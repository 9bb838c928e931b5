package verify

import (
	"bytes"
	"context"
	"testing"
)

// The parsers of hostile bytes must end, and must not panic.

func FuzzDatabase(f *testing.F) {
	b := sample(f, 3, 2)
	f.Add(load(f, b.dir)["journal.db"])
	f.Add([]byte(sqliteMagic))
	f.Fuzz(func(t *testing.T, data []byte) {
		c := &checker{r: newReport(), tick: func() error { return nil }}
		d := &database{file: bytes.NewReader(data), pages: uint32(len(data) / pageSize)}
		must(t, c.run(context.Background(), newTables(d, c)))
		if c.r.OK() && c.r.Entries == 0 {
			t.Error("an empty journal holds")
		}
	})
}

func FuzzLog(f *testing.F) {
	b := newBuilder(f, 0)
	b.create(false)
	b.fill(3, 1)
	log := load(f, b.copyTo(f.TempDir()))["journal.db-wal"]
	f.Add(log[len(log)-len(log)%walFrameSize-2*walFrameSize:])
	f.Add(log[:walHeaderSize+3*walFrameSize])
	f.Fuzz(func(t *testing.T, data []byte) {
		l, err := readWAL(context.Background(), bytes.NewReader(data), int64(len(data)))
		if err != nil {
			t.Fatal(err)
		}
		if l.readable > l.whole || l.whole > len(l.frames) {
			t.Errorf("%d of %d of %d frames", l.readable, l.whole, len(l.frames))
		}
		for _, p := range l.pages {
			if len(p) != pageSize {
				t.Errorf("a page of %d bytes", len(p))
			}
		}
	})
}

func FuzzHead(f *testing.F) {
	signer, vkey := testKey(testOrigin, 7)
	b := &builder{t: f, origin: testOrigin, signer: signer}
	f.Add(b.sign(testOrigin + "\n5\n" + b64.EncodeToString(make([]byte, 32)) + "\n"))
	f.Add([]byte("a\n1\n\n\u2014 a AAAA\n"))
	key, _ := parseKey(vkey)
	f.Fuzz(func(t *testing.T, note []byte) {
		h, fault := parseHead(note)
		if fault != "" {
			return
		}
		if h.size < 1 || !bytes.HasPrefix(note, []byte(h.text+"\n\u2014 ")) {
			t.Errorf("%q was read as %+v", note, h)
		}
		h.signedBy(&key)
	})
}

func FuzzKey(f *testing.F) {
	_, vkey := testKey(testOrigin, 7)
	f.Add(vkey)
	f.Add("a+00000000+AQ==")
	f.Fuzz(func(t *testing.T, s string) {
		if k, fault := parseKey(s); fault == "" && (k.text != s || len(k.public) != 32) {
			t.Errorf("%q was read as %+v", s, k)
		}
	})
}

func FuzzBundle(f *testing.F) {
	b := sample(f, 3, 2) // small, for long inputs are fuzzed slowly
	f.Add(b.bundle(false))
	f.Add(b.bundle(true))
	f.Add([]byte(bundleStart))
	f.Fuzz(func(t *testing.T, data []byte) {
		if r, err := bundleOf(data, Options{}); err == nil && r.OK() && r.Entries == 0 {
			t.Error("an empty bundle holds")
		}
	})
}

func FuzzEntry(f *testing.F) {
	b := &builder{origin: testOrigin}
	f.Add(b.body(0, draft{kind: "a.b", public: `{"a" : [1, -2.5e+3, "\u00e9\ud83d\ude00", null, {"b":{}}, true]}`}, ""))
	f.Add(b.body(7, draft{kind: "payload.erased", public: `{"seqs":[1,2]}`}, ""))
	f.Fuzz(func(t *testing.T, body []byte) {
		e, fault := parseEntry(body)
		if fault != "" {
			return
		}
		if !jsonValid(body) {
			t.Errorf("%q was read, and is not JSON", body)
		}
		if !isInstant(e.at) || !isOrigin(e.origin) || !isKind(e.kind) || !isPrivate(e.private) {
			t.Errorf("%q was read as %+v", body, e)
		}
		erasedSeqs(e.public)
	})
}
