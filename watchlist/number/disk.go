package number

import (
	"io"
	"os"
	"path/filepath"
)

// disk is what a build does to files. Tests give one that fails.
type disk interface {
	// scratch opens an empty file that no other build has open.
	scratch(name string) (file, error)
	// create opens an empty file. Only the build that holds the scratch file beside it may.
	create(name string) (file, error)
	// replace gives a file the name of another, lastingly.
	replace(name, by string) error
	remove(name string) error
}

type file interface {
	io.WriterAt
	io.ReaderAt
	io.Closer
	Sync() error
}

// osDisk is the machine's disk.
type osDisk struct{}

func (osDisk) scratch(name string) (file, error) {
	f, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	err = lock(f)
	if err == nil {
		err = stillNamed(f, name)
	}
	if err == nil {
		err = f.Truncate(0)
	}
	if err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}

// stillNamed reports whether a name is still that of the file: a build that has just ended removes its own.
func stillNamed(f *os.File, name string) error {
	open, err := f.Stat()
	if err != nil {
		return err
	}
	named, err := os.Stat(name)
	if err != nil || !os.SameFile(open, named) {
		return errBusy
	}
	return nil
}

func (osDisk) create(name string) (file, error) {
	f, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return nil, err
	}
	return f, nil
}

// replace renames and then makes the folder durable. When it fails at the latter the new file has its name, until the machine loses power at least.
func (osDisk) replace(name, by string) error {
	if err := os.Rename(by, name); err != nil {
		return err
	}
	return syncFolder(filepath.Dir(name))
}

func (osDisk) remove(name string) error { return os.Remove(name) }
