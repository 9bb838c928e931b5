package journal

import (
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/mod/sumdb/tlog"

	"marz"
)

// A journal is read and proven from beside a node that goes on writing, and nothing can be appended there.
func TestLook(t *testing.T) {
	cfg := testConfig(t, nil)
	j := mustOpen(t, cfg)
	e, err := appendOne(j, words{"a": 1}, nil)
	if err != nil {
		t.Fatal(err)
	}
	head := j.Head()
	beside, err := Look(t.Context(), cfg.Dir)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := appendOne(j, words{"a": 2}, nil); err != nil {
		t.Fatal(err)
	}
	got, body, err := beside.Entry(t.Context(), e.Seq)
	if err != nil || got.Seq != e.Seq || beside.Origin() != j.Origin() || beside.VerifierKey() != j.VerifierKey() || beside.Head().Size != head.Size || beside.At() != e.At {
		t.Fatalf("%+v %v", got, err)
	}
	over, err := beside.HeadOver(t.Context(), e.Seq)
	if err != nil || over.Root != head.Root {
		t.Fatalf("%+v %v", over, err)
	}
	proof, err := beside.ProveInclusion(t.Context(), e.Seq, over.Size)
	if err != nil {
		t.Fatal(err)
	}
	if err := tlog.CheckRecord(proof, over.Size, over.Root, int64(e.Seq), tlog.RecordHash(body)); err != nil {
		t.Error(err)
	}
	if _, err := appendOne(beside, words{"a": 3}, nil); marz.CodeOf(err) != marz.Unavailable {
		t.Errorf("appending from outside: %v", err)
	}
	if err := beside.Close(); err != nil {
		t.Error(err)
	}
	if _, err := appendOne(j, words{"a": 4}, nil); err != nil {
		t.Errorf("the node after it: %v", err)
	}
	if _, err := Look(t.Context(), t.TempDir()); marz.CodeOf(err) != marz.NotFound {
		t.Errorf("no journal: %v", err)
	}
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "journal.db"), []byte("no database at all, though of some length"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Look(t.Context(), dir); marz.CodeOf(err) != marz.Invalid {
		t.Errorf("no database: %v", err)
	}
}
