package post

import (
	"context"
	"database/sql"
	"encoding/json"
	"io"
	"slices"

	"marz"
	"marz/agreement"
	"marz/journal"
	"marz/web"
)

// ExportOwn writes the post's journal as a bundle with the payloads that belong to the authority of a supervisor, and no other. That he took them is an entry
// before a byte is written. Who sits at the machine is not proven by a passkey here: the entry says whom he said to be. In the bundle what the authority's own lists had found stays sealed,
// since the proofs are over the sealed bytes; hits, if it is not nil, gets it readable, a line of JSON for each entry.
func (p *Post) ExportOwn(ctx context.Context, officer marz.OfficerID, why string, w, hits io.Writer) error {
	why, err := trim(why)
	if err == nil && why == "" {
		err = &marz.Error{Code: marz.Invalid, Op: "export payloads", Fix: "say why: the entry holds it"}
	}
	if err != nil {
		return err
	}
	who, own := Actor{Officer: officer}, officer.Authority()
	if err := readOfficer(p.journal.State(), &who); err != nil {
		return err
	}
	if who.Role != marz.RoleSupervisor {
		return &marz.Error{Code: marz.Forbidden, Op: "export payloads", Subject: string(officer), Fix: "a supervisor exports what is his authority's"}
	}
	err = p.change(ctx, func(tx *journal.Tx) error {
		register := p.register.Load()
		q := agreement.Question{Officer: officer, Role: who.Role, Action: marz.ActReadRecord, Place: p.post.ID.Place(), At: tx.Now(), Record: &agreement.Record{Kind: "record", Owners: []marz.AuthorityID{own}}}
		answer := register.May(q)
		if !answer.Allowed {
			return answer.Err(q)
		}
		_, err := tx.Append(journal.Draft{Kind: KindExported, Officer: officer, Authority: own, Under: answer.Article, Policy: register.Policy(), Public: exportedEntry{own}, Private: decisionPrivate{Note: why}})
		return err
	})
	if err != nil {
		return err
	}
	if err := journal.Export(ctx, p.opts.Dir, func(e journal.Entry) bool { return belongs(e, own) }, w); err != nil || hits == nil {
		return err
	}
	return p.exportHits(ctx, own, hits)
}

// exportedHits is a line of what an authority's own lists had found.
type exportedHits struct {
	Seq        marz.Seq          `json:"seq"` // of the entry
	Inspection marz.InspectionID `json:"inspection"`
	Hits       []web.Hit         `json:"hits"`
	Closed     string            `json:"closed,omitempty"` // why it cannot be opened any more
}

func (p *Post) exportHits(ctx context.Context, own marz.AuthorityID, w io.Writer) error {
	all, err := collect(p.journal.State(), func(r *sql.Rows) (l exportedHits, err error) {
		var id int64
		err = r.Scan(&l.Seq, &id)
		l.Inspection = inspectionID(id)
		return l, err
	}, `SELECT seq, inspection FROM s_hits WHERE owner = ? ORDER BY seq`, own)
	if err != nil {
		return &marz.Error{Op: "export hits", Err: err}
	}
	lines := json.NewEncoder(w)
	lines.SetEscapeHTML(false)
	for _, l := range all {
		if l.Hits, l.Closed, err = p.hitsIn(p.journal.State(), committed{ctx, p.journal}, []marz.Seq{l.Seq}); err != nil {
			return err
		}
		if err := lines.Encode(l); err != nil {
			return &marz.Error{Op: "export hits", Err: err}
		}
	}
	return nil
}

// belongs reports whether an entry's payload is an authority's: its own entries', and records that it owns with others.
func belongs(e journal.Entry, own marz.AuthorityID) bool {
	if e.Kind == KindInspection {
		var in inspectionEntry
		if err := json.Unmarshal(e.Public, &in); err == nil && len(in.Owners) > 0 {
			return slices.Contains(in.Owners, own)
		}
	}
	return e.Authority == own
}
