package storetest

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"maps"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"marz"
	"marz/mirror"
)

// Bytes that tell what they are of. No store may look into them.

func rows(o marz.Origin, from, to int64) []mirror.Row {
	out := make([]mirror.Row, 0, to-from)
	for seq := from; seq < to; seq++ {
		h := make([]byte, 32)
		binary.BigEndian.PutUint64(h, uint64(seq))
		out = append(out, mirror.Row{Seq: seq, Body: fmt.Appendf(nil, "%s %d", o, seq), Hashes: bytes.Repeat(h, int(1+seq%4))})
	}
	return out
}

func head(size int64) mirror.HeadRow {
	return mirror.HeadRow{Size: size, Note: fmt.Appendf(nil, "head\n%d\n", size)}
}

func cosigned(size int64) []byte { return fmt.Appendf(nil, "head\n%d\ncosigned\n", size) }

func payload(seq int64) mirror.PayloadRow {
	salt := make([]byte, 32)
	binary.BigEndian.PutUint64(salt[24:], uint64(seq))
	return mirror.PayloadRow{Seq: seq, Salt: salt, Body: fmt.Appendf(nil, "payload %d", seq)}
}

func text(p mirror.PayloadRow) string { return string(p.Salt) + string(p.Body) }

func sameRow(a, b mirror.Row) bool {
	return a.Seq == b.Seq && bytes.Equal(a.Body, b.Body) && bytes.Equal(a.Hashes, b.Hashes)
}

// held is all that a store holds of an origin.
type held struct {
	state    mirror.State
	rows     []mirror.Row
	heads    map[int64]string
	payloads map[int64]string
}

func (h held) empty() bool {
	return h.state == mirror.State{} && len(h.rows)+len(h.heads)+len(h.payloads) == 0
}

