package mirror

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/tlog"

	"marz"
	"marz/journal"
)

// Types of bodies (C2SP tlog-witness, tlog-mirror; the last is of our own).
const (
	typeSize  = "text/x.tlog.size"
	typeInfo  = "text/x.tlog.mirror-info"
	typeState = "text/x.marz.mirror-state"
	typeBytes = "application/octet-stream"
)

// Limits of what is read in one go.
const (
	maxOrigin     = 254
	maxTicket     = 1024
	maxNote       = 1<<16 - 1
	maxCheckpoint = maxNote + 64*64 // body of add-checkpoint
	maxItems      = 4096            // heads or payloads of one request
	chunkBytes    = 4 << 20         // that are gathered before they are written
)

var errMalformed = errors.New("the request is malformed")

// checkpointRequest is the body of add-checkpoint (C2SP tlog-witness).
type checkpointRequest struct {
	old   int64
	proof []tlog.Hash
	note  []byte
}

func (c *checkpointRequest) encode() []byte {
	b := fmt.Appendf(nil, "old %d\n", c.old)
	for _, h := range c.proof {
		b = append(base64.StdEncoding.AppendEncode(b, h[:]), '\n')
	}
	return append(append(b, '\n'), c.note...)
}

func parseCheckpoint(b []byte) (c checkpointRequest, err error) {
	line, rest, ok := bytes.Cut(b, []byte("\n"))
	text, is := strings.CutPrefix(string(line), "old ")
	if !ok || !is {
		return c, errMalformed
	}
	if c.old, err = parseSize(text); err != nil {
		return c, err
	}
	for {
		if line, rest, ok = bytes.Cut(rest, []byte("\n")); !ok {
			return c, errMalformed
		}
		if len(line) == 0 {
			c.note = rest
			return c, nil
		}
		h, err := tlog.ParseHash(string(line))
		if err != nil || len(c.proof) == maxProof {
			return c, errMalformed
		}
		c.proof = append(c.proof, h)
	}
}

// parseSize reads a number in its one written form.
func parseSize(text string) (int64, error) {
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n < 0 || strconv.FormatInt(n, 10) != text {
		return 0, errMalformed
	}
	return n, nil
}

