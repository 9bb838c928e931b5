package mirror

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"net/http"
	"slices"
	"strings"

	"golang.org/x/mod/sumdb/tlog"

	"marz"
	"marz/journal"
)

// This file is what a mirror gives back, to the node's own key and to the readers of the journal (docs/spec/mirror.md §7).

func (r *Receiver) giveState(c *call) error {
	o, _, err := r.reader(c)
	if err != nil {
		return err
	}
	return r.giveStateOf(c, o, http.StatusOK)
}

func (r *Receiver) giveStateOf(c *call, o *known, status int) error {
	st, err := r.cfg.Store.State(c.ctx, o.Name)
	if err != nil {
		return err
	}
	return c.answer(status, typeState, st.encode())
}

// givePending gives the newest head that was taken in.
func (r *Receiver) givePending(c *call) error {
	o, _, err := r.reader(c)
	if err != nil {
		return err
	}
	st, err := r.cfg.Store.State(c.ctx, o.Name)
	if err != nil {
		return err
	}
	msg, err := r.cfg.Store.Pending(c.ctx, o.Name, st.Pending)
	if err != nil {
		return err
	}
	return c.answer(http.StatusOK, "text/plain; charset=utf-8", string(msg))
}

// asked reads numbers out of the query.
func (c *call) asked(names ...string) ([]int64, error) {
	out := make([]int64, len(names))
	for i, name := range names {
		n, err := parseSize(c.q.URL.Query().Get(name))
		if err != nil || n > maxSeq {
			return nil, refuse(http.StatusBadRequest, "%s is not a number that can be", name)
		}
		out[i] = n
	}
	return out, nil
}

// held is the origin of the path with the numbers asked for and the state.
func (r *Receiver) held(c *call, names ...string) (*known, []int64, State, error) {
	o, _, err := r.reader(c)
	if err != nil {
		return nil, nil, State{}, err
	}
	n, err := c.asked(names...)
	if err != nil {
		return nil, nil, State{}, err
	}
	st, err := r.cfg.Store.State(c.ctx, o.Name)
	return o, n, st, err
}

// giveConsistency proves that the tree of size old is the beginning of that of size new, of both of which the mirror holds all.
func (r *Receiver) giveConsistency(c *call) error {
	o, n, st, err := r.held(c, "old", "new")
	if err != nil {
		return err
	}
	if n[0] < 1 || n[0] > n[1] || n[1] > st.Size {
		return refuse(http.StatusNotFound, "the mirror does not hold both")
	}
	proof, err := tlog.ProveTree(n[1], n[0], storedHashes{c.ctx, r.cfg.Store, o.Name})
	if err != nil {
		return err
	}
	root, err := tlog.TreeHash(n[0], storedHashes{c.ctx, r.cfg.Store, o.Name})
	if err != nil {
		return err
	}
	c.w.Header().Set(rootHeader, base64.StdEncoding.EncodeToString(root[:]))
	var text strings.Builder
	for _, h := range proof {
		text.WriteString(base64.StdEncoding.EncodeToString(h[:]) + "\n")
	}
	return c.answer(http.StatusOK, "text/plain; charset=utf-8", text.String())
}

const (
	givenPackages = 32
	givenBytes    = 4 << 20
)

// giveEntries gives the first packages of the canonical sequence for [start, end), as add-entries has them. Each is at most 17 MiB, and there is at least one.
func (r *Receiver) giveEntries(c *call) error {
	o, n, st, err := r.held(c, "start", "end")
	if err != nil {
		return err
	}
	start, end := n[0], n[1]
	if start >= end || end > st.Size {
		return refuse(http.StatusNotFound, "the mirror does not hold them")
	}
	c.w.Header().Set("Content-Type", typeBytes)
	tree := storedHashes{c.ctx, r.cfg.Store, o.Name}
	var b []byte
	for i, sent := 0, 0; i < givenPackages && sent < givenBytes && start < end; i++ {
		from, rounded, to := bounds(start, end)
		proof, err := proveSubtree(end, rounded, to, tree)
		if err == nil {
			b, err = appendStored(b[:0], r.cfg.Store, c, o.Name, from, to)
		}
		if err != nil {
			panic(http.ErrAbortHandler) // what was sent is sound, and ends here
		}
		b = appendHashes(b, proof)
		if _, err := c.w.Write(b); err != nil {
			return nil // nobody is there to be told
		}
		start, sent = to, sent+len(b)
	}
	return nil
}

func appendStored(b []byte, s Store, c *call, o marz.Origin, from, to int64) ([]byte, error) {
	err := s.Entries(c.ctx, o, from, to, func(row Row) error {
		b = appendString(b, 2, row.Body)
		return nil
	})
	return b, err
}

// giveHeads gives heads with a size above after, each with its length before it.
func (r *Receiver) giveHeads(c *call) error {
	o, n, st, err := r.held(c, "after")
	if err != nil {
		return err
	}
	var b []byte
	err = r.cfg.Store.Heads(c.ctx, o.Name, n[0], maxItems, func(h HeadRow) error {
		if h.Size <= st.Size && len(b) < givenBytes {
			b = appendString(b, 2, h.Note)
		}
		return nil
	})
	if err != nil {
		return err
	}
	return c.answer(http.StatusOK, typeBytes, string(b))
}

// errEnough ends a reading early.
var errEnough = errors.New("enough")

// givePayloads gives those payloads of entries in [from, to) that the reader may have, in the form of add-payloads without the origin: up to which seq it has looked, how many there are, and they.
func (r *Receiver) givePayloads(c *call) error {
	o, n, st, err := r.held(c, "from", "to")
	if err != nil {
		return err
	}
	_, entitled, err := r.reader(c)
	if err != nil {
		return err
	}
	var rows []PayloadRow
	to, size := min(n[1], st.Size), 0
	if entitled == nil {
		return c.answer(http.StatusOK, typeBytes, string(encodePayloads(max(to, n[0]), nil)))
	}
	err = r.cfg.Store.Payloads(c.ctx, o.Name, n[0], to, func(p PayloadRow) error {
		if size >= givenBytes || len(rows) == maxItems {
			to = p.Seq
			return errEnough
		}
		size += len(p.Body)
		rows = append(rows, PayloadRow{p.Seq, bytes.Clone(p.Salt), bytes.Clone(p.Body)})
		return nil
	})
	if err != nil && !errors.Is(err, errEnough) {
		return err
	}
	if rows, err = r.mayHave(c, o, rows, entitled); err != nil {
		return err
	}
	return c.answer(http.StatusOK, typeBytes, string(encodePayloads(to, rows)))
}

// mayHave leaves out what a reader is not given. The entries are read some at a time, since each can be large.
func (r *Receiver) mayHave(c *call, o *known, all []PayloadRow, entitled func(journal.Entry) bool) (out []PayloadRow, err error) {
	for chunk := range slices.Chunk(all, packageSize) {
		seqs := make([]int64, len(chunk))
		for i, p := range chunk {
			seqs[i] = p.Seq
		}
		bodies, err := r.cfg.Store.Bodies(c.ctx, o.Name, seqs)
		if err != nil {
			return nil, err
		}
		for i, p := range chunk {
			e, err := journal.ParseEntry(bodies[i])
			if err != nil {
				return nil, err
			}
			if entitled(e) {
				out = append(out, p)
			}
		}
	}
	return out, nil
}

func encodePayloads(upto int64, rows []PayloadRow) []byte {
	b := binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint64(nil, uint64(upto)), uint32(len(rows)))
	for _, p := range rows {
		b = appendPayload(b, p)
	}
	return b
}
