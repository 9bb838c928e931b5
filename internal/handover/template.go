package handover

import (
	"context"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"time"

	"marz"
	"marz/agreement"
	"marz/mrz"
	"marz/post"
	"marz/transfer"
)

// The post of every run, and who is there.
const (
	place    = marz.PlaceID("agarak")
	outgoing = marz.AuthorityID("ru-bg")
	incoming = marz.AuthorityID("am-bg")
	third    = marz.AuthorityID("ge-bg")
	article  = marz.ArticleRef("handover/1")

	agreed = marz.Instant(1735675200000) // 2025-01-01T00:00:00+04:00
	begins = agreed - 2*hour
	second = marz.Instant(1000)
	minute = 60 * second
	hour   = 60 * minute
)

// crew is a post with its officers. Each of the outgoing side's who has a lane holds it when a run begins.
type crew struct {
	lanes    []marz.Lane
	officers []post.Officer
	homes    map[marz.OfficerID]marz.LaneID
}

var usual = crew{lanes, officers, homes}

var lanes = []marz.Lane{{ID: "1", Direction: marz.EntryDirection, Flow: "persons"}, {ID: "2", Direction: marz.ExitDirection, Flow: "persons"}, {ID: "3", Direction: marz.EntryDirection, Flow: "cars"}}

// Of each authority the first is its commander.
var officers = []post.Officer{
	{ID: "ru-bg/1", Name: "R One", Role: marz.RoleSupervisor}, {ID: "ru-bg/2", Name: "R Two", Role: marz.RoleOfficer}, {ID: "ru-bg/3", Name: "R Three", Role: marz.RoleOfficer},
	{ID: "am-bg/1", Name: "A One", Role: marz.RoleSupervisor}, {ID: "am-bg/2", Name: "A Two", Role: marz.RoleOfficer}, {ID: "am-bg/3", Name: "A Three", Role: marz.RoleOfficer},
	{ID: "ge-bg/1", Name: "G One", Role: marz.RoleSupervisor},
}

// terms are what the two authorities agreed on, and so what the checker expects.
type terms struct {
	name       string
	clock      transfer.ClockRule
	unilateral marz.Instant // after the agreed instant; zero: never
	deadline   bool
	before     bool // the incoming authority's officers serve at the lanes until the agreed instant, as guests
	after      bool // the outgoing authority's officers serve at the lanes from the agreed instant on, as guests
	observes   bool // the outgoing authority looks on from the agreed instant on
	list       bool // the outgoing authority has a list of its own here, which is destroyed when control of all lanes has passed
}

var allTerms = []terms{
	{name: "plain", clock: transfer.BySources, list: true},
	{name: "commanders", clock: transfer.ByCommanders, list: true},
	{name: "unilateral", clock: transfer.BySources, unilateral: hour},
	{name: "deadline", clock: transfer.BySources, deadline: true},
	{name: "guests", clock: transfer.BySources, before: true, after: true},
	{name: "observers", clock: transfer.ByCommanders, unilateral: hour, observes: true},
}

