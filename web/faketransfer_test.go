package web_test

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"marz"
	"marz/transfer"
	"marz/web"
)

// fakeTransfer is the transfer of a fakePost, from ru-bg to am-bg. It goes through its phases as the machine of package transfer does, and knows no signatures:
// what a window says that it signed is believed when it is the digest that stands. The post's lock guards it.
type fakeTransfer struct {
	web.Transfer
	alerts    []web.TransferAlert
	presented int      // how often an instrument was, so that each has a digest of its own
	sent      []string // path and body of every step
}

var (
	anahit    = web.Officer{ID: "am-bg/0101", Name: "Anahit Grigoryan", Role: marz.RoleSupervisor, Authority: armenia}
	countable = []string{"people-held", "documents-held", "stamps", "seals", "keys", "consumables"}
	relief    = transfer.Plan{ID: "agarak-1", Article: "am-ru-2024-agarak/2", Place: "agarak", From: russia.ID, To: armenia.ID, At: handing.At, Agreed: handing.At,
		Clock: transfer.BySources, Tolerance: 2000, Destroy: []string{"lists", "hits"}, Unilateral: handing.At + 86400e3}
	cheques = []transfer.Check{
		{ID: "commanders", State: "good", Value: "ru-bg/0102 and am-bg/0101 can sign", At: midday - 40e3},
		{ID: "officers", State: "good", Value: "9 of 9 shifts of the first week have officers", At: midday - 40e3},
		{ID: "lists", State: "good", Value: "3 lists of am-bg, the oldest of 2024-12-31", At: midday - 40e3},
		{ID: "clock", State: "good", Value: "2 sources agree within 0.4 s", At: midday - 5e3},
		{ID: "mirror", State: "attention", Value: "am-bg is 12 entries behind: 41 s", At: midday - 5e3},
	}
)

// adoptedHit is on an alert that was ru-bg's and was adopted.
var adoptedHit = web.Hit{Alert: "ru-0418", Kind: "document", List: "adopted-am-bg", Owner: "am-bg", Version: "2025-01-01", Score: 1, Name: "STOPPER, R", Why: "Reported lost, fictional.", Reasons: []string{"document number equal"},
	Adopted: &web.Provenance{Owner: russia.ID, List: "ru-own", Version: "2024-12-30", By: anahit.ID, At: handing.At - 3600e3, Reason: "sought by a court of Armenia as well", Under: handing.Article}}

func newFakeTransfer() *fakeTransfer {
	x := &fakeTransfer{Transfer: web.Transfer{Plan: relief, Phase: transfer.Planned, Readiness: []transfer.Check{}, Steps: []web.TransferStep{},
		Keys: []web.TransferKey{{Authority: russia.ID}, {Authority: armenia.ID}}}}
	for _, what := range countable {
		x.Inventory = append(x.Inventory, web.TransferLine{What: what})
	}
	open := 1
	x.Inventory = append(x.Inventory, web.TransferLine{What: "open-inspections", Outgoing: &open, Incoming: &open, Measured: true})
	for i, name := range []string{"Pavlov, Igor", "Stopper, Ruben", "رضا استوپر", "Սարգսյան Արամ", "Wanted, Wanda", "Nobody, Nemo"} {
		list := marz.ListID("ru-own")
		if i > 3 {
			list = "ru-documents"
		}
		x.alerts = append(x.alerts, web.TransferAlert{List: list, Alert: marz.AlertID(fmt.Sprintf("ru-%04d", 417+i)), Kind: "person", Name: name, Why: "Invented for an exercise."})
	}
	x.count()
	return x
}

// count brings the numbers of dispositions up to date.
func (x *fakeTransfer) count() {
	d := transfer.Dispositions{Alerts: len(x.alerts), Digest: strings.Repeat("A", 43) + "="}
	for _, a := range x.alerts {
		switch a.Disposition {
		case "adopted":
			d.Adopted++
		case "returned":
			d.Returned++
		case "lapsed":
			d.Lapsed++
		}
	}
	x.Dispositions, x.Open = d, d.Alerts-d.Adopted-d.Returned-d.Lapsed
}

// transferBody is the page as an officer sees it, a copy. The caller holds the lock.
func (f *fakePost) transferBody(who web.Officer) web.TransferBody {
	text, err := json.Marshal(f.transferOf(who))
	if err != nil {
		f.t.Error(err)
	}
	var out web.TransferBody
	if err := json.Unmarshal(text, &out); err != nil {
		f.t.Error(err)
	}
	return out
}

