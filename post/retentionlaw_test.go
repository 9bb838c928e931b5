package post

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"marz"
	"marz/inspection"
	"marz/journal"
	"marz/verify"
	"marz/web"
)

// both is a treaty by which both serve together for ever. Nothing needs concurrence.
const both = treaty + `article = [
 { id = "1", kind = "control", authority = "ru-bg", places = ["agarak", "line"], from = "1992-09-30T00:00:00+03:00", text = "" },
 { id = "2", kind = "joint", authorities = ["am-bg", "ru-bg"], places = ["agarak", "line"], from = "2024-10-08T00:00:00+04:00", decisions = ["hold"], text = "" },
]`

// naive is a second reading of the law, from the entries alone and in the simplest way there is.
type naive struct {
	at        marz.Instant
	entries   []map[string]any
	cases     map[string]*naiveCase // by number
	holds     map[float64]map[string]any
	released  map[float64]marz.Instant
	schedules map[string]map[string]any
	left      map[string]marz.Instant
}

type naiveCase struct {
	owners          []string
	ended, referred marz.Instant
	decision        string
	late            map[float64]string          // seq → whose list
	answered        map[float64]map[string]bool // by whom
}

func parseAt(v any) marz.Instant {
	t, err := time.Parse(time.RFC3339Nano, v.(string))
	if err != nil {
		panic(err)
	}
	return marz.InstantOf(t)
}

