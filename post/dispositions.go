package post

import (
	"bytes"
	"cmp"
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"

	"marz"
	"marz/journal"
	"marz/transfer"
	"marz/watchlist"
	"marz/web"
)

// What can be said of an alert of the outgoing authority. The outgoing side offers it, returns it to its owner or lets it lapse; the incoming one adopts or
// declines what was offered. An alert of which nothing was said lapses, and so does what was offered and not adopted.
const (
	alertOffered  = "offered"
	alertAdopted  = "adopted"
	alertDeclined = "declined"
	alertReturned = "returned"
	alertLapsed   = "lapsed"
)

// AdoptReasons are what can be given for adopting an alert, beside words of one's own.
var AdoptReasons = []web.Reason{
	{Code: "wanted-here", Text: "The person is wanted here as well"},
	{Code: "danger", Text: "The person is a danger here as well"},
	{Code: "stolen-document", Text: "The document is lost or stolen, whoever says so"},
	{Code: "treaty", Text: "A treaty binds both to it"},
}

// DeclineReasons are what can be given for declining an alert, beside words of one's own.
var DeclineReasons = []web.Reason{
	{Code: "no-ground", Text: "There is no ground for it in our law"},
	{Code: "not-ours", Text: "It does not concern us"},
	{Code: "on-our-list", Text: "It is on a list of ours already"},
	{Code: "unclear", Text: "It says too little to act upon"},
}

// Bounds on one entry of dispositions, so that its payload stays below journal.MaxPayload: sealed bytes grow by a third when they are written.
const (
	batchAlerts = 5000
	batchBytes  = 512 << 10
	mostBytes   = 700 << 10 // of one alert that is adopted
	mostReason  = 500
)

// disposedPrivate is the payload of transfer.KindDisposed.
type disposedPrivate struct {
	Reason  string         `json:"reason"`
	Version string         `json:"version"` // of the list
	Alerts  []marz.AlertID `json:"alerts"`
	Sealed  []byte         `json:"sealed,omitempty"` // of adopted ones: their content, under the key of who adopted them
}

func alertsSeal(id transfer.ID, list marz.ListID) string {
	return "alerts " + string(id) + " " + string(list)
}

// said is what was last said of an alert.
type said struct {
	disposition string
	seq         marz.Seq
	officer     marz.OfficerID
}

// disposedAlert is an alert of the outgoing authority with what was said of it.
type disposedAlert struct {
	list marz.ListID
	id   marz.AlertID
	said
	alert *watchlist.Alert // nil: it is on its list no more
}

// counts reports whether the alert stands in the table: it is in force, or was adopted, which its owner does not undo by taking it off its list.
func (d *disposedAlert) counts() bool { return d.alert != nil || d.disposition == alertAdopted }

// ownLists returns an authority's own lists in force: those of the configuration and the alerts that it has adopted.
func (p *Post) ownLists(authority marz.AuthorityID) []*watchlist.List {
	var out []*watchlist.List
	for _, info := range p.lists.Lists() {
		if p.ownerOf(info.ID) == authority {
			if l := p.lists.List(info.ID); l != nil {
				out = append(out, l)
			}
		}
	}
	return out
}

// saidOf returns what was last said of each alert of a transfer, of one list or (none) of all.
func saidOf(q querier, id transfer.ID, list marz.ListID) (map[marz.ListID]map[marz.AlertID]said, error) {
	out := map[marz.ListID]map[marz.AlertID]said{}
	_, err := collect(q, func(r *sql.Rows) (struct{}, error) {
		var l marz.ListID
		var s said
		var doc []byte
		var alerts []marz.AlertID
		err := r.Scan(&s.seq, &l, &s.disposition, &s.officer, &doc)
		if err == nil {
			err = json.Unmarshal(doc, &alerts)
		}
		if out[l] == nil {
			out[l] = make(map[marz.AlertID]said, len(alerts))
		}
		for _, a := range alerts {
			out[l][a] = s
		}
		return struct{}{}, err
	}, `SELECT seq, list, disposition, officer, alerts FROM s_disposition WHERE transfer = ? AND (list = ? OR ? = '') ORDER BY seq`, id, list, list)
	return out, err
}

