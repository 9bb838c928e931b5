package journal

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"filippo.io/torchwood"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
	"pgregory.net/rapid"

	"marz"
)

var policy = strings.Repeat("0", 64)

// testClock advances a millisecond a reading and can be set back.
func testClock() (marz.Clock, *atomic.Int64) {
	var now atomic.Int64
	now.Store(1735674600000)
	return func() marz.Instant { return marz.Instant(now.Add(1)) }, &now
}

func draft(public, private any) Draft {
	return Draft{Kind: "test.written", Authority: "am-bg", Under: "test/1", Policy: policy, Public: public, Private: private}
}

func testConfig(t testing.TB, state State) Config {
	t.Helper()
	key, _, err := NewKey(rand.NewChaCha8([32]byte{1}), "test/agarak")
	if err != nil {
		t.Fatal(err)
	}
	clock, _ := testClock()
	cfg := Config{Dir: t.TempDir(), Key: key, Clock: clock, State: state}
	if err := Create(t.Context(), cfg, draft(nil, nil), Created{Post: "agarak"}); err != nil {
		t.Fatal(err)
	}
	return cfg
}

func mustOpen(t testing.TB, cfg Config) *Journal {
	t.Helper()
	j, err := Open(context.Background(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { j.Close() })
	return j
}

func appendOne(j *Journal, public, private any) (e Entry, err error) {
	err = j.Update(context.Background(), func(tx *Tx) (err error) {
		e, err = tx.Append(draft(public, private))
		return err
	})
	return e, err
}

type words map[string]any

func TestAppendAndReadBack(t *testing.T) {
	cfg := testConfig(t, nil)
	j := mustOpen(t, cfg)
	e, err := appendOne(j, words{"n": 1, "text": "<>&\u2028"}, words{"name": "UTOPIAN"})
	if err != nil {
		t.Fatal(err)
	}
	if e.Seq != 1 || e.At <= 0 {
		t.Fatalf("entry %+v", e)
	}
	got, body, err := j.Entry(t.Context(), 1)
	if err != nil {
		t.Fatal(err)
	}
	if want, _ := marshal(e); !bytes.Equal(body, want) || got.Private != e.Private {
		t.Errorf("stored %s, want %s", body, want)
	}
	payload, err := j.Payload(t.Context(), 1)
	if err != nil || string(payload) != `{"name":"UTOPIAN"}` {
		t.Errorf("payload %s, %v", payload, err)
	}
	if j.Head().Size != 2 {
		t.Errorf("head size %d, want 2", j.Head().Size)
	}
	_, _, err = j.Entry(t.Context(), 2)
	if marz.CodeOf(err) != marz.NotFound {
		t.Errorf("absent entry: %v", err)
	}
}

func TestReopenKeepsEverything(t *testing.T) {
	cfg := testConfig(t, nil)
	j := mustOpen(t, cfg)
	for i := range 100 {
		if _, err := appendOne(j, words{"i": i}, nil); err != nil {
			t.Fatal(err)
		}
	}
	before := j.Head()
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	j = mustOpen(t, cfg)
	if got := j.Head(); got.Size != before.Size || got.Root != before.Root {
		t.Fatalf("head %+v, want %+v", got, before)
	}
}

// A caller's error undoes that caller's change alone, whoever it shared the commit with.
func TestRefusedChangeLeavesNoTrace(t *testing.T) {
	for _, state := range []State{nil, countState{}} {
		t.Run(fmt.Sprintf("%T", state), func(t *testing.T) {
			j := mustOpen(t, testConfig(t, state))
			refused := errors.New("refused")
			var wg sync.WaitGroup
			for i := range 200 {
				wg.Go(func() {
					err := j.Update(context.Background(), func(tx *Tx) error {
						if _, err := tx.Append(draft(words{"i": i}, words{"p": i})); err != nil {
							return err
						}
						if i%3 == 0 {
							return refused
						}
						return nil
					})
					if (i%3 == 0) != errors.Is(err, refused) {
						t.Errorf("change %d: %v", i, err)
					}
				})
			}
			wg.Wait()
			if got := j.Head().Size; got != 1+133 {
				t.Errorf("size %d, want 134", got)
			}
			checkTree(t, j)
			if state != nil {
				var n int
				if err := j.State().QueryRow(`SELECT n FROM s_count`).Scan(&n); err != nil || n != 134 {
					t.Errorf("folded %d, %v", n, err)
				}
			}
		})
	}
}

// countState counts the entries.
type countState struct{}

func (countState) Version() string { return "1" }
func (countState) Schema() string {
	return `CREATE TABLE s_count (n INTEGER NOT NULL) STRICT; INSERT INTO s_count VALUES (0)`
}
func (countState) Apply(f *Fold, e Entry, _ []byte) error {
	return f.Exec(`UPDATE s_count SET n = n + 1`)
}

type countStateV2 struct{ countState }

func (countStateV2) Version() string { return "2" }
func (countStateV2) Schema() string {
	return `CREATE TABLE s_count (n INTEGER NOT NULL, x INTEGER) STRICT; INSERT INTO s_count VALUES (0, 7)`
}

func TestStateIsRebuiltWhenItsVersionChanges(t *testing.T) {
	cfg := testConfig(t, countState{})
	j := mustOpen(t, cfg)
	for range 10 {
		if _, err := appendOne(j, words{}, nil); err != nil {
			t.Fatal(err)
		}
	}
	j.Close()
	cfg.State = countStateV2{}
	j = mustOpen(t, cfg)
	var n, x int
	if err := j.State().QueryRow(`SELECT n, x FROM s_count`).Scan(&n, &x); err != nil || n != 11 || x != 7 {
		t.Errorf("rebuilt to %d, %d, %v", n, x, err)
	}
}

// checkTree recomputes the root by x/mod's own code over the stored bodies and compares it with the signed head.
func checkTree(t testing.TB, j *Journal) {
	t.Helper()
	head := j.Head()
	var hashes []tlog.Hash
	reader := tlog.HashReaderFunc(func(ix []int64) ([]tlog.Hash, error) {
		out := make([]tlog.Hash, len(ix))
		for i, x := range ix {
			out[i] = hashes[x]
		}
		return out, nil
	})
	for seq := range head.Size {
		e, body, err := j.Entry(t.Context(), marz.Seq(seq))
		if err != nil {
			t.Fatal(err)
		}
		if int64(e.Seq) != seq {
			t.Fatalf("seq %d says it is %d", seq, e.Seq)
		}
		hs, err := tlog.StoredHashes(seq, body, reader)
		if err != nil {
			t.Fatal(err)
		}
		hashes = append(hashes, hs...)
	}
	root, err := tlog.TreeHash(head.Size, reader)
	if err != nil || root != head.Root {
		t.Fatalf("root %v, head says %v (%v)", root, head.Root, err)
	}
	verifier, err := note.NewVerifier(j.VerifierKey())
	if err != nil {
		t.Fatal(err)
	}
	if h, err := OpenHead(head.Note, j.Origin(), verifier); err != nil || h.Root != root {
		t.Fatalf("signed head %+v, %v", h, err)
	}
}

func TestProofs(t *testing.T) {
	j := mustOpen(t, testConfig(t, nil))
	heads := []Head{j.Head()}
	for i := range 40 {
		if _, err := appendOne(j, words{"i": i}, nil); err != nil {
			t.Fatal(err)
		}
		heads = append(heads, j.Head())
	}
	for _, h := range heads {
		for seq := range h.Size {
			_, body, _ := j.Entry(t.Context(), marz.Seq(seq))
			p, err := j.ProveInclusion(t.Context(), marz.Seq(seq), h.Size)
			if err != nil {
				t.Fatal(err)
			}
			if err := tlog.CheckRecord(p, h.Size, h.Root, seq, tlog.RecordHash(body)); err != nil {
				t.Fatalf("seq %d in %d: %v", seq, h.Size, err)
			}
		}
		p, err := j.ProveConsistency(t.Context(), h.Size, j.Head().Size)
		if err != nil {
			t.Fatal(err)
		}
		if err := tlog.CheckTree(p, j.Head().Size, j.Head().Root, h.Size, h.Root); err != nil {
			t.Fatalf("consistency of %d: %v", h.Size, err)
		}
	}
	checkProofFile(t, j)
	if _, err := j.ProveInclusion(t.Context(), 99, 41); marz.CodeOf(err) != marz.NotFound {
		t.Errorf("proof of an absent entry: %v", err)
	}
}

// checkProofFile verifies the proof of an entry as somebody who has only its bytes, the proof and the verifier key.
func checkProofFile(t *testing.T, j *Journal) {
	t.Helper()
	verifier, err := note.NewVerifier(j.VerifierKey())
	if err != nil {
		t.Fatal(err)
	}
	policy := torchwood.ThresholdPolicy(2, torchwood.OriginPolicy(string(j.Origin())), torchwood.SingleVerifierPolicy(verifier))
	proof, err := j.Proof(t.Context(), 7)
	if err != nil {
		t.Fatal(err)
	}
	_, body, _ := j.Entry(t.Context(), 7)
	if err := torchwood.VerifyProof(policy, tlog.RecordHash(body), proof); err != nil {
		t.Error(err)
	}
	if err := torchwood.VerifyProof(policy, tlog.RecordHash(append(body, ' ')), proof); err == nil {
		t.Error("a proof of other bytes is accepted")
	}
}

// The frontier gives the same hashes and roots as x/mod's storage order, for any tree.
func TestFrontierAgainstTlog(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(0, 300).Draw(t, "n")
		var f Frontier
		var hashes []tlog.Hash
		reader := tlog.HashReaderFunc(func(ix []int64) ([]tlog.Hash, error) {
			out := make([]tlog.Hash, len(ix))
			for i, x := range ix {
				out[i] = hashes[x]
			}
			return out, nil
		})
		for i := range n {
			leaf := tlog.RecordHash([]byte{byte(i), byte(i >> 8)})
			want, err := tlog.StoredHashesForRecordHash(int64(i), leaf, reader)
			if err != nil {
				t.Fatal(err)
			}
			var flat []byte
			for _, h := range want {
				flat = append(flat, h[:]...)
			}
			if got := f.Add(leaf); !bytes.Equal(got, flat) {
				t.Fatalf("leaf %d: %x, want %x", i, got, flat)
			}
			hashes = append(hashes, want...)
		}
		want, err := tlog.TreeHash(int64(n), reader)
		if err != nil || f.Root() != want {
			t.Fatalf("root of %d: %v, want %v (%v)", n, f.Root(), want, err)
		}
	})
}

