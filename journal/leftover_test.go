package journal

import (
	"bytes"
	"encoding/binary"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"marz"
)

// What is erased is overwritten, and a free page that is not is found.
func TestLeftover(t *testing.T) {
	cfg := testConfig(t, nil)
	j := mustOpen(t, cfg)
	var seqs []marz.Seq
	for range 8 {
		e, err := appendOne(j, words{}, words{"long": strings.Repeat("QQLEFT", 9000)})
		if err != nil {
			t.Fatal(err)
		}
		seqs = append(seqs, e.Seq)
	}
	err := j.Update(t.Context(), func(tx *Tx) error {
		_, err := tx.Erase(draft(nil, nil), seqs, "its time is up")
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	r, err := Leftover(cfg.Dir)
	if err != nil || r.Free < 8 || r.Written != 0 || r.Log != 0 {
		t.Fatalf("%+v, %v", r, err)
	}
	j.Close()
	path := filepath.Join(cfg.Dir, "journal.db")
	db, err := os.ReadFile(path)
	if err != nil || bytes.Contains(db, []byte("QQLEFT")) {
		t.Fatal("the database still holds what is erased", err)
	}
	size := int(binary.BigEndian.Uint16(db[16:]))
	trunk := int(binary.BigEndian.Uint32(db[32:])-1) * size
	leaf := int(binary.BigEndian.Uint32(db[trunk+8:])-1) * size
	copy(db[leaf+100:], "QQLEFT")
	if err := os.WriteFile(path, db, 0o600); err != nil {
		t.Fatal(err)
	}
	if r, err := Leftover(cfg.Dir); err != nil || r.Written != 1 {
		t.Errorf("%+v, %v", r, err)
	}
	if err := os.WriteFile(path, []byte("no database, though it is of some length"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Leftover(cfg.Dir); marz.CodeOf(err) != marz.Invalid {
		t.Errorf("no database: %v", err)
	}
	if _, err := Leftover(t.TempDir()); marz.CodeOf(err) != marz.NotFound {
		t.Errorf("nothing there: %v", err)
	}
}
