package journal

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"

	"golang.org/x/mod/sumdb/note"

	"marz"
	"marz/verify"
)

func headSizes(t *testing.T, j *Journal) (out []int64) {
	t.Helper()
	err := j.Heads(t.Context(), 0, 1<<40, 1<<20, func(size int64, msg []byte) error {
		h, err := OpenHead(bytes.Clone(msg), j.origin, j.verifier)
		if err != nil || h.Size != size {
			t.Errorf("head of size %d: %v", size, err)
		}
		out = append(out, size)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// A change that seals has a head over exactly what it has appended by then, whatever it appends later and whatever shares its commit, and a checker finds nothing wrong with that.
func TestSeal(t *testing.T) {
	cfg := testConfig(t, countState{})
	j := mustOpen(t, cfg)
	begun, goOn := make(chan struct{}), make(chan struct{})
	results := make(chan error, 8)
	go func() { // what is asked for while this runs shares the next commit
		results <- j.Update(context.Background(), func(tx *Tx) error {
			close(begun)
			<-goOn
			_, err := tx.Append(draft(words{"tag": "first"}, nil))
			return err
		})
	}()
	<-begun
	refused := &marz.Error{Code: marz.Conflict, Op: "test"}
	for i, kind := range []string{"plain", "seal", "plain", "fails", "nothing", "goes on"} {
		c := &call{change: func(tx *Tx) error {
			if kind == "nothing" {
				tx.Seal()
				return nil
			}
			if _, err := tx.Append(draft(words{"tag": i}, words{"p": i})); err != nil {
				return err
			}
			if kind == "plain" {
				return nil
			}
			tx.Seal()
			switch kind {
			case "fails":
				return refused
			case "goes on":
				_, err := tx.Append(draft(words{"tag": "more"}, nil))
				return err
			}
			return nil
		}, result: make(chan error, 1)}
		j.queue <- c
		go func() { results <- <-c.result }()
	}
	close(goOn)
	failed := 0
	for range 7 {
		if err := <-results; err == refused {
			failed++
		} else if err != nil {
			t.Fatal(err)
		}
	}
	// entries: 0 genesis, 1 first | 2 plain, 3 seal, 4 plain, 5 goes on, 6 more
	if got := headSizes(t, j); failed != 1 || !slices.Equal(got, []int64{1, 2, 4, 6, 7}) {
		t.Errorf("heads of sizes %v", got)
	}
	h, err := j.HeadUpTo(t.Context(), 5)
	if err != nil || h.Size != 4 {
		t.Errorf("head up to 5: %d, %v", h.Size, err)
	}
	if over, err := j.HeadOver(t.Context(), 3); err != nil || over.Size != 4 {
		t.Errorf("head over 3: %d, %v", over.Size, err)
	}
	j.Close()
	report, err := verify.Folder(t.Context(), cfg.Dir, verify.Options{})
	if err != nil || !report.OK() || report.Heads != 5 {
		t.Errorf("%+v, %v", report, err)
	}
}

// Who asks for Changed before he looks at the head misses no commit.
func TestChanged(t *testing.T) {
	j := mustOpen(t, testConfig(t, nil))
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			changed := j.Changed()
			if j.Head().Size == 201 {
				return
			}
			<-changed
		}
	}()
	for i := range 200 {
		if _, err := appendOne(j, words{"i": i}, nil); err != nil {
			t.Fatal(err)
		}
	}
	<-done
}

// A head of its own that a journal does not continue stops it for good; any other does not.
func TestHeard(t *testing.T) {
	cfg := testConfig(t, nil)
	j := mustOpen(t, cfg)
	for i := range 5 {
		if _, err := appendOne(j, words{"i": i}, nil); err != nil {
			t.Fatal(err)
		}
	}
	var own [][]byte
	if err := j.Heads(t.Context(), 0, 1<<40, 99, func(_ int64, msg []byte) error { own = append(own, bytes.Clone(msg)); return nil }); err != nil {
		t.Fatal(err)
	}
	signer, err := note.NewSigner(cfg.Key)
	if err != nil {
		t.Fatal(err)
	}
	larger := Frontier{size: 9}
	for i := range larger.edge {
		larger.edge[i][0] = 7
	}
	ahead, err := sign(j.origin, &larger, signer)
	if err != nil {
		t.Fatal(err)
	}
	for _, msg := range own {
		if err := j.Heard(t.Context(), msg); err != nil {
			t.Errorf("its own head: %v", err)
		}
	}
	forged := bytes.Replace(ahead.Note, []byte("\n9\n"), []byte("\n8\n"), 1)
	if err := j.Heard(t.Context(), forged); marz.CodeOf(err) != marz.Invalid || j.Failure() != nil {
		t.Errorf("a head that is not signed: %v, %v", err, j.Failure())
	}
	if _, err := appendOne(j, words{"i": 6}, nil); err != nil {
		t.Fatal(err)
	}
	if err := j.Heard(t.Context(), ahead.Note); marz.CodeOf(err) != marz.Unavailable || !strings.Contains(err.Error(), "signed a head over 9 entries") {
		t.Errorf("a head ahead of it: %v", err)
	}
	if _, err := appendOne(j, words{"i": 7}, nil); marz.CodeOf(err) != marz.Unavailable {
		t.Errorf("it goes on: %v", err)
	}
	j.Close()
	if _, err := Open(t.Context(), cfg); marz.CodeOf(err) != marz.Conflict {
		t.Errorf("it is opened: %v", err)
	}
	if ahead, err := Acknowledge(t.Context(), cfg.Dir, own[0]); err != nil || ahead {
		t.Errorf("its own head: %t, %v", ahead, err)
	}
	if ahead, err := Acknowledge(t.Context(), cfg.Dir, ahead.Note); err != nil || !ahead {
		t.Errorf("a head ahead of it: %t, %v", ahead, err)
	}
}

// A journal that is restored from what was read of another is that one, whether or not there was a beginning of it; and nothing that does not fit is taken.
func TestRestore(t *testing.T) {
	src := testConfig(t, nil)
	j := mustOpen(t, src)
	for i := range 40 {
		if _, err := appendOne(j, words{"i": i}, words{"secret": i}); err != nil {
			t.Fatal(err)
		}
	}
	if err := j.Update(t.Context(), func(tx *Tx) error {
		_, err := tx.Erase(draft(nil, nil), []marz.Seq{3, 30}, "its time is up")
		return err
	}); err != nil {
		t.Fatal(err)
	}
	var bodies, notes [][]byte
	var private []Private
	ctx := t.Context()
	j.Bodies(ctx, 0, 99, func(_ int64, b []byte) error { bodies = append(bodies, bytes.Clone(b)); return nil })
	j.Heads(ctx, 0, 99, 99, func(_ int64, m []byte) error { notes = append(notes, bytes.Clone(m)); return nil })
	j.Payloads(ctx, 0, 99, func(p Private) error { private = append(private, p); return nil })
	size := j.Head().Size
	newest, vkey := j.Head().Note, j.VerifierKey()
	j.Close()
	if len(bodies) != 42 || len(notes) != 42 || len(private) != 38 || size != 42 {
		t.Fatal(len(bodies), len(notes), len(private), size)
	}
	var want bytes.Buffer
	if err := Export(ctx, src.Dir, func(Entry) bool { return true }, &want); err != nil {
		t.Fatal(err)
	}
	dst := src
	for _, alter := range []string{"entry", "payload", "head", "end", ""} { // the last is as it should be, in the folder of the others
		if dst.Dir == src.Dir {
			dst.Dir = t.TempDir()
		}
		err := restoreAll(ctx, dst.Dir, vkey, bodies, notes, private, newest, alter)
		if (err == nil) != (alter == "") {
			t.Errorf("%q altered: %v", alter, err)
		}
		if _, err := os.Stat(dst.Dir + "/journal.db"); (err == nil) != (alter == "") {
			t.Errorf("%q altered: there is a journal: %v", alter, err)
		}
	}
	var got bytes.Buffer
	if err := Export(ctx, dst.Dir, func(Entry) bool { return true }, &got); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got.Bytes(), want.Bytes()) {
		t.Error("the journal is another than it was")
	}
	dst.State = countState{}
	again := mustOpen(t, dst)
	if _, err := appendOne(again, words{"i": 1}, nil); err != nil {
		t.Error(err)
	}
	checkTree(t, again)
	var folded int64
	if err := again.State().QueryRow(`SELECT n FROM s_count`).Scan(&folded); err != nil || folded != size+1 {
		t.Errorf("the state counts %d, %v", folded, err)
	}
}

