package post

import (
	"os"
	"strings"

	"golang.org/x/sys/unix"
)

// boots returns which start of the machine this is and how long ago it was, in milliseconds.
func boots() (id string, ran int64, err error) {
	b, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		return "", 0, err
	}
	var t unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_BOOTTIME, &t); err != nil {
		return "", 0, err
	}
	return strings.TrimSpace(string(b)), t.Nano() / 1e6, nil
}

// room returns how many bytes are free for the node in a folder.
func room(dir string) (int64, error) {
	var s unix.Statfs_t
	if err := unix.Statfs(dir, &s); err != nil {
		return 0, err
	}
	return int64(s.Bavail) * s.Bsize, nil
}
