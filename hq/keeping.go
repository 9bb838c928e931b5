package hq

import (
	"maps"
	"slices"

	"marz"
	"marz/hq/nation"
	"marz/journal"
	"marz/release"
	"marz/retention"
)

// The kinds of record for which a headquarters says how long it keeps them. What posts have beside their entries is theirs to erase, and goes here with their erasure entries.
const (
	keepSearches = "searches"
	keepLookups  = "look-ups"
	keepOfficers = "officers"
	keepRequests = "requests"
)

// retentionKinds are all of them, in the order of pages.
var retentionKinds = retention.Kinds{
	{Name: keepSearches, What: "Whom officers asked for across posts, and their notes", From: "the question"},
	{Name: keepLookups, What: "Notes of who read records", From: "the reading"},
	{Name: keepOfficers, What: "Officers' names and passkeys", From: "when the officer was dismissed, of what posts were given its recall"},
	{Name: keepRequests, What: "Words of holds", From: "the hold's release"},
}

const (
	serves = "the officer serves here"
	given  = "it is given out to posts"
	stands = "the hold stands"
)

// keeping is the fold that says of each payload beside the headquarters' own entries what is to be known of it.
type keeping struct {
	schedule *retention.Schedule // in force; nil: none was ever set
	looked   marz.Instant        // when the clock was last noted to be in order
	passed   marz.Instant        // when a look was last noted
	paid     map[marz.Seq]*paid  // payloads that are not erased
	erased   map[marz.Seq]string // those that are: of which kind of record
	holds    map[marz.Seq]*hold  // that stand, by their entries
}

// paid is what is to be known of a payload that is there.
type paid struct {
	kind    string         // of record; "" for what no schedule is about
	from    marz.Instant   // when its time began to run; 0: it does not yet
	held    string         // why its time does not run
	officer marz.OfficerID // of keepOfficers
	left    bool           // he has been dismissed since: his coming back changes nothing about it
}

type hold struct {
	retention.Held
	at      marz.Instant
	officer marz.OfficerID
}

func newKeeping() keeping {
	return keeping{paid: map[marz.Seq]*paid{}, erased: map[marz.Seq]string{}, holds: map[marz.Seq]*hold{}}
}

// fold goes over every entry, after the fold of its own kind.
func (k *keeping) fold(e journal.Entry) error {
	if err := k.happened(e); err != nil || e.Private == "" {
		return err
	}
	p, err := paidBy(e)
	k.paid[e.Seq] = p
	return err
}

// paidBy is what an entry says of its own payload.
func paidBy(e journal.Entry) (*paid, error) {
	var of struct {
		Officer marz.OfficerID `json:"officer"`
		Expires marz.Instant   `json:"expires"`
	}
	switch e.Kind {
	case nation.KindSearched:
		return &paid{kind: keepSearches, from: e.At}, nil
	case KindRead, nation.KindRecordRead:
		return &paid{kind: keepLookups, from: e.At}, nil
	case retention.KindReleased:
		return &paid{kind: keepRequests, from: e.At}, nil
	case retention.KindHeld:
		return &paid{kind: keepRequests, held: stands}, nil
	case release.KindOfficer:
		return &paid{kind: keepOfficers, held: given}, nil
	case KindInvited, KindEnrolled, KindSignedIn:
		err := e.Read(nil, &of, nil)
		p := &paid{kind: keepOfficers, officer: of.Officer, held: serves}
		if e.Kind == KindInvited {
			p.from, p.held = of.Expires, "" // until he comes
		}
		return p, err
	}
	return &paid{from: e.At}, nil
}

// happened is what an entry changes about other payloads.
func (k *keeping) happened(e journal.Entry) error {
	switch e.Kind {
	case retention.KindSchedule:
		s := &retention.Schedule{Seq: e.Seq, At: e.At, Authority: e.Authority, Officer: e.Officer}
		k.schedule, k.looked = s, e.At
		return e.Read(nil, &s.Set, nil)
	case retention.KindPassed:
		k.looked, k.passed = e.At, e.At
	case retention.KindClockRight:
		k.looked = e.At
	case retention.KindHeld:
		h := &hold{at: e.At, officer: e.Officer}
		k.holds[e.Seq] = h
		return e.Read(nil, &h.Held, nil)
	case retention.KindReleased:
		var r retention.Released
		if err := e.Read(nil, &r, nil); err != nil {
			return err
		}
		delete(k.holds, r.Hold)
		k.runs(r.Hold, e.At)
	case release.KindRecalled:
		var r release.Recalled
		if err := e.Read(nil, &r, nil); err != nil {
			return err
		}
		if p := k.paid[r.Release]; p != nil && p.held == given {
			k.runs(r.Release, e.At)
		}
	case journal.KindErased:
		return k.gone(e)
	case KindEnrolled, KindDismissed:
		var o officerEntry
		if err := e.Read(nil, &o, nil); err != nil {
			return err
		}
		k.came(o.Officer, e)
	}
	return nil
}

// runs begins the time of a payload.
func (k *keeping) runs(seq marz.Seq, from marz.Instant) {
	if p := k.paid[seq]; p != nil {
		p.from, p.held = from, ""
	}
}

// came says that an officer was enrolled, or dismissed: of what is kept about him until then no time runs, or it begins to.
func (k *keeping) came(officer marz.OfficerID, e journal.Entry) {
	for _, p := range k.paid {
		switch {
		case p.officer != officer || p.left:
		case e.Kind == KindDismissed:
			p.from, p.held, p.left = e.At, "", true
		default:
			p.from, p.held = 0, serves
		}
	}
}

func (k *keeping) gone(e journal.Entry) error {
	var gone journal.Erased
	if err := e.Read(nil, &gone, nil); err != nil {
		return err
	}
	for _, seq := range gone.Seqs {
		if p := k.paid[seq]; p != nil {
			k.erased[seq] = p.kind
			delete(k.paid, seq)
		}
	}
	return nil
}

// found is what the report is told of a payload, at an instant.
func (k *keeping) found(own marz.AuthorityID, seq marz.Seq, at marz.Instant) *retention.Found {
	p := k.paid[seq]
	f := &retention.Found{Owners: []marz.AuthorityID{own}, Kind: p.kind, From: p.from, Held: p.held}
	for _, s := range slices.Sorted(maps.Keys(k.holds)) {
		if h := k.holds[s]; h.Entry == seq && f.Held == "" {
			f.Held = "a hold of " + string(own) + ": " + retention.ReasonText(h.Reason)
		}
	}
	rule := k.schedule.Rule(p.kind)
	switch {
	case p.kind == "":
		f.Why = "no schedule is about it"
	case rule == nil:
		f.Why = "no schedule of " + string(own)
	case at < k.schedule.Starts:
		f.Why = "the schedule of " + string(own) + " begins at " + k.schedule.Starts.String()
	default:
		f.Due = p.from != 0 && at >= rule.Until(p.from)
	}
	return f
}

// due are the payloads whose time is up and that nothing holds, in order, with the kind of each.
func (k *keeping) due(own marz.AuthorityID, at marz.Instant) (out []marz.Seq) {
	for _, seq := range slices.Sorted(maps.Keys(k.paid)) {
		if f := k.found(own, seq, at); f.Due && f.Held == "" {
			out = append(out, seq)
		}
	}
	return out
}
