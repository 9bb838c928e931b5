// Package exercise runs the real post with invented officers and simulated travellers: to show it, to train with it, and to test it whole.
//
// It owns the invented officers, the traffic at the lanes, and the report of a run. It promises that an exercise is one from entry 0: its
// origin begins with "exercise/", every page says so, and nothing turns it into evidence of a real crossing or a real post into it.
package exercise

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"marz"
	"marz/agreement"
	"marz/internal/sim"
	"marz/mrz/photo"
	"marz/post"
	"marz/scenarios/armenia"
)

// Place is the post at which exercises are held unless another is asked for.
const Place marz.PostID = "agarak"

// Start is when the clock of a new exercise starts unless another instant is asked for: ten minutes before control of Agarak passes.
const Start = marz.Instant(1735674600000) // 2024-12-31T23:50:00+04:00

// Options say what exercise to hold. Dir is required.
type Options struct {
	Dir     string       // an empty folder, or one of an earlier exercise, which then goes on
	Place   marz.PostID  // of a new exercise; "" for Place
	Folder  string       // of the scenario of a new exercise; "" for the Armenian one
	Start   marz.Instant // of a new exercise; 0 for Start
	Listen  string       // "" for localhost:8443
	Seed    uint64
	PerHour float64    // travellers an hour; 0 for the post's own day
	Viewers bool       // leave a lane in each direction to people at browsers
	Armed   bool       // both commanders have prepared and armed the transfer that is planned, before anything else happens
	Said    func(Said) // told what happens with a transfer; nil for nobody. It is called on the floor's goroutine
	Wall    marz.Clock // the machine's clock
	Rand    io.Reader  // nil for the machine's
	Log     *slog.Logger

	// Photographs is the post's; nil: photographs of documents cannot be read.
	Photographs func(context.Context, []byte, marz.Date) (*photo.Reading, error)
}

// Exercise is a post with its traffic. Run and RunUntil drive it; one at a time.
type Exercise struct {
	Post   *post.Post
	Clock  *sim.Clock
	opts   Options
	source *sim.Source
	viewer *viewer
	floor  *floor
}

// Open makes the exercise of a folder, or goes on with the one that is there.
func Open(ctx context.Context, o Options) (*Exercise, error) {
	if o.Listen == "" {
		o.Listen = "localhost:8443"
	}
	if o.Place == "" {
		o.Place = Place
	}
	if o.Start == 0 {
		o.Start = Start
	}
	e := &Exercise{opts: o, Clock: sim.NewClock(o.Start)}
	if _, err := os.Stat(filepath.Join(o.Dir, "journal.db")); err != nil {
		if err := e.make(ctx); err != nil {
			return nil, err
		}
	}
	alerts, err := sim.ReadList(armenia.FictionalList())
	if err != nil {
		return nil, err
	}
	e.viewer = &viewer{alerts: alerts, clock: e.Clock.Now, seed: o.Seed}
	if e.viewer.issuers, err = issuers(o.Start); err != nil {
		return nil, err
	}
	e.Post, err = post.Open(ctx, post.Options{Dir: o.Dir, Clock: e.Clock.Now, Rand: o.Rand, Log: o.Log, Exercise: true, Demo: e.viewer.next, Read: e.viewer.readDocument, Viewers: viewers(), Photographs: o.Photographs})
	if err != nil {
		return nil, err
	}
	err = e.resume(ctx)
	if err == nil {
		err = e.speak(ctx)
	}
	if err != nil {
		e.Post.Close()
		return nil, err
	}
	zone, err := time.LoadLocation(e.Post.Described().Zone)
	if err != nil {
		return nil, err
	}
	if o.Armed {
		if err := e.arm(ctx); err != nil {
			e.Post.Close()
			return nil, err
		}
	}
	if err := e.acceptReaders(ctx); err != nil {
		e.Post.Close()
		return nil, err
	}
	e.source = sim.New(o.Seed, sim.Options{Start: e.Clock.Now(), PerHour: o.PerHour, List: alerts, Zone: zone})
	e.floor = newFloor(e)
	return e, nil
}

