package verify

import (
	"bytes"
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// altered makes a journal's copy, alters it through SQL, and checks it.
func altered(t testing.TB, b *builder, change func(exec func(string, ...any))) *Report {
	t.Helper()
	dir := b.copyTo(t.TempDir())
	db := openDB(t, dir, 0)
	change(func(q string, args ...any) {
		t.Helper()
		_, err := db.Exec(q, args...)
		must(t, err)
	})
	must(t, db.Close())
	return check(t, dir, Options{})
}

// sample is a closed journal that several tests alter copies of.
func sample(t testing.TB, n, perCommit int) *builder {
	b := newBuilder(t, 0)
	b.create(false)
	b.fill(n, perCommit)
	b.close()
	return b
}

func flipped(data []byte, i int, mask byte) []byte {
	out := bytes.Clone(data)
	out[i%len(out)] ^= mask
	return out
}

// firstCovered returns the first entry that the head of index i covers and the one before does not.
func (b *builder) firstCovered(i int) int64 {
	if i == 0 {
		return 0
	}
	return b.heads[i-1].size
}

// TestAnyByte flips one byte of one stored value and demands that the checker names where it stands and what it is.
func TestAnyByte(t *testing.T) {
	b := sample(t, 130, 9)
	alter := func(rt *rapid.T, table, column, key string, id int64, data []byte) *Report {
		i := rapid.IntRange(0, len(data)-1).Draw(rt, "byte")
		mask := rapid.ByteRange(1, 255).Draw(rt, "mask")
		return altered(t, b, func(exec func(string, ...any)) {
			exec(fmt.Sprintf("UPDATE %s SET %s = ? WHERE %s = ?", table, column, key), flipped(data, i, mask), id)
		})
	}
	t.Run("body", rapid.MakeCheck(func(rt *rapid.T) {
		n := rapid.IntRange(0, len(b.entries)-1).Draw(rt, "seq")
		wantProblem(rt, alter(rt, "entry", "body", "seq", int64(n), b.entries[n].body), int64(n), "its body was altered")
	}))
	t.Run("leaf hash", rapid.MakeCheck(func(rt *rapid.T) {
		n := rapid.IntRange(0, len(b.entries)-1).Draw(rt, "seq")
		h := bytes.Clone(b.entries[n].hashes)
		h[rapid.IntRange(0, 31).Draw(rt, "at")] ^= 1
		r := altered(t, b, func(exec func(string, ...any)) { exec("UPDATE entry SET hashes = ? WHERE seq = ?", h, n) })
		wantProblem(rt, r, int64(n), "its stored leaf hash was altered")
		if r.ProblemCount != 1 {
			rt.Errorf("more than that one: %v", r.Problems)
		}
	}))
	t.Run("hashes", rapid.MakeCheck(func(rt *rapid.T) {
		n := rapid.IntRange(0, len(b.entries)-1).Draw(rt, "seq")
		r := alter(rt, "entry", "hashes", "seq", int64(n), b.entries[n].hashes)
		wantProblem(rt, r, int64(n), "its stored")
	}))
	t.Run("payload and salt", rapid.MakeCheck(func(rt *rapid.T) {
		n := rapid.IntRange(0, len(b.entries)-1).Filter(func(n int) bool { return b.entries[n].payload != nil }).Draw(rt, "seq")
		column, data := "body", b.entries[n].payload
		if rapid.Bool().Draw(rt, "salt") {
			column, data = "salt", b.entries[n].salt
		}
		wantProblem(rt, alter(rt, "payload", column, "seq", int64(n), data), int64(n), "its payload or the payload's salt was altered")
	}))
	t.Run("head", rapid.MakeCheck(func(rt *rapid.T) {
		i := rapid.IntRange(0, len(b.heads)-1).Draw(rt, "head")
		h := b.heads[i]
		wantProblem(rt, alter(rt, "head", "note", "size", h.size, h.note), b.firstCovered(i), fmt.Sprintf("head of size %d", h.size))
	}))
	for _, name := range []string{"head", "node.pub"} {
		t.Run("file "+name, func(t *testing.T) {
			data, err := os.ReadFile(filepath.Join(b.dir, name))
			must(t, err)
			dir := b.copyTo(t.TempDir())
			for i := range data {
				must(t, os.WriteFile(filepath.Join(dir, name), flipped(data, i, byte(1<<(i%8))), 0o600))
				wantProblem(t, check(t, dir, Options{}), -1, name)
			}
		})
	}
}

// TestAnyBundleByte does the same to a bundle, where no byte is left over.
func TestAnyBundleByte(t *testing.T) {
	b := sample(t, 60, 9)
	whole := b.bundle(false)
	rapid.Check(t, func(rt *rapid.T) {
		i := rapid.IntRange(len(bundleStart), len(whole)-1).Draw(rt, "byte")
		r, err := bundleOf(flipped(whole, i, rapid.ByteRange(1, 255).Draw(rt, "mask")), Options{})
		if err != nil {
			rt.Fatal(err)
		}
		if r.OK() {
			rt.Errorf("byte %d was altered, and all holds", i)
		}
	})
}

func TestRows(t *testing.T) {
	b := sample(t, 130, 9)
	n := int64(len(b.entries))
	lastHead := b.heads[len(b.heads)-2].size
	paid := int64(61)
	for paid%2 == 0 || b.entries[paid].payload == nil {
		paid++
	}
	erased := int64(0)
	for i, e := range b.entries {
		if i%2 == 1 && e.payload == nil && !bytes.Contains(e.body, []byte(`"private":""`)) {
			erased = int64(i)
			break
		}
	}
	swap := func(exec func(string, ...any)) {
		exec("UPDATE entry SET seq = 9999 WHERE seq = 70")
		exec("UPDATE entry SET seq = 70 WHERE seq = 71")
		exec("UPDATE entry SET seq = 71 WHERE seq = 9999")
	}
	for name, c := range map[string]struct {
		change func(exec func(string, ...any))
		seq    int64
		what   string
	}{
		"row moved to the end": {func(x func(string, ...any)) { x("UPDATE entry SET seq = 5000 WHERE seq = 50") }, 50, "missing"},
		"last row renumbered":  {func(x func(string, ...any)) { x("UPDATE entry SET seq = ? WHERE seq = ?", n+5, n-1) }, n - 1, "numbered"},
		"row missing":          {func(x func(string, ...any)) { x("DELETE FROM entry WHERE seq = 77") }, 77, "missing"},
		"first row missing":    {func(x func(string, ...any)) { x("DELETE FROM entry WHERE seq = 0") }, 0, "missing"},
		"many rows missing":    {func(x func(string, ...any)) { x("DELETE FROM entry WHERE seq BETWEEN 20 AND 90") }, 20, "missing"},
		"all rows missing":     {func(x func(string, ...any)) { x("DELETE FROM entry") }, 0, "empty"},
		"negative row":         {func(x func(string, ...any)) { x("INSERT INTO entry SELECT -5, body, hashes FROM entry WHERE seq = 3") }, 0, "out of place"},
		"row twice": {func(x func(string, ...any)) {
			x("INSERT INTO entry SELECT ?, body, hashes FROM entry WHERE seq = 3", n)
		}, n, "says that it is entry 3"},
		"enormous row number": {func(x func(string, ...any)) { x("UPDATE entry SET seq = 9223372036854775807 WHERE seq = 44") }, 44, "missing"},
		"swapped":             {swap, 70, "its body says that it is entry 71"},
		"one too many": {func(x func(string, ...any)) {
			x("INSERT INTO entry VALUES (?, ?, ?)", n, b.entries[1].body, b.entries[1].hashes)
		}, n, ""},
		"tail cut off": {func(x func(string, ...any)) {
			x("DELETE FROM entry WHERE seq >= ?", lastHead)
			x("DELETE FROM payload WHERE seq >= ?", lastHead)
			x("DELETE FROM head WHERE size > ?", lastHead)
		}, lastHead, "acknowledged"},
		"tail without head": {func(x func(string, ...any)) { x("DELETE FROM head WHERE size > ?", lastHead) }, lastHead, "no head covers"},
		"no heads":          {func(x func(string, ...any)) { x("DELETE FROM head") }, 0, "no head covers"},
		"no payloads table": {func(x func(string, ...any)) { x("DROP TABLE payload") }, -1, "no table payload"},
		"payload deleted":   {func(x func(string, ...any)) { x("DELETE FROM payload WHERE seq = ?", paid) }, paid, "no entry erased it"},
		"payload kept": {func(x func(string, ...any)) {
			x("INSERT INTO payload VALUES (?, zeroblob(32), x'00')", erased)
		}, erased, "still there"},
		"payload without digest": {func(x func(string, ...any)) { x("INSERT INTO payload VALUES (40, zeroblob(32), x'00')") }, 40, "names none"},
		"payload without entry":  {func(x func(string, ...any)) { x("INSERT INTO payload VALUES (4000, zeroblob(32), x'00')") }, 4000, "no entry at its place"},
		"short salt": {func(x func(string, ...any)) {
			x("PRAGMA ignore_check_constraints = 1")
			x("UPDATE payload SET salt = x'0011' WHERE seq = ?", paid)
		}, paid, "salt"},
		"short hashes":     {func(x func(string, ...any)) { x("UPDATE entry SET hashes = x'0011' WHERE seq = 7") }, 7, "its stored hashes are 2 bytes"},
		"no such version":  {func(x func(string, ...any)) { x("PRAGMA user_version = 2") }, -1, "user_version is 2"},
		"application id":   {func(x func(string, ...any)) { x("PRAGMA application_id = 2") }, -1, "application_id"},
		"a column renamed": {func(x func(string, ...any)) { x("ALTER TABLE head RENAME COLUMN note TO text") }, -1, "definition of the table head"},
	} {
		t.Run(name, func(t *testing.T) {
			wantProblem(t, altered(t, b, c.change), c.seq, c.what)
		})
	}
}

// TestStories writes journals whose content is wrong although every hash and signature is right.
func TestStories(t *testing.T) {
	at := func(n int64) *int64 { return &n }
	for name, c := range map[string]struct {
		write func(b *builder)
		seq   int64
		what  string
	}{
		"time runs backwards": {func(b *builder) {
			b.commit(draft{kind: "a.b", public: "{}"}, draft{kind: "a.b", public: "{}", at: "2024-12-31T23:59:59.999Z"})
		}, 2, "earlier than the entry before"},
		"wrong seq":        {func(b *builder) { b.commit(draft{kind: "a.b", public: "{}", seq: at(7)}) }, 1, "says that it is entry 7"},
		"wrong origin":     {func(b *builder) { b.commit(draft{kind: "a.b", public: "{}", origin: "armenia/meghri"}) }, 1, "its origin is armenia/meghri"},
		"no such day":      {func(b *builder) { b.commit(draft{kind: "a.b", public: "{}", at: "2025-02-29T00:00:00.000Z"}) }, 1, "an instant"},
		"kind":             {func(b *builder) { b.commit(draft{kind: "Crossing", public: "{}"}) }, 1, "words of lower-case"},
		"public no object": {func(b *builder) { b.commit(draft{kind: "a.b", public: "[]"}) }, 1, "an object is expected"},
		"public named twice": {func(b *builder) {
			b.commit(draft{kind: "a.b", public: `{"a":1,"\u0061":2}`})
		}, 1, "stands twice"},
		"line feed": {func(b *builder) { b.commit(draft{kind: "a.b", public: "{\n}"}) }, 1, "line feed"},
		"not UTF-8": {func(b *builder) { b.commit(draft{kind: "a.b", public: "{\"a\":\"\xff\"}"}) }, 1, "UTF-8"},
		"too long": {func(b *builder) {
			b.commit(draft{kind: "a.b", public: `{"a":"` + string(bytes.Repeat([]byte("x"), 65536)) + `"}`})
		}, 1, "bytes long"},
		"erases the future":   {func(b *builder) { b.commit(draft{kind: "payload.erased", public: `{"seqs":[1]}`}) }, 1, "not before it"},
		"erases nothing":      {func(b *builder) { b.commit(draft{kind: "payload.erased", public: `{"seqs":[0]}`}) }, 1, "has none"},
		"erases words":        {func(b *builder) { b.commit(draft{kind: "payload.erased", public: `{"seqs":["0"]}`}) }, 1, "whole numbers"},
		"erases without seqs": {func(b *builder) { b.commit(draft{kind: "payload.erased", public: `{"SEQS":[0]}`}) }, 1, "not an array"},
		"two histories": {func(b *builder) {
			b.commit(draft{kind: "a.b", public: "{}"})
			b.writeHead(b.sign(fmt.Sprintf("%s\n2\n%s\n", b.origin, b64.EncodeToString(make([]byte, 32)))))
		}, 1, "two histories were signed"},
		"a head of another tree": {func(b *builder) {
			b.commit(draft{kind: "a.b", public: "{}"})
			b.exec("UPDATE head SET note = ? WHERE size = 2", b.sign(fmt.Sprintf("%s\n2\n%s\n", b.origin, b64.EncodeToString(make([]byte, 32)))))
			b.commit(draft{kind: "a.b", public: "{}"})
		}, 1, "another history was signed"},
		"a head for another size": {func(b *builder) {
			b.exec("INSERT INTO head VALUES (2, ?)", b.note(1))
			b.commit(draft{kind: "a.b", public: "{}"}, draft{kind: "a.b", public: "{}"})
		}, 1, "it is stored as that of size 2, and says 1"},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBuilder(t, 0)
			b.create(false)
			c.write(b)
			b.commit(draft{kind: "a.b", public: "{}", at: "2026-01-01T00:00:00.000Z"})
			if name == "two histories" {
				b.writeHead(b.sign(fmt.Sprintf("%s\n2\n%s\n", b.origin, b64.EncodeToString(make([]byte, 32)))))
			}
			b.close()
			wantProblem(t, check(t, b.dir, Options{}), c.seq, c.what)
		})
	}
}

