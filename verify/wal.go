package verify

import (
	"bufio"
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// The write-ahead log as https://sqlite.org/fileformat2.html §4 has it.
const (
	walHeaderSize = 32
	walFrameSize  = 24 + pageSize
	walMagic      = 0x377f0682 // the lowest bit says that checksums read big-endian words
	walVersion    = 3007000

	// Limits that bound what a hostile log can cost. A node's log is a few megabytes.
	maxWALFrames = 1 << 20 // looked at: 4 GiB of log
	maxWALPages  = 1 << 18 // held in memory: 1 GiB
)

// errLogMoved means that the log was restarted while it was being read; reading it again will do.
var errLogMoved = errors.New("the write-ahead log was restarted while it was read")

// walSum is the running checksum of a log.
type walSum struct{ a, b uint32 }

func (s walSum) add(p []byte, order binary.ByteOrder) walSum {
	for ; len(p) >= 8; p = p[8:] {
		s.a += order.Uint32(p) + s.b
		s.b += order.Uint32(p[4:]) + s.a
	}
	return s
}

func sumAt(p []byte) walSum {
	return walSum{binary.BigEndian.Uint32(p), binary.BigEndian.Uint32(p[4:])}
}

// walFrame is what is kept of one frame while the log is scanned.
type walFrame struct {
	page   uint32
	commit uint32 // size of the database in pages after the transaction that ends here, or 0
	salted bool   // it carries the salts of the log's header
	linked bool   // its checksum follows from the frame before, as stored there or as computed over it
	sound  bool   // it and all frames before it are salted and linked, so SQLite reads it
}

// damage is a place where the log stops being readable although there is more in it.
type damage struct {
	what string
	// certain: a whole later transaction follows, so what is damaged had been committed. Otherwise it can as well be a torn
	// write that nobody was told of.
	certain bool
}

// walLog is the content of a write-ahead log at one moment.
type walLog struct {
	readable int // frames up to the last commit that SQLite reads
	whole    int // frames up to the last commit that were certainly written; more than readable where there is damage
	frames   []walFrame
	damage   *damage

	pages map[uint32][]byte // the latest content of each page within the first `whole` frames
	first map[uint32][]byte // the same within the first `readable` frames; nil when they are the same
}

// size returns how many pages the database has after the first n frames, or 0 when they hold no commit.
func (l *walLog) size(n int) uint32 {
	if n == 0 {
		return 0
	}
	return l.frames[n-1].commit
}

// readWAL reads a log while others may append to it or restart it. It reads in two passes, and both must have seen the
// same generation of the log: the header with new salts is written before any frame that carries them, so an unchanged
// header after the last read proves it.
func readWAL(ctx context.Context, r io.ReaderAt, fileSize int64) (*walLog, error) {
	if fileSize == 0 {
		return &walLog{}, nil
	}
	header := make([]byte, walHeaderSize)
	if n, err := r.ReadAt(header, 0); err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	} else if n < walHeaderSize {
		return &walLog{damage: &damage{what: "journal.db-wal ends within its header"}}, nil
	}
	l := &walLog{}
	order, sum, fault := walHeader(header)
	if fault != "" {
		l.damage = &damage{what: "journal.db-wal: " + fault}
		return l, nil
	}
	if err := l.scan(ctx, r, header, order, sum); err != nil {
		return nil, err
	}
	l.findEnd()
	if err := l.load(ctx, r); err != nil {
		return nil, err
	}
	again := make([]byte, walHeaderSize)
	if _, err := r.ReadAt(again, 0); err != nil || !bytes.Equal(header, again) {
		return nil, errLogMoved
	}
	return l, nil
}

// walHeader checks the log's header and returns the byte order and the first value of its checksums.
func walHeader(h []byte) (order binary.ByteOrder, sum walSum, fault string) {
	magic := binary.BigEndian.Uint32(h)
	if magic&^1 != walMagic {
		return nil, sum, "the magic number in its header is wrong"
	}
	order = binary.LittleEndian
	if magic&1 != 0 {
		order = binary.BigEndian
	}
	sum = walSum{}.add(h[:24], order)
	switch {
	case sum != sumAt(h[24:]):
		fault = "the checksum of its header is wrong"
	case binary.BigEndian.Uint32(h[4:]) != walVersion:
		fault = "its format version is unknown"
	case binary.BigEndian.Uint32(h[8:]) != pageSize:
		fault = fmt.Sprintf("its page size is not %d", pageSize)
	}
	return order, sum, fault
}