func (t *terms) toml() string {
	const at = "2025-01-01T00:00:00+04:00"
	var b strings.Builder
	b.WriteString(`
[[agreement]]
id = "treaty"
title = "A treaty"
parties = ["am-bg", "ru-bg", "ge-bg"]
signed = "1992-09-30"
source = "invented"
article = [
 { id = "1", kind = "control", authority = "ru-bg", place = "agarak", from = "1992-09-30T00:00:00+03:00", text = "" },
 { id = "2", kind = "observe", authority = "am-bg", place = "agarak", from = "2024-10-08T00:00:00+04:00", text = "" },
 { id = "3", kind = "observe", authority = "ge-bg", place = "agarak", from = "2024-10-08T00:00:00+04:00", text = "" },
]

[[agreement]]
id = "handover"
title = "A handover"
parties = ["am-bg", "ru-bg"]
signed = "2024-10-08"
source = "invented"
article = [
`)
	when := "at"
	if t.deadline {
		when = "by"
	}
	fmt.Fprintf(&b, ` { id = "1", kind = "transfer", authority = "ru-bg", to = "am-bg", place = "agarak", %s = %q, clock = %q`, when, at, t.clock)
	if t.unilateral != 0 {
		fmt.Fprintf(&b, `, unilateral = %q`, time.Duration(t.unilateral)*time.Millisecond)
	}
	b.WriteString(", text = \"\" },\n")
	const serve = ` { id = %q, kind = "serve", authority = %q, place = "agarak", %s = %q, powers = ["inspect", "decide", "read-journal"], text = "" },` + "\n"
	if t.before {
		fmt.Fprintf(&b, strings.Replace(serve, "%s = %q", `from = "2024-10-08T00:00:00+04:00", %s = %q`, 1), "2", incoming, "until", at)
	}
	if t.after {
		fmt.Fprintf(&b, serve, "3", outgoing, "from", at)
	}
	if t.observes {
		fmt.Fprintf(&b, ` { id = "4", kind = "observe", authority = "ru-bg", place = "agarak", from = %q, text = "" },`+"\n", at)
	}
	return b.String() + "]\n"
}

// guest reports whether an authority's officers may work at lanes that it does not control.
func (t *terms) guest(a marz.AuthorityID, at marz.Instant) bool {
	return a == incoming && t.before && at < agreed || a == outgoing && t.after && at >= agreed
}

// ownList is the outgoing authority's own list, of documents that some travellers carry.
const ownList = "ru-own"

const alerts = `{"id":"D1","schema":"Passport","properties":{"number":["T0000003"],"country":["ir"],"type":["stolen"]}}
{"id":"D2","schema":"Passport","properties":{"number":["T0000004"],"country":["ir"],"type":["stolen"]}}
{"id":"D3","schema":"Passport","properties":{"number":["T0000005"],"country":["ir"],"type":["stolen"]}}
`

// template is the folder of a post from which runs begin: made once, copied for each.
type template struct {
	terms    terms
	progress progress
	files    []file
	actors   map[marz.OfficerID]post.Actor
	keys     map[marz.AuthorityID]string // secret
	forged   map[marz.AuthorityID]string // that bear the names and are others
	public   map[marz.AuthorityID]string
	last     marz.Instant
}

type file struct {
	path string
	mode fs.FileMode
	data []byte
}

// progress says how far a template has come.
type progress int

const (
	planned progress = iota
	counted          // opened, and counted by both
)

// build makes a post under the terms, in which officers have been at work and commanders have come so far.
func build(ctx context.Context, dir string, t terms, c crew, to progress) (*template, error) {
	seed := rand.NewChaCha8([32]byte{1})
	tpl := &template{terms: t, progress: to, actors: map[marz.OfficerID]post.Actor{}, keys: map[marz.AuthorityID]string{}, forged: map[marz.AuthorityID]string{}, public: map[marz.AuthorityID]string{}}
	ground := agreement.Ground{Authorities: []marz.Authority{{ID: incoming, State: "ARM", Name: "A"}, {ID: outgoing, State: "RUS", Name: "R"}, {ID: third, State: "GEO", Name: "G"}},
		Places: []marz.Place{{ID: place, Kind: "post", Name: "Agarak", State: "ARM"}}}
	for i := range ground.Authorities {
		a := &ground.Authorities[i]
		secret, public, err := agreement.NewKey(seed, a.ID)
		if err != nil {
			return nil, err
		}
		a.Key, tpl.keys[a.ID], tpl.public[a.ID] = public, secret, public
		if tpl.forged[a.ID], _, err = agreement.NewKey(seed, a.ID); err != nil {
			return nil, err
		}
	}
	doc, err := agreement.Parse("terms", []byte(t.toml()))
	if err != nil {
		return nil, err
	}
	config := post.DefaultConfig("localhost:0", "localhost", "ARM")
	if t.list {
		config.Lists = []post.ListSource{{ID: ownList, Path: "own.jsonl", Authority: outgoing}}
	}
	now := begins - hour
	clock := func() marz.Instant { now += 50; return now }
	wall := func() time.Time { return now.Time() }
	_, err = post.Init(ctx, post.Setup{Dir: dir, Origin: "exercise/sim/agarak", Exercise: true, Post: marz.Post{ID: "agarak", Name: "Agarak", State: "ARM", Kind: "road", Zone: "Asia/Yerevan", Lanes: c.lanes},
		Ground: ground, Register: doc.Instruments(), Config: config, Clock: clock, Wall: wall, Rand: seed, Officers: c.officers})
	if err != nil {
		return nil, err
	}
	for id, secret := range tpl.keys {
		if err := os.WriteFile(filepath.Join(dir, "keys", "exercise-"+string(id)+".key"), []byte(secret+"\n"), 0o600); err != nil {
			return nil, err
		}
	}
	if t.list {
		if err := os.WriteFile(filepath.Join(dir, "own.jsonl"), []byte(alerts), 0o600); err != nil {
			return nil, err
		}
	}
	p, err := post.Open(ctx, post.Options{Dir: dir, Clock: clock, Wall: wall, Rand: seed, Exercise: true})
	if err != nil {
		return nil, err
	}
	err = tpl.prepare(ctx, p, c, to)
	if e := p.Close(); err == nil {
		err = e
	}
	if err != nil {
		return nil, err
	}
	tpl.last = now
	return tpl, tpl.read(dir)
}

