package watchlist

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"marz"
)

// replaceFile writes a whole file, or leaves the one that was there: under a name of its own beside it, made safe on disk, and renamed. fill may write and then write again from the beginning by WriteAt.
func replaceFile(path string, fill func(f *os.File, w *bufio.Writer) error) (err error) {
	fail := func(err error) error {
		if marz.CodeOf(err) != marz.Internal {
			return err
		}
		return &marz.Error{Op: "write list file", Subject: path, Fix: "see that the folder can be written and the disk has room", Err: cause(err)}
	}
	f, err := createBeside(path)
	if err != nil {
		return fail(err)
	}
	w := bufio.NewWriterSize(f, 1<<20)
	if err = fill(f, w); err == nil {
		err = w.Flush()
	}
	if err == nil {
		err = f.Sync()
	}
	if e := f.Close(); err == nil {
		err = e
	}
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		os.Remove(f.Name())
		return fail(err)
	}
	return syncFolder(filepath.Dir(path))
}

// createBeside creates a new file beside another.
func createBeside(path string) (*os.File, error) {
	for n := 0; ; n++ {
		f, err := os.OpenFile(fmt.Sprintf("%s.%d-%d.new", path, os.Getpid(), n), os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o644)
		if !os.IsExist(err) {
			return f, err
		}
	}
}

// syncFolder makes the names in a folder safe on disk.
func syncFolder(path string) error {
	d, err := os.Open(path)
	if err != nil {
		return err
	}
	defer d.Close()
	return d.Sync()
}

// zeros writes zero bytes.
func zeros(w io.Writer, n int64) error {
	_, err := w.Write(make([]byte, n))
	return err
}