// scan reads all frames once, keeping no content.
func (l *walLog) scan(ctx context.Context, r io.ReaderAt, header []byte, order binary.ByteOrder, sum walSum) error {
	in := bufio.NewReaderSize(io.NewSectionReader(r, walHeaderSize, maxWALFrames*walFrameSize), 1<<18)
	frame := make([]byte, walFrameSize)
	sound, computed := true, sum
	for len(l.frames) < maxWALFrames {
		if len(l.frames)%1024 == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		if _, err := io.ReadFull(in, frame); errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			return nil
		} else if err != nil {
			return err
		}
		stored := sumAt(frame[16:])
		f := walFrame{
			page:   binary.BigEndian.Uint32(frame),
			commit: binary.BigEndian.Uint32(frame[4:]),
			salted: bytes.Equal(frame[8:16], header[16:24]),
		}
		next := sum.add(frame[:8], order).add(frame[24:], order)
		f.linked = next == stored
		if !f.linked && computed != sum {
			f.linked = computed.add(frame[:8], order).add(frame[24:], order) == stored
		}
		sound = sound && f.salted && next == stored && f.page != 0
		f.sound = sound
		sum, computed = stored, next
		l.frames = append(l.frames, f)
	}
	return fmt.Errorf("the write-ahead log has more than %d frames", maxWALFrames)
}

// findEnd finds out up to which frame SQLite reads the log, whether it was written further than that, and how far.
//
// Frames with the log's salts can stand after its end for an innocent reason: a transaction was being written when the
// machine stopped, and after the restart a shorter one was written over its beginning. So frames beyond a break prove
// damage only where the chain of checksums runs on across a commit: there a later transaction was written, and none is
// begun before the one before is safely on disk.
func (l *walLog) findEnd() {
	brk := len(l.frames)
	for i, f := range l.frames {
		if !f.sound {
			brk = i
			break
		}
		if f.commit != 0 {
			l.readable = i + 1
		}
	}
	l.whole = l.readable
	if brk == len(l.frames) {
		return
	}
	end, certain, more := 0, false, l.frames[brk].salted
	for i := brk; i < len(l.frames); i++ {
		f := l.frames[i]
		if i > brk && !f.salted || i > brk+1 && !f.linked {
			break
		}
		more = more || i > brk
		certain = certain || i > brk && f.linked && l.frames[i-1].commit != 0
		if f.commit != 0 {
			end = i + 1
		}
	}
	switch where := fmt.Sprintf("journal.db-wal: frame %d (page %d)", brk+1, l.frames[brk].page); {
	case certain:
		l.whole = end
		l.damage = &damage{certain: true, what: where + " is damaged, and committed transactions follow it"}
	case more:
		l.damage = &damage{what: where + " is damaged or was never fully written"}
	}
}

// load reads the latest content of each page.
func (l *walLog) load(ctx context.Context, r io.ReaderAt) (err error) {
	if l.pages, err = l.loadUpTo(ctx, r, l.whole); err == nil && l.whole != l.readable {
		l.first, err = l.loadUpTo(ctx, r, l.readable)
	}
	return err
}

func (l *walLog) loadUpTo(ctx context.Context, r io.ReaderAt, n int) (map[uint32][]byte, error) {
	latest := make(map[uint32]int)
	for i, f := range l.frames[:n] {
		latest[f.page] = i
	}
	if len(latest) > maxWALPages {
		return nil, fmt.Errorf("the write-ahead log holds more than %d pages", maxWALPages)
	}
	pages := make(map[uint32][]byte, len(latest))
	for page, i := range latest {
		if len(pages)%1024 == 0 && ctx.Err() != nil {
			return nil, ctx.Err()
		}
		b := make([]byte, pageSize)
		if _, err := r.ReadAt(b, walHeaderSize+int64(i)*walFrameSize+24); err != nil {
			return nil, errLogMoved // the file was shorter than a moment ago
		}
		pages[page] = b
	}
	return pages, nil
}
