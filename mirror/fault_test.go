package mirror

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/ncruces/go-sqlite3"
	ncruces "github.com/ncruces/go-sqlite3/driver"
	"github.com/ncruces/go-sqlite3/vfs"

	"marz"
)

// disk is a disk that fails on command, under another build of SQLite than the one that a mirror runs on. After it has failed once it works again, as disks do.
type disk struct {
	vfs.VFS
	what  string // "sync" or "write"
	code  error  // what SQLite is told
	after atomic.Int64
}

func (d *disk) fails(what string) bool { return d.what == what && d.after.Add(-1) == 0 }

func (d *disk) OpenFilename(name *vfs.Filename, flags vfs.OpenFlag) (vfs.File, vfs.OpenFlag, error) {
	f, flags, err := d.VFS.(vfs.VFSFilename).OpenFilename(name, flags)
	if err != nil {
		return nil, flags, err
	}
	return &diskFile{f, d}, flags, nil
}

type diskFile struct {
	vfs.File
	disk *disk
}

func (f *diskFile) SharedMemory() vfs.SharedMemory {
	return f.File.(vfs.FileSharedMemory).SharedMemory()
}

func (f *diskFile) Sync(flags vfs.SyncFlag) error {
	if f.disk.fails("sync") {
		return f.disk.code
	}
	return f.File.Sync(flags)
}

func (f *diskFile) WriteAt(p []byte, off int64) (int, error) {
	if f.disk.fails("write") {
		n, _ := f.File.WriteAt(p[:len(p)/2], off) // torn
		return n, f.disk.code
	}
	return f.File.WriteAt(p, off)
}

type diskDriver struct{ ncruces.SQLite }

func (d *diskDriver) Open(name string) (driver.Conn, error) { return d.SQLite.Open(name + "&vfs=disk") }

func (d *diskDriver) OpenConnector(name string) (driver.Connector, error) {
	return d.SQLite.OpenConnector(name + "&vfs=disk")
}

var faulty = sync.OnceValue(func() *disk {
	d := &disk{VFS: vfs.Find("")}
	vfs.Register("disk", d)
	sql.Register("sqlite-disk", &diskDriver{})
	return d
})

// At the first failed write or sync, wherever it falls, the store stops for good and says so; a mirror that was cosigned before is whole for another SQLite to open, and
// is brought to its end from there.
func TestDiskFails(t *testing.T) {
	d := faulty()
	n := newNode(t)
	rounds := 4
	if raced {
		rounds = 1
	}
	for range 20 {
		n.write(t, "am-bg", 40)
	}
	n.erase(t, 1, 3)
	n.write(t, "am-bg", 400)
	for _, c := range []struct {
		what string
		code error
		most int64
	}{{"sync", sqlite3.IOERR_FSYNC, 12}, {"write", sqlite3.IOERR_WRITE, 500}, {"write", sqlite3.FULL, 500}} {
		for round := range rounds {
			r := rand.New(rand.NewPCG(uint64(round), 3))
			t.Run(fmt.Sprintf("%s %v %d", c.what, c.code, round), func(t *testing.T) {
				d.what = ""
				p := newPlace(t, n, "am", all)
				p.s.Close()
				s, err := OpenSQLite(t.Context(), p.path, "sqlite-disk")
				if err != nil {
					t.Fatal(err)
				}
				p.s, p.r = s, p.receiver(t, s)
				push := newPusher(t, n, Target{Remote: p.remote(&line{p, "node"}), Entitled: all})
				d.code = c.code
				d.after.Store(1 + r.Int64N(c.most))
				d.what = c.what
				failed := pushUntilFailure(t, push, s)
				d.what = "" // the disk works again
				acked := push.Status()[0].Size
				if failed {
					if err := s.AddEvidence(t.Context(), testOrigin, "x", "y", nil); marz.CodeOf(err) != marz.Unavailable {
						t.Errorf("after the failure: %v", err)
					}
					if err := s.Close(); err == nil || !strings.Contains(err.Error(), "everything acknowledged") {
						t.Errorf("Close says %v", err)
					}
				} else if err := s.Close(); err != nil {
					t.Error(err)
				}
				p.start(t)
				if st, err := p.s.State(t.Context(), testOrigin); err != nil || st.Size < acked {
					t.Fatalf("%d entries were acknowledged, and the mirror holds %+v, %v", acked, st, err)
				}
				newPusher(t, n, Target{Remote: p.remote(&line{p, "node"}), Entitled: all}).push(t)
				equal(t, n, p, n.j.Head().Size, all)
			})
		}
	}
}

// pushUntilFailure pushes until the store has stopped, or all is there. In one request and in another, so that there are many commits.
func pushUntilFailure(t *testing.T, push *Pusher, s *SQLite) (failed bool) {
	f := push.feeds[0]
	f.packages = 1
	for range 3 {
		err := f.round(context.Background())
		if s.Failure() != nil {
			if err == nil {
				t.Error("the store stopped, and the node was told that all is well")
			}
			return true
		}
		if err != nil {
			t.Fatalf("the store goes on, and the push says %v", err)
		}
	}
	return false
}

// A file that is something else is refused, and left as it is.
func TestOtherFiles(t *testing.T) {
	n := newNode(t)
	if _, err := OpenSQLite(t.Context(), filepath.Join(n.cfg.Dir, "journal.db"), ""); marz.CodeOf(err) != marz.Invalid {
		t.Errorf("a journal is opened as a store of mirrors: %v", err)
	}
	path := filepath.Join(t.TempDir(), "text")
	writeText(t, path, strings.Repeat("not a database ", 100))
	if _, err := OpenSQLite(t.Context(), path, ""); err == nil {
		t.Error("a text is opened as a store of mirrors")
	}
}
