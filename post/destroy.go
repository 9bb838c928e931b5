package post

import (
	"bytes"
	"cmp"
	"context"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"marz"
	"marz/journal"
	"marz/transfer"
)

// alertTables are the tables about what becomes of an authority's own alerts when control passes. s_disposition is what was said of alerts while a transfer is prepared, an entry a row (the last
// counts), s_alertread what of it an officer has been shown, s_adopted what was adopted when it was executed, by the entry that holds the content. s_settled is an execution, with what is to be destroyed after it and under which key that lies. s_barred are alerts
// that never hit again, at some lanes or (none) at all, as sorted keyed digests.
const alertTables = `
CREATE TABLE s_disposition (seq INTEGER PRIMARY KEY, transfer TEXT NOT NULL, list TEXT NOT NULL, disposition TEXT NOT NULL, officer TEXT NOT NULL, alerts TEXT NOT NULL) STRICT;
CREATE INDEX s_disposition_of ON s_disposition (transfer, list);
CREATE TABLE s_alertread (transfer TEXT NOT NULL, officer TEXT NOT NULL, upto INTEGER NOT NULL, PRIMARY KEY (transfer, officer)) STRICT;
CREATE TABLE s_settled (seq INTEGER PRIMARY KEY, at INTEGER NOT NULL, transfer TEXT NOT NULL UNIQUE, owner TEXT NOT NULL, taker TEXT NOT NULL, article TEXT NOT NULL, destroys TEXT NOT NULL, key TEXT NOT NULL, destroyed INTEGER) STRICT;
CREATE TABLE s_adopted (seq INTEGER PRIMARY KEY, transfer TEXT NOT NULL, owner TEXT NOT NULL, list TEXT NOT NULL, alerts TEXT NOT NULL) STRICT;
CREATE TABLE s_barred (seq INTEGER PRIMARY KEY, list TEXT NOT NULL, lanes TEXT NOT NULL, alerts BLOB NOT NULL) STRICT;
CREATE INDEX s_barred_of ON s_barred (list);
`

// settledEntry is what an execution means for the outgoing authority's own alerts. It follows the execution in the same transaction.
type settledEntry struct {
	Transfer transfer.ID      `json:"transfer"`
	Of       marz.AuthorityID `json:"of"`
	To       marz.AuthorityID `json:"to"`
	Adopted  int              `json:"adopted"`
	Barred   int              `json:"barred"`             // alerts that never hit again
	Destroys []string         `json:"destroys,omitempty"` // what is to be destroyed once no article gives their owner hits here
	Key      string           `json:"key,omitempty"`      // the id of the data key that is destroyed with it
}

// settleAlerts runs in the transaction of an execution, after its entry. What was adopted stands under the incoming authority from here on; everything else on the outgoing
// authority's own lists never hits again where control passed, under whatever version it comes back. It is an act of the node, under the authority that is now in control.
func (p *Post) settleAlerts(tx *journal.Tx, x *transfer.Execution) error {
	t, err := transferOf(p.transfers(), x.ID)
	if err != nil {
		return err
	}
	all, err := p.disposed(tx, &t.Plan)
	if err != nil {
		return err
	}
	e := settledEntry{Transfer: x.ID, Of: x.From, To: x.To, Destroys: x.Destroys}
	barred := map[marz.ListID][][]byte{}
	var lists []marz.ListID
	for i := range all {
		d := &all[i]
		if d.disposition == alertAdopted {
			e.Adopted++
			continue
		}
		if barred[d.list] == nil {
			lists = append(lists, d.list)
		}
		barred[d.list] = append(barred[d.list], p.bar(d.list, d.id))
		e.Barred++
	}
	if slices.Contains(x.Destroys, "lists") && slices.Contains(x.Destroys, "hits") {
		if e.Key, err = p.keyOf(tx, x.From); err != nil {
			return err
		}
	}
	add := func(kind string, public, private any) error {
		_, err := tx.Append(journal.Draft{Kind: kind, Authority: x.To, Under: t.Plan.Article, Policy: p.register.Load().Policy(), Public: public, Private: private})
		return err
	}
	if err := add(KindSettled, e, nil); err != nil {
		return err
	}
	for _, list := range lists {
		slices.SortFunc(barred[list], bytes.Compare)
		for part := range slices.Chunk(barred[list], batchBar) {
			if err := add(KindBarred, barredEntry{x.ID, list, x.Lanes, len(part)}, barredPrivate{bytes.Join(part, nil)}); err != nil {
				return err
			}
		}
	}
	return nil
}

