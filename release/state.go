package release

import (
	"fmt"
	"slices"

	"marz"
	"marz/journal"
)

// Release is one thing that was given out.
type Release struct {
	Seq      marz.Seq // of its entry
	At       marz.Instant
	Kind     string
	List     *List    // of KindList and KindChange
	Stays    *Stays   // of KindStays
	Officer  *Officer // of KindOfficer
	To       []marz.Origin
	Inline   bool     // its entry has a payload
	Widened  marz.Seq // the entry by which it goes to all; 0: none
	Recalled marz.Seq // the entry by which it was taken back; 0: none
	Why      string   // it was taken back
}

// Wide reports whether it goes to all posts.
func (r *Release) Wide() bool { return len(r.To) == 0 || r.Widened > 0 }

// Reaches reports whether it is in force at a post. The post "" is any that is named nowhere.
func (r *Release) Reaches(post marz.Origin) bool {
	return r.Recalled == 0 && (r.Wide() || slices.Contains(r.To, post))
}

// Subject is what a release is a version of: of two with one subject the later replaces the earlier.
func (r *Release) Subject() string {
	switch {
	case r.List != nil:
		return "list " + string(r.List.List)
	case r.Stays != nil:
		return "stays"
	}
	return "officer " + string(r.Officer.Officer)
}

// File returns the digest and size of the file that it gives out; "": none.
func (r *Release) File() (sha256 string, size int64) {
	switch {
	case r.List != nil:
		return r.List.SHA256, r.List.Size
	case r.Stays != nil:
		return r.Stays.SHA256, r.Stays.Size
	}
	return "", 0
}

// State is what a headquarters has given out, as its entries say. The zero State is that of a journal without any. It is not safe for several goroutines.
type State struct {
	all []*Release // by seq
}

// Fold takes in an entry. One that is none of these kinds, or cannot be (Parse), changes nothing.
func (s *State) Fold(e journal.Entry) {
	v, err := Parse(e)
	if err != nil || v == nil {
		return
	}
	switch v := v.(type) {
	case *List:
		s.all = append(s.all, &Release{Seq: e.Seq, At: e.At, Kind: e.Kind, List: v, To: v.To, Inline: e.Private != ""})
	case *Stays:
		s.all = append(s.all, &Release{Seq: e.Seq, At: e.At, Kind: e.Kind, Stays: v, To: v.To, Inline: e.Private != ""})
	case *Officer:
		s.all = append(s.all, &Release{Seq: e.Seq, At: e.At, Kind: e.Kind, Officer: v, To: v.To, Inline: e.Private != ""})
	case *Widened:
		if r := s.Get(v.Release); r != nil && r.Widened == 0 {
			r.Widened = e.Seq
		}
	case *Recalled:
		if r := s.Get(v.Release); r != nil && r.Recalled == 0 {
			r.Recalled, r.Why = e.Seq, v.Why
		}
	}
}

// Get returns what an entry gave out, or nil.
func (s *State) Get(seq marz.Seq) *Release {
	i, found := slices.BinarySearchFunc(s.all, seq, func(r *Release, seq marz.Seq) int { return int(r.Seq - seq) })
	if !found {
		return nil
	}
	return s.all[i]
}

// All returns everything that was given out, the oldest first.
func (s *State) All() []*Release { return slices.Clone(s.all) }

// Lists returns the ids of the lists of which anything was given out, in the order of their first version.
func (s *State) Lists() []marz.ListID {
	var out []marz.ListID
	for _, r := range s.all {
		if r.List != nil && !slices.Contains(out, r.List.List) {
			out = append(out, r.List.List)
		}
	}
	return out
}

// Chain returns what makes up a list at a post: the newest version that reaches it whole, and the changes that lead on from there, each from the one before. It is empty where there is none.
func (s *State) Chain(list marz.ListID, post marz.Origin) []*Release {
	var out []*Release
	for _, r := range s.all {
		switch {
		case r.List == nil || r.List.List != list || !r.Reaches(post):
		case r.Kind == KindList:
			out = []*Release{r}
		case len(out) > 0 && out[len(out)-1].List.Version == r.List.From:
			out = append(out, r)
		}
	}
	return out
}