// prepare signs everybody in, opens the outgoing side's lanes, and goes with the transfer as far as the template is to be.
func (tpl *template) prepare(ctx context.Context, p *post.Post, c crew, to progress) error {
	for _, o := range c.officers {
		_, a, err := p.SignInExercise(ctx, o.ID)
		if err != nil {
			return err
		}
		tpl.actors[o.ID] = a
	}
	for _, o := range c.officers {
		lane := c.homes[o.ID]
		if lane == "" || o.ID.Authority() != outgoing {
			continue
		}
		if err := p.OpenLane(ctx, tpl.actors[o.ID], lane); err != nil {
			return err
		}
	}
	if to == planned {
		return nil
	}
	at := marz.Instant(0)
	if tpl.terms.deadline {
		at = agreed - 30*minute
	}
	id, err := p.OpenTransfer(ctx, tpl.actors["am-bg/1"], article, nil, at)
	if err != nil {
		return err
	}
	for n, what := range transfer.Countable {
		for _, o := range []marz.OfficerID{"ru-bg/1", "am-bg/1"} {
			if err := p.Count(ctx, tpl.actors[o], id, what, n, ""); err != nil {
				return err
			}
		}
	}
	return nil
}

func (tpl *template) read(dir string) error {
	return filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		info, err := e.Info()
		if err != nil {
			return err
		}
		data, err := os.ReadFile(path)
		rel := strings.TrimPrefix(path, dir+"/")
		tpl.files = append(tpl.files, file{rel, info.Mode().Perm(), data})
		return err
	})
}

// write makes a folder of a run.
func (tpl *template) write(dir string) error {
	for _, f := range tpl.files {
		path := filepath.Join(dir, f.path)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			return err
		}
		if err := os.WriteFile(path, f.data, f.mode); err != nil {
			return err
		}
	}
	return nil
}

// travellers are the zones that are scanned, each once.
var travellers = func() []string {
	out := make([]string, 60)
	for n := range out {
		s, err := mrz.Write(mrz.Document{Format: mrz.TD3, Code: "P", Issuer: "IRN", Nationality: "IRN", Primary: "TRAVELLER", Secondary: string(rune('A'+n%26)) + string(rune('A'+n/26)),
			Number: fmt.Sprintf("T%07d", n), Sex: "M", Birth: marz.Date{Year: 1980, Month: 5, Day: 6}, Expiry: marz.Date{Year: 2030, Month: 1, Day: 2}})
		if err != nil {
			panic(err)
		}
		out[n] = s
	}
	return out
}()
