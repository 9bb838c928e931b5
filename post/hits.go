package post

import (
	"context"
	"database/sql"
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"marz"
	"marz/agreement"
	"marz/inspection"
	"marz/journal"
	"marz/watchlist"
	"marz/web"
)

// found is what the lists of one authority said: all hits, and those that are kept and shown.
type found struct {
	count   int             // of hits of which the traveller was not cleared
	kept    []web.Hit       // of these
	cleared []web.Hit       // those of which he was
	beyond  []web.Hit       // those of either that are more than are kept
	under   marz.ArticleRef // that gives the authority its hits here
}

func (f *found) shown() []web.Hit { return append(slices.Clone(f.kept), f.cleared...) }

func (f *found) keep(hit web.Hit) {
	into := &f.kept
	if hit.Cleared != nil && hit.Cleared.Holds {
		into = &f.cleared
	} else {
		f.count++
	}
	if len(*into) < mostHits {
		*into = append(*into, hit)
	} else {
		f.beyond = append(f.beyond, hit)
	}
}

// ownerOf returns whose own list it is, or "" for one used in common.
func (p *Post) ownerOf(id marz.ListID) marz.AuthorityID {
	for _, l := range p.sources() {
		if l.ID == id {
			return l.Authority
		}
	}
	owner, _ := strings.CutPrefix(string(id), adoptedPrefix) // no list of the configuration has such a name
	if owner == string(id) {
		return ""
	}
	return marz.AuthorityID(owner)
}

// sortHits sorts hits by whose lists they are on, and leaves out those of authorities that no article gives hits at the lane now, and those on alerts that are barred: a list that was
// left behind says nothing, and neither does an alert that lapsed, whoever brings it back. The answer that it returns is without the hits of which the traveller was cleared.
func (p *Post) sortHits(tx *journal.Tx, s screened, lane marz.LaneID, who identity, owners []marz.AuthorityID) (map[marz.AuthorityID]*found, watchlist.Answer, error) {
	out := map[marz.AuthorityID]*found{"": {kept: []web.Hit{}}}
	answer := s.answer
	answer.Hits = []watchlist.Hit{}
	barred := map[marz.ListID]bars{}
	silent := map[marz.ListID]bool{}
	for _, h := range s.answer.Hits {
		b, ok := barred[h.List]
		if !ok {
			var err error
			if b, err = p.bars(tx, h.List); err != nil {
				return nil, answer, err
			}
			barred[h.List] = b
		}
		if len(b.all) > 0 && b.at(p.bar(h.List, h.Alert), lane) {
			continue
		}
		if quiet, ok := silent[h.List]; ok && quiet || !ok && p.isSilenced(silent, h.List, tx.Now()) {
			continue
		}
		owner := p.ownerOf(h.List)
		f := out[owner]
		if f == nil {
			f = &found{under: p.hitsUnder(owner, lane, tx.Now()), kept: []web.Hit{}}
			out[owner] = f
		}
		if owner != "" && f.under == "" {
			continue
		}
		hit := p.hit(h, s.versions)
		var err error
		if hit.Cleared, err = p.cleared(tx, &hit, who, p.needed(h.List, owners)); err != nil {
			return nil, answer, err
		}
		if hit.Cleared == nil || !hit.Cleared.Holds {
			answer.Hits = append(answer.Hits, h)
		}
		f.keep(hit)
	}
	return out, answer, nil
}

// isSilenced finds out, once for each list, whether it is of a headquarters that says nothing here any more.
func (p *Post) isSilenced(known map[marz.ListID]bool, id marz.ListID, at marz.Instant) bool {
	for _, l := range p.sources() {
		if l.ID == id {
			known[id] = p.silenced(&l, at)
			return known[id]
		}
	}
	known[id] = false
	return false
}

// clearedFor counts the hits of which the traveller was cleared, as all who share the record may know it: what an authority cleared on its own lists is told to it alone.
func clearedFor(sorted map[marz.AuthorityID]*found, owners []marz.AuthorityID) int {
	n := 0
	for owner, f := range sorted {
		if owner == "" || len(owners) == 1 && owners[0] == owner {
			n += len(f.cleared)
		}
	}
	return n
}

// known is the keyed digest of an alert in one version.
func (p *Post) known(h *web.Hit) string {
	return p.mark("known", string(h.List), string(h.Alert), h.AlertVersion)
}

