package trust

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"marz"
)

// Disk is what a store lies on. Paths are slash-separated and whole. What was written is on the disk for good after Sync of the file and SyncDir of its folder, and not before.
type Disk interface {
	ReadFile(path string) ([]byte, error)
	List(dir string) ([]string, error) // names in a folder; fs.ErrNotExist where there is none
	MkdirAll(dir string) error
	WriteFile(path string, content []byte) error // makes the file or cuts it first
	Sync(path string) error
	Rename(from, to string) error
	SyncDir(dir string) error
	Lock(path string) (release func() error, err error) // for one writer at a time; it does not wait
}

// OS is the machine's own disk.
type OS struct{}

// ReadFile reads a whole file.
func (OS) ReadFile(path string) ([]byte, error) { return os.ReadFile(path) }

// List returns the names in a folder, in order.
func (OS) List(dir string) ([]string, error) {
	entries, err := os.ReadDir(dir)
	var out []string
	for _, e := range entries {
		out = append(out, e.Name())
	}
	return out, err
}

// MkdirAll makes a folder and those above it.
func (OS) MkdirAll(dir string) error { return os.MkdirAll(dir, 0o755) }

// WriteFile writes a file and does not sync it.
func (OS) WriteFile(path string, content []byte) error { return os.WriteFile(path, content, 0o644) }

// Sync waits until a file's content is on the disk.
func (OS) Sync(path string) error {
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

// Rename puts a file in the place of another name at once.
func (OS) Rename(from, to string) error { return os.Rename(from, to) }

// SyncDir waits until the names in a folder are on the disk.
func (OS) SyncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// Lock takes a file for this process until it is released or the process ends.
func (OS) Lock(path string) (func() error, error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o644)
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		return nil, errors.Join(&marz.Error{Code: marz.Conflict, Op: "write trust", Subject: path, Fix: "somebody else is writing to this store; try again when he is done", Err: err}, f.Close())
	}
	return f.Close, nil
}

// put writes a file whole or not at all: a crash leaves what was there before. The folder's own names have to be synced afterwards.
func put(d Disk, path string, content []byte) error {
	by := path + ".new"
	if err := d.WriteFile(by, content); err != nil {
		return err
	}
	if err := d.Sync(by); err != nil {
		return err
	}
	return d.Rename(by, path)
}

// failed is the error of a disk that does not do what it should.
func failed(op, path string, err error) error {
	return &marz.Error{Code: marz.Internal, Op: op, Subject: path, Fix: "what was in force stays in force", Err: err}
}

func missing(err error) bool { return errors.Is(err, fs.ErrNotExist) }

func join(parts ...string) string { return filepath.Join(parts...) }