// keyOf returns the id of the key under which an authority's data lies here, or "" when there is none.
func (p *Post) keyOf(q querier, authority marz.AuthorityID) (string, error) {
	if k, err := p.keys.get(authority); err == nil {
		return k.id.String(), nil
	}
	var id string
	err := q.QueryRow(`SELECT key FROM s_hits WHERE owner = ? AND key <> '' ORDER BY seq DESC LIMIT 1`, authority).Scan(&id)
	if absent(err) {
		return "", nil
	}
	return id, err
}

func foldSettled(f *journal.Fold, e journal.Entry, _ []byte) error {
	var s settledEntry
	if err := e.Read(nil, &s, nil); err != nil {
		return err
	}
	err := f.Exec(`INSERT INTO s_settled (seq, at, transfer, owner, taker, article, destroys, key) VALUES (?, ?, ?, ?, ?, ?, ?, ?)`, e.Seq, e.At, s.Transfer, s.Of, s.To, e.Under, joined(s.Destroys), s.Key)
	if err != nil {
		return err
	}
	all, err := saidOf(f, s.Transfer, "")
	if err != nil {
		return err
	}
	adopted := map[marz.Seq][]marz.AlertID{}
	of := map[marz.Seq]marz.ListID{}
	for list, alerts := range all {
		for id, said := range alerts {
			if said.disposition == alertAdopted {
				adopted[said.seq] = append(adopted[said.seq], id)
				of[said.seq] = list
			}
		}
	}
	for seq, alerts := range adopted {
		slices.Sort(alerts)
		ids, err := json.Marshal(alerts)
		if err == nil {
			err = f.Exec(`INSERT INTO s_adopted (seq, transfer, owner, list, alerts) VALUES (?, ?, ?, ?, ?)`, seq, s.Transfer, s.To, of[seq], string(ids))
		}
		if err != nil {
			return err
		}
	}
	return f.Exec(`DELETE FROM s_disposition WHERE transfer = ?`, s.Transfer)
}

// foldDestroyed also forgets what the outgoing authority had adopted itself: it cannot be opened any more.
func foldDestroyed(f *journal.Fold, e journal.Entry, payload []byte) error {
	if err := foldTransfer(f, e, payload); err != nil {
		return err
	}
	var d transfer.Destroyed
	if err := e.Read(nil, &d, nil); err != nil {
		return err
	}
	err := f.Exec(`UPDATE s_settled SET destroyed = ? WHERE transfer = ?`, e.At, d.ID)
	if err == nil && slices.Contains(d.What, "lists") {
		err = f.Exec(`DELETE FROM s_adopted WHERE owner = ?`, d.Of)
	}
	return err
}

// settled is an execution whose destroying is not recorded yet, or is.
type settled struct {
	seq          marz.Seq
	transfer     transfer.ID
	owner, taker marz.AuthorityID
	article      marz.ArticleRef
	destroys     []string
	key          string
	destroyed    bool
}

func settledIn(q querier) ([]settled, error) {
	return collect(q, func(r *sql.Rows) (s settled, err error) {
		var destroys string
		err = r.Scan(&s.seq, &s.transfer, &s.owner, &s.taker, &s.article, &destroys, &s.key, &s.destroyed)
		s.destroys = split[string](destroys)
		return s, err
	}, `SELECT seq, transfer, owner, taker, article, destroys, key, destroyed IS NOT NULL FROM s_settled ORDER BY seq`)
}

// destroy is destroyAfter where lanes have to go on whatever the disk says. What could not be destroyed is tried again, and until then no entry says that it was.
func (p *Post) destroy(ctx context.Context) {
	if err := p.destroyAfter(ctx); err != nil {
		p.opts.Log.Error("what is to be destroyed after a transfer is not destroyed yet", "err", err)
	}
}

// destroySoon leaves the destroying to the node's own watch where that waits for something to do, so that the lane whose act came first after the instant does not wait for the disk.
func (p *Post) destroySoon(ctx context.Context) {
	select {
	case p.shred <- struct{}{}:
	default: // it is the watch itself that executed, or nobody serves
		p.destroy(ctx)
	}
}

