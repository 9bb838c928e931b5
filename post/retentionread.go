package post

import (
	"context"
	"encoding/json"

	"marz"
	"marz/journal"
	"marz/transfer"
	"marz/web"
)

// ReadRetention looks in a data folder for what is due and what is gone, at an instant, and changes nothing. It takes no lock, so that the post may be running. Whether the node believes its clock it does not know.
func ReadRetention(ctx context.Context, dir string, at marz.Instant) (*web.RetentionLook, journal.Residue, error) {
	var residue journal.Residue
	j, err := journal.Look(ctx, dir)
	if err != nil {
		return nil, residue, err
	}
	defer j.Close()
	k, err := readKeeper(ctx, j, dir, max(at, j.At()))
	if err != nil {
		return nil, residue, err
	}
	l := newLook(k)
	err = eachKept(ctx, j.State(), func(_ context.Context, e journal.Entry) error {
		is, due, err := k.look(e)
		if err == nil {
			l.Add(seen(&is, &due))
		}
		return err
	}, nil)
	if err == nil {
		err = addErased(l, j.State())
	}
	if err != nil {
		return nil, residue, err
	}
	endLook(l)
	residue, err = journal.Leftover(dir)
	return l.RetentionLook, residue, err
}

// readKeeper makes a keeper from what is committed in a folder.
func readKeeper(ctx context.Context, j *journal.Journal, dir string, at marz.Instant) (*keeper, error) {
	db := j.State()
	fail := func(fix string, err error) error {
		return &marz.Error{Code: marz.Invalid, Op: "look for what is due", Subject: dir, Fix: fix, Err: err}
	}
	var version, doc string
	if err := db.QueryRowContext(ctx, `SELECT version FROM state_version`).Scan(&version); err != nil || version != (state{}).Version() {
		return nil, fail("its state is that of another marz, or of no post; start the post once with this one", err)
	}
	var d describedEntry
	err := db.QueryRowContext(ctx, `SELECT doc FROM s_post`).Scan(&doc)
	if err == nil {
		err = json.Unmarshal([]byte(doc), &d)
	}
	if err != nil {
		return nil, fail("its journal does not describe a post", err)
	}
	events, err := readEvents(db)
	if err != nil {
		return nil, fail("its register cannot be read; run marz verify on the folder", err)
	}
	register, err := fold(d.ground(), events).Register()
	if err != nil {
		return nil, err
	}
	transfers, err := transfersIn(db)
	if err != nil {
		return nil, fail("its transfers cannot be read; run marz verify on the folder", err)
	}
	schedules, err := schedulesIn(db)
	if err != nil {
		return nil, fail("its schedules cannot be read; run marz verify on the folder", err)
	}
	return &keeper{q: db, from: committed{ctx, j}, register: register, place: d.Post.ID.Place(), transfers: transfers, schedules: schedules, at: at, given: map[string]bool{}}, nil
}

// transfersIn folds what the state has of transfers.
func transfersIn(q querier) (*transfer.State, error) {
	entries, err := collect(q, scanTransfer, `SELECT seq, at, kind, authority, officer, doc FROM s_transfer ORDER BY seq`)
	if err != nil {
		return nil, err
	}
	s := transfer.NewState()
	for _, e := range entries {
		if err := s.Apply(e); err != nil {
			return nil, err
		}
	}
	return s, nil
}