func TestEntryZero(t *testing.T) {
	_, other := testKey(testOrigin, 8)
	for name, c := range map[string]struct{ kind, public, what string }{
		"kind":     {"node.started", `{"key":%s}`, "must be node.created"},
		"no key":   {"node.created", `{}`, "public.key is not a string"},
		"bad key":  {"node.created", `{"key":"x"}`, "public.key is not a verifier key"},
		"exercise": {"node.created", `{"key":%s,"exercise":1}`, "public.exercise"},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBuilder(t, 0)
			public := c.public
			if bytes.Contains([]byte(public), []byte("%s")) {
				public = fmt.Sprintf(public, quote(b.vkey))
			}
			b.commit(draft{kind: c.kind, public: public})
			b.close()
			wantProblem(t, check(t, b.dir, Options{}), 0, c.what)
		})
	}
	b := newBuilder(t, 0)
	b.commit(draft{kind: "node.created", public: fmt.Sprintf(`{"key":%s}`, quote(other))})
	b.close()
	wantProblem(t, check(t, b.dir, Options{}), -1, "not the key that entry 0 names")
}

// TestOtherKey rewrites a whole history with another key: only a key known from elsewhere can tell, unless something of the
// first history was left.
func TestOtherKey(t *testing.T) {
	b := newBuilder(t, 0)
	real := b.vkey
	b.signer, b.vkey = testKey(b.origin, 8)
	must(t, os.WriteFile(filepath.Join(b.dir, "node.pub"), []byte(b.vkey+"\n"), 0o600))
	b.create(false)
	b.fill(30, 7)
	b.close()
	wantSound(t, check(t, b.dir, Options{}), b)
	r := check(t, b.dir, Options{Key: real})
	wantProblem(t, r, 0, "not the key that must have signed")
	wantProblem(t, r, -1, "node.pub is "+b.vkey)
	wantProblem(t, r, 0, "it is not signed by the journal's key")

	must(t, os.WriteFile(filepath.Join(b.dir, "node.pub"), []byte(real+"\n"), 0o600))
	wantProblem(t, check(t, b.dir, Options{}), -1, "node.pub is not the key that entry 0 names")

	swapped := sample(t, 30, 7)
	_, other := testKey(testOrigin, 8)
	must(t, os.WriteFile(filepath.Join(swapped.dir, "node.pub"), []byte(other+"\n"), 0o600))
	r = check(t, swapped.dir, Options{})
	wantProblem(t, r, -1, "node.pub is not the key that entry 0 names")
	if r.ProblemCount != 1 {
		t.Errorf("more than that one: %v", r.Problems)
	}
}

