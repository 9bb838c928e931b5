package verify

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
)

// Open file description locks (fcntl(2)): they conflict with the locks that SQLite takes, and end with the descriptor they were
// taken on and no other.
const (
	ofdGetLock = 36 // F_OFD_GETLK
	ofdSetLock = 37 // F_OFD_SETLK
)

// Bytes of journal.db-shm that SQLite locks (https://sqlite.org/walformat.html §2.3, and os_unix.c for the last).
const (
	checkpointByte = 121 // held exclusively by whoever writes pages of the log into journal.db
	deadManByte    = 128 // held shared by every process that has the database open
)

// Bytes of journal.db that every reader of a SQLite database holds shared. The last process that closes the database wants
// them exclusively, for it checkpoints without holding checkpointByte, and then deletes the log.
const (
	sharedFirst = 0x40000002
	sharedSize  = 510
)

// lockCheckpoints keeps everybody from checkpointing while f, the shared memory, is open. It reports false when somebody
// is doing so.
func lockCheckpoints(f *os.File) (bool, error) { return lockShared(f, checkpointByte, 1) }

// lockDatabase keeps everybody from closing the database as its last user while f, the database, is open: who closes it leaves
// the log behind. It reports false when somebody is doing so.
func lockDatabase(f *os.File) (bool, error) { return lockShared(f, sharedFirst, sharedSize) }

func lockShared(f *os.File, start, length int64) (bool, error) {
	lock := syscall.Flock_t{Type: syscall.F_RDLCK, Whence: io.SeekStart, Start: start, Len: length}
	err := syscall.FcntlFlock(f.Fd(), ofdSetLock, &lock)
	if errors.Is(err, syscall.EAGAIN) || errors.Is(err, syscall.EACCES) {
		return false, nil
	}
	return err == nil, err
}

// inUse reports whether a process has the database open to which f is the shared memory.
func inUse(f *os.File) bool {
	lock := syscall.Flock_t{Type: syscall.F_WRLCK, Whence: io.SeekStart, Start: deadManByte, Len: 1}
	return syscall.FcntlFlock(f.Fd(), ofdGetLock, &lock) == nil && lock.Type != syscall.F_UNLCK
}

// starting reports whether a process that has just opened the database still has to recover the log. It cannot while
// checkpoints are locked. The first to open the database cuts the shared memory off, and the byte tells when the index in it
// is there again (walformat.html §2.1, isInit).
func starting(f *os.File) bool {
	const indexHeader, isInit = 136, 12
	var b [indexHeader]byte
	_, err := f.ReadAt(b[:], 0)
	return err != nil || b[isInit] == 0
}

// heldHere reports whether this very process has one of the files open. Looking does not open them.
func heldHere(files ...fs.FileInfo) bool {
	open, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		return false
	}
	for _, e := range open {
		info, err := os.Stat(filepath.Join("/proc/self/fd", e.Name()))
		if err != nil {
			continue
		}
		for _, f := range files {
			if os.SameFile(f, info) {
				return true
			}
		}
	}
	return false
}