// disposed returns every alert on the outgoing authority's own lists, and those that are on them no more but of which something was said, in order of list and alert.
// What can never hit any more where control passes is not among them.
func (p *Post) disposed(q querier, plan *transfer.Plan) ([]disposedAlert, error) {
	all, err := saidOf(q, plan.ID, "")
	if err != nil {
		return nil, err
	}
	var out []disposedAlert
	for _, l := range p.ownLists(plan.From) {
		barred, err := p.bars(q, l.ID)
		if err != nil {
			return nil, err
		}
		of := all[l.ID]
		for i := range l.Alerts {
			a := &l.Alerts[i]
			if !barred.everywhere(p, a.ID, plan.Lanes) {
				out = append(out, disposedAlert{l.ID, a.ID, of[a.ID], a})
			}
			delete(of, a.ID)
		}
	}
	for list, of := range all {
		for id, s := range of {
			out = append(out, disposedAlert{list, id, s, nil})
		}
	}
	slices.SortFunc(out, func(a, b disposedAlert) int { return cmp.Or(cmp.Compare(a.list, b.list), cmp.Compare(a.id, b.id)) })
	return out, nil
}

// dispositions sums up, for the instrument, what becomes of the outgoing authority's alerts.
func (p *Post) dispositions(q querier, t *transfer.Transfer) (transfer.Dispositions, error) {
	all, err := p.disposed(q, &t.Plan)
	if err != nil {
		return transfer.Dispositions{}, &marz.Error{Op: "read dispositions", Subject: string(t.Plan.ID), Err: err}
	}
	why := p.whys(q)
	table := make([]transfer.Disposition, 0, len(all))
	for i := range all {
		d := &all[i]
		if !d.counts() {
			continue
		}
		reason, err := why(d.seq)
		if err != nil {
			return transfer.Dispositions{}, err
		}
		table = append(table, transfer.Disposition{List: d.list, Alert: d.id, Disposition: d.disposition, By: d.officer, Reason: reason})
	}
	return transfer.Summary(table), nil
}

// whys returns a function that reads the reason of an entry of dispositions, each once.
func (p *Post) whys(q querier) func(marz.Seq) (string, error) {
	var from entries = committed{context.Background(), p.journal}
	if inside, ok := q.(entries); ok { // a change, which can see what shares its commit
		from = inside
	}
	known := map[marz.Seq]string{0: ""}
	return func(seq marz.Seq) (string, error) {
		if why, ok := known[seq]; ok {
			return why, nil
		}
		b, err := from.Payload(seq)
		if err != nil && marz.CodeOf(err) != marz.NotFound {
			return "", err
		}
		var why string
		if err == nil {
			if why, err = reasonIn(b); err != nil {
				return "", &marz.Error{Op: "read disposition", Subject: fmt.Sprintf("seq %d", seq), Err: err}
			}
		}
		known[seq] = why
		return why, nil
	}
}

// reasonIn reads the reason of a disposedPrivate, its first member, without the rest, which can be long.
func reasonIn(payload []byte) (string, error) {
	d := json.NewDecoder(bytes.NewReader(payload))
	for {
		name, err := d.Token()
		if err != nil {
			return "", err
		}
		if name == "reason" {
			var reason string
			err = d.Decode(&reason)
			return reason, err
		}
	}
}

// reasonText gives a reason in words.
func reasonText(reason string) string {
	for _, r := range slices.Concat(AdoptReasons, DeclineReasons) {
		if r.Code == reason {
			return r.Text
		}
	}
	return reason
}