func (f *fakePost) transferOf(who web.Officer) web.TransferBody {
	x := f.relief
	if f.unplanned {
		return web.TransferBody{Own: who.Authority.ID}
	} else if x == nil {
		return sampleTransfer()
	}
	b := web.TransferBody{Transfer: &x.Transfer, Own: who.Authority.ID, Sign: f.signs, Reasons: map[string][]web.Reason{
		"adopted": {{Code: "sought", Text: "Sought by a court of Armenia as well"}, {Code: "asked", Text: "Taken over at their owner's wish"}}}}
	side, mine := map[marz.AuthorityID]string{russia.ID: "outgoing", armenia.ID: "incoming"}[who.Authority.ID], slices.IndexFunc(x.Keys, func(k web.TransferKey) bool { return k.Authority == who.Authority.ID })
	b.Side = side
	for _, a := range x.alerts {
		if side == "outgoing" || a.Disposition == "offered" || a.Disposition == "adopted" || a.Disposition == "declined" {
			b.Alerts = append(b.Alerts, a)
		}
	}
	if side == "incoming" && f.uncommissioned {
		b.Commission = `{"v":1,"by":"am-bg","officer":"am-bg/0101","place":"agarak"}`
	}
	switch x.Phase {
	case transfer.Planned:
		b.Can = []string{"open"}
	case transfer.Preparing, transfer.Armed:
		b.Can = []string{"postpone", "refuse", "cancel", "count"}
		if x.Phase == transfer.Preparing {
			b.Can = append(b.Can, map[string]string{"outgoing": "dispose", "incoming": "adopt"}[side])
		}
		if x.Digest == "" && x.counted() {
			b.Can = append(b.Can, "present")
		}
		if x.Digest != "" && x.Keys[mine].At == 0 {
			b.Can = append(b.Can, "arm")
		} else if x.Keys[mine].At != 0 {
			b.Can = append(b.Can, "disarm")
		}
		if x.Waiting != "" {
			b.Can = []string{"now", "disarm"}
		}
	default:
		b.Cannot = "the transfer is " + string(x.Phase)
	}
	return b
}

func (x *fakeTransfer) counted() bool {
	return !slices.ContainsFunc(x.Inventory, func(l web.TransferLine) bool { return l.Outgoing == nil || l.Incoming == nil })
}

func (f *fakePost) routeTransfer(mux *http.ServeMux) {
	mux.HandleFunc("GET /api/transfer", func(w http.ResponseWriter, r *http.Request) {
		f.mu.Lock()
		defer f.mu.Unlock()
		web.WriteJSON(w, http.StatusOK, f.transferBody(whoAsks(r)))
	})
	mux.HandleFunc("GET /transfer/{id}/act", func(w http.ResponseWriter, r *http.Request) { f.page(w, r, "act") })
	mux.HandleFunc("GET /relieved/{code}", func(w http.ResponseWriter, r *http.Request) { f.page(w, r, "act") })
	mux.HandleFunc("POST /relieved/{code}/{how}", f.transferSign)
	mux.HandleFunc("POST /api/shift/take", f.takeShift)
	mux.HandleFunc("POST /api/transfer/{step}", f.transferStep)
	mux.HandleFunc("POST /api/transfer/sign/{how}", f.transferSign)
}

// void takes back the instrument and all keys.
func (x *fakeTransfer) void() {
	x.Digest, x.Phase = "", transfer.Preparing
	for i := range x.Keys {
		x.Keys[i] = web.TransferKey{Authority: x.Keys[i].Authority}
	}
}

// says notes a step. The caller holds the lock.
func (f *fakePost) transferSays(kind string, who web.Officer, words string) {
	f.seq++
	f.relief.Steps = append(f.relief.Steps, web.TransferStep{Seq: f.seq, At: f.now(), Kind: kind, Authority: who.Authority.ID, Officer: who.ID, Says: words})
}

type transferIn struct {
	ID          transfer.ID
	Article     marz.ArticleRef
	Lanes       []marz.LaneID
	At          marz.Instant
	What        string
	N           int
	Note        string
	List        marz.ListID
	Alerts      []marz.AlertID
	Disposition string
	Reason      string
	Why         string
}

