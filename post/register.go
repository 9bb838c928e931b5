package post

import (
	"context"
	"database/sql"
	"encoding/json"

	"marz"
	"marz/agreement"
	"marz/journal"
	"marz/transfer"
)

// readEvents reads what the register learnt from the state tables, in order.
func readEvents(q querier) ([]agreement.Event, error) {
	return collect(q, func(rows *sql.Rows) (agreement.Event, error) {
		var e journal.Entry
		var doc string
		if err := rows.Scan(&e.Kind, &e.Seq, &e.At, &e.Under, &doc); err != nil {
			return agreement.Event{}, err
		}
		e.Public = json.RawMessage(doc)
		return registerEvent(e)
	}, `SELECT ?, seq, at, '', doc FROM s_register UNION ALL SELECT ?, seq, at, article, doc FROM s_control ORDER BY 2`, KindAgreement, KindControl)
}

// registerEvent is what the register learns from an entry: a passing of control, or what an instrument says, of whatever kind.
func registerEvent(e journal.Entry) (agreement.Event, error) {
	switch e.Kind {
	case transfer.KindExecuted:
		var x transfer.Execution
		err := e.Read(nil, &x, nil)
		return passing(e, passingOf(&x)), err
	case KindControl:
		var c controlEntry
		err := e.Read(nil, &c, nil)
		return passing(e, c), err
	}
	var i agreement.Instrument
	err := e.Read(nil, &i, nil)
	event := i.Event()
	event.Seq, event.At = e.Seq, e.At
	return event, err
}

// passing is what the register learns from the entry of a passing of control.
func passing(e journal.Entry, c controlEntry) agreement.Event {
	return agreement.Event{Seq: e.Seq, At: e.At, Passing: &agreement.Passing{Place: c.Place, Lanes: c.Lanes, From: c.From, To: c.To, Article: e.Under, Planned: c.Instant}}
}

// fold makes a history of what was learnt.
func fold(ground agreement.Ground, events []agreement.Event) *agreement.History {
	h := agreement.NewHistory(ground)
	for _, e := range events {
		h.Add(e)
	}
	return h
}

// instrumentKind is the kind of entry that records an instrument.
func instrumentKind(i *agreement.Instrument) string {
	switch {
	case i.Statement != nil:
		return KindStatement
	case i.Report != nil:
		return KindReport
	case i.Commission != nil:
		return KindCommission
	}
	return KindAgreement
}

// AddInstruments records what its parties signed, all or none: agreements, statements on their standing, reports on obligations, commissions. The signatures are
// its authority, so that it needs no officer: whoever brings it changes nothing. What is recorded already is passed over. From the commit on it is in force.
func (p *Post) AddInstruments(ctx context.Context, all []agreement.Instrument) (recorded []marz.Seq, err error) {
	return p.recordInstruments(ctx, all, nil)
}

// recordInstruments is AddInstruments, with something that is done in the same change.
func (p *Post) recordInstruments(ctx context.Context, all []agreement.Instrument, also func(n *node, recorded []marz.Seq) error) (recorded []marz.Seq, err error) {
	ground := p.register.Load().Ground()
	var bare []agreement.Instrument
	for i := range all {
		if _, known := p.recorded.Load(all[i].Digest()); known { // whoever has signed this copy of it, or nobody
			continue
		}
		if err := all[i].CheckSignatures(ground); err != nil {
			return nil, err
		}
		bare = append(bare, all[i].Bare(ground)) // anybody could have written beside the signatures, and the journal is public
	}
	err = p.node(ctx, func(n *node) error {
		recorded = nil
		fresh := p.fresh(bare)
		if len(fresh) == 0 {
			if also != nil {
				return also(n, nil)
			}
			return nil
		}
		events := make([]agreement.Event, len(fresh))
		for i := range fresh {
			events[i] = fresh[i].Event()
			events[i].Seq, events[i].At = n.Next()+marz.Seq(i), n.Now()
		}
		register, err := p.history.Consider(n.Now(), events...)
		if err != nil {
			return err
		}
		if err := register.Validate(); err != nil {
			return err
		}
		for i := range fresh {
			recorded = append(recorded, n.Next())
			if err := n.append(instrumentKind(&fresh[i]), fresh[i], nil); err != nil {
				return err
			}
		}
		if also != nil {
			if err := also(n, recorded); err != nil {
				return err
			}
		}
		for i, e := range events { // nothing can fail from here on but the commit, and then the node stops
			p.recorded.Store(fresh[i].Digest(), true)
			p.history.Add(e)
		}
		p.register.Store(register) // inside the writing goroutine: the next change already sees it
		return nil
	})
	if err != nil {
		return nil, err
	}
	return recorded, p.Tick(ctx)
}

// fresh returns what is not recorded yet, each once.
func (p *Post) fresh(all []agreement.Instrument) []agreement.Instrument {
	var out []agreement.Instrument
	seen := map[string]bool{}
	for i := range all {
		digest := all[i].Digest()
		if _, known := p.recorded.Load(digest); known || seen[digest] {
			continue
		}
		seen[digest] = true
		out = append(out, all[i])
	}
	return out
}
