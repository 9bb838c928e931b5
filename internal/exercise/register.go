package exercise

import (
	"bytes"
	"context"
	"crypto/rand"
	"io"
	"os"
	"path/filepath"
	"strings"

	"marz"
	"marz/agreement"
	"marz/post"
	"marz/scenarios/armenia"
)

// drawKeys draws a key for each authority, and gives the authorities the half that checks. They are the exercise's own and prove nothing elsewhere.
func drawKeys(random io.Reader, all []marz.Authority) (map[marz.AuthorityID]string, error) {
	if random == nil {
		random = rand.Reader
	}
	keys := map[marz.AuthorityID]string{}
	for i := range all {
		var err error
		if keys[all[i].ID], all[i].Key, err = agreement.NewKey(random, all[i].ID); err != nil {
			return nil, err
		}
	}
	return keys, nil
}

// keepKeys lays the authorities' secret keys beside the post's, so that whoever holds the exercise can play their headquarters.
func keepKeys(dir string, keys map[marz.AuthorityID]string) error {
	for id, key := range keys {
		if err := os.WriteFile(filepath.Join(dir, "keys", "exercise-"+string(id)+".key"), []byte(key+"\n"), 0o600); err != nil {
			return err
		}
	}
	return nil
}

// known leaves out of the scenario's register what was signed or said after the instant.
func known(d *agreement.Document, at marz.Instant) *agreement.Document {
	out := &agreement.Document{Name: d.Name}
	day := marz.DateOf(at.Time())
	ids := map[string]bool{}
	for _, ag := range d.Agreements {
		if ag.Signed.Compare(day) <= 0 {
			out.Agreements, ids[ag.ID] = append(out.Agreements, ag), true
		}
	}
	for _, s := range d.Statements {
		if s.Issued <= at && (s.Agreement == "" || ids[s.Agreement]) {
			out.Statements = append(out.Statements, s)
		}
	}
	for _, r := range d.Reports {
		if id, _, _ := strings.Cut(string(r.Article), "/"); r.At <= at && ids[id] {
			out.Reports = append(out.Reports, r)
		}
	}
	return out
}

// signAll lets every party sign what it has to.
func signAll(d *agreement.Document, keys map[marz.AuthorityID]string) ([]agreement.Instrument, error) {
	all := d.Instruments()
	for i := range all {
		for _, id := range all[i].Signers() {
			if err := all[i].Sign(keys[id]); err != nil {
				return nil, err
			}
		}
	}
	return all, nil
}

// word is for how long the word of an exercise's headquarters on an agreement's standing is to be believed.
const word = 72 * 3600e3

// renew says for every party of every agreement that sharing still stands, as headquarters would each day. It ends when the exercise does: whoever
// lets the clock run on for three days sees that sharing stops on old news.
func renew(r *agreement.Register, keys map[marz.AuthorityID]string, now marz.Instant) ([]agreement.Instrument, error) {
	var out []agreement.Instrument
	for _, ag := range r.Agreements() {
		fresh := false
		for _, a := range ag.Articles {
			fresh = fresh || a.Fresh != 0
		}
		if state, _ := r.Stand(ag.ID, now); !fresh || state != "in force" {
			continue
		}
		for _, p := range ag.Parties {
			i := agreement.Instrument{Statement: &agreement.Statement{By: p, Agreement: ag.ID, Status: agreement.Active, From: now, Issued: now, Expires: now + word}}
			if err := i.Sign(keys[p]); err != nil {
				return nil, err
			}
			out = append(out, i)
		}
	}
	return out, nil
}

// speak delivers the headquarters' word on what still stands. An exercise of another making has no keys, and nobody speaks.
func (e *Exercise) speak(ctx context.Context) error {
	keys := map[marz.AuthorityID]string{}
	for _, a := range authorities {
		b, err := os.ReadFile(filepath.Join(e.opts.Dir, "keys", "exercise-"+string(a)+".key"))
		if err != nil {
			return nil
		}
		keys[a] = string(b)
	}
	words, err := renew(e.Post.Register(), keys, e.Clock.Now())
	if err != nil || len(words) == 0 {
		return err
	}
	_, err = e.Post.AddInstruments(ctx, words)
	return err
}

// source is a list of the exercise with what stands in it.
type source struct {
	source post.ListSource
	data   []byte
}

// ownShare is one of how many of the fictional list's people an outgoing authority has on a list of its own.
const ownShare = 125

// lists returns the fictional list, used in common; where authorities serve jointly, a third of its people for each authority's own list; and where control is to pass, some of
// them for a list of the outgoing authority's own, so that there is something to adopt, to return and to let lapse.
func (e *Exercise) lists(g agreement.Ground, d *agreement.Document) ([]source, error) {
	path := func(id marz.ListID) string { return filepath.Join("lists", string(id)+".jsonl") }
	out := []source{{post.ListSource{ID: armenia.FictionalListID, Path: path(armenia.FictionalListID)}, nil}}
	r, err := agreement.Check(g, e.opts.Start, known(d, e.opts.Start))
	if err != nil {
		return nil, err
	}
	to := func(int) int { return 0 }
	owners := []marz.AuthorityID{}
	if _, joint := r.Joint(e.opts.Place.Place(), authorities[0], e.opts.Start); joint {
		owners = authorities
		to = func(n int) int { return n % (1 + len(owners)) }
	} else if t := plannedTransfer(r, e.opts.Place.Place(), e.opts.Start); t != nil {
		owners = []marz.AuthorityID{t.Authority}
		to = func(n int) int { return btoi(n%ownShare == 0) }
	}
	for _, a := range owners {
		id := marz.ListID(a) + "-own"
		out = append(out, source{post.ListSource{ID: id, Path: path(id), Authority: a}, nil})
	}
	people := 0
	for line := range bytes.Lines(armenia.FictionalList()) {
		list := 0 // documents are looked for in common
		if bytes.Contains(line, []byte(`"Person"`)) {
			list = to(people)
			people++
		}
		out[list].data = append(out[list].data, line...)
	}
	return out, nil
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}