func newNaive(t *rapid.T, tp *testPost, at marz.Instant) *naive {
	n := &naive{at: at, cases: map[string]*naiveCase{}, holds: map[float64]map[string]any{}, released: map[float64]marz.Instant{}, schedules: map[string]map[string]any{}, left: map[string]marz.Instant{}}
	err := tp.Journal().Bodies(context.Background(), 0, tp.size(), func(_ int64, body []byte) error {
		var e map[string]any
		if err := json.Unmarshal(body, &e); err != nil {
			return err
		}
		n.entries = append(n.entries, e)
		n.take(e)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func (n *naive) take(e map[string]any) {
	public, _ := e["public"].(map[string]any)
	id, _ := public["inspection"].(string)
	at, seq := parseAt(e["at"]), e["seq"].(float64)
	switch e["kind"] {
	case "inspection.opened":
		c := &naiveCase{late: map[float64]string{}, answered: map[float64]map[string]bool{}}
		if owners, ok := public["owners"].([]any); ok {
			for _, o := range owners {
				c.owners = append(c.owners, o.(string))
			}
		} else {
			c.owners = []string{e["authority"].(string)}
		}
		n.cases[fmt.Sprint(seq)] = c
	case "crossing.decided":
		n.cases[id].ended, n.cases[id].decision = at, public["decision"].(string)
	case "inspection.withdrawn":
		n.cases[id].ended, n.cases[id].decision = at, "withdrawn"
	case "referral.ended":
		n.cases[id].referred = at
	case "hit.late":
		owner, _ := public["owner"].(string)
		n.cases[id].late[seq] = owner
		n.cases[id].answered[seq] = map[string]bool{}
	case "hit.acknowledged":
		n.cases[id].answered[public["late"].(float64)][e["authority"].(string)] = true
	case "retention.held":
		n.holds[seq] = e
	case "retention.released":
		n.released[public["hold"].(float64)] = at
	case "retention.set":
		n.schedules[e["authority"].(string)] = public
	case "officer.dismissed":
		n.left[public["officer"].(string)] = at
	}
}

// kindOf says which rule of a schedule an entry's payload falls under, whose it is and from when it counts; 0: it does not.
func (n *naive) kindOf(e map[string]any) (kind string, owners []string, from marz.Instant, about []float64) {
	public := e["public"].(map[string]any)
	owners, from, about = []string{e["authority"].(string)}, parseAt(e["at"]), []float64{e["seq"].(float64)}
	id, _ := public["inspection"].(string)
	if e["kind"] == "inspection.opened" {
		id = fmt.Sprint(e["seq"])
	}
	c := n.cases[id]
	if c != nil {
		var number float64
		fmt.Sscan(id, &number)
		about = append(about, number)
	}
	if i, ok := public["incident"].(float64); ok {
		about = append(about, i)
	}
	ofCase := func() {
		if from = max(from, c.ended, c.referred); c.ended == 0 || c.decision == "refer" && c.referred == 0 {
			from = 0
		}
	}
	switch e["kind"] {
	case "inspection.opened", "decision.proposed", "crossing.decided":
		if e["kind"] == "inspection.opened" {
			owners = c.owners
		}
		kind = map[string]string{"admit": "crossing.passed", "refuse": "crossing.refused", "refer": "crossing.referred", "withdrawn": "crossing.withdrawn"}[c.decision]
		ofCase()
	case "hits.found", "hit.late":
		kind = "hits"
		ofCase()
	case "hit.acknowledged":
		kind = "hits"
	case "record.read":
		kind = "look-ups"
	case "incident.recorded":
		kind = "incidents"
	case "officer.enrolled":
		kind, from = "officers", n.left[public["officer"].(string)]
	case "person.noted", "retention.released", "person.exported":
		kind = "requests"
	case "retention.held":
		kind, from = "requests", n.released[e["seq"].(float64)]
	}
	return kind, owners, from, about
}

// gone says whether an entry's payload is to be erased at the instant.
func (n *naive) gone(e map[string]any) bool {
	kind, owners, from, about := n.kindOf(e)
	if kind == "" || from == 0 {
		return false
	}
	for _, o := range owners {
		s := n.schedules[o]
		days := -1.
		if s != nil && n.at >= parseAt(s["starts"]) {
			for _, r := range s["rules"].([]any) {
				rule := r.(map[string]any)
				if slices.Contains(rule["kinds"].([]any), any(kind)) {
					days = rule["days"].(float64)
				}
			}
		}
		if days < 0 || n.at < from+marz.Instant(days*24*3600*1000) {
			return false
		}
	}
	for seq, h := range n.holds {
		if n.released[seq] == 0 && slices.Contains(owners, h["authority"].(string)) && slices.Contains(about, h["public"].(map[string]any)["entry"].(float64)) {
			return false
		}
	}
	if !strings.HasPrefix(kind, "crossing.") && e["kind"] != "hits.found" && e["kind"] != "hit.late" {
		return true
	}
	for _, number := range about {
		c := n.cases[fmt.Sprint(number)]
		if c == nil {
			continue
		}
		for seq, list := range c.late {
			need := c.owners
			if list != "" {
				need = []string{list}
			}
			for _, o := range need {
				if !c.answered[seq][o] {
					return false
				}
			}
		}
	}
	return true
}

// history is one random history with the payloads that some pass was to erase.
type history struct {
	*testPost
	t      *rapid.T
	may    map[int64]bool // that were due at a pass
	cases  []*web.Inspection
	holds  []marz.Seq
	number int
}

var lawOfficers = []marz.OfficerID{"ru-bg/2", "am-bg/2"}

func (h *history) supervisor() Actor {
	return h.signIn(rapid.SampledFrom([]marz.OfficerID{"ru-bg/1", "am-bg/1"}).Draw(h.t, "supervisor"))
}

// allowed fails on what is neither done nor refused in words.
func (h *history) allowed(err error) {
	switch marz.CodeOf(err) {
	case marz.Forbidden, marz.Conflict, marz.NotFound:
		return
	}
	if err != nil {
		h.t.Fatal(err)
	}
}

func (h *history) cross() {
	joint := rapid.Bool().Draw(h.t, "joint")
	by := rapid.SampledFrom(lawOfficers).Draw(h.t, "by")
	a := h.atLane(by, "1")
	if joint {
		h.atLane(lawOfficers[(slices.Index(lawOfficers, by)+1)%2], "1")
	}
	h.number++
	who := [2]string{"QQSURNAME", "QQGIVEN"}
	if rapid.IntRange(0, 2).Draw(h.t, "hits") == 0 {
		who = [2]string{"SEKRETOV", "BOGDAN"}
	}
	i := h.mustScan(a, "1", passport(h.testPost.t, who[0], who[1], fmt.Sprintf("N%d", h.number), nil))
	how := rapid.SampledFrom([]marz.Decision{marz.Admit, marz.Refuse, marz.Refer, "withdrawn"}).Draw(h.t, "how")
	var err error
	if how == "withdrawn" {
		_, err = h.Withdraw(context.Background(), a, i.ID, "wrong-lane")
	} else {
		var out *web.Inspection
		out, err = h.Decide(context.Background(), a, i.ID, how, inspection.Reasons(how)[0].Code, "QQNOTE")
		if err == nil && out.Decision == "" {
			_, err = h.Confirm(context.Background(), a, i.ID, out.Proposal.Seq)
		}
	}
	if err != nil {
		h.t.Fatal(err)
	}
	h.cases = append(h.cases, i)
	for _, o := range lawOfficers {
		h.allowed(h.CloseLane(context.Background(), h.signIn(o), "1"))
	}
}

func (h *history) someCase() *web.Inspection {
	if len(h.cases) == 0 {
		h.t.Skip("no case yet")
	}
	return rapid.SampledFrom(h.cases).Draw(h.t, "case")
}

func (h *history) setSchedule() {
	days := map[string]int{}
	for _, k := range retentionKinds.Names() {
		days[k] = rapid.SampledFrom([]int{0, 1, 2, 3, 5, 8}).Draw(h.t, k)
	}
	s := h.supervisor()
	h.schedules(s.Officer, rules(s.Officer.Authority(), "treaty/2", days))
}

func (h *history) late() {
	i := h.someCase()
	row, err := readRow(h.journal.State(), number(i.ID))
	if err != nil {
		h.t.Fatal(err)
	}
	h.number++
	err = h.journal.Update(context.Background(), func(tx *journal.Tx) error {
		_, err := tx.Append(journal.Draft{Kind: KindLate, Authority: row.owners[0], Under: "treaty/2", Policy: h.register.Load().Policy(),
			Public: lateEntry{Inspection: i.ID, List: "test-list", Hits: 1, Marks: []string{fmt.Sprint(h.number)}}, Private: hitsPrivate{Hits: []web.Hit{}}})
		return err
	})
	if err != nil {
		h.t.Fatal(err)
	}
}

func (h *history) answer() {
	for _, o := range []marz.OfficerID{"ru-bg/1", "am-bg/1"} {
		late, _, err := h.lateHits(h.journal.State(), o.Authority(), h.Post.now())
		if err != nil {
			h.t.Fatal(err)
		}
		for _, l := range late {
			if rapid.Bool().Draw(h.t, "answers") {
				h.allowed(h.Acknowledge(context.Background(), h.signIn(o), l.Seq, inspection.LateReasons[0].Code, "QQNOTE"))
			}
		}
	}
}

func (h *history) pass() {
	h.later(time.Duration(rapid.IntRange(0, 2).Draw(h.t, "days"))*day + 7*time.Minute)
	before := newNaive(h.t, h.testPost, h.Post.now())
	there := map[int64]bool{}
	for _, e := range before.entries {
		seq := int64(e["seq"].(float64))
		if e["private"] != "" {
			there[seq] = h.there(marz.Seq(seq))
		}
		if e["private"] != "" && before.gone(e) {
			h.may[seq] = true
		}
	}
	ctx, cut := context.WithCancel(context.Background())
	if rapid.IntRange(0, 3).Draw(h.t, "cut") == 0 {
		cut()
		if _, err := h.Retain(ctx); err == nil {
			h.t.Fatal("a pass that was cut off said that it was done")
		}
	}
	cut()
	look, err := h.Retain(context.Background())
	if err != nil {
		h.t.Fatal(err)
	}
	if look.Doubt != "" {
		h.t.Fatal(look.Doubt)
	}
	for _, e := range before.entries {
		seq := int64(e["seq"].(float64))
		if e["private"] == "" {
			continue
		}
		now := h.there(marz.Seq(seq))
		if now && before.gone(e) {
			h.t.Fatalf("seq %v %v is due and was not erased", e["seq"], e["kind"])
		}
		if !now && there[seq] && !before.gone(e) {
			h.t.Fatalf("seq %v %v was erased and is not due", e["seq"], e["kind"])
		}
		if !now && !h.may[seq] {
			h.t.Fatalf("seq %v %v is gone and never was due", e["seq"], e["kind"])
		}
	}
	if look.Left != 0 {
		h.t.Fatalf("%d are there that are erased", look.Left)
	}
}

// What is due by the schedules of all whose it is goes, and nothing else does, whatever happened: held to a second reading of the entries. The state is what the entries say, and every proof holds.
func TestRetentionAgainstASecondReading(t *testing.T) {
	if f := flag.Lookup("rapid.checks"); f.Value.String() == f.DefValue { // nobody asked for more
		flag.Set("rapid.checks", "15")
		defer flag.Set("rapid.checks", f.DefValue)
	}
	rapid.Check(t, func(r *rapid.T) {
		tp := newTestPostUnder(t, both)
		tp.addOwnList()
		h := &history{testPost: tp, t: r, may: map[int64]bool{}}
		ctx := context.Background()
		r.Repeat(map[string]func(*rapid.T){
			"cross":    func(*rapid.T) { h.cross() },
			"again":    func(*rapid.T) { h.cross() },
			"schedule": func(*rapid.T) { h.setSchedule() },
			"late":     func(*rapid.T) { h.late() },
			"answer":   func(*rapid.T) { h.answer() },
			"pass":     func(*rapid.T) { h.pass() },
			"passes":   func(*rapid.T) { h.pass() },
			"hold": func(*rapid.T) {
				hold, err := h.Hold(ctx, h.supervisor(), idOf(h.someCase()), "court", "QQNOTE")
				if h.allowed(err); err == nil {
					h.holds = append(h.holds, hold)
				}
			},
			"release": func(r *rapid.T) {
				if len(h.holds) == 0 {
					r.Skip("nothing is held")
				}
				h.allowed(h.Release(ctx, h.supervisor(), rapid.SampledFrom(h.holds).Draw(r, "hold"), "QQNOTE"))
			},
			"referral": func(*rapid.T) { h.allowed(h.EndReferral(ctx, h.supervisor(), h.someCase().ID, "refused", "")) },
			"read": func(*rapid.T) {
				_, err := h.ReadRecord(ctx, h.supervisor(), h.someCase().ID, "supervision", "QQNOTE")
				h.allowed(err)
			},
			"note": func(*rapid.T) { h.allowed(h.Note(ctx, h.supervisor(), h.someCase().ID, "complaint", "QQNOTE")) },
			"reopen": func(*rapid.T) {
				retention := h.config.Retention
				h.reopen(nil)
				h.config.Retention = retention
			},
		})
		tp.refolded(t)
		if err := tp.Post.Close(); err != nil {
			t.Fatal(err)
		}
		if rep, err := verify.Folder(ctx, tp.dir, verify.Options{}); err != nil || !rep.OK() {
			t.Fatalf("verify: %+v, %v", rep, err)
		}
		tp.open()
	})
}
