package web

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"slices"

	"marz"
	"marz/transfer"
)

// Groups writes a digest as numbers of five digits, one for each two bytes, so that two people can compare it aloud in any language. What is no digest is returned as
// it is. passing.js does the same.
func Groups(digest string) []string {
	b, err := base64.StdEncoding.DecodeString(digest)
	if err != nil || len(b) == 0 || len(b)%2 != 0 {
		return []string{digest}
	}
	var out []string
	for i := 0; i < len(b); i += 2 {
		out = append(out, fmt.Sprintf("%05d", int(b[i])<<8|int(b[i+1])))
	}
	return out
}

// actSide is one party of an act with its signature, if it has one.
type actSide struct {
	Authority marz.Authority
	Role      Words
	Signed    bool
	Officer   marz.OfficerID
	How       Words
	At        marz.Instant // 0: the act does not say when
	Seq       marz.Seq     // of the entry that holds it, or 0
}

// Armed returns both parties, the outgoing one first, with their signatures over the instrument.
func (b ActBody) Armed() []actSide { return b.sides(b.Act.Armed, transfer.KindArmed) }

// Closed returns both parties with their signatures over the act.
func (b ActBody) Closed() []actSide { return b.sides(b.Act.Closed, "") }

func (b ActBody) sides(signatures []transfer.Signature, kind string) []actSide {
	var out []actSide
	for i, id := range []marz.AuthorityID{b.Instrument.Plan.From, b.Instrument.Plan.To} {
		side := actSide{Authority: b.Name(id), Role: say([]string{"outgoing", "incoming"}[i])}
		if n := slices.IndexFunc(signatures, func(s transfer.Signature) bool { return s.Authority == id }); n >= 0 {
			s := signatures[n]
			side.Signed, side.Officer, side.How = true, s.Officer, say(how(s))
		}
		for _, e := range b.Entries() {
			if kind != "" && e.Kind == kind && e.Authority == id {
				side.At, side.Seq = e.At, e.Seq // the last one counts: a key can be taken back
			}
		}
		out = append(out, side)
	}
	return out
}

// how says with what a signature was made: a line in an officer's name is that of an exercise's key.
func how(s transfer.Signature) string {
	switch {
	case len(s.Passkey) > 0:
		return "by-passkey"
	case s.Officer != "":
		return "by-exercise"
	}
	return "by-key"
}

// Name returns an authority with its name, where the node knows it.
func (b ActBody) Name(id marz.AuthorityID) marz.Authority {
	if a, ok := b.Names[id]; ok {
		return a
	}
	return marz.Authority{ID: id}
}

// Entries returns the entries that the act rests on. One whose bytes cannot be read is shown by its number alone.
func (b ActBody) Entries() []Entry {
	out := make([]Entry, len(b.Act.Entries))
	for i, e := range b.Act.Entries {
		var body struct {
			At        marz.Instant     `json:"at"`
			Kind      string           `json:"kind"`
			Officer   marz.OfficerID   `json:"officer"`
			Authority marz.AuthorityID `json:"authority"`
			Under     marz.ArticleRef  `json:"under"`
		}
		if json.Unmarshal([]byte(e.Body), &body) == nil {
			out[i] = Entry{At: body.At, Kind: body.Kind, Officer: body.Officer, Authority: body.Authority, Under: body.Under}
		}
		out[i].Seq = e.Seq
	}
	return out
}

// Special returns the cases of the transfer by word, or that it was the ordinary one.
func (b ActBody) Special() []Words {
	all := slices.Concat(b.Instrument.Cases, b.Execution.Cases)
	slices.Sort(all)
	all = slices.Compact(all)
	if len(all) == 0 {
		return []Words{say("ordinary")}
	}
	out := make([]Words, len(all))
	for i, c := range all {
		out[i] = say("case-" + string(c))
	}
	return out
}

// Signable reports whether the reader of the page can sign the act on it: his side has not, and he can.
func (b ActBody) Signable() bool { return b.Sign != "" && b.Digest != "" }

// gap returns by how much the counts of a line differ.
func gap(l transfer.Line) int { return max(l.Outgoing-l.Incoming, l.Incoming-l.Outgoing) }
