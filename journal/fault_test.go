package journal

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/ncruces/go-sqlite3"
	ncruces "github.com/ncruces/go-sqlite3/driver"
	"github.com/ncruces/go-sqlite3/vfs"

	"marz"
)

// disk is a disk that fails on command, under another build of SQLite than the one that the node runs on. After it has failed once it works
// again, as disks do: a journal that went on then would build on sand.
type disk struct {
	vfs.VFS
	what  string       // "sync" or "write"
	code  error        // what SQLite is told
	after atomic.Int64 // how many such calls still succeed
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

// diskDriver opens databases on the disk.
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

// At the first failed write or sync, wherever it falls, the journal stops for good, nobody is told "done" for what is not there, and
// the folder is whole for another SQLite to open.
func TestDiskFails(t *testing.T) {
	d := faulty()
	for _, c := range []struct {
		what string
		code error
	}{{"sync", sqlite3.IOERR_FSYNC}, {"write", sqlite3.IOERR_WRITE}, {"write", sqlite3.FULL}} {
		for round := range 6 {
			r := rand.New(rand.NewPCG(uint64(round), 7))
			t.Run(fmt.Sprintf("%s %v %d", c.what, c.code, round), func(t *testing.T) {
				d.what = ""
				cfg := testConfig(t, countState{})
				cfg.Driver = "sqlite-disk"
				j := mustOpen(t, cfg)
				d.code = c.code
				d.after.Store(1 + r.Int64N(8<<r.IntN(9))) // from the first commit to the log being moved into the database
				d.what = c.what
				acked := appendUntilFailure(t, j)
				d.what = "" // the disk works again
				if _, err := appendOne(j, words{"tag": "late"}, nil); marz.CodeOf(err) != marz.Unavailable {
					t.Fatalf("after the failure: %v", err)
				}
				if err := j.Close(); err == nil || !strings.Contains(err.Error(), "everything acknowledged") {
					t.Errorf("Close says %v", err)
				}
				cfg.Driver = ""
				again := mustOpen(t, cfg)
				checkAcknowledged(t, again, acked, round)
				checkTree(t, again)
				if again.Head().Size-1 < int64(len(acked)) {
					t.Errorf("%d entries, %d acknowledged", again.Head().Size-1, len(acked))
				}
			})
		}
	}
}

// appendUntilFailure appends from several goroutines until the journal has stopped, and returns what was acknowledged.
func appendUntilFailure(t *testing.T, j *Journal) map[int64]string {
	acked := map[int64]string{}
	var mu sync.Mutex
	var wg sync.WaitGroup
	for w := range 8 {
		wg.Go(func() {
			for i := range 5000 {
				tag := fmt.Sprintf("%d-%d", w, i)
				var e Entry
				err := j.Update(context.Background(), func(tx *Tx) (err error) {
					e, err = tx.Append(draft(words{"tag": tag}, words{"payload": tag, "fill": strings.Repeat("x", 300)}))
					return err
				})
				if err != nil {
					if marz.CodeOf(err) != marz.Unavailable {
						t.Errorf("told %v", err)
					}
					return
				}
				mu.Lock()
				acked[int64(e.Seq)] = tag
				mu.Unlock()
			}
			t.Error("the disk never failed")
		})
	}
	wg.Wait()
	return acked
}
