//go:build linux || darwin || freebsd || netbsd || openbsd || dragonfly

package number

import (
	"os"
	"syscall"
)

// mapFile returns the contents of a file without reading them, and how to let them go.
func mapFile(f *os.File, size int) (data []byte, unmap func([]byte), err error) {
	if size == 0 {
		return nil, func([]byte) {}, nil
	}
	data, err = syscall.Mmap(int(f.Fd()), 0, size, syscall.PROT_READ, syscall.MAP_SHARED)
	if err != nil {
		return nil, nil, err
	}
	scattered(data)
	return data, func(b []byte) { syscall.Munmap(b) }, nil
}

// lock takes the file for this process until it is closed, also by the end of the process.
func lock(f *os.File) error {
	err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if err == syscall.EWOULDBLOCK {
		return errBusy
	}
	return err
}

func syncFolder(name string) error {
	d, err := os.Open(name)
	if err != nil {
		return err
	}
	defer d.Close()
	return d.Sync()
}
