package hq

import (
	"cmp"
	"context"
	"encoding/hex"
	"fmt"
	"slices"

	"golang.org/x/mod/sumdb/note"

	"marz"
	"marz/agreement"
	"marz/journal"
	"marz/mirror"
)

// Node is a node as it says who it is: what marz post identity prints, and the public part of node.enrolled.
type Node struct {
	Post   marz.PostID `json:"post" toml:"post"`
	Origin marz.Origin `json:"origin" toml:"origin"` // its journal's name
	Key    string      `json:"key" toml:"key"`       // its journal's verifier key
	Client string      `json:"client" toml:"client"` // hex SHA-256 of its client certificate's SubjectPublicKeyInfo
}

// Enrolled is a node whose journal is mirrored, or was.
type Enrolled struct {
	Node
	Since marz.Instant
	Seq   marz.Seq     // of the entry that enrolled it
	Gone  marz.Instant // when it was dismissed; 0: it was not
}

// AddNode enrols a node: from the commit on its journal is mirrored.
func (h *HQ) AddNode(ctx context.Context, n Node) error {
	if err := h.checkNode(n); err != nil {
		return err
	}
	return h.node(ctx, func(a *nodeAct) error {
		if _, ok := h.Register().Ground().Place(n.Post.Place()); !ok {
			return &marz.Error{Code: marz.NotFound, Op: "enrol node", Subject: string(n.Post), Fix: "the register of this headquarters knows no such post"}
		}
		for _, o := range h.NodeList() {
			if err := o.standsAgainst(n); err != nil {
				return err
			}
		}
		return a.append(KindNode, n, nil)
	})
}

func (h *HQ) checkNode(n Node) error {
	bad := func(what string, err error) error {
		return &marz.Error{Code: marz.Invalid, Op: "enrol node", Subject: string(n.Origin), Fix: what, Err: err}
	}
	if err := cmp.Or(n.Post.Validate(), n.Origin.Validate()); err != nil {
		return err
	}
	v, err := note.NewVerifier(n.Key)
	if err != nil || v.Name() != string(n.Origin) {
		return bad("key is not the verifier key of a journal of that name; take what marz post identity prints", err)
	}
	if b, err := hex.DecodeString(n.Client); err != nil || len(b) != 32 || hex.EncodeToString(b) != n.Client {
		return bad("client is no SHA-256 in hex; take what marz post identity prints", err)
	}
	if n.Origin == h.ledger.Origin() {
		return bad("that is the headquarters' own journal", nil)
	}
	return nil
}

// standsAgainst says why a node cannot be enrolled beside this one.
func (o *Enrolled) standsAgainst(n Node) error {
	no := func(fix string) error {
		return &marz.Error{Code: marz.Conflict, Op: "enrol node", Subject: string(n.Origin), Fix: fix}
	}
	switch {
	case o.Origin == n.Origin && o.Key != n.Key:
		return no("a journal of this name is known by another key, and a journal has one key for ever: what is signed by another is not its history")
	case o.Gone != 0:
		return nil
	case o.Node == n:
		return no("it is enrolled already")
	case o.Origin == n.Origin:
		return no("it is enrolled with other particulars; dismiss it first")
	case o.Client == n.Client:
		return no("the node of " + string(o.Origin) + " is known by this client key; each node has its own")
	case o.Post == n.Post:
		return no("the post " + string(n.Post) + " has a node already, " + string(o.Origin) + "; dismiss that one first")
	}
	return nil
}

// DismissNode ends the mirroring of a node's journal. What is held of it stays.
func (h *HQ) DismissNode(ctx context.Context, origin marz.Origin) error {
	return h.node(ctx, func(a *nodeAct) error {
		all := h.NodeList()
		i := slices.IndexFunc(all, func(o Enrolled) bool { return o.Origin == origin })
		if i < 0 {
			return &marz.Error{Code: marz.NotFound, Op: "dismiss node", Subject: fmt.Sprintf("%.80q", string(origin)), Fix: "no node of this name was enrolled; marz hq node list shows them"}
		}
		if all[i].Gone != 0 {
			return &marz.Error{Code: marz.Conflict, Op: "dismiss node", Subject: string(origin), Fix: "it was dismissed already"}
		}
		return a.append(KindNodeGone, nodeGoneEntry{origin}, nil)
	})
}

// NodeList returns all nodes that were ever enrolled, each as it was last.
func (h *HQ) NodeList() []Enrolled {
	h.state.mu.RLock()
	defer h.state.mu.RUnlock()
	return slices.Clone(h.state.nodes)
}

// origins are the journals that the receiver mirrors: of the nodes that are enrolled. The headquarters' own journal lies in the same store; nobody pushes it, and they read it.
func (h *HQ) origins() []mirror.Origin {
	out := []mirror.Origin{h.ownOrigin()}
	for _, n := range h.NodeList() {
		if n.Gone == 0 {
			out = append(out, mirror.Origin{Name: n.Origin, Key: n.Key, Clients: []string{n.Client}, Entitled: h.entitled(n.Post)})
		}
	}
	return out
}

// entitled says of which entries of a post's journal this headquarters may hold the private payload, by the register as it is known here: its own authority's, and what an article
// lets lie in its mirror.
func (h *HQ) entitled(post marz.PostID) func(journal.Entry) bool {
	return func(e journal.Entry) bool {
		_, ok := h.Register().MayHold(h.config.Authority, agreement.Payload{Post: post.Place(), Kind: e.Kind, Authority: e.Authority, At: e.At, Public: e.Public})
		return ok
	}
}
