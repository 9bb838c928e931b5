package mirror

import (
	"errors"
	"fmt"
	"net/http"

	"marz"
	"marz/journal"
)

// addHeads takes in heads of the journal other than the newest (docs/spec/mirror.md §4).
func (r *Receiver) addHeads(c *call) error {
	in, h, o, err := r.items(c)
	if err != nil {
		return err
	}
	st, err := r.cfg.Store.State(c.ctx, o.Name)
	if err != nil {
		return err
	}
	if h.from > st.Heads || h.to > st.Size {
		return r.giveStateOf(c, o, http.StatusConflict)
	}
	after, last, cut := h.from, h.from, false
	for left := h.count; left > 0 && !cut; {
		chunk, err := in.notes(left)
		if cut = err != nil; len(chunk) == 0 {
			break
		}
		heads, err := r.openHeads(o, chunk, last)
		if err != nil {
			return err
		}
		if last = heads[len(heads)-1].Size; last > h.to {
			return refuse(http.StatusUnprocessableEntity, "a head of size %d stands in a request for heads up to %d", last, h.to)
		}
		if err := r.storeHeads(c, o, after, heads); err != nil {
			return err
		}
		after, left = last, left-len(chunk)
	}
	if cut || !in.end() || last != h.to {
		return r.cutOff(c, o, last > h.from)
	}
	return r.giveStateOf(c, o, http.StatusOK)
}

// items reads the header of add-heads and add-payloads.
func (r *Receiver) items(c *call) (*reader, itemsHeader, *known, error) {
	body, err := c.body()
	if err != nil {
		return nil, itemsHeader{}, nil, err
	}
	in := newReader(body)
	h, err := in.itemsHeader()
	if err != nil {
		return nil, h, nil, refuse(http.StatusBadRequest, "the header is malformed")
	}
	o, err := r.origin(c, h.origin)
	return in, h, o, err
}

// cutOff answers a request that did not hold what its header says.
func (r *Receiver) cutOff(c *call, o *known, some bool) error {
	if some {
		return r.giveStateOf(c, o, http.StatusAccepted)
	}
	return refuse(http.StatusBadRequest, "the body does not hold what its header says")
}

// notes reads up to so many heads, and not many more bytes than chunkBytes. An error says that the body ends before.
func (r *reader) notes(most int) (out [][]byte, err error) {
	for bytes := 0; len(out) < most && bytes < chunkBytes; {
		n := r.bytes(2, maxNote)
		if r.err != nil {
			return out, r.err
		}
		out, bytes = append(out, n), bytes+len(n)
	}
	return out, nil
}

// openHeads checks signatures, on all processors, and that the heads rise from above a size.
func (r *Receiver) openHeads(o *known, notes [][]byte, above int64) ([]journal.Head, error) {
	heads, errs := make([]journal.Head, len(notes)), make([]error, len(notes))
	onAll(len(notes), func(i int) { heads[i], errs[i] = openHead(notes[i], o.Name, o.verifier) })
	if errors.Join(errs...) != nil {
		return nil, refuse(http.StatusForbidden, "a head is not signed by the node's key")
	}
	for _, h := range heads {
		if h.Size <= above {
			return nil, refuse(http.StatusUnprocessableEntity, "a head of size %d follows one of size %d", h.Size, above)
		}
		above = h.Size
	}
	return heads, nil
}

func (r *Receiver) storeHeads(c *call, o *known, after int64, heads []journal.Head) error {
	if err := r.holdTo(c, o, heads); err != nil {
		return err
	}
	rows := make([]HeadRow, len(heads))
	for i, h := range heads {
		rows[i] = HeadRow{h.Size, h.Note}
	}
	_, err := r.cfg.Store.AddHeads(c.ctx, o.Name, after, rows)
	if marz.CodeOf(err) == marz.Conflict {
		return fmt.Errorf("heads that follow held ones were refused: %w", err)
	}
	return err
}

// holdTo holds heads of sizes up to the mirror's own to the entries that are there. One that contradicts them is kept as evidence, with the proof from the mirror's own tree.
func (r *Receiver) holdTo(c *call, o *known, heads []journal.Head) error {
	sizes := make([]int64, len(heads))
	for i, h := range heads {
		sizes[i] = h.Size
	}
	roots, err := rootsAt(sizes, storedHashes{c.ctx, r.cfg.Store, o.Name})
	if err != nil {
		return err
	}
	for i, h := range heads {
		if roots[i] == h.Root {
			continue
		}
		e, err := contradiction(c.ctx, r.cfg.Store, o.Name, o.verifier, h, r.cfg.Clock())
		if err != nil {
			return err
		}
		return r.keep(c, o, e, http.StatusConflict)
	}
	return nil
}
