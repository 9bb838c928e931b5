package verify

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"database/sql"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
	_ "modernc.org/sqlite"
)

// builder writes journals after docs/spec/journal.md with other people's SQLite, tree and notes: it is what the checker is
// held against. It keeps all that it wrote.
type builder struct {
	t       testing.TB
	dir     string
	db      *sql.DB
	origin  string
	signer  note.Signer
	vkey    string
	at      time.Time
	hashes  []tlog.Hash // in the order of tlog.StoredHashIndex
	entries []written
	heads   []writtenHead
}

type written struct {
	body, hashes  []byte
	salt, payload []byte // nil once erased
}

type writtenHead struct {
	size int64
	note []byte
}

// draft is an entry to be written.
type draft struct {
	kind    string
	public  string
	payload []byte
	erase   []int64
	at      string // instead of the clock's
	origin  string // instead of the journal's
	seq     *int64 // instead of the right one

	officer, by, under string // instead of am-bg/0107, am-bg and am-ir-2025/4
}

func testKey(name string, fill byte) (note.Signer, string) {
	private := ed25519.NewKeyFromSeed(bytes.Repeat([]byte{fill}, ed25519.SeedSize))
	raw := append([]byte{1}, private.Public().(ed25519.PublicKey)...)
	id := sha256.Sum256(append([]byte(name+"\n"), raw...))
	skey := fmt.Sprintf("PRIVATE+KEY+%s+%x+%s", name, id[:4],
		base64.StdEncoding.EncodeToString(append([]byte{1}, private.Seed()...)))
	signer, err := note.NewSigner(skey)
	if err != nil {
		panic(err)
	}
	return signer, fmt.Sprintf("%s+%x+%s", name, id[:4], base64.StdEncoding.EncodeToString(raw))
}

const testOrigin = "armenia/agarak"

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// newBuilder opens an empty journal in a new folder. The pages of the log are checkpointed after every auto pages, never when
// auto is 0.
func newBuilder(t testing.TB, auto int) *builder {
	t.Helper()
	b := &builder{t: t, dir: t.TempDir(), origin: testOrigin, at: time.Date(2025, 1, 1, 0, 0, 0, 0, time.UTC)}
	b.signer, b.vkey = testKey(b.origin, 7)
	b.open(auto)
	for _, q := range []string{
		"PRAGMA application_id=1298231930", "PRAGMA user_version=1",
		"CREATE TABLE state (name TEXT PRIMARY KEY, value BLOB) STRICT",
		"CREATE TABLE entry   (seq INTEGER PRIMARY KEY, body BLOB NOT NULL, hashes BLOB NOT NULL) STRICT",
		"CREATE TABLE payload (seq INTEGER PRIMARY KEY REFERENCES entry (seq), salt BLOB NOT NULL CHECK (length(salt) = 32), body BLOB NOT NULL) STRICT",
		"CREATE TABLE head    (size INTEGER PRIMARY KEY, note BLOB NOT NULL) STRICT",
	} {
		b.exec(q)
	}
	must(t, os.WriteFile(filepath.Join(b.dir, "node.pub"), []byte(b.vkey+"\n"), 0o644))
	return b
}

func (b *builder) open(auto int) {
	b.db = openDB(b.t, b.dir, auto)
}

func openDB(t testing.TB, dir string, auto int) *sql.DB {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+filepath.Join(dir, "journal.db")+fmt.Sprintf(
		"?_pragma=page_size(4096)&_pragma=journal_mode(WAL)&_pragma=synchronous(OFF)&_pragma=secure_delete(1)&_pragma=wal_autocheckpoint(%d)", auto))
	must(t, err)
	db.SetMaxOpenConns(1)
	t.Cleanup(func() { db.Close() })
	return db
}

func (b *builder) exec(query string, args ...any) {
	b.t.Helper()
	_, err := b.db.Exec(query, args...)
	must(b.t, err)
}

func (b *builder) close() { must(b.t, b.db.Close()) }

func quote(s string) string {
	q, _ := json.Marshal(s)
	return string(q)
}

// body writes the exact bytes of an entry.
func (b *builder) body(seq int64, d draft, private string) []byte {
	b.at = b.at.Add(137 * time.Millisecond)
	at, origin := b.at.Format("2006-01-02T15:04:05.000Z"), b.origin
	if d.at != "" {
		at = d.at
	}
	if d.origin != "" {
		origin = d.origin
	}
	if d.seq != nil {
		seq = *d.seq
	}
	officer, by, under := "am-bg/0107", "am-bg", "am-ir-2025/4"
	if d.by != "" {
		officer, by, under = d.officer, d.by, d.under
	}
	return fmt.Appendf(nil, `{"v":1,"seq":%d,"at":%s,"origin":%s,"kind":%s,"officer":%s,"authority":%s,`+
		`"under":%s,"policy":"%064x","public":%s,"private":%s}`,
		seq, quote(at), quote(origin), quote(d.kind), quote(officer), quote(by), quote(under), 5, d.public, quote(private))
}

// ReadHashes lets the builder be a tlog.HashReader.
func (b *builder) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	out := make([]tlog.Hash, len(indexes))
	for i, x := range indexes {
		out[i] = b.hashes[x]
	}
	return out, nil
}