// StaysAt returns what makes up the crossings at all posts as a post is to know them: the newest whole file that reaches it, and what leads on from there.
func (s *State) StaysAt(post marz.Origin) []*Release {
	var out []*Release
	for _, r := range s.all {
		switch {
		case r.Stays == nil || !r.Reaches(post):
		case r.Stays.From == "":
			out = []*Release{r}
		case len(out) > 0 && out[len(out)-1].Stays.Version == r.Stays.From:
			out = append(out, r)
		}
	}
	return out
}

// OfficerAt returns what is in force of an officer at a post, or nil.
func (s *State) OfficerAt(officer marz.OfficerID, post marz.Origin) *Release {
	var out *Release
	for _, r := range s.all {
		if r.Officer != nil && r.Officer.Officer == officer && r.Reaches(post) {
			out = r
		}
	}
	return out
}

// Entitled reports whether a post may have the payload of an entry.
func (s *State) Entitled(post marz.Origin, e journal.Entry) bool {
	r := s.Get(e.Seq)
	return r != nil && r.Reaches(post)
}

// Reads reports whether a post may have the file of a digest.
func (s *State) Reads(post marz.Origin, digest string) bool {
	return slices.ContainsFunc(s.all, func(r *Release) bool {
		sha256, _ := r.File()
		return sha256 == digest && digest != "" && r.Reaches(post)
	})
}

// Check reports why an entry cannot be appended now, in words; its seq is that which it would have.
func (s *State) Check(e journal.Entry) error {
	v, err := Parse(e)
	if err != nil {
		return err
	}
	bad := func(format string, args ...any) error {
		return &marz.Error{Code: marz.Conflict, Op: "append", Subject: e.Kind, Fix: fmt.Sprintf(format, args...)}
	}
	switch v := v.(type) {
	case *List:
		return s.checkList(e.Kind, v, bad)
	case *Widened:
		r := s.Get(v.Release)
		switch {
		case r == nil:
			return bad("the entry %d gives nothing out", v.Release)
		case r.Recalled > 0:
			return bad("it was taken back by entry %d; publish it again", r.Recalled)
		case r.Wide():
			return bad("it goes to all posts already")
		}
		wide := *r
		wide.Widened = e.Seq
		if r.List != nil && !endsWith(s.with(&wide).Chain(r.List.List, ""), r.Seq) {
			return bad("%s would not lead on from what other posts have; widen what it leads on from first", r.List.Version)
		}
	case *Recalled:
		r := s.Get(v.Release)
		switch {
		case r == nil:
			return bad("the entry %d gives nothing out", v.Release)
		case r.Recalled > 0:
			return bad("it was taken back already, by entry %d", r.Recalled)
		}
	}
	return nil
}

func (s *State) checkList(kind string, l *List, bad func(string, ...any) error) error {
	for _, r := range s.all {
		if r.List != nil && r.List.List == l.List && r.List.Version == l.Version && r.Recalled == 0 {
			return bad("version %q of %s was given out already, by entry %d", l.Version, l.List, r.Seq)
		}
		if r.List != nil && r.List.List == l.List && r.Recalled == 0 && r.List.Own != l.Own {
			return bad("%s is given out as a list %s; take it back first", l.List, map[bool]string{true: "of the authority's own", false: "that is used in common"}[r.List.Own])
		}
	}
	if kind != KindChange {
		return nil
	}
	to := l.To
	if len(to) == 0 {
		to = []marz.Origin{""}
	}
	for _, post := range to {
		chain := s.Chain(l.List, post)
		if len(chain) == 0 || chain[len(chain)-1].List.Version != l.From {
			return bad("it leads from version %q of %s, which is not the newest at %s", l.From, l.List, postWords(post))
		}
	}
	return nil
}

func postWords(post marz.Origin) string {
	if post == "" {
		return "all posts"
	}
	return string(post)
}

// with returns a copy in which a release is another.
func (s *State) with(r *Release) *State {
	out := &State{slices.Clone(s.all)}
	for i := range out.all {
		if out.all[i].Seq == r.Seq {
			out.all[i] = r
		}
	}
	return out
}

func endsWith(chain []*Release, seq marz.Seq) bool {
	return slices.ContainsFunc(chain, func(r *Release) bool { return r.Seq == seq })
}
