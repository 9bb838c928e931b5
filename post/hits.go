package post

import (
	"context"
	"database/sql"
	"encoding/json"
	"maps"
	"slices"

	"marz"
	"marz/agreement"
	"marz/journal"
	"marz/watchlist"
	"marz/web"
)

// found is what the lists of one authority said: all hits, and those that are kept and shown.
type found struct {
	count int
	kept  []web.Hit
	under marz.ArticleRef // that gives the authority its hits here
}

// ownerOf returns whose own list it is, or "" for one used in common.
func (p *Post) ownerOf(id marz.ListID) marz.AuthorityID {
	for _, l := range p.config.Lists {
		if l.ID == id {
			return l.Authority
		}
	}
	return ""
}

// sortHits sorts hits by whose lists they are on, and leaves out those of authorities that no article gives hits here now: a list that was left behind
// says nothing.
func (a *act) sortHits(s screened) (map[marz.AuthorityID]*found, watchlist.Answer) {
	out := map[marz.AuthorityID]*found{"": {kept: []web.Hit{}}}
	answer := s.answer
	answer.Hits = []watchlist.Hit{}
	for _, h := range s.answer.Hits {
		owner := a.post.ownerOf(h.List)
		f := out[owner]
		if f == nil {
			f = &found{under: a.post.hitsUnder(owner, a.Now()), kept: []web.Hit{}}
			out[owner] = f
		}
		if owner != "" && f.under == "" {
			continue
		}
		answer.Hits = append(answer.Hits, h)
		f.count++
		if len(f.kept) < mostHits {
			f.kept = append(f.kept, a.post.hit(h, s.versions))
		}
	}
	return out, answer
}

// hitsUnder returns the article that gives an authority hits of its own at the post, or "".
func (p *Post) hitsUnder(owner marz.AuthorityID, at marz.Instant) marz.ArticleRef {
	answer := p.register.Load().May(agreement.Question{Officer: marz.OfficerID(owner) + "/0", Role: marz.RoleOfficer, Action: marz.ActReadHit, Place: p.post.ID.Place(), At: at,
		Record: &agreement.Record{Kind: "hit", Owners: []marz.AuthorityID{owner}}})
	if !answer.Allowed { // its article would be the one that stands against it
		return ""
	}
	return answer.Article
}

// recordHits records what each authority's own lists said, for that authority alone.
func (a *act) recordHits(id marz.Seq, sorted map[marz.AuthorityID]*found) error {
	for _, owner := range slices.Sorted(maps.Keys(sorted)) {
		f := sorted[owner]
		if owner == "" || f.count == 0 {
			continue
		}
		_, err := a.Append(journal.Draft{Kind: KindFoundHits, Authority: owner, Under: f.under, Policy: a.policy,
			Public: hitsEntry{inspectionID(int64(id)), f.count}, Private: hitsPrivate{f.kept}})
		if err != nil {
			return err
		}
	}
	return nil
}

// hit makes a page's hit of a list's.
func (p *Post) hit(h watchlist.Hit, versions []listVersion) web.Hit {
	alert, _ := p.lists.Alert(h.List, h.Alert)
	hit := web.Hit{Alert: h.Alert, Kind: string(h.Kind), List: h.List, Owner: string(h.Owner), Score: h.Score, Name: h.Name, Why: alert.Why, Reasons: h.Reasons}
	for _, v := range versions {
		if v.id == h.List {
			hit.Version = v.version
		}
	}
	return hit
}

// hitEntries returns the entries that hold an authority's own hits on an inspection.
func hitEntries(q querier, id int64, owner marz.AuthorityID) ([]marz.Seq, error) {
	return collect(q, func(rows *sql.Rows) (s marz.Seq, err error) {
		err = rows.Scan(&s)
		return s, err
	}, `SELECT seq FROM s_hits WHERE inspection = ? AND owner = ? ORDER BY seq`, id, owner)
}

// hitsIn reads the content of entries with hits. What was erased is left out.
func (p *Post) hitsIn(ctx context.Context, seqs []marz.Seq) ([]web.Hit, error) {
	out := []web.Hit{}
	for _, s := range seqs {
		payload, err := p.journal.Payload(ctx, s)
		if marz.CodeOf(err) == marz.NotFound {
			continue
		}
		var h hitsPrivate
		if err == nil {
			err = json.Unmarshal(payload, &h)
		}
		if err != nil {
			return nil, &marz.Error{Op: "read hits", Subject: KindFoundHits, Err: err}
		}
		out = append(out, h.Hits...)
	}
	return out, nil
}

// ownHits adds the hits of the officer's own authority's lists, and says what others have.
func (p *Post) ownHits(ctx context.Context, actor Actor, r *row, w *web.Inspection) error {
	own := actor.Officer.Authority()
	seqs, err := hitEntries(p.journal.State(), r.id, own)
	if err != nil {
		return err
	}
	hits, err := p.hitsIn(ctx, seqs)
	if err != nil {
		return err
	}
	w.Hits = append(w.Hits, hits...)
	w.Others, err = collect(p.journal.State(), func(rows *sql.Rows) (o web.OtherHits, err error) {
		err = rows.Scan(&o.Owner, &o.Count)
		return o, err
	}, `SELECT owner, sum(count) FROM s_hits WHERE inspection = ? AND owner <> ? GROUP BY owner ORDER BY owner`, r.id, own)
	for i := range w.Others {
		o := &w.Others[i]
		about := ofHits(r.about(w.Document.Nationality), o.Owner)
		answer := p.register.Load().May(agreement.Question{Officer: actor.Officer, Role: actor.Role, Action: marz.ActReadHit, Place: p.post.ID.Place(), At: p.now(),
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
			q := agreement.Question{Officer: actor.Officer, Role: actor.Role, Action: action, Place: p.post.ID.Place(), At: p.now(), Record: record}
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
	if err := read(e, payload, &o, &n); err != nil {
		return err
	}
	j.Objected = &web.Objection{By: e.Officer, At: e.At, Decision: o.Decision, Reason: o.Reason, Note: n.Note}
	return nil
}