// commit writes entries and the head over them in one transaction.
func (b *builder) commit(drafts ...draft) {
	b.t.Helper()
	tx, err := b.db.Begin()
	must(b.t, err)
	exec := func(query string, args ...any) {
		b.t.Helper()
		_, err := tx.Exec(query, args...)
		must(b.t, err)
	}
	for _, d := range drafts {
		seq := int64(len(b.entries))
		w := written{payload: d.payload}
		private := ""
		if d.payload != nil {
			sum := sha256.Sum256(fmt.Append(nil, "salt", seq))
			w.salt = sum[:]
			digest := sha256.Sum256(append(bytes.Clone(w.salt), d.payload...))
			private = hex.EncodeToString(digest[:])
		}
		w.body = b.body(seq, d, private)
		hashes, err := tlog.StoredHashes(seq, w.body, b)
		must(b.t, err)
		b.hashes = append(b.hashes, hashes...)
		for _, h := range hashes {
			w.hashes = append(w.hashes, h[:]...)
		}
		exec("INSERT INTO entry (seq, body, hashes) VALUES (?, ?, ?)", seq, w.body, w.hashes)
		if d.payload != nil {
			exec("INSERT INTO payload (seq, salt, body) VALUES (?, ?, ?)", seq, w.salt, w.payload)
		}
		for _, s := range d.erase {
			exec("DELETE FROM payload WHERE seq = ?", s)
			b.entries[s].salt, b.entries[s].payload = nil, nil
		}
		b.entries = append(b.entries, w)
		exec("INSERT OR REPLACE INTO state (name, value) VALUES (?, ?)", fmt.Sprint("fold", seq%7), w.body)
	}
	h := writtenHead{int64(len(b.entries)), b.note(int64(len(b.entries)))}
	exec("INSERT INTO head (size, note) VALUES (?, ?)", h.size, h.note)
	must(b.t, tx.Commit())
	b.heads = append(b.heads, h)
	b.writeHead(h.note)
}

// note signs a head over the first entries.
func (b *builder) note(size int64) []byte {
	root, err := tlog.TreeHash(size, b)
	must(b.t, err)
	return b.sign(fmt.Sprintf("%s\n%d\n%s\n", b.origin, size, root))
}

func (b *builder) sign(text string) []byte {
	n, err := note.Sign(&note.Note{Text: text}, b.signer)
	must(b.t, err)
	return n
}

func (b *builder) writeHead(n []byte) {
	writeHeadFile(b.t, b.dir, n)
}

func writeHeadFile(t testing.TB, dir string, n []byte) {
	padded := append(bytes.Clone(n), bytes.Repeat([]byte("\n"), headFileSize-len(n))...)
	f, err := os.OpenFile(filepath.Join(dir, "head"), os.O_WRONLY|os.O_CREATE, 0o644)
	must(t, err)
	_, err = f.WriteAt(padded, 0) // in place, as the page says
	must(t, errors.Join(err, f.Close()))
}

func (b *builder) create(exercise bool) {
	b.commit(draft{kind: "node.created", public: fmt.Sprintf(`{"key":%s,"exercise":%t}`, quote(b.vkey), exercise)})
}

// fill writes commits of varying size up to n entries: some have payloads, a few of them long, and from time to time
// some payloads are erased.
func (b *builder) fill(n, perCommit int) {
	var ds []draft
	start := len(b.entries)
	for i := start; i < n; i++ {
		d := draft{kind: "crossing.recorded", public: fmt.Sprintf(`{"lane":"%d","text":%q}`, i%5, strings.Repeat("x", i*37%400))}
		switch {
		case i%10 == 9 && i > start+30:
			d = draft{kind: "payload.erased", erase: []int64{int64(i - 22), int64(i - 18)}}
			d.public = fmt.Sprintf(`{"seqs": [%d, %d]}`, i-22, i-18)
		case i%50 == 3:
			d.payload = bytes.Repeat([]byte(fmt.Sprintf(`{"photo":"%d"}`, i)), 1500)
		case i%2 == 1:
			d.payload = fmt.Appendf(nil, `{"name":"traveller %d"}`, i)
		}
		if i%97 == 13 && d.erase == nil {
			d.public = fmt.Sprintf(`{"long":%q}`, strings.Repeat("y", 9000+i%3000))
		}
		ds = append(ds, d)
		if len(ds) == 1+(i*7)%perCommit || i == n-1 {
			b.commit(ds...)
			ds = nil
		} else if len(ds) >= perCommit {
			b.commit(ds...)
			ds = nil
		}
	}
}

// copyTo copies the folder as a machine would find it after its power was cut: without the shared memory.
func (b *builder) copyTo(dir string) string {
	b.t.Helper()
	copyFolder(b.t, b.dir, dir)
	return dir
}

func copyFolder(t testing.TB, from, to string) {
	t.Helper()
	for _, name := range []string{"journal.db", "journal.db-wal", "head", "node.pub"} {
		data, err := os.ReadFile(filepath.Join(from, name))
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		must(t, err)
		must(t, os.WriteFile(filepath.Join(to, name), data, 0o600))
	}
}

// bundle exports the journal.
func (b *builder) bundle(withheld bool) []byte {
	var out bytes.Buffer
	mode := "included"
	if withheld {
		mode = "withheld"
	}
	fmt.Fprintf(&out, `{"marz_bundle":1,"origin":%s,"key":%s,"payloads":"%s"}`+"\n", quote(b.origin), quote(b.vkey), mode)
	enc := base64.StdEncoding.EncodeToString
	for i, e := range b.entries {
		fmt.Fprintf(&out, `{"seq":%d,"body":"%s","hashes":"%s"`, i, enc(e.body), enc(e.hashes))
		if e.payload != nil && !withheld {
			fmt.Fprintf(&out, `,"salt":"%s","payload":"%s"`, enc(e.salt), enc(e.payload))
		}
		out.WriteString("}\n")
	}
	for _, h := range b.heads {
		fmt.Fprintf(&out, `{"head":%s}`+"\n", quote(string(h.note)))
	}
	fmt.Fprintf(&out, `{"end":true,"entries":%d,"heads":%d}`+"\n", len(b.entries), len(b.heads))
	return out.Bytes()
}
