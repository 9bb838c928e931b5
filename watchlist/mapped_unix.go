//go:build linux || darwin || freebsd || netbsd || openbsd || dragonfly

package watchlist

import (
	"os"
	"syscall"
)

// mapFile returns the contents of a file without reading them, and how to let them go.
func mapFile(f *os.File, size int) (data []byte, unmap func(), err error) {
	data, err = syscall.Mmap(int(f.Fd()), 0, size, syscall.PROT_READ, syscall.MAP_SHARED)
	if err != nil {
		return nil, nil, err
	}
	return data, func() { syscall.Munmap(data) }, nil
}
