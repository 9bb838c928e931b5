package verify

import (
	"context"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"marz"
)

// TestPipes has named pipes where files should be. Opening one would wait for ever.
func TestPipes(t *testing.T) {
	b := sample(t, 10, 3)
	for _, name := range []string{"journal.db", "journal.db-wal", "journal.db-shm", "head", "node.pub"} {
		dir := b.copyTo(t.TempDir())
		os.Remove(filepath.Join(dir, name))
		must(t, syscall.Mkfifo(filepath.Join(dir, name), 0o600))
		r, err := Folder(context.Background(), dir, Options{})
		switch name {
		case "journal.db", "journal.db-wal":
			if marz.CodeOf(err) != marz.Invalid {
				t.Errorf("%s: %v", name, err)
			}
		case "journal.db-shm":
			wantSound(t, r, b)
		default:
			wantProblem(t, r, -1, name)
		}
	}
}
