package verify

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"marz"
)

const (
	lockPatience = 10 * time.Second // how long a checkpoint is waited for
	lockPause    = 5 * time.Millisecond
	walAttempts  = 100 // readings of a log that is restarted again and again
)

// snapshot is one committed state of a journal's database, which stays readable while a node writes. DESIGN.md tells
// why it is consistent.
type snapshot struct {
	path  string
	file  *os.File
	shm   *os.File // holds the lock; nil when no process has the database open
	was   fs.FileInfo
	log   *walLog
	view  *database // all that was certainly written
	first *database // what SQLite would read; differs from view only where the log is damaged
}

// openSnapshot takes a snapshot of the database in a folder.
func openSnapshot(ctx context.Context, dir string) (s *snapshot, err error) {
	s = &snapshot{path: filepath.Join(dir, "journal.db")}
	defer func() {
		if err != nil {
			s.close()
			s = nil
		}
	}()
	if err := s.refuseOwn(); err != nil {
		return s, err
	}
	if s.file, err = openRegular(s.path); err != nil {
		return s, err
	}
	if err := s.lock(ctx); err != nil {
		return s, err
	}
	if s.was, err = s.file.Stat(); err != nil {
		return s, unreadable(marz.Internal, s.path, "its size cannot be read", err)
	}
	if err := s.readLog(ctx); err != nil {
		return s, err
	}
	s.view = s.at(s.log.pages, s.log.whole)
	s.first = s.view
	if s.log.first != nil {
		s.first = s.at(s.log.first, s.log.readable)
	}
	return s, nil
}

// cannotOpen explains why a file could not be opened.
func cannotOpen(path string, err error) error {
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return unreadable(marz.NotFound, path, "there is no such file: give the folder of a journal, or an exported bundle", nil)
	case errors.Is(err, fs.ErrPermission):
		return unreadable(marz.Invalid, path, "it may not be read: run as the user of the node", nil)
	}
	return unreadable(marz.Internal, path, "it cannot be read", err)
}

// openRegular opens a file for reading, and refuses what is no file: opening a named pipe would wait for ever.
func openRegular(path string) (*os.File, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, cannotOpen(path, err)
	}
	if !info.Mode().IsRegular() {
		return nil, unreadable(marz.Invalid, path, "it is not a file", nil)
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, cannotOpen(path, err)
	}
	return f, nil
}

// refuseOwn refuses a database that this process has open by itself. SQLite guards its files with locks that belong to
// the process, and closing any other descriptor of the same file drops them (fcntl(2)), so even looking would do harm.
func (s *snapshot) refuseOwn() error {
	var files []fs.FileInfo
	for _, p := range []string{s.path, s.path + "-shm"} {
		if info, err := os.Stat(p); err == nil {
			files = append(files, info)
		}
	}
	if len(files) > 0 && heldHere(files...) {
		return unreadable(marz.Conflict, s.path,
			"this process has the journal open: check it from a process of its own (marz verify), or check an exported bundle", nil)
	}
	return nil
}

// lock keeps others from writing to the database file, as long as that takes nothing from them that they need.
func (s *snapshot) lock(ctx context.Context) error {
	for waited := time.Duration(0); waited < lockPatience; waited += lockPause {
		if s.tryLock() {
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(lockPause):
		}
	}
	return unreadable(marz.Unavailable, s.path, fmt.Sprintf("it was being checkpointed or closed for %v: try again later", lockPatience), nil)
}

// tryLock takes the locks, and reports whether it got them or none is to be had. Without a living process that has the
// database open, the lock on checkpoints is not taken: a node that starts recovers the log under that same lock, and must not
// be kept from it. What the locks do not prevent, changed tells afterwards.
func (s *snapshot) tryLock() bool {
	if got, err := lockDatabase(s.file); err != nil || !got {
		return err != nil // a file system without locks
	}
	f, err := openRegular(s.path + "-shm")
	if err != nil {
		return true
	}
	if !inUse(f) {
		f.Close()
		return true
	}
	if starting(f) {
		f.Close()
		return false
	}
	got, err := lockCheckpoints(f)
	if got && sameFile(f, s.path+"-shm") {
		s.shm = f
		return true
	}
	f.Close()
	return err != nil
}

func sameFile(f *os.File, path string) bool {
	a, err := f.Stat()
	if err != nil {
		return false
	}
	b, err := os.Stat(path)
	return err == nil && os.SameFile(a, b)
}

// readLog reads the write-ahead log. One that seems damaged is read twice: frames that were being written at the first reading
// are there at the second.
func (s *snapshot) readLog(ctx context.Context) error {
	path := s.path + "-wal"
	twice := false
	for range walAttempts {
		f, err := openRegular(path)
		if marz.CodeOf(err) == marz.NotFound {
			s.log = &walLog{}
			return nil
		} else if err != nil {
			return err
		}
		info, err := f.Stat()
		if err == nil {
			s.log, err = readWAL(ctx, f, info.Size())
		}
		f.Close()
		switch {
		case errors.Is(err, errLogMoved):
			continue
		case ctx.Err() != nil:
			return ctx.Err()
		case err != nil:
			return unreadable(marz.Internal, path, "it cannot be read", err)
		case s.log.damage != nil && !twice:
			twice = true
			continue
		}
		return nil
	}
	return unreadable(marz.Unavailable, path, "it is restarted faster than it can be read: try again later", nil)
}

// at returns the state of the database after the first n frames of the log, whose latest pages are given.
func (s *snapshot) at(pages map[uint32][]byte, n int) *database {
	d := &database{file: s.file, inLog: pages, pages: s.log.size(n)}
	if d.pages == 0 {
		d.pages = uint32(min(s.was.Size()/pageSize, 1<<32-2))
	}
	return d
}

// firstPage returns page 1, or what there is of it.
func (s *snapshot) firstPage() ([]byte, error) {
	buf := make([]byte, pageSize)
	if p, ok := s.view.inLog[1]; ok {
		return p, nil
	}
	if _, err := s.file.ReadAt(buf, 0); err != nil && !errors.Is(err, io.EOF) {
		return nil, unreadable(marz.Internal, s.path, "it cannot be read", err)
	}
	return buf, nil
}

// tick gives the lock on checkpoints back as soon as the node is gone or another is starting, which needs that lock.
func (s *snapshot) tick() error {
	if s.shm != nil && (!inUse(s.shm) || starting(s.shm)) {
		s.unlock()
	}
	return nil
}

func (s *snapshot) unlock() {
	if s.shm != nil {
		s.shm.Close()
		s.shm = nil
	}
}

// changed reports whether the database was written to since the snapshot was taken. Then what was read is a mixture.
func (s *snapshot) changed() bool {
	now, err := os.Stat(s.path)
	return err != nil || !os.SameFile(now, s.was) || now.Size() != s.was.Size() || !now.ModTime().Equal(s.was.ModTime())
}

func (s *snapshot) close() {
	s.unlock()
	if s.file != nil {
		s.file.Close()
	}
}