func (p *Post) knownOf(hits []web.Hit) (out []string) {
	for i := range hits {
		out = append(out, p.known(&hits[i]))
	}
	return out
}

// hitsUnder returns the article that gives an authority hits of its own at a lane, or "". Without a lane it is asked for the post as a whole.
func (p *Post) hitsUnder(owner marz.AuthorityID, lane marz.LaneID, at marz.Instant) marz.ArticleRef {
	answer := p.register.Load().May(agreement.Question{Officer: marz.OfficerID(owner) + "/0", Role: marz.RoleOfficer, Action: marz.ActReadHit, Place: p.post.ID.Place(), Lane: lane, At: at,
		Record: &agreement.Record{Kind: "hit", Owners: []marz.AuthorityID{owner}}})
	if !answer.Allowed { // its article would be the one that stands against it
		return ""
	}
	h, _ := p.register.Load().Holder(p.post.ID.Place(), lane, at)
	for _, ref := range answer.All { // who controls a part of the post reads its own data anywhere; its lists speak where it controls
		if a, err := p.register.Load().Article(ref); err == nil && (a.Kind != agreement.Control && a.Kind != agreement.Transfer || h.Article == ref) {
			return ref
		}
	}
	return ""
}

// hitsAnywhere reports whether an article gives an authority hits of its own at the post or any of its lanes.
func (p *Post) hitsAnywhere(owner marz.AuthorityID, at marz.Instant) bool {
	return p.hitsUnder(owner, "", at) != "" || slices.ContainsFunc(p.post.Lanes, func(l marz.Lane) bool { return p.hitsUnder(owner, l.ID, at) != "" })
}

// recordHits records what each authority's own lists said, for that authority alone.
func (a *act) recordHits(id marz.Seq, sorted map[marz.AuthorityID]*found) error {
	for _, owner := range slices.Sorted(maps.Keys(sorted)) {
		f := sorted[owner]
		shown := f.shown()
		if owner == "" || len(shown) == 0 {
			continue
		}
		sealed, err := a.post.sealHits(owner, KindFoundHits, inspectionID(int64(id)), shown)
		if err != nil {
			return err
		}
		_, err = a.Append(journal.Draft{Kind: KindFoundHits, Authority: owner, Under: f.under, Policy: a.policy,
			Public: hitsEntry{inspectionID(int64(id)), f.count}, Private: hitsPrivate{Sealed: sealed, Beyond: a.post.knownOf(f.beyond)}})
		if err != nil {
			return err
		}
	}
	return nil
}

// hit makes a page's hit of a list's.
func (p *Post) hit(h watchlist.Hit, versions []listVersion) web.Hit {
	alert, _ := p.lists.Alert(h.List, h.Alert)
	hit := web.Hit{Alert: h.Alert, AlertVersion: h.Version, Kind: string(h.Kind), About: string(h.About), List: h.List, Owner: string(h.Owner), Score: h.Score, Name: h.Name, Reasons: h.Reasons,
		Sentence: h.Sentence, Evidence: make([]web.Line, len(h.Evidence))}
	if alert.Version == h.Version { // else another one is in force since
		hit.Why = alert.Why
	}
	if hit.Grave = marz.Attention; inspection.Grave(h) {
		hit.Grave = marz.Stop
	}
	for i, l := range h.Evidence {
		hit.Evidence[i] = web.Line(l)
	}
	for _, v := range versions {
		if v.id == h.List {
			hit.Version = v.version
		}
	}
	if adopted := p.adoptedOf(h.List); adopted != nil {
		if from, ok := adopted.from[h.Alert]; ok {
			hit.Adopted = &from
			hit.Reasons = append(slices.Clone(hit.Reasons), stands(adopted.owner, from))
		}
	}
	return hit
}

// hitEntries returns the entries that hold hits on an inspection, beside its own: those of the owners given, of which "" is all authorities together.
func hitEntries(q querier, id int64, owners ...marz.AuthorityID) (out []marz.Seq, err error) {
	for _, owner := range owners {
		seqs, err := collect(q, scanOne[marz.Seq], `SELECT seq FROM s_hits WHERE inspection = ? AND owner = ? AND kind <> ? ORDER BY seq`, id, owner, KindCleared)
		if err != nil {
			return nil, err
		}
		out = append(out, seqs...)
	}
	return out, nil
}

