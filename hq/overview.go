package hq

import (
	"context"
	"reflect"
	"slices"
	"strconv"
	"time"

	"marz"
	"marz/journal"
	"marz/mirror"
	"marz/web"
)

// overview is how far all mirrored journals are, as it was looked at last.
type overview struct {
	at    time.Time          // by the machine's clock
	nodes []web.MirroredNode // never changed once made
	n     int                // how many different ones there were before
}

// overviewLife is how old an overview may be that a page is shown.
const overviewLife = 2 * time.Second

// Overview says of each node that was enrolled how much of its journal is held here, how old that is, and what stands against it.
func (h *HQ) Overview(ctx context.Context) ([]web.MirroredNode, error) {
	all, now := h.NodeList(), h.opts.Wall()
	old := h.seen.Load()
	if old != nil && now.Sub(old.at) < overviewLife && sameNodes(old.nodes, all) {
		return old.nodes, nil
	}
	v := &overview{at: now}
	for _, n := range all {
		m, err := h.mirrored(ctx, n)
		if err != nil {
			return nil, err
		}
		v.nodes = append(v.nodes, m)
	}
	if old != nil {
		v.n = old.n
		if !reflect.DeepEqual(old.nodes, v.nodes) {
			v.n++
		}
	}
	h.seen.Store(v)
	return v.nodes, nil
}

// sameNodes reports whether an overview is of these nodes.
func sameNodes(seen []web.MirroredNode, all []Enrolled) bool {
	return slices.EqualFunc(seen, all, func(m web.MirroredNode, e Enrolled) bool { return m.Entry == e.Seq && m.Gone == e.Gone })
}

func (h *HQ) mirrored(ctx context.Context, n Enrolled) (m web.MirroredNode, err error) {
	m = web.MirroredNode{Post: n.Post, Origin: n.Origin, Key: n.Key, Since: n.Since, Gone: n.Gone, Entry: n.Seq}
	if place, ok := h.Register().Ground().Place(n.Post.Place()); ok {
		m.Name = place.Name
	}
	st, err := h.store.State(ctx, n.Origin)
	if err != nil {
		return m, err
	}
	m.Held, m.Coming, m.Payloads = st.Size, max(0, st.Pending-st.Size), st.Payloads
	if st.Size > 0 {
		if err := h.age(ctx, n.Origin, st.Size, &m); err != nil {
			return m, err
		}
	}
	for _, kind := range []string{mirror.EvidenceFork, mirror.EvidencePayload} {
		found, err := h.evidence(ctx, n, kind)
		if err != nil {
			return m, err
		}
		m.Evidence = append(m.Evidence, found...)
	}
	return m, nil
}

// age says when the newest entry that is held was made, and when this mirror cosigned.
func (h *HQ) age(ctx context.Context, origin marz.Origin, size int64, m *web.MirroredNode) error {
	bodies, err := h.store.Bodies(ctx, origin, []int64{size - 1})
	if err != nil {
		return err
	}
	e, err := journal.ParseEntry(bodies[0])
	if err != nil {
		return err
	}
	m.Newest = e.At
	head, err := h.store.Head(ctx, origin)
	if err != nil {
		return err
	}
	m.Cosigned, err = mirror.CosignedAt(head, h.mirrorKey)
	return err
}

// evidence is what was refused of a node's because it cannot be.
func (h *HQ) evidence(ctx context.Context, n Enrolled, kind string) ([]web.Evidence, error) {
	docs, err := h.store.Evidence(ctx, n.Origin, kind)
	if err != nil {
		return nil, err
	}
	var out []web.Evidence
	for i, doc := range docs {
		e, err := mirror.ParseEvidence(doc)
		if err != nil {
			return nil, err
		}
		out = append(out, web.Evidence{Kind: kind, At: e.At, Held: e.Held, Given: e.Given, Seq: e.Seq, Digest: e.Digest, Got: e.Got, From: e.From, Proven: e.Verify(n.Key) == nil,
			File: "/evidence/" + strconv.FormatInt(int64(n.Seq), 10) + "/" + kind + "/" + strconv.Itoa(i)})
	}
	return out, nil
}

// getEvidence gives one piece of evidence as it is kept, to be checked elsewhere. The node is named by the entry that enrolled it.
func (h *HQ) getEvidence(q *request) error {
	entry, err := number(q.PathValue("entry"), 0)
	if err != nil {
		return err
	}
	i, err := number(q.PathValue("n"), 0)
	if err != nil {
		return err
	}
	for _, n := range h.NodeList() {
		if int64(n.Seq) != entry {
			continue
		}
		docs, err := h.store.Evidence(q.Context(), n.Origin, q.PathValue("kind"))
		if err != nil {
			return err
		}
		if i < int64(len(docs)) {
			q.Header().Set("Content-Type", "application/json")
			_, err := q.ResponseWriter.Write(docs[i])
			return err
		}
	}
	return &marz.Error{Code: marz.NotFound, Op: "evidence", Subject: q.URL.Path, Fix: "there is no such piece of evidence"}
}
