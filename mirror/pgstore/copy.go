package pgstore

import (
	"encoding/binary"
	"io"

	"marz/mirror"
)

// copying is the data of COPY … FROM STDIN (FORMAT binary), made row by row while it is sent.
type copying[T any] struct {
	b      []byte
	at     int // of b is sent
	rows   []T
	append func(b []byte, row T) []byte
	ended  bool
}

const copyHeader = "PGCOPY\n\xff\r\n\x00\x00\x00\x00\x00\x00\x00\x00\x00"

func copyOf[T any](rows []T, append func([]byte, T) []byte) io.Reader {
	return &copying[T]{b: []byte(copyHeader), rows: rows, append: append}
}

// Read implements io.Reader.
func (c *copying[T]) Read(p []byte) (int, error) {
	if c.at > 0 {
		c.b, c.at = append(c.b[:0], c.b[c.at:]...), 0
	}
	for ; len(c.b) < len(p) && len(c.rows) > 0; c.rows = c.rows[1:] {
		c.b = c.append(c.b, c.rows[0])
	}
	if len(c.rows) == 0 && !c.ended {
		c.b, c.ended = append(c.b, 0xff, 0xff), true
	}
	if len(c.b) == 0 {
		return 0, io.EOF
	}
	c.at = copy(p, c.b)
	return c.at, nil
}

// appendRow begins a row of an origin's: its key, after which so many more columns follow.
func appendRow(b []byte, origin, n int64, more int) []byte {
	b = binary.BigEndian.AppendUint16(b, uint16(2+more))
	b = appendInt(b, origin)
	return appendInt(b, n)
}

func appendInt(b []byte, n int64) []byte {
	return binary.BigEndian.AppendUint64(binary.BigEndian.AppendUint32(b, 8), uint64(n))
}

func appendBytes(b, v []byte) []byte {
	return append(binary.BigEndian.AppendUint32(b, uint32(len(v))), v...)
}

func entryRows(origin int64, rows []mirror.Row) io.Reader {
	return copyOf(rows, func(b []byte, r mirror.Row) []byte {
		return appendBytes(appendBytes(appendRow(b, origin, r.Seq, 2), r.Body), r.Hashes)
	})
}

func headRows(origin int64, heads []mirror.HeadRow) io.Reader {
	return copyOf(heads, func(b []byte, h mirror.HeadRow) []byte {
		return appendBytes(appendRow(b, origin, h.Size, 1), h.Note)
	})
}

func payloadRows(origin int64, payloads []mirror.PayloadRow) io.Reader {
	return copyOf(payloads, func(b []byte, p mirror.PayloadRow) []byte {
		return appendBytes(appendBytes(appendRow(b, origin, p.Seq, 2), p.Salt), p.Body)
	})
}