// destroyDue tries once a minute what is not destroyed yet: because its owner has hits here still, or because the disk did not let it. What was adopted in a transfer that was cancelled since
// goes as well.
func (p *Post) destroyDue(ctx context.Context, now marz.Instant) {
	if !p.attempts.first("destroy", now) {
		return
	}
	if p.undone.Load() {
		p.destroy(ctx)
		return
	}
	if err := p.forgetCancelled(ctx); err != nil {
		p.opts.Log.Error("what was adopted in a cancelled transfer is not erased yet", "err", err)
	}
}

// forgetCancelled erases the content of alerts that were adopted in a transfer which was then cancelled: they are their owner's alone.
func (p *Post) forgetCancelled(ctx context.Context) error {
	for _, t := range p.transfers().All() {
		if t.Phase != transfer.Cancelled || t.Disposed[alertAdopted] == 0 {
			continue
		}
		const adopted = `SELECT seq FROM s_disposition WHERE transfer = ? AND disposition = ? ORDER BY seq`
		seqs, err := collect(p.journal.State(), scanOne[marz.Seq], adopted, t.Plan.ID, alertAdopted)
		if err != nil {
			return err
		}
		if len(seqs) == 0 {
			continue
		}
		err = p.node(ctx, func(n *node) error {
			seqs, err := collect(n, scanOne[marz.Seq], adopted, t.Plan.ID, alertAdopted)
			if err != nil || len(seqs) == 0 {
				return err
			}
			c := p.control.Load()
			_, err = n.Erase(journal.Draft{Authority: c.authority, Under: c.article, Policy: p.register.Load().Policy()}, seqs[:min(len(seqs), batchAlerts)], "the transfer "+string(t.Plan.ID)+" was cancelled")
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// destroyAfter destroys what executed transfers say is to be destroyed here, once no article gives its owner hits at any lane, and records that it is done. It is called after an
// execution's commit and whenever the post is opened, and does again what a crash left half done.
func (p *Post) destroyAfter(ctx context.Context) error {
	p.attempts.first("destroy", p.now()) // this is the attempt of this minute
	all, err := settledIn(p.journal.State())
	if err != nil {
		return &marz.Error{Op: "destroy", Subject: p.opts.Dir, Err: err}
	}
	left := false
	for i := range all {
		done, e := p.destroyOf(ctx, &all[i])
		left, err = left || !done, errors.Join(err, e)
	}
	p.undone.Store(left)
	return errors.Join(err, p.forgetCancelled(ctx), p.loadAdopted(p.journal.State(), committed{ctx, p.journal}))
}

// destroyOf destroys what one execution says. It reports whether nothing of it is left to do.
func (p *Post) destroyOf(ctx context.Context, s *settled) (done bool, err error) {
	switch {
	case s.destroyed:
		err := p.destroyAgain(s)
		return err == nil, err
	case len(s.destroys) == 0:
		return true, nil
	case p.hitsAnywhere(s.owner, p.now()):
		return false, nil
	}
	if err := p.destroyFiles(s.owner, slices.Contains(s.destroys, "lists"), slices.Contains(s.destroys, "hits")); err != nil {
		return false, err
	}
	if err := p.recordDestroyed(ctx, s); err != nil {
		return false, err
	}
	p.opts.Log.Info("the own data of an authority whose control has passed is destroyed", "authority", s.owner, "what", s.destroys, "transfer", s.transfer)
	return true, nil
}

// destroyFiles destroys what an authority's own data lies in. The key is destroyed with both alone: it closes lists and hits.
func (p *Post) destroyFiles(owner marz.AuthorityID, lists, hits bool) error {
	p.loading.Lock()
	defer p.loading.Unlock()
	if lists {
		p.lists.Remove(adoptedID(owner))
		for _, src := range p.sources() {
			if src.Authority != owner {
				continue
			}
			p.lists.Remove(src.ID)
			p.built.Delete(src.ID)
			err := errors.Join(shred(p.sealedPath(src.ID)), shred(p.keptPath(src.ID)))
			if path := p.source(src); err == nil && p.inside(path) && p.sameSource(src) == "" {
				err = takeIn(path)
			}
			if err != nil {
				return err
			}
		}
	}
	if lists && hits {
		return p.keys.destroy(owner)
	}
	return nil
}

// destroyAgain destroys what came back, as from a backup: a key that was destroyed, and copies that are sealed under it.
func (p *Post) destroyAgain(s *settled) error {
	if s.key == "" {
		return nil
	}
	p.loading.Lock()
	defer p.loading.Unlock()
	id := parseKeyID(s.key)
	if k, err := p.keys.get(s.owner); err == nil && k.id == id {
		p.opts.Log.Warn("a data key that was destroyed had come back; it is destroyed again", "authority", s.owner, "key", s.key)
		if err := p.keys.destroy(s.owner); err != nil {
			return err
		}
	}
	dir := filepath.Join(p.opts.Dir, "lists")
	return filepath.WalkDir(dir, func(path string, f fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) || err == nil && (f.IsDir() || filepath.Ext(path) != sealedSuffix) {
			return nil
		}
		var b []byte
		if err == nil {
			b, err = os.ReadFile(path)
		}
		if under, ok := sealedUnder(b); err == nil && ok && under == id {
			err = shred(path)
		}
		return err
	})
}

// recordDestroyed notes that it is done. Hits from before there were data keys lie open in their payloads, and where the key stays they are sealed under it: those payloads are erased.
func (p *Post) recordDestroyed(ctx context.Context, s *settled) error {
	return p.change(ctx, func(tx *journal.Tx) error {
		var done bool
		if err := tx.QueryRow(`SELECT destroyed IS NOT NULL FROM s_settled WHERE seq = ?`, s.seq).Scan(&done); err != nil || done {
			return err
		}
		state := p.transfers().Clone()
		draft := journal.Draft{Authority: s.taker, Under: s.article, Policy: p.register.Load().Policy()}
		if slices.Contains(s.destroys, "hits") {
			seqs, err := collect(tx, scanOne[marz.Seq], `SELECT s_hits.seq FROM s_hits JOIN payload ON payload.seq = s_hits.seq WHERE owner = ? AND (key = '' OR ?) ORDER BY s_hits.seq`, s.owner, !slices.Contains(s.destroys, "lists"))
			if err != nil {
				return err
			}
			for part := range slices.Chunk(seqs, batchAlerts) {
				if _, err := tx.Erase(draft, part, "the transfer "+string(s.transfer)); err != nil {
					return err
				}
			}
		}
		draft.Kind, draft.Public = transfer.KindDestroyed, transfer.Destroyed{ID: s.transfer, Of: s.owner, What: s.destroys}
		if _, err := stepBy(tx, state, draft); err != nil {
			return err
		}
		p.machine.Store(state)
		return nil
	})
}

func parseKeyID(s string) (id keyID) {
	if b, err := hex.DecodeString(s); err == nil {
		copy(id[:], b)
	}
	return id
}

// destroyedWhy says in words that a key was destroyed, and after what, or "".
func destroyedWhy(q querier, id keyID) (string, error) {
	var transfer string
	var at marz.Instant
	err := q.QueryRow(`SELECT transfer, destroyed FROM s_settled WHERE key = ? AND destroyed IS NOT NULL ORDER BY seq LIMIT 1`, id.String()).Scan(&transfer, &at)
	if absent(err) {
		return "", nil
	}
	return fmt.Sprintf("their content was destroyed at %s, after the transfer %s; what the journal proves of it stands", at, transfer), err
}

// ownKey returns the data key of an authority, and makes it when none is missing: one under which something is sealed that was not destroyed.
func (p *Post) ownKey(authority marz.AuthorityID) (*dataKey, error) {
	k, err := p.keys.get(authority)
	if marz.CodeOf(err) != marz.NotFound {
		return k, err
	}
	sealed, e := p.anySealed(authority)
	switch {
	case e != nil:
		return nil, e
	case sealed:
		return nil, err
	}
	return p.keys.draw(authority)
}

// anySealed reports whether anything of an authority is sealed under a key that was not destroyed.
func (p *Post) anySealed(authority marz.AuthorityID) (bool, error) {
	state := p.journal.State()
	var hits, adopted int
	err := state.QueryRow(`SELECT (SELECT count(*) FROM s_hits WHERE owner = ?1 AND key <> '' AND key NOT IN (SELECT key FROM s_settled WHERE destroyed IS NOT NULL)),
		(SELECT count(*) FROM s_adopted WHERE owner = ?1)`, authority).Scan(&hits, &adopted)
	if err != nil || cmp.Or(hits, adopted) > 0 {
		return err == nil, err
	}
	for _, src := range p.sources() {
		if src.Authority != authority {
			continue
		}
		b, err := os.ReadFile(p.sealedPath(src.ID))
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return false, &marz.Error{Op: "read sealed copy", Subject: p.sealedPath(src.ID), Err: err}
		}
		id, ok := sealedUnder(b)
		if why, err := destroyedWhy(state, id); err != nil || ok && why == "" {
			return true, err
		}
	}
	return false, nil
}