// restoreAll restores a journal with one thing altered.
func restoreAll(ctx context.Context, dir, vkey string, bodies, notes [][]byte, private []Private, newest []byte, alter string) error {
	r, err := Restore(ctx, dir, vkey)
	if err != nil {
		return err
	}
	defer r.Close()
	all := slices.Clone(bodies)
	if alter == "entry" {
		all[7] = bytes.Replace(all[7], []byte(`"i":6`), []byte(`"i":5`), 1)
	}
	if alter == "end" {
		all = all[:len(all)-1]
	}
	if err := r.Append(ctx, all); err != nil {
		return err
	}
	for i, p := range private {
		payload := p.Payload
		if alter == "payload" && i == 20 {
			payload = []byte(`{"secret":0}`)
		}
		if err := r.Payload(ctx, int64(p.Seq), p.Salt, payload); err != nil {
			return err
		}
	}
	for i, n := range notes[:len(notes)-1] {
		if alter == "head" && i == 9 {
			n = bytes.Replace(n, []byte("\n10\n"), []byte("\n11\n"), 1)
		}
		if err := r.Head(ctx, n); err != nil {
			return err
		}
	}
	_, err = r.Commit(ctx, newest)
	return err
}

// What is read the fast way is what is read as JSON.
func FuzzParseWritten(f *testing.F) {
	seal := func(public any) {
		d := draft(public, nil)
		r, err := d.seal(7, 1735674600000, "test/agarak", nil)
		if err != nil {
			f.Fatal(err)
		}
		if _, ok := parseWritten(r.body); !ok {
			f.Fatalf("%s is not read the fast way", r.body)
		}
		f.Add(r.body)
	}
	seal(words{"n": 1, "text": "<>&\u2028", "private": "x"})
	seal(words{})
	f.Add([]byte(`{"v":1,"seq":0,"at":"2024-12-31T19:50:00.001Z","origin":"o","kind":"a.b","officer":"","authority":"a","under":"b","policy":"c","public":{},"private":"x","public":{"y":1},"private":""}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		fast, ok := parseWritten(body)
		if !ok {
			return
		}
		var slow Entry
		if err := json.Unmarshal(body, &slow); err != nil || !reflect.DeepEqual(fast, slow) {
			t.Errorf("%q is read as %+v, as JSON %+v, %v", body, fast, slow, err)
		}
	})
}