func read(t testing.TB, s mirror.Store, o marz.Origin) held {
	t.Helper()
	ctx := context.Background()
	h := held{heads: map[int64]string{}, payloads: map[int64]string{}}
	last := int64(-1)
	rising := func(n int64) {
		if n <= last {
			t.Errorf("%d is given after %d", n, last)
		}
		last = n
	}
	var err error
	if h.state, err = s.State(ctx, o); err != nil {
		t.Fatal(err)
	}
	err = s.Entries(ctx, o, 0, 1<<40, func(r mirror.Row) error {
		rising(r.Seq)
		h.rows = append(h.rows, mirror.Row{Seq: r.Seq, Body: bytes.Clone(r.Body), Hashes: bytes.Clone(r.Hashes)})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	last = -1
	err = s.Heads(ctx, o, 0, 1<<20, func(r mirror.HeadRow) error {
		rising(r.Size)
		h.heads[r.Size] = string(r.Note)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	last = -1
	err = s.Payloads(ctx, o, 0, 1<<40, func(p mirror.PayloadRow) error {
		rising(p.Seq)
		h.payloads[p.Seq] = text(p)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return h
}

// model is what a store should hold of one origin.
type model struct {
	state    mirror.State
	pending  []int64
	heads    map[int64]string
	payloads map[int64]string
	erased   map[int64]bool
	appended bool // the newest head is one of Append, which no mirror has cosigned
}

// expect holds an error to whether the call should have been refused.
func expect(what string, err error, refused bool) error {
	if refused != (err != nil) || refused && marz.CodeOf(err) != marz.Conflict {
		return fmt.Errorf("%s: %v; should it be refused: %t", what, err, refused)
	}
	return nil
}

// step makes one call, of store and model, and compares what they say.
func (m *model) step(rt *rapid.T, s mirror.Store, o marz.Origin, draw func(string, int64, int64) int64) error {
	ctx := context.Background()
	st := &m.state
	switch draw("call", 0, 6) {
	case 0:
		old, size := st.Pending+draw("off", -1, 1)*draw("wrong", 0, 1), st.Pending+draw("more", 0, 30)
		bad := old != st.Pending || size <= old
		if !bad {
			st.Pending = size
			m.pending = append(m.pending, size)
		}
		return expect("SetPending", s.SetPending(ctx, o, old, head(size)), bad)
	case 1:
		return m.addEntries(s, o, draw)
	case 2:
		size := max(1, st.Next+draw("off", -3, 1))
		bad := size > st.Next || size < st.Size
		if !bad {
			st.Size, m.appended = size, false
			m.heads[size] = string(head(size).Note)
		}
		return expect("SetHead", s.SetHead(ctx, o, head(size), cosigned(size)), bad)
	case 3:
		after := max(0, st.Heads+draw("off", -3, 1))
		list := []mirror.HeadRow{head(after + 1), head(after + 1 + draw("more", 1, 9))}
		last := list[1].Size
		bad := after > st.Heads || last > st.Size
		if !bad {
			st.Heads = max(st.Heads, last)
			for _, h := range list {
				m.heads[h.Size] = string(h.Note)
			}
		}
		mark, err := s.AddHeads(ctx, o, after, list)
		if !bad && err == nil && mark != st.Heads {
			return fmt.Errorf("AddHeads says %d, want %d", mark, st.Heads)
		}
		return expect("AddHeads", err, bad)
	case 4:
		return m.addPayloads(s, o, draw)
	case 5:
		return m.append(s, o, draw)
	}
	return m.ask(s, o)
}

func (m *model) append(s mirror.Store, o marz.Origin, draw func(string, int64, int64) int64) error {
	st := &m.state
	old := max(0, st.Next+draw("off", -1, 1)*draw("wrong", 0, 1))
	a := appending(o, old, old+draw("many", 1, 9))
	if draw("erase", 0, 1) == 0 {
		a.Erase = []int64{draw("gone", 0, a.Head.Size-1)}
	}
	bad := *st != even(old)
	if !bad {
		*st, m.appended = even(a.Head.Size), true
		m.pending = []int64{a.Head.Size}
		m.heads[a.Head.Size] = string(a.Head.Note)
		for _, p := range a.Payloads {
			if !m.erased[p.Seq] {
				m.payloads[p.Seq] = text(p)
			}
		}
		for _, seq := range a.Erase {
			delete(m.payloads, seq)
			m.erased[seq] = true
		}
	}
	return expect("Append", s.Append(context.Background(), o, a), bad)
}

func (m *model) addEntries(s mirror.Store, o marz.Origin, draw func(string, int64, int64) int64) error {
	st := &m.state
	from := max(0, st.Next+draw("off", -5, 1))
	to := from + draw("many", 1, 40)
	var erase []int64
	if draw("erase", 0, 2) == 0 && from > 0 {
		erase = []int64{draw("gone", 0, from-1)}
	}
	bad := from > st.Next
	if !bad {
		st.Next = max(st.Next, to)
		for _, seq := range erase {
			delete(m.payloads, seq)
			m.erased[seq] = true
		}
	}
	next, err := s.AddEntries(context.Background(), o, rows(o, from, to), erase)
	if !bad && err == nil && next != st.Next {
		return fmt.Errorf("AddEntries says %d, want %d", next, st.Next)
	}
	return expect("AddEntries", err, bad)
}

func (m *model) addPayloads(s mirror.Store, o marz.Origin, draw func(string, int64, int64) int64) error {
	st := &m.state
	from := max(0, st.Payloads+draw("off", -5, 1))
	to := from + draw("many", 1, 12)
	bad := from > st.Payloads || to > st.Size
	var list []mirror.PayloadRow
	gone := 0
	for seq := from; seq < to; seq += draw("skip", 1, 3) {
		list = append(list, payload(seq))
		switch {
		case bad:
		case m.erased[seq]:
			gone++
		default:
			m.payloads[seq] = text(payload(seq))
		}
	}
	if !bad {
		st.Payloads = max(st.Payloads, to)
	}
	mark, refused, err := s.AddPayloads(context.Background(), o, from, to, list)
	if !bad && err == nil && (mark != st.Payloads || refused != gone) {
		return fmt.Errorf("AddPayloads says %d and %d refused, want %d and %d", mark, refused, st.Payloads, gone)
	}
	return expect("AddPayloads", err, bad)
}

// ask compares what can be asked at any time.
func (m *model) ask(s mirror.Store, o marz.Origin) error {
	ctx := context.Background()
	if st, err := s.State(ctx, o); err != nil || st != m.state {
		return fmt.Errorf("state %+v, %v, want %+v", st, err, m.state)
	}
	for i, size := range slices.Backward(m.pending) {
		note, err := s.Pending(ctx, o, size)
		kept := len(m.pending)-i <= mirror.KeptPending
		switch {
		case kept && size >= m.state.Size && (err != nil || !bytes.Equal(note, head(size).Note)):
			return fmt.Errorf("pending head of size %d: %q, %v", size, note, err)
		case !kept && marz.CodeOf(err) != marz.NotFound:
			return fmt.Errorf("pending head of size %d is kept for ever: %v", size, err)
		}
	}
	note, err := s.Head(ctx, o)
	own := cosigned(m.state.Size)
	if m.appended {
		own = head(m.state.Size).Note
	}
	if m.state.Size > 0 && (err != nil || !bytes.Equal(note, own)) {
		return fmt.Errorf("head %q, %v, want that of size %d", note, err, m.state.Size)
	}
	return nil
}

// differs says in what a store's content is not the model's.
func (m *model) differs(h held) string {
	switch {
	case h.state != m.state:
		return fmt.Sprintf("state %+v, want %+v", h.state, m.state)
	case int64(len(h.rows)) != m.state.Next:
		return fmt.Sprintf("%d rows, want %d", len(h.rows), m.state.Next)
	case !maps.Equal(h.heads, m.heads):
		return fmt.Sprintf("heads %v, want %v", keys(h.heads), keys(m.heads))
	case !maps.Equal(h.payloads, m.payloads):
		return fmt.Sprintf("payloads of %v, want %v", keys(h.payloads), keys(m.payloads))
	}
	return ""
}
