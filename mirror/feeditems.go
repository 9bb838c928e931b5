package mirror

import (
	"context"
	"errors"
	"net/http"

	"marz/journal"
)

// parcel is one add-heads or add-payloads request.
type parcel struct {
	h    itemsHeader
	body func() []byte // made when it is sent
	err  error
}

// giveAll gives heads or payloads from one place up to another. While one request is on the line the next is made ready. taken says after each where to go on.
func (f *feed) giveAll(ctx context.Context, op, path string, at, end int64, build func(context.Context, int64) parcel, taken func(h itemsHeader, whole bool) (int64, error)) error {
	from := func(at int64) *preparing[parcel] {
		return prepare(ctx, func(ctx context.Context) parcel { return build(ctx, at) })
	}
	ready := from(at)
	defer func() { ready.drop() }()
	for at < end {
		p := ready.take()
		if p.err != nil {
			return p.err
		}
		if p.h.to < end {
			ready = from(p.h.to)
		}
		whole, err := f.give(ctx, op, path, p.body())
		if err == nil {
			at, err = taken(p.h, whole)
		}
		if err != nil {
			return err
		}
		if at < end && at != p.h.to {
			ready.drop()
			ready = from(at)
		}
	}
	return nil
}

// give sends heads or payloads, and takes in how far the mirror has come by them. whole says that it has taken all.
func (f *feed) give(ctx context.Context, op, path string, body []byte) (whole bool, err error) {
	a, err := f.c.do(ctx, http.MethodPost, path, body, !f.c.Plain, nil)
	if err != nil {
		return false, err
	}
	if a.status != http.StatusOK && a.status != http.StatusAccepted && (a.status != http.StatusConflict || a.kind != typeState) {
		return false, f.c.refused(op, a)
	}
	st, err := f.c.parseState(op, a)
	if err != nil {
		return false, err
	}
	f.take(st)
	return a.status == http.StatusOK, nil
}

// packed is the body of a request as it goes on the line.
func (f *feed) packed(h itemsHeader, items []byte) []byte {
	body := append(h.encode(), items...)
	if f.c.Plain {
		return body
	}
	return f.c.compress(body)
}

// addHeads gives the mirror the heads between those that it has and one.
func (f *feed) addHeads(ctx context.Context, head journal.Head) error {
	const op = "give heads to mirror"
	if f.st.Heads >= head.Size {
		return nil
	}
	before := f.st.Heads
	build := func(ctx context.Context, after int64) parcel { return f.heads(ctx, after, head.Size) }
	return f.giveAll(ctx, op, "/add-heads", before, head.Size, build, func(itemsHeader, bool) (int64, error) {
		if f.st.Heads <= before {
			return 0, f.elsewhere(op)
		}
		before = f.st.Heads
		return before, nil
	})
}

// heads makes a request of the heads with sizes above one, up to another.
func (f *feed) heads(ctx context.Context, after, last int64) parcel {
	h := itemsHeader{origin: f.c.origin, from: after}
	var items []byte
	err := f.p.cfg.Journal.Heads(ctx, after, last, maxItems, func(size int64, msg []byte) error {
		items = appendString(items, 2, msg)
		h.to, h.count = size, h.count+1
		return nil
	})
	if err != nil {
		return parcel{err: err}
	}
	body := f.packed(h, items)
	return parcel{h: h, body: func() []byte { return body }}
}

// addPayloads gives the mirror the payloads that it may have of entries before a head.
func (f *feed) addPayloads(ctx context.Context, head journal.Head) error {
	const op = "give payloads to mirror"
	if f.t.Entitled == nil {
		return nil
	}
	f.given = min(f.given, f.offer.Swap(maxSeq))
	if f.given >= head.Size {
		return nil
	}
	tries := 0
	build := func(ctx context.Context, from int64) parcel { return f.payloads(ctx, from, head.Size) }
	return f.giveAll(ctx, op, "/add-payloads", f.given, head.Size, build, func(h itemsHeader, whole bool) (int64, error) {
		switch {
		case whole:
			f.given, tries = h.to, 0
		case tries == mostTries:
			return 0, f.elsewhere(op)
		default:
			f.given = min(f.given, f.st.Payloads)
			tries++
		}
		return f.given, nil
	})
}

// payloads makes a request of the payloads that the mirror may have of entries from a seq on. What it may have is asked again when the request is sent, since it is made ready
// before the one that goes before it is answered.
func (f *feed) payloads(ctx context.Context, from, end int64) parcel {
	h := itemsHeader{origin: f.c.origin, from: from, to: min(end, from+sentSeqs)}
	var kept []journal.Private
	bytes := 0
	err := f.p.cfg.Journal.Payloads(ctx, h.from, h.to, func(p journal.Private) error {
		if bytes >= sentBytes || len(kept) == maxItems {
			h.to = int64(p.Seq)
			return errEnough
		}
		if f.t.Entitled(p.Entry) {
			kept = append(kept, p)
			bytes += len(p.Payload)
		}
		return nil
	})
	if err != nil && !errors.Is(err, errEnough) {
		return parcel{err: err}
	}
	return parcel{h: h, body: func() []byte {
		sent, items := h, make([]byte, 0, bytes+64*len(kept))
		for _, p := range kept {
			if f.t.Entitled(p.Entry) {
				items = appendPayload(items, PayloadRow{int64(p.Seq), p.Salt, p.Payload})
				sent.count++
			}
		}
		return f.packed(sent, items)
	}}
}