// Dispose says what becomes of alerts of the outgoing authority's own lists. None named: of the whole list, as far as it can be said of its alerts. Many are taken down in
// several entries; if anything is wrong with what was named, there is none.
func (p *Post) Dispose(ctx context.Context, actor Actor, id transfer.ID, list marz.ListID, alerts []marz.AlertID, disposition, reason string) error {
	reason, err := trim(reason)
	bad := func(fix string) error {
		return &marz.Error{Code: marz.Invalid, Op: "dispose of alerts", Subject: string(id), Fix: fix}
	}
	switch {
	case err != nil:
		return err
	case len(reason) > mostReason:
		return bad(fmt.Sprintf("give a reason of at most %d bytes", mostReason))
	case reason == "" && (disposition == alertAdopted || disposition == alertDeclined):
		return bad("say why: the entry holds it")
	}
	var d *disposal
	var left []marz.AlertID
	for d == nil || len(left) > 0 {
		was, rest := d, left
		err := p.actTransfer(ctx, actor, func(a *act) error {
			t, err := a.mayDispose(id, list, disposition)
			if err != nil {
				return err
			}
			rest = left
			if was == nil || was.last != t.Changed || was.list != p.lists.List(list) { // at the first entry, and when something came between
				if d, err = a.disposal(t, list, disposition); err != nil {
					return err
				}
				if was == nil {
					rest, err = d.choose(alerts)
				} else {
					rest = d.still(left)
				}
			}
			if err != nil || len(rest) == 0 {
				return err
			}
			n, private, err := d.batch(rest, reason)
			if err != nil {
				return err
			}
			e, err := a.step(transfer.KindDisposed, transfer.Disposed{ID: id, List: list, Disposition: disposition, Alerts: n}, private)
			d.last, rest = e.Seq, rest[n:]
			return err
		})
		if err != nil {
			return err
		}
		left = rest
	}
	return nil
}

// disposal is what is said of alerts of one list.
type disposal struct {
	post        *Post
	plan        transfer.Plan
	list        *watchlist.List
	disposition string
	byID        map[marz.AlertID]*watchlist.Alert
	said        map[marz.AlertID]said
	barred      bars
	last        marz.Seq // the entry that said it of the last alerts
}

// mayDispose asks whether the officer's side may say it now. It returns the transfer.
func (a *act) mayDispose(id transfer.ID, list marz.ListID, disposition string) (*transfer.Transfer, error) {
	if err := a.transfers.Check(transfer.KindDisposed, a.own(), transfer.Disposed{ID: id, List: list, Disposition: disposition, Alerts: 1}, a.Now()); err != nil {
		return nil, err
	}
	return transferOf(a.transfers, id)
}

// disposal reads what was said of the alerts of a list so far.
func (a *act) disposal(t *transfer.Transfer, list marz.ListID, disposition string) (*disposal, error) {
	if disposition == alertAdopted {
		if _, err := a.post.ownKey(t.Plan.To); err != nil {
			return nil, err
		}
	}
	d := &disposal{post: a.post, plan: t.Plan, disposition: disposition, byID: map[marz.AlertID]*watchlist.Alert{}}
	for _, l := range a.post.ownLists(t.Plan.From) {
		if l.ID == list {
			d.list = l
		}
	}
	if d.list == nil {
		return nil, &marz.Error{Code: marz.NotFound, Op: "dispose of alerts", Subject: fmt.Sprintf("of list %.60q", string(list)), Fix: fmt.Sprintf("%s has no own list of that name in force here", t.Plan.From)}
	}
	all, err := saidOf(a, t.Plan.ID, list)
	if err != nil {
		return nil, err
	}
	if d.barred, err = a.post.bars(a, list); err != nil {
		return nil, err
	}
	d.said = all[list]
	for i := range d.list.Alerts {
		d.byID[d.list.Alerts[i].ID] = &d.list.Alerts[i]
	}
	return d, nil
}

