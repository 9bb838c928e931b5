package journal

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"marz"
)

// headFileSize is fixed so that the head file is written in place, within one write, and never grows or shrinks.
const headFileSize = 1024

// folderLock holds the folder for one process. The kernel drops it when the process ends, however it ends.
type folderLock struct{ f *os.File }

func lockFolder(dir string) (*folderLock, error) {
	path := filepath.Join(dir, "lock")
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, &marz.Error{Op: "open data folder", Subject: dir, Err: err}
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		f.Close()
		return nil, &marz.Error{Code: marz.Conflict, Op: "open data folder", Subject: dir,
			Fix: "another marz process is running on it; stop that one, or use another folder"}
	}
	return &folderLock{f}, nil
}

func (l *folderLock) release() error { return l.f.Close() }

// headFile is the copy of the newest acknowledged head that stands beside the database.
type headFile struct{ f *os.File }

func openHeadFile(dir string) (*headFile, error) {
	f, err := os.OpenFile(filepath.Join(dir, "head"), os.O_RDWR|os.O_CREATE, 0o644)
	if err != nil {
		return nil, &marz.Error{Op: "open head file", Subject: dir, Err: err}
	}
	return &headFile{f}, nil
}

// read returns the note, or nil when the file is new.
func (h *headFile) read() ([]byte, error) {
	b := make([]byte, headFileSize)
	n, err := h.f.ReadAt(b, 0)
	if err != nil && err != io.EOF {
		return nil, &marz.Error{Op: "read head file", Subject: h.f.Name(), Err: err}
	}
	if len(bytes.Trim(b[:n], "\x00")) == 0 { // new, or made just before the power failed
		return nil, nil
	}
	return append(bytes.TrimRight(b[:n], "\n"), '\n'), nil
}

// write puts a head that has been committed in place of the one before. It is not synced: after a power cut an older head may
// stand here, which does no harm, while a newer one than the database's never can.
func (h *headFile) write(note []byte) error {
	if len(note) > headFileSize {
		return &marz.Error{Op: "write head file", Fix: fmt.Sprintf("the head has %d bytes, more than %d", len(note), headFileSize)}
	}
	b := append(bytes.Clone(note), bytes.Repeat([]byte("\n"), headFileSize-len(note))...)
	_, err := h.f.WriteAt(b, 0)
	return err
}

// seedOf takes the Ed25519 seed out of a note signing key: PRIVATE+KEY+name+hash+base64(0x01 ‖ seed).
func seedOf(text string) ([]byte, error) {
	fields := strings.SplitN(strings.TrimSpace(text), "+", 5)
	if len(fields) != 5 {
		return nil, errors.New("it does not have five fields")
	}
	b, err := base64.StdEncoding.DecodeString(fields[4])
	if err != nil || len(b) != 33 || b[0] != 1 {
		return nil, errors.New("its key is not Ed25519")
	}
	return b[1:], nil
}