// TestTwoThings alters two things that one head covers: it can tell neither.
func TestTwoThings(t *testing.T) {
	b := newBuilder(t, 0)
	b.create(false)
	b.commit(draft{kind: "a.b", public: "{}"}, draft{kind: "a.b", public: "{}"}, draft{kind: "a.b", public: "{}"})
	b.commit(draft{kind: "a.b", public: "{}"})
	b.close()
	r := altered(t, b, func(exec func(string, ...any)) {
		exec("UPDATE entry SET body = ? WHERE seq = 1", bytes.Replace(b.entries[1].body, []byte("0107"), []byte("0108"), 1))
		exec("UPDATE entry SET hashes = ? WHERE seq = 2", flipped(b.entries[2].hashes, 3, 4))
	})
	wantProblem(t, r, 1, "more than one thing was altered")
	wantProblem(t, r, 1, "meets neither")
	if !slices.ContainsFunc(r.Problems, func(p Problem) bool { return p.Seq == 2 && strings.Contains(p.What, "meets neither") }) {
		t.Errorf("entry 2 is not named: %v", r.Problems)
	}
}

// TestOlderDatabase puts back a copy that was whole once.
func TestOlderDatabase(t *testing.T) {
	b := newBuilder(t, 0)
	b.create(false)
	b.fill(30, 7)
	old := b.copyTo(t.TempDir())
	b.fill(60, 7)
	must(t, os.Rename(filepath.Join(b.dir, "head"), filepath.Join(old, "head")))
	wantProblem(t, check(t, old, Options{}), 30, "acknowledged")
}