// resume sets the clock to where the journal ends.
func (e *Exercise) resume(ctx context.Context) error {
	j := e.Post.Journal()
	last, _, err := j.Entry(ctx, marz.Seq(j.Head().Size-1))
	if err != nil {
		return err
	}
	e.Clock.AdvanceTo(last.At)
	return nil
}

func (e *Exercise) make(ctx context.Context) error {
	s, err := readScenario(e.opts.Folder)
	if err != nil {
		return err
	}
	p, ok := s.Post(e.opts.Place)
	if !ok {
		return &marz.Error{Op: "make exercise", Code: marz.NotFound, Subject: fmt.Sprintf("%.60q", string(e.opts.Place)), Fix: "the scenario has no such post"}
	}
	keys, err := drawKeys(e.opts.Rand, s.Authorities)
	if err != nil {
		return err
	}
	ground := agreement.Ground{Authorities: s.Authorities, Places: s.Places(), Blocs: s.Blocs}
	instruments, err := signAll(known(s.agreements, e.opts.Start), keys)
	if err != nil {
		return err
	}
	config := post.DefaultConfig(e.opts.Listen, "localhost", p.State)
	config.Documents.Trust = trustFolder
	lists, err := e.lists(ground, s.agreements)
	if err != nil {
		return err
	}
	for _, l := range lists {
		config.Lists = append(config.Lists, l.source)
	}
	_, err = post.Init(ctx, post.Setup{
		Dir: e.opts.Dir, Origin: marz.Origin("exercise/" + s.name + "/" + string(p.ID)), Post: p, Ground: ground, Sections: s.Kept(p.ID), Register: instruments, Map: s.drawing,
		Config: config, Officers: invented(p), Exercise: true, Clock: e.Clock.Now, Wall: func() time.Time { return e.opts.Wall().Time() }, Rand: e.opts.Rand,
	})
	if err != nil {
		return err
	}
	if err := keepKeys(e.opts.Dir, keys); err != nil {
		return err
	}
	if err := writeTrust(filepath.Join(e.opts.Dir, trustFolder), e.opts.Start); err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Join(e.opts.Dir, "lists"), 0o700); err != nil {
		return err
	}
	for _, l := range lists {
		if err := os.WriteFile(filepath.Join(e.opts.Dir, l.source.Path), l.data, 0o600); err != nil {
			return err
		}
	}
	return nil
}

// Close ends the exercise's post.
func (e *Exercise) Close() error { return e.Post.Close() }

// The authorities of the exercise, in the order in which they control the post.
var authorities = []marz.AuthorityID{"ru-bg", "am-bg"}

// invented returns the officers: of each authority a supervisor and two officers for people at browsers, and one for each lane who
// is played by the exercise.
func invented(p marz.Post) []post.Officer {
	names := map[marz.AuthorityID][]string{
		"ru-bg": {"Vera Polevaya", "Egor Lesnoy", "Tamara Rechnaya"},
		"am-bg": {"Anahit Lernian", "Hayk Dzorian", "Mane Getian"},
	}
	var out []post.Officer
	for _, a := range authorities {
		for i, n := range names[a] {
			role := marz.RoleOfficer
			if i == 0 {
				role = marz.RoleSupervisor
			}
			out = append(out, post.Officer{ID: viewerID(a, i), Name: n, Role: role})
		}
		for i, l := range p.Lanes {
			out = append(out, post.Officer{ID: played(a, i), Name: "Played officer, lane " + string(l.ID), Role: marz.RoleOfficer})
		}
	}
	return out
}

func viewerID(a marz.AuthorityID, i int) marz.OfficerID {
	return marz.OfficerID(fmt.Sprintf("%s/%04d", a, i+1))
}

func played(a marz.AuthorityID, lane int) marz.OfficerID {
	return marz.OfficerID(fmt.Sprintf("%s/%04d", a, 101+lane))
}

func viewers() []marz.OfficerID {
	var out []marz.OfficerID
	for _, a := range authorities {
		for i := range 3 {
			out = append(out, viewerID(a, i))
		}
	}
	return out
}