func TestTimeNeverRunsBackwards(t *testing.T) {
	cfg := testConfig(t, nil)
	clock, now := testClock()
	cfg.Clock = clock
	j := mustOpen(t, cfg)
	a, _ := appendOne(j, words{}, nil)
	now.Add(-3_600_000)
	var behind bool
	var b Entry
	err := j.Update(t.Context(), func(tx *Tx) (err error) {
		behind = tx.ClockBehind()
		b, err = tx.Append(draft(words{}, nil))
		return err
	})
	if err != nil || b.At != a.At || !behind {
		t.Errorf("at %v after %v, behind %v, %v", b.At, a.At, behind, err)
	}
}

func TestEraseDestroysThePayloadAndKeepsTheProof(t *testing.T) {
	cfg := testConfig(t, countState{})
	j := mustOpen(t, cfg)
	secret := "ZZSECRETNAMEZZ" + strings.Repeat("Q", 9000) // large enough for overflow pages
	e, err := appendOne(j, words{}, words{"name": secret})
	if err != nil {
		t.Fatal(err)
	}
	if !folderContains(t, cfg.Dir, "ZZSECRETNAMEZZ") {
		t.Fatal("the payload is not where this test looks for it")
	}
	erase := func() error {
		return j.Update(t.Context(), func(tx *Tx) error {
			_, err := tx.Erase(draft(nil, nil), []marz.Seq{e.Seq, e.Seq}, "retention")
			return err
		})
	}
	if err := erase(); err != nil {
		t.Fatal(err)
	}
	if folderContains(t, cfg.Dir, "ZZSECRETNAMEZZ") {
		t.Error("the erased payload is still in the folder")
	}
	if _, err := j.Payload(t.Context(), e.Seq); marz.CodeOf(err) != marz.NotFound {
		t.Errorf("erased payload: %v", err)
	}
	if err := erase(); marz.CodeOf(err) != marz.NotFound {
		t.Errorf("second erasure: %v", err)
	}
	checkTree(t, j)
}