// sealHits closes an authority's own hits, so that they can be destroyed with its key while every proof still holds.
func (p *Post) sealHits(owner marz.AuthorityID, kind string, id marz.InspectionID, hits []web.Hit) ([]byte, error) {
	b, err := json.Marshal(hits)
	if err != nil {
		return nil, err
	}
	return p.keys.seal(owner, sealOf(kind, id), b)
}

// sealOf names what is sealed in an entry of a kind (docs/spec/sealed.md).
func sealOf(kind string, id marz.InspectionID) string {
	switch kind {
	case KindCleared:
		return "cleared " + string(id)
	case KindLate:
		return "late " + string(id)
	}
	return "hits " + string(id)
}

// hitsIn reads the content of entries with hits. What was erased is left out. What is sealed and cannot be opened any more is left out as well, and closed says why in words.
func (p *Post) hitsIn(q querier, from entries, seqs []marz.Seq) (hits []web.Hit, closed string, err error) {
	hits = []web.Hit{}
	for _, s := range seqs {
		e, err := from.Entry(s)
		if err != nil {
			return nil, "", err
		}
		payload, err := from.Payload(s)
		if marz.CodeOf(err) == marz.NotFound {
			continue
		}
		var of hitsEntry
		var h hitsPrivate
		if err == nil {
			err = e.Read(payload, &of, &h)
		}
		if err == nil && h.Sealed != nil {
			var why string
			if why, err = p.closed(q, e.Authority, h.Sealed); err == nil && why != "" {
				closed = why
				continue
			}
			if err == nil {
				h.Hits, err = p.openHits(e.Authority, sealOf(e.Kind, of.Inspection), h.Sealed)
			}
		}
		if err != nil {
			return nil, "", &marz.Error{Op: "read hits", Subject: e.Kind, Err: err}
		}
		for i := range h.Hits {
			if e.Kind == KindLate {
				h.Hits[i].Late = e.At
			}
		}
		hits = append(hits, h.Hits...)
	}
	return hits, closed, nil
}

func (p *Post) openHits(owner marz.AuthorityID, what string, sealed []byte) (hits []web.Hit, err error) {
	b, err := p.keys.open(owner, what, sealed)
	if err == nil {
		err = json.Unmarshal(b, &hits)
	}
	return hits, err
}

// closed says in words why what is sealed cannot be opened here, or "" when its key is here.
func (p *Post) closed(q querier, owner marz.AuthorityID, sealed []byte) (string, error) {
	id, ok := sealedUnder(sealed)
	if !ok {
		return "", nil // what is wrong is found when it is opened
	}
	if why, err := destroyedWhy(q, id); err != nil || why != "" {
		return why, err
	}
	k, err := p.keys.get(owner)
	switch {
	case marz.CodeOf(err) == marz.NotFound:
		return "they are sealed, and the key of the data of " + string(owner) + " is missing here", nil
	case err != nil:
		return "", err
	case k.id != id:
		return "they are sealed under another key of " + string(owner) + " than the one that is here", nil
	}
	return "", nil
}