func (f *fakePost) transferStep(w http.ResponseWriter, r *http.Request) {
	var in transferIn
	var raw json.RawMessage
	err := web.ReadJSON(w, r, &raw, 100000)
	if err == nil {
		err = json.Unmarshal(raw, &in)
	}
	if err != nil {
		f.t.Error(err)
		return
	}
	step, who := r.PathValue("step"), whoAsks(r)
	f.with(func() {
		x := f.relief
		x.sent = append(x.sent, step+" "+string(raw))
		if f.refuses != "" {
			web.WriteError(w, r, &marz.Error{Code: marz.Conflict, Op: step, Subject: string(in.ID), Fix: f.refuses})
			return
		}
		switch step {
		case "open":
			x.Phase, x.Readiness, x.Plan.At, x.Plan.Lanes = transfer.Preparing, slices.Clone(cheques), in.At, in.Lanes
			f.transferSays(transfer.KindOpened, who, "began preparation")
		case "count":
			i := slices.IndexFunc(x.Inventory, func(l web.TransferLine) bool { return l.What == in.What })
			if i < 0 {
				i = len(x.Inventory)
				x.Inventory = append(x.Inventory, web.TransferLine{What: in.What})
			}
			if who.Authority.ID == x.Plan.From {
				x.Inventory[i].Outgoing = &in.N
			} else {
				x.Inventory[i].Incoming = &in.N
			}
			x.void()
			f.transferSays(transfer.KindCounted, who, fmt.Sprintf("counted %s: %d", in.What, in.N))
		case "dispose":
			for i, a := range x.alerts {
				if a.List == in.List && slices.Contains(in.Alerts, a.Alert) {
					x.alerts[i].Disposition, x.alerts[i].By, x.alerts[i].Reason = in.Disposition, who.ID, in.Reason
				}
			}
			x.count()
			x.void()
			f.transferSays(transfer.KindDisposed, who, fmt.Sprintf("%s %d alerts of %s", in.Disposition, len(in.Alerts), in.List))
		case "present":
			f.presentTransfer(who)
		case "disarm":
			i := slices.IndexFunc(x.Keys, func(k web.TransferKey) bool { return k.Authority == who.Authority.ID })
			x.Keys[i], x.Phase = web.TransferKey{Authority: who.Authority.ID}, transfer.Preparing
			f.transferSays(transfer.KindDisarmed, who, "took its key back")
		case "postpone":
			x.void()
			x.Plan.At = in.At
			f.transferSays(transfer.KindPostponed, who, "set another instant")
		case "refuse":
			x.Refused = append(x.Refused, who.Authority.ID)
			f.transferSays(transfer.KindRefused, who, "declared that it will not arm")
		case "cancel":
			x.Phase = transfer.Cancelled
			f.transferSays(transfer.KindCancelled, who, "cancelled the transfer")
		default:
			f.t.Errorf("step %s is not in the contract", step)
		}
		f.announce()
		web.WriteJSON(w, http.StatusOK, map[string]string{})
	})
}

// announce tells every page how the transfer stands. The caller holds the lock.
func (f *fakePost) announce() {
	x := f.relief
	f.next = &web.Passing{To: armenia, Article: x.Plan.Article, At: x.Plan.At, Lanes: x.Plan.Lanes, Phase: x.Phase, Waiting: x.Waiting}
}

// presentTransfer gives the instrument a digest. The caller holds the lock.
func (f *fakePost) presentTransfer(who web.Officer) {
	f.relief.void()
	f.relief.presented++
	f.relief.Digest = sampleDigest(f.relief.presented)
	f.transferSays(transfer.KindPresented, who, "presented the instrument")
}

func sampleDigest(n int) string {
	b := make([]byte, 32)
	for i := range b {
		b[i] = byte(37*i*n + 11*n)
	}
	return base64.StdEncoding.EncodeToString(b)
}