// choose returns the alerts of which it is said: those named, each of which must allow it, or all that do.
func (d *disposal) choose(named []marz.AlertID) ([]marz.AlertID, error) {
	whole := len(named) == 0
	if whole {
		for i := range d.list.Alerts {
			named = append(named, d.list.Alerts[i].ID)
		}
	}
	var out []marz.AlertID
	seen := map[marz.AlertID]bool{}
	for i, id := range named {
		why := d.bars(id)
		switch {
		case seen[id], d.said[id].disposition == d.disposition && why == "": // it was said already
		case why == "":
			out = append(out, id)
		case !whole: // an alert's number is its owner's, and an error is logged
			return nil, &marz.Error{Code: marz.Conflict, Op: "dispose of alerts", Subject: fmt.Sprintf("%s, the alert named as number %d of %d", d.list.ID, i+1, len(named)), Fix: why}
		}
		seen[id] = true
	}
	if len(out) == 0 {
		return nil, &marz.Error{Code: marz.Conflict, Op: "dispose of alerts", Subject: "of list " + string(d.list.ID), Fix: fmt.Sprintf("there is none of which it can be said that it is %s, or it was said already", d.disposition)}
	}
	return out, nil
}

// still returns those of which it can still be said, after other entries came between.
func (d *disposal) still(left []marz.AlertID) []marz.AlertID {
	return slices.DeleteFunc(slices.Clone(left), func(id marz.AlertID) bool { return d.bars(id) != "" || d.said[id].disposition == d.disposition })
}

// bars says why it cannot be said of an alert, or "".
func (d *disposal) bars(id marz.AlertID) string {
	now := d.said[id].disposition
	switch {
	case d.byID[id] == nil || d.barred.everywhere(d.post, id, d.plan.Lanes):
		return "no such alert is in force on this list"
	case d.disposition == alertAdopted && now != alertOffered && now != alertDeclined && now != alertAdopted,
		d.disposition == alertDeclined && now != alertOffered && now != alertAdopted && now != alertDeclined:
		return fmt.Sprintf("%s has not offered it", d.plan.From)
	case d.disposition != alertAdopted && d.disposition != alertDeclined && now == alertAdopted:
		return fmt.Sprintf("%s has adopted it; only %s can give it up again", d.plan.To, d.plan.To)
	}
	return ""
}

// batch makes the payload of the next entry, of the first n alerts of those left.
func (d *disposal) batch(left []marz.AlertID, reason string) (n int, private *disposedPrivate, err error) {
	private = &disposedPrivate{Reason: reason, Version: d.list.Version}
	content := []byte{'['}
	size := 0
	for _, id := range left[:min(len(left), batchAlerts)] {
		one := []byte(strconv.Quote(string(id)))
		if d.disposition == alertAdopted {
			if one, err = json.Marshal(d.byID[id]); err != nil {
				return 0, nil, err
			}
		}
		if len(one) > mostBytes {
			return 0, nil, &marz.Error{Code: marz.Conflict, Op: "adopt alerts", Subject: "of list " + string(d.list.ID), Fix: fmt.Sprintf("one of them holds %d KB and at most %d can be adopted; put it on a list of your own", len(one)>>10, mostBytes>>10)}
		}
		if size += len(one) + len(id); n > 0 && size > batchBytes {
			break
		}
		if n > 0 {
			content = append(content, ',')
		}
		content = append(content, one...)
		private.Alerts = append(private.Alerts, id)
		n++
	}
	if d.disposition == alertAdopted {
		private.Sealed, err = d.post.keys.seal(d.plan.To, alertsSeal(d.plan.ID, d.list.ID), append(content, ']'))
	}
	return n, private, err
}

// foldDisposed keeps what was last said of each alert.
func foldDisposed(f *journal.Fold, e journal.Entry, payload []byte) error {
	if err := foldTransfer(f, e, payload); err != nil {
		return err
	}
	var d transfer.Disposed
	var of struct {
		Alerts []marz.AlertID `json:"alerts"`
	}
	if err := e.Read(payload, &d, &of); err != nil {
		return err
	}
	ids, err := json.Marshal(of.Alerts)
	if err != nil || len(of.Alerts) == 0 {
		return err
	}
	return f.Exec(`INSERT INTO s_disposition (seq, transfer, list, disposition, officer, alerts) VALUES (?, ?, ?, ?, ?, ?)`, e.Seq, d.ID, d.List, d.Disposition, e.Officer, string(ids))
}