// closedHits says in words why an authority's own hits on an inspection cannot be opened any more, or "".
func (p *Post) closedHits(q querier, id int64, owner marz.AuthorityID) (string, error) {
	var name string
	err := q.QueryRow(`SELECT key FROM s_hits WHERE inspection = ? AND owner = ? AND key <> '' LIMIT 1`, id, owner).Scan(&name)
	if absent(err) {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	return destroyedWhy(q, parseKeyID(name))
}

// ownHits adds the hits of the officer's own authority's lists, and says what others have.
func (p *Post) ownHits(ctx context.Context, actor Actor, r *row, w *web.Inspection) error {
	own := actor.Officer.Authority()
	state := p.journal.State()
	seqs, err := hitEntries(state, r.id, own, "")
	if err != nil {
		return err
	}
	hits, closed, err := p.hitsIn(state, committed{ctx, p.journal}, seqs)
	if err != nil {
		return err
	}
	w.Hits = append(w.Hits, hits...)
	if err := p.addCan(ctx, actor, r, w); err != nil {
		return err
	}
	w.Others, err = collect(state, func(rows *sql.Rows) (o web.OtherHits, err error) {
		err = rows.Scan(&o.Owner, &o.Count)
		return o, err
	}, `SELECT owner, sum(count) FROM s_hits WHERE inspection = ? AND owner <> '' AND (owner <> ? OR ?) GROUP BY owner HAVING sum(count) > 0 ORDER BY owner`, r.id, own, closed != "")
	for i := range w.Others {
		o := &w.Others[i]
		if o.Why = closed; o.Owner != own {
			if o.Why, err = p.closedHits(state, r.id, o.Owner); err != nil {
				return err
			}
		}
		if o.Why != "" {
			o.Why = web.Local(p.post.Zone, o.Why)
			continue
		}
		about := ofHits(r.about(w.Document.Nationality), o.Owner)
		answer := p.register.Load().May(agreement.Question{Officer: actor.Officer, Role: actor.Role, Action: marz.ActReadHit, Place: p.post.ID.Place(), Lane: r.lane, At: p.now(),
			Field: marz.FieldHits, Record: about})
		o.Shared, o.Why, o.Under = answer.Allowed, web.Local(p.post.Zone, answer.Reason), answer.Article
	}
	return err
}

// addJoint says how the authorities at the lane decide the case together, and adds what the officer's own lists said.
func (p *Post) addJoint(ctx context.Context, actor Actor, r *row, w *web.Inspection) error {
	if err := p.ownHits(ctx, actor, r, w); err != nil || r.ended() {
		return err
	}
	p.addBarred(actor, r, w)
	own := actor.Officer.Authority()
	if w.Joint = p.jointView(r, own); w.Joint == nil {
		return nil
	}
	if r.state == "awaiting" && w.Proposal != nil {
		left := slices.DeleteFunc(slices.Clone(r.awaits), func(id marz.AuthorityID) bool {
			return slices.ContainsFunc(r.concurred, func(o marz.OfficerID) bool { return o.Authority() == id })
		})
		w.Joint.Waiting = &web.Waiting{Submission: marz.Seq(r.submission), Decision: w.Proposal.Decision, Reason: w.Proposal.Reason, Note: w.Proposal.Note, By: r.proposer,
			For: left, Mine: slices.Contains(left, own)}
	}
	if r.objection == 0 || r.state != "open" {
		return nil
	}
	return p.addObjection(ctx, marz.Seq(r.objection), w.Joint)
}

// addBarred says which decisions the officer may not make about this traveller: those that a rule or an article forbids, not those that wait for a reason or for another.
func (p *Post) addBarred(actor Actor, r *row, w *web.Inspection) {
	record := r.about(w.Document.Nationality)
	for _, d := range marz.Decisions(r.direction) {
		for _, action := range actionsOf(r, d) {
			q := agreement.Question{Officer: actor.Officer, Role: actor.Role, Action: action, Place: p.post.ID.Place(), Lane: r.lane, At: p.now(), Record: record}
			if answer := p.register.Load().May(q); !answer.Allowed {
				if w.Barred == nil {
					w.Barred = map[marz.Decision]string{}
				}
				w.Barred[d] = web.Local(p.post.Zone, answer.Reason)
				break
			}
		}
	}
}

// jointView says with whom the authority serves at the case's lane, and which decisions need their concurrence, by all articles in force. nil: it serves alone.
func (p *Post) jointView(r *row, own marz.AuthorityID) *web.Joint {
	duties := p.register.Load().Joints(p.post.ID.Place(), own, p.now())
	if len(duties) == 0 {
		return nil
	}
	j := &web.Joint{Article: duties[0].Article, With: others(serving(duties), own)}
	for _, d := range marz.Decisions(r.direction) {
		if asked := asks(duties, d); len(p.concurs(r, asked, own)) > 0 {
			j.Article = asked[0].Article
			j.Decisions = append(j.Decisions, d)
		}
	}
	for _, duty := range duties {
		if len(j.First) == 0 && !r.asylum {
			j.First, j.Exit = p.first(duty, r.direction), duty.First == "exit"
		}
	}
	return j
}

func (p *Post) addObjection(ctx context.Context, seq marz.Seq, j *web.Joint) error {
	from := committed{ctx, p.journal}
	e, err := from.Entry(seq)
	if err != nil {
		return err
	}
	payload, err := from.Payload(seq)
	if err != nil && marz.CodeOf(err) != marz.NotFound {
		return err
	}
	var o objectedEntry
	var n decisionPrivate
	if err := e.Read(payload, &o, &n); err != nil {
		return err
	}
	j.Objected = &web.Objection{By: e.Officer, At: e.At, Decision: o.Decision, Reason: o.Reason, Note: n.Note}
	return nil
}