func folderContains(t *testing.T, dir, what string) bool {
	files, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		b, err := os.ReadFile(filepath.Join(dir, f.Name()))
		if err == nil && bytes.Contains(b, []byte(what)) {
			return true
		}
	}
	return false
}

func TestRefusedDrafts(t *testing.T) {
	j := mustOpen(t, testConfig(t, nil))
	for name, d := range map[string]Draft{
		"kind":      {Kind: "Written", Authority: "a", Under: "x/1", Policy: policy, Public: words{}},
		"authority": {Kind: "a.b", Under: "x/1", Policy: policy, Public: words{}},
		"article":   {Kind: "a.b", Authority: "a", Policy: policy, Public: words{}},
		"policy":    {Kind: "a.b", Authority: "a", Under: "x/1", Policy: "0", Public: words{}},
		"public":    {Kind: "a.b", Authority: "a", Under: "x/1", Policy: policy, Public: 7},
		"officer":   {Kind: "a.b", Authority: "a", Officer: "b/1", Under: "x/1", Policy: policy, Public: words{}},
		"size":      {Kind: "a.b", Authority: "a", Under: "x/1", Policy: policy, Public: words{"x": strings.Repeat("x", MaxBody)}},
	} {
		err := j.Update(t.Context(), func(tx *Tx) error { _, err := tx.Append(d); return err })
		if err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
	if j.Head().Size != 1 {
		t.Errorf("size %d", j.Head().Size)
	}
}

func TestOpenRefuses(t *testing.T) {
	cfg := testConfig(t, nil)
	j := mustOpen(t, cfg)
	if _, err := Open(t.Context(), cfg); marz.CodeOf(err) != marz.Conflict || !strings.Contains(err.Error(), cfg.Dir) {
		t.Errorf("second process: %v", err)
	}
	db, err := os.ReadFile(filepath.Join(cfg.Dir, "journal.db"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := appendOne(j, words{}, nil); err != nil {
		t.Fatal(err)
	}
	j.Close()

	other := cfg
	other.Key, _, _ = NewKey(rand.NewChaCha8([32]byte{2}), "test/agarak")
	if _, err := Open(t.Context(), other); marz.CodeOf(err) != marz.Invalid || !strings.Contains(err.Error(), "not this journal's key") {
		t.Errorf("wrong key: %v", err)
	}
	if err := Create(t.Context(), cfg, draft(nil, nil), Created{}); marz.CodeOf(err) != marz.Conflict {
		t.Errorf("create over a journal: %v", err)
	}
	if _, err := Open(t.Context(), Config{Dir: t.TempDir(), Key: cfg.Key}); marz.CodeOf(err) != marz.NotFound {
		t.Errorf("empty folder: %v", err)
	}
	if err := os.WriteFile(filepath.Join(cfg.Dir, "journal.db"), db, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(t.Context(), cfg); marz.CodeOf(err) != marz.Conflict || !strings.Contains(err.Error(), "old copy") {
		t.Errorf("old backup: %v", err)
	}
}

// A folder in which another history stands than the one that was acknowledged, of whatever length, is not signed on.
func TestOtherHistoryIsRefused(t *testing.T) {
	cfg := testConfig(t, nil)
	write := func(dir, text string, n int) []byte {
		c := cfg
		c.Dir = dir
		j := mustOpen(t, c)
		for range n {
			if _, err := appendOne(j, words{"text": text}, nil); err != nil {
				t.Fatal(err)
			}
		}
		j.Close()
		b, err := os.ReadFile(filepath.Join(dir, "journal.db"))
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	put := func(dir string, db []byte) {
		if err := os.WriteFile(filepath.Join(dir, "journal.db"), db, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	backup := write(cfg.Dir, "common", 5)
	mine := write(cfg.Dir, "mine", 2)
	for _, n := range []int{2, 3} {
		elsewhere := t.TempDir() // the backup runs on with the same key
		put(elsewhere, backup)
		put(cfg.Dir, write(elsewhere, "other", n))
		if _, err := Open(t.Context(), cfg); marz.CodeOf(err) != marz.Conflict || !strings.Contains(err.Error(), "another history") {
			t.Errorf("%d other entries: %v", n, err)
		}
	}
	head := filepath.Join(cfg.Dir, "head")
	sound, err := os.ReadFile(head)
	if err != nil {
		t.Fatal(err)
	}
	damaged := bytes.Clone(sound)
	damaged[20] ^= 1
	if err := os.WriteFile(head, damaged, 0o644); err != nil {
		t.Fatal(err)
	}
	put(cfg.Dir, backup)
	if _, err := Open(t.Context(), cfg); marz.CodeOf(err) != marz.Invalid || !strings.Contains(err.Error(), "head file is damaged") {
		t.Errorf("damaged head file: %v", err)
	}
	if err := os.WriteFile(head, sound, 0o644); err != nil {
		t.Fatal(err)
	}
	put(cfg.Dir, mine)
	mustOpen(t, cfg)
}

func TestTheOtherKindIsRefusedUntouched(t *testing.T) {
	cfg := testConfig(t, nil)
	before, err := os.ReadFile(filepath.Join(cfg.Dir, "journal.db"))
	if err != nil {
		t.Fatal(err)
	}
	cfg.Exercise = true
	if _, err := Open(t.Context(), cfg); marz.CodeOf(err) != marz.Conflict || !strings.Contains(err.Error(), "a real node's") {
		t.Errorf("%v", err)
	}
	after, err := os.ReadFile(filepath.Join(cfg.Dir, "journal.db"))
	if err != nil || !bytes.Equal(before, after) {
		t.Errorf("it was written to (%v)", err)
	}
}

// brokenState cannot fold an entry that says so.
type brokenState struct{ countState }

func (brokenState) Apply(_ *Fold, e Entry, _ []byte) error {
	if strings.Contains(string(e.Public), "unfoldable") {
		return errors.New("cannot be folded")
	}
	return nil
}

// A change that overlooks the error of an Append fails all the same.
func TestOverlookedError(t *testing.T) {
	j := mustOpen(t, testConfig(t, brokenState{}))
	err := j.Update(t.Context(), func(tx *Tx) error {
		tx.Append(draft(words{"text": "unfoldable"}, nil))
		return nil
	})
	if err == nil || j.Head().Size != 1 {
		t.Errorf("size %d, %v", j.Head().Size, err)
	}
}

// vectors is docs/spec/journal-vectors.json.
type vectors struct {
	Key struct {
		Seed string `json:"seed"`
		Vkey string `json:"vkey"`
	} `json:"key"`
	Entries []vectorEntry `json:"entries"`
	Heads   []vectorHead  `json:"heads"`
}

type vectorEntry struct {
	Body    string `json:"body"`
	Salt    string `json:"salt,omitempty"`
	Payload string `json:"payload,omitempty"`
	Leaf    string `json:"leaf"`
	Hashes  string `json:"hashes"`
}

type vectorHead struct {
	Size int64  `json:"size"`
	Root string `json:"root"`
	Note string `json:"note"`
}

// TestVectors writes the journal of the vectors anew and compares every byte. MARZ_UPDATE=1 writes the file.
func TestVectors(t *testing.T) {
	seed := sha256.Sum256([]byte("marz journal vectors"))
	cfg := Config{Dir: t.TempDir(), Rand: rand.NewChaCha8(seed), Exercise: true}
	cfg.Clock, _ = testClock()
	var vkey string
	var err error
	if cfg.Key, vkey, err = NewKey(bytes.NewReader(seed[:]), "vectors/agarak"); err != nil {
		t.Fatal(err)
	}
	got := vectors{}
	got.Key.Seed, got.Key.Vkey = hex.EncodeToString(seed[:]), vkey
	if k := ed25519.NewKeyFromSeed(seed[:]); k == nil {
		t.Fatal("no key")
	}
	if err := Create(t.Context(), cfg, draft(nil, nil), Created{Post: "agarak"}); err != nil {
		t.Fatal(err)
	}
	j := mustOpen(t, cfg)
	heads := []Head{j.Head()}
	for i := range 6 {
		var private any
		if i%2 == 0 {
			private = words{"mrz": fmt.Sprintf("P<UTOERIKSSON<<ANNA<%d", i)}
		}
		if _, err := appendOne(j, words{"i": i, "text": "Ագարակ <&> مرز"}, private); err != nil {
			t.Fatal(err)
		}
		heads = append(heads, j.Head())
	}
	err = j.Update(t.Context(), func(tx *Tx) error {
		_, err := tx.Erase(draft(nil, nil), []marz.Seq{3}, "retention")
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	heads = append(heads, j.Head())
	for _, h := range heads {
		got.Heads = append(got.Heads, vectorHead{h.Size, hex.EncodeToString(h.Root[:]), string(h.Note)})
	}
	rows, err := j.State().Query(`SELECT e.body, e.hashes, p.salt, p.body FROM entry e LEFT JOIN payload p ON p.seq = e.seq ORDER BY e.seq`)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var body, hashes, salt, payload []byte
		if err := rows.Scan(&body, &hashes, &salt, &payload); err != nil {
			t.Fatal(err)
		}
		leaf := leafHash(body)
		got.Entries = append(got.Entries, vectorEntry{string(body), hex.EncodeToString(salt), string(payload), hex.EncodeToString(leaf[:]), hex.EncodeToString(hashes)})
	}
	text, err := json.MarshalIndent(got, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	file := "../docs/spec/journal-vectors.json"
	if os.Getenv("MARZ_UPDATE") != "" {
		if err := os.WriteFile(file, append(text, '\n'), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(want, append(text, '\n')) {
		t.Errorf("the journal's bytes have changed; %s has\n%s\nand the writer gives\n%s", file, want, text)
	}
}