// numbers are the lines of a text of numbers, one a line.
func parseNumbers(text string, many int) ([]int64, error) {
	lines := strings.Split(text, "\n")
	if len(lines) != many+1 || lines[many] != "" {
		return nil, errMalformed
	}
	out := make([]int64, many)
	for i := range out {
		var err error
		if out[i], err = parseSize(lines[i]); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func (s State) encode() string {
	return fmt.Sprintf("%d\n%d\n%d\n%d\n%d\n", s.Pending, s.Next, s.Size, s.Heads, s.Payloads)
}

func parseState(text string) (State, error) {
	n, err := parseNumbers(text, 5)
	if err != nil {
		return State{}, err
	}
	return State{n[0], n[1], n[2], n[3], n[4]}, nil
}

// mirrorInfo is the answer 202 or 409 of add-entries. Marz's mirrors give empty tickets.
type mirrorInfo struct {
	size, next int64
	ticket     []byte
}

func (m mirrorInfo) encode() string {
	return fmt.Sprintf("%d\n%d\n%s\n", m.size, m.next, base64.StdEncoding.EncodeToString(m.ticket))
}

func parseInfo(text string) (m mirrorInfo, err error) {
	lines := strings.Split(text, "\n")
	if len(lines) != 4 || lines[3] != "" {
		return m, errMalformed
	}
	if m.size, err = parseSize(lines[0]); err != nil {
		return m, err
	}
	if m.next, err = parseSize(lines[1]); err != nil {
		return m, err
	}
	if m.ticket, err = base64.StdEncoding.Strict().DecodeString(lines[2]); err != nil || len(m.ticket) > maxTicket {
		return m, errMalformed
	}
	return m, nil
}

// reader reads the numbers and strings of a body. After the first failure err is set and all else is zero.
type reader struct {
	r   *bufio.Reader
	err error
	buf [8]byte
}

func newReader(r io.Reader) *reader { return &reader{r: bufio.NewReaderSize(r, 64<<10)} }

func (r *reader) fill(p []byte) {
	if r.err == nil {
		_, r.err = io.ReadFull(r.r, p)
	}
	if r.err != nil {
		clear(p)
	}
}

func (r *reader) uint(bytes int) uint64 {
	b := r.buf[:bytes]
	r.fill(b)
	var n uint64
	for _, c := range b {
		n = n<<8 | uint64(c)
	}
	return n
}

// number reads an unsigned number that can be a seq or a size.
func (r *reader) number() int64 {
	n := r.uint(8)
	if n > maxSeq {
		r.fail()
		return 0
	}
	return int64(n)
}

func (r *reader) fail() {
	if r.err == nil {
		r.err = errMalformed
	}
}

// bytes reads bytes that follow their number.
func (r *reader) bytes(width int, most uint64) []byte {
	n := r.uint(width)
	if n > most {
		r.fail()
	}
	if r.err != nil {
		return nil
	}
	b := make([]byte, n)
	r.fill(b)
	return b
}

// end reports whether the body ends here, as it should.
func (r *reader) end() bool {
	if r.err != nil {
		return false
	}
	_, err := r.r.ReadByte()
	return err == io.EOF
}

func appendString(b []byte, width int, s []byte) []byte {
	for i := width - 1; i >= 0; i-- {
		b = append(b, byte(len(s)>>(8*i)))
	}
	return append(b, s...)
}

// entriesHeader begins the body of add-entries (C2SP tlog-mirror).
type entriesHeader struct {
	origin     marz.Origin
	start, end int64
	ticket     []byte
}

func (h *entriesHeader) encode() []byte {
	b := appendString(nil, 2, []byte(h.origin))
	b = binary.BigEndian.AppendUint64(b, uint64(h.start))
	b = binary.BigEndian.AppendUint64(b, uint64(h.end))
	return appendString(b, 2, h.ticket)
}

func (r *reader) entriesHeader() (h entriesHeader, err error) {
	h.origin = marz.Origin(r.bytes(2, maxOrigin))
	h.start, h.end = r.number(), r.number()
	h.ticket = r.bytes(2, maxTicket)
	if h.start > h.end {
		r.fail()
	}
	return h, r.err
}

// bounds returns the seqs of the package of the canonical sequence that begins at or holds start.
func bounds(start, end int64) (from, rounded, to int64) {
	rounded = start - start%packageSize
	return start, rounded, min(end, rounded+packageSize)
}

// entryPackage is one package: entries and the proof that the subtree they complete is one of the head's tree.
type entryPackage struct {
	bodies [][]byte
	leaves []tlog.Hash
	proof  []tlog.Hash
	size   int // bytes of the bodies
}

// entryPackage reads a package of so many entries.
func (r *reader) entryPackage(many int) (p entryPackage, err error) {
	buf := make([]byte, 0, 512*many)
	ends := make([]int, 0, many)
	for range many {
		n := int(r.uint(2))
		if r.err != nil {
			return p, r.err
		}
		at := len(buf)
		buf = grow(buf, n+1)
		buf[at] = 0
		r.fill(buf[at+1:])
		ends = append(ends, len(buf))
	}
	p.bodies, p.leaves = make([][]byte, many), make([]tlog.Hash, many)
	for i, at := 0, 0; i < many; i++ {
		p.bodies[i] = buf[at+1 : ends[i] : ends[i]]
		p.leaves[i] = sha256.Sum256(buf[at:ends[i]]) // RFC 6962 §2.1: the body behind a byte 0
		at = ends[i]
	}
	p.size = len(buf)
	p.proof = r.hashes()
	return p, r.err
}

// grow makes a slice n longer.
func grow(b []byte, n int) []byte {
	if cap(b)-len(b) < n {
		bigger := make([]byte, len(b), 2*cap(b)+n)
		copy(bigger, b)
		b = bigger
	}
	return b[:len(b)+n]
}

// hashes reads a proof.
func (r *reader) hashes() []tlog.Hash {
	n := int(r.uint(1))
	if n > maxProof {
		r.fail()
	}
	if r.err != nil {
		return nil
	}
	out := make([]tlog.Hash, n)
	for i := range out {
		r.fill(out[i][:])
	}
	return out
}

func appendHashes(b []byte, proof []tlog.Hash) []byte {
	b = append(b, byte(len(proof)))
	for _, h := range proof {
		b = append(b, h[:]...)
	}
	return b
}

// itemsHeader begins the bodies of add-heads and add-payloads.
type itemsHeader struct {
	origin   marz.Origin
	from, to int64 // add-heads: after which size, up to which; add-payloads: of which seqs
	count    int
}

func (h *itemsHeader) encode() []byte {
	b := appendString(nil, 2, []byte(h.origin))
	b = binary.BigEndian.AppendUint64(b, uint64(h.from))
	b = binary.BigEndian.AppendUint64(b, uint64(h.to))
	return binary.BigEndian.AppendUint32(b, uint32(h.count))
}

func (r *reader) itemsHeader() (h itemsHeader, err error) {
	h.origin = marz.Origin(r.bytes(2, maxOrigin))
	h.from, h.to = r.number(), r.number()
	n := r.uint(4)
	if h.from > h.to || n > maxItems {
		r.fail()
	}
	h.count = int(n)
	return h, r.err
}

func appendPayload(b []byte, p PayloadRow) []byte {
	b = binary.BigEndian.AppendUint64(b, uint64(p.Seq))
	b = append(b, p.Salt...)
	return appendString(b, 4, p.Body)
}

func (r *reader) payload() (PayloadRow, error) {
	p := PayloadRow{Seq: r.number(), Salt: make([]byte, journal.SaltSize)}
	r.fill(p.Salt)
	p.Body = r.bytes(4, journal.MaxPayload)
	return p, r.err
}
