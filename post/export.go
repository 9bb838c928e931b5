package post

import (
	"context"
	"encoding/json"
	"io"
	"slices"

	"marz"
	"marz/agreement"
	"marz/journal"
)

// ExportOwn writes the post's journal as a bundle with the payloads that belong to the authority of a supervisor, and no other. That he took them is an entry
// before a byte is written. Who sits at the machine is not proven by a passkey here: the entry says whom he said to be.
func (p *Post) ExportOwn(ctx context.Context, officer marz.OfficerID, why string, w io.Writer) error {
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
		_, err := tx.Append(journal.Draft{Kind: KindExported, Officer: officer, Authority: own, Under: answer.Article, Policy: register.Policy(), Public: exportedEntry{own}, Private: decisionPrivate{why}})
		return err
	})
	if err != nil {
		return err
	}
	return journal.Export(ctx, p.opts.Dir, func(e journal.Entry) bool { return belongs(e, own) }, w)
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