// transferSign turns a key, or takes the word of a commander that the instant has come.
func (f *fakePost) transferSign(w http.ResponseWriter, r *http.Request) {
	var in struct {
		Says, Digest, Ceremony string
		ID                     transfer.ID
		Response               json.RawMessage
	}
	if err := web.ReadJSON(w, r, &in, 100000); err != nil {
		f.t.Error(err)
	}
	how, who := r.PathValue("how"), whoAsks(r)
	if in.Says == transfer.SaysClose || r.PathValue("code") != "" {
		f.with(func() { f.closed = append(f.closed, r.URL.Path+" "+in.Digest) })
		web.WriteJSON(w, http.StatusOK, map[string]string{})
		return
	}
	f.with(func() {
		x := f.relief
		x.sent = append(x.sent, "sign/"+how+" "+in.Says)
		if in.Digest != x.Digest {
			web.WriteError(w, r, &marz.Error{Code: marz.Conflict, Op: "arm", Subject: string(in.ID), Fix: "the plan has changed: read the new instrument"})
			return
		}
		if how == "begin" {
			web.WriteJSON(w, http.StatusOK, json.RawMessage(`{"ceremony":"c3","options":{"challenge":"bWFyeg","rpId":"localhost","timeout":1500,"userVerification":"required"}}`))
			return
		}
		if in.Says == transfer.SaysNow {
			f.transferSays(transfer.KindClock, who, "signed that the instant has come")
			f.executeTransfer()
			web.WriteJSON(w, http.StatusOK, map[string]string{})
			return
		}
		i := slices.IndexFunc(x.Keys, func(k web.TransferKey) bool { return k.Authority == who.Authority.ID })
		x.Keys[i].At, x.Keys[i].Officer = f.now(), who.ID
		if x.Keys[0].At != 0 && x.Keys[1].At != 0 {
			x.Phase = transfer.Armed
		}
		f.announce()
		f.transferSays(transfer.KindArmed, who, "turned its key")
		answer := map[string]string{}
		if who.Authority.ID == x.Plan.From {
			answer["relieved"] = "/relieved/7QK2-M4XD-9RTB"
		}
		web.WriteJSON(w, http.StatusOK, answer)
	})
}

// actFor puts to the model of an act whose window it is: that of a commander with a session, or of one who has nothing but his code.
func (f *fakePost) actFor(p *web.Page, r *http.Request) {
	body := p.Body.(web.ActBody)
	if body.Code = r.PathValue("code"); body.Code != "" {
		p.Officer = nil
	}
	if len(f.closed) > 0 {
		body.Act.Closed = append(slices.Clone(body.Act.Closed), transfer.Signature{Says: transfer.SaysClose, Authority: russia.ID, Officer: officer.ID, Line: "x"})
		body.Sign = ""
	}
	p.Body = body
}

func (f *fakePost) takeShift(w http.ResponseWriter, r *http.Request) {
	var in struct{ Digest string }
	if err := web.ReadJSON(w, r, &in, 1000); err != nil {
		f.t.Error(err)
	}
	f.with(func() {
		if f.refuses != "" {
			web.WriteError(w, r, &marz.Error{Code: marz.Conflict, Op: "take shift", Fix: f.refuses})
			return
		}
		f.closed = append(f.closed, in.Digest)
		web.WriteJSON(w, http.StatusOK, map[string]string{"next": "/shift"})
	})
}

// executeTransfer lets control pass: windows of ru-bg learn that their access has ended. The caller holds the lock.
func (f *fakePost) executeTransfer() {
	x := f.relief
	f.transferSays(transfer.KindExecuted, web.Officer{Authority: russia}, "control has passed to am-bg")
	for i, a := range x.alerts {
		if a.Disposition != "adopted" && a.Disposition != "returned" {
			x.alerts[i].Disposition = "lapsed"
		}
	}
	x.count()
	x.Phase, x.Seq, x.At, x.Waiting = transfer.Executed, f.seq, f.now(), ""
	x.Executed = &transfer.Execution{ID: x.Plan.ID, Digest: x.Digest, Place: x.Plan.Place, From: x.Plan.From, To: x.Plan.To, Instant: x.Plan.At, Ends: []marz.AuthorityID{russia.ID},
		Destroys: x.Plan.Destroy, Open: 1, Crossings: 812, Mirrors: []transfer.Mirror{{Authority: armenia.ID, Size: int64(x.Seq) - 3, Missing: 1}, {Authority: russia.ID, Size: int64(x.Seq)}},
		Clocks: []transfer.Reading{{Source: "node", At: x.At}, {Source: "boot", At: x.At - 120}, {Source: "radio", Fault: "it does not answer"}}}
	x.Signed = []web.TransferKey{{Authority: russia.ID}, {Authority: armenia.ID}}
	f.control, f.article, f.next = armenia, x.Plan.Article, nil
	f.relieved = "Control of Agarak passed to am-bg at 00:00 on 1 January 2025 under am-ru-2024-agarak/2. No article gives ru-bg anything here any more."
}
