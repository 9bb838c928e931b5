package journal

import (
	"encoding/binary"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"marz"
)

// Residue is what of a journal's files could still hold bytes of payloads that are gone from its tables.
type Residue struct {
	Log     int64 // bytes in the write-ahead log: what was written since it was last emptied
	Free    int   // pages of the database that are not in use
	Written int   // of these: those that are not overwritten with zeroes
}

// Leftover looks at the files of a folder's journal and changes nothing. SQLite overwrites what it lets go (secure_delete), so that every free page but those that list the others holds zeroes; the journal empties its log after each
// erasure. While the node is writing, what is seen can be half of a change: it is looked at three times, and the least counts. What a worn disk keeps elsewhere no program can see.
func Leftover(dir string) (Residue, error) {
	var least Residue
	for n := range 3 {
		r, err := leftover(dir)
		if err != nil {
			return r, err
		}
		if n == 0 || r.Written < least.Written {
			least = r
		}
		if least.Written == 0 {
			break
		}
	}
	return least, nil
}

func leftover(dir string) (r Residue, err error) {
	path := filepath.Join(dir, "journal.db")
	f, err := os.Open(path)
	if err != nil {
		return r, &marz.Error{Code: marz.NotFound, Op: "look at journal", Subject: path, Fix: "there is no journal here that can be read", Err: err}
	}
	defer f.Close()
	if log, err := os.Stat(path + "-wal"); err == nil {
		r.Log = log.Size()
	}
	head := make([]byte, 40)
	if _, err := f.ReadAt(head, 0); err != nil {
		return r, &marz.Error{Code: marz.Invalid, Op: "look at journal", Subject: path, Fix: "it is no database; run marz verify on the folder", Err: err}
	}
	size := int(binary.BigEndian.Uint16(head[16:])) // https://www.sqlite.org/fileformat2.html#the_database_header
	if size == 1 {
		size = 65536
	}
	if size < 512 || size&(size-1) != 0 {
		return r, &marz.Error{Code: marz.Invalid, Op: "look at journal", Subject: path, Fix: fmt.Sprintf("its pages are said to be of %d bytes; run marz verify on the folder", size)}
	}
	return r, r.freelist(f, size, binary.BigEndian.Uint32(head[32:]), int(binary.BigEndian.Uint32(head[36:])))
}

// freelist goes through the list of free pages (https://www.sqlite.org/fileformat2.html#the_freelist). A trunk page holds the number of the next one, how many leaves it lists, and their numbers.
func (r *Residue) freelist(f io.ReaderAt, size int, trunk uint32, most int) error {
	page := make([]byte, size)
	for trunk != 0 && r.Free < most {
		if _, err := f.ReadAt(page, int64(trunk-1)*int64(size)); err != nil {
			return nil // it was cut while it was looked at
		}
		r.Free++
		next, leaves := binary.BigEndian.Uint32(page), int(binary.BigEndian.Uint32(page[4:]))
		if leaves > size/4-2 {
			return nil
		}
		list := append([]byte(nil), page[8:8+4*leaves]...)
		for ; len(list) > 0; list = list[4:] {
			n := binary.BigEndian.Uint32(list)
			if n == 0 {
				return nil
			}
			if _, err := f.ReadAt(page, int64(n-1)*int64(size)); err != nil {
				return nil
			}
			r.Free++
			for _, b := range page {
				if b != 0 {
					r.Written++
					break
				}
			}
		}
		trunk = next
	}
	return nil
}
