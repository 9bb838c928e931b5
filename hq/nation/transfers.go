package nation

import (
	"cmp"
	"slices"

	"marz"
	"marz/agreement"
	"marz/transfer"
	"marz/web"
)

// transfers are those that are prepared, armed or executed and not closed, and those that articles plan.
func transfers(all map[int64]*registerOf, posts map[int64]*web.NationPost, now marz.Instant) []web.NationTransfer {
	var out []web.NationTransfer
	for id, r := range all {
		p := posts[id]
		for _, t := range r.transfers.All() {
			if t.Phase == transfer.Closed || t.Phase == transfer.Cancelled {
				continue
			}
			out = append(out, web.NationTransfer{Origin: p.Origin, Post: nameOf(p), ID: t.Plan.ID, Article: t.Plan.Article, From: t.Plan.From, To: t.Plan.To, Lanes: t.Plan.Lanes, At: t.Plan.At,
				Phase: t.Phase, Turned: t.Turned(), Overdue: t.Execution == nil && now >= t.Plan.At})
		}
		out = append(out, r.planned(p, now)...)
	}
	slices.SortFunc(out, func(a, b web.NationTransfer) int {
		return cmp.Or(cmp.Compare(a.At, b.At), cmp.Compare(a.Origin, b.Origin), cmp.Compare(a.Article, b.Article))
	})
	return out
}

// planned are the transfers that articles plan and nobody has begun to prepare, as the post itself shows them. What was due before its journal began is past, unless it learnt of it later.
func (r *registerOf) planned(p *web.NationPost, now marz.Instant) []web.NationTransfer {
	if r.register == nil {
		return nil
	}
	place := p.Post.ID.Place()
	recorded := r.register.Actual(place)
	var out []web.NationTransfer
	for _, ag := range r.register.Agreements() {
		learnt, _ := r.register.Learnt(ag.ID)
		for i := range ag.Articles {
			a := &ag.Articles[i]
			ref := marz.ArticleRef(ag.ID + "/" + a.ID)
			at := max(a.At, a.By)
			past := len(recorded) > 0 && learnt < recorded[0].Seq && at < recorded[0].At
			if a.Kind != agreement.Transfer || !slices.Contains(a.Where(), place) || past || r.register.Executed(place, ref, now) {
				continue
			}
			if t := r.transfers.Of(ref); t != nil && (t.Phase == transfer.Preparing || t.Phase == transfer.Armed) {
				continue
			}
			if h, _ := r.register.Holder(place, "", now); h.Authority != a.Authority {
				continue
			}
			out = append(out, web.NationTransfer{Origin: p.Origin, Post: nameOf(p), Article: ref, From: a.Authority, To: a.To, Lanes: a.Lanes, At: at, Phase: transfer.Planned, Overdue: now >= at})
		}
	}
	return out
}