func TestMissingFiles(t *testing.T) {
	b := sample(t, 30, 7)
	for _, name := range []string{"head", "node.pub"} {
		dir := b.copyTo(t.TempDir())
		must(t, os.Remove(filepath.Join(dir, name)))
		wantProblem(t, check(t, dir, Options{}), -1, "the file "+name+" is missing")
		must(t, os.WriteFile(filepath.Join(dir, name), bytes.Repeat([]byte("x"), 10<<20), 0o600))
		wantProblem(t, check(t, dir, Options{}), -1, name)
	}
}

// TestNewNode has a journal that was created and never opened: the file head comes with the first start.
func TestNewNode(t *testing.T) {
	b := newBuilder(t, 0)
	b.create(false)
	b.close()
	must(t, os.Remove(filepath.Join(b.dir, "head")))
	r := check(t, b.dir, Options{})
	wantSound(t, r, b)
	if len(r.Notes) != 1 {
		t.Errorf("notes: %q", r.Notes)
	}
}

// read returns all that the three tables hold, as SQLite sees it.
func read(dir string) (out []string, err error) {
	db, err := sql.Open("sqlite", "file:"+filepath.Join(dir, "journal.db")+"?mode=ro")
	if err != nil {
		return nil, err
	}
	defer db.Close()
	for _, q := range []string{"SELECT seq, body, hashes FROM entry ORDER BY seq", "SELECT seq, salt, body FROM payload ORDER BY seq",
		"SELECT size, note, '' FROM head ORDER BY size"} {
		rows, err := db.Query(q)
		if err != nil {
			return nil, err
		}
		for rows.Next() {
			var n int64
			var a, b []byte
			if err := rows.Scan(&n, &a, &b); err != nil {
				rows.Close()
				return nil, err
			}
			out = append(out, fmt.Sprintf("%d %x %x", n, a, b))
		}
		if err := rows.Err(); err != nil {
			return nil, err
		}
	}
	return out, nil
}