// alertsReadEntry is that an officer of the incoming authority was shown alerts that were offered to it. It is read by the owner as any look-up.
type alertsReadEntry struct {
	Transfer transfer.ID        `json:"transfer"`
	Alerts   int                `json:"alerts"`
	Upto     marz.Seq           `json:"upto"` // the entry up to which offers were shown
	Reason   string             `json:"reason"`
	Owners   []marz.AuthorityID `json:"owners"`
}

func foldAlertsRead(f *journal.Fold, e journal.Entry, payload []byte) error {
	if err := foldLookup(f, e, payload); err != nil {
		return err
	}
	var r alertsReadEntry
	if err := e.Read(nil, &r, nil); err != nil {
		return err
	}
	return f.Exec(`INSERT INTO s_alertread (transfer, officer, upto) VALUES (?, ?, ?) ON CONFLICT (transfer, officer) DO UPDATE SET upto = excluded.upto`, r.Transfer, e.Officer, r.Upto)
}

// transferReasons are the reasons that can be chosen on the commanders' page, by what for.
var transferReasons = map[string][]web.Reason{alertAdopted: AdoptReasons, alertDeclined: DeclineReasons}

// transferAlerts returns the alerts of a transfer that an officer may see. The outgoing side sees all on its own lists; the incoming one what was offered to it, and that
// it was shown what it had not seen is an entry, before it is.
func (p *Post) transferAlerts(ctx context.Context, actor Actor, t *transfer.Transfer) ([]web.TransferAlert, error) {
	own := actor.Officer.Authority()
	if t.Phase != transfer.Preparing && t.Phase != transfer.Armed || own != t.Plan.From && own != t.Plan.To {
		return nil, nil
	}
	all, err := p.disposed(p.journal.State(), &t.Plan)
	if err != nil {
		return nil, &marz.Error{Op: "read alerts", Subject: string(t.Plan.ID), Err: err}
	}
	all = slices.DeleteFunc(all, func(d disposedAlert) bool {
		return d.alert == nil || own == t.Plan.To && !slices.Contains([]string{alertOffered, alertAdopted, alertDeclined}, d.disposition)
	})
	if own == t.Plan.To {
		if err := p.recordAlertsRead(ctx, actor, &t.Plan, all); err != nil {
			return nil, err
		}
	}
	why := p.whys(p.journal.State())
	out := make([]web.TransferAlert, 0, len(all))
	for i := range all {
		d := &all[i]
		reason, err := why(d.seq)
		if err != nil {
			return nil, err
		}
		out = append(out, web.TransferAlert{List: d.list, Alert: d.id, Kind: string(d.alert.Kind), Name: d.alert.Name(), Why: d.alert.Why,
			Disposition: d.disposition, By: d.officer, Reason: reasonText(reason)})
	}
	return out, nil
}

// recordAlertsRead notes, once for all that came since he last looked, that an officer of the incoming authority is shown alerts of another's.
func (p *Post) recordAlertsRead(ctx context.Context, actor Actor, plan *transfer.Plan, shown []disposedAlert) error {
	var seen marz.Seq
	err := p.journal.State().QueryRow(`SELECT upto FROM s_alertread WHERE transfer = ? AND officer = ?`, plan.ID, actor.Officer).Scan(&seen)
	if err != nil && !absent(err) {
		return &marz.Error{Op: "read alerts", Subject: string(plan.ID), Err: err}
	}
	e := alertsReadEntry{Transfer: plan.ID, Reason: "transfer", Owners: []marz.AuthorityID{plan.From}}
	for i := range shown {
		if d := &shown[i]; d.seq > seen && d.officer != actor.Officer { // what he adopted or declined himself is an entry of his already
			e.Alerts++
			e.Upto = max(e.Upto, d.seq)
		}
	}
	if e.Alerts == 0 {
		return nil
	}
	return p.act(ctx, actor, marz.ActTransfer, func(a *act) error {
		_, err := a.append(KindAlertsRead, e, nil)
		return err
	})
}
