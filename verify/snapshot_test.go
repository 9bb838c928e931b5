package verify

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"
	"time"

	"marz"
)

// restarting is a log that is restarted after its header was read for the first time.
type restarting struct {
	before, after *bytes.Reader
	reads         int
}

func (r *restarting) ReadAt(p []byte, off int64) (int, error) {
	r.reads++
	if r.reads > 2 {
		return r.after.ReadAt(p, off)
	}
	return r.before.ReadAt(p, off)
}

func TestLogRestartedWhileRead(t *testing.T) {
	b := newBuilder(t, 0)
	b.create(false)
	b.fill(20, 3)
	before := load(t, b.copyTo(t.TempDir()))["journal.db-wal"]
	b.exec("PRAGMA wal_checkpoint(RESTART)")
	b.fill(22, 3)
	after := load(t, b.copyTo(t.TempDir()))["journal.db-wal"]
	r := &restarting{before: bytes.NewReader(before), after: bytes.NewReader(after)}
	if _, err := readWAL(context.Background(), r, int64(len(before))); !errors.Is(err, errLogMoved) {
		t.Errorf("a log that was restarted: %v", err)
	}
}

// TestBigEndianLog reads a log whose checksums are of big-endian words, as other machines write them.
func TestBigEndianLog(t *testing.T) {
	b, whole, _ := walJournal(t, 20)
	wal := bytes.Clone(whole["journal.db-wal"])
	put := func(at int, s walSum) {
		for i := range 4 {
			wal[at+i], wal[at+4+i] = byte(s.a>>(24-8*i)), byte(s.b>>(24-8*i))
		}
	}
	wal[3] |= 1
	order, _, _ := walHeader(wal)
	sum := walSum{}.add(wal[:24], order)
	put(24, sum)
	for at := walHeaderSize; at+walFrameSize <= len(wal); at += walFrameSize {
		sum = sum.add(wal[at:at+8], order).add(wal[at+24:at+walFrameSize], order)
		put(at+16, sum)
	}
	wantSound(t, check(t, whole.with(t, t.TempDir(), "journal.db-wal", wal), Options{}), b)
}

// TestChanged looks at what tells that a database was written to during a check.
func TestChanged(t *testing.T) {
	b := sample(t, 10, 3)
	s, err := openSnapshot(context.Background(), b.dir)
	must(t, err)
	defer s.close()
	if s.changed() {
		t.Error("nobody has changed it")
	}
	later := s.was.ModTime().Add(time.Second)
	must(t, os.Chtimes(filepath.Join(b.dir, "journal.db"), later, later))
	if !s.changed() {
		t.Error("its time of change was not looked at")
	}
}

func TestCancelled(t *testing.T) {
	b := sample(t, 10, 3)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := Folder(ctx, b.dir, Options{}); !errors.Is(err, context.Canceled) {
		t.Errorf("folder: %v", err)
	}
	data := b.bundle(false)
	if _, err := BundleAt(ctx, bytes.NewReader(data), int64(len(data)), Options{}); !errors.Is(err, context.Canceled) {
		t.Errorf("bundle: %v", err)
	}
}

// failing fails to read from an offset on.
type failing struct {
	in *bytes.Reader
	at int64
}

func (f failing) ReadAt(p []byte, off int64) (int, error) {
	if off+int64(len(p)) > f.at {
		return 0, io.ErrClosedPipe
	}
	return f.in.ReadAt(p, off)
}

func TestBundleReadError(t *testing.T) {
	b := sample(t, 2000, 50)
	data := b.bundle(true)
	_, err := BundleAt(context.Background(), failing{bytes.NewReader(data), int64(len(data) / 2)}, int64(len(data)), Options{})
	if !errors.Is(err, io.ErrClosedPipe) || marz.CodeOf(err) != marz.Internal {
		t.Errorf("%v", err)
	}
}

// TestReportCaps lists no more than MaxProblems, counts all, keeps them in order and always has room for an entry's.
func TestReportCaps(t *testing.T) {
	r := newReport()
	for i := range 1000 {
		r.problem(-1, "general %d", i)
	}
	for i := range 1000 {
		r.problem(int64(1000-i), "entry")
	}
	first, bad := r.First()
	if r.ProblemCount != 2000 || len(r.Problems) != MaxProblems || !bad || first.Seq != 1 {
		t.Errorf("%d problems, %d listed, first %v", r.ProblemCount, len(r.Problems), first)
	}
}
