package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"syscall"

	"marz"
	"marz/agreement"
	"marz/scenarios"
)

// judge checks every post, and headquarters' own journal, and says what the campaign came to.
func (f *fleet) judge(ctx context.Context, faults []fault) error {
	register, err := registerIn(f.path("scenario"))
	if err != nil {
		return err
	}
	var sum checked
	for i, p := range f.posts {
		c, err := checkPost(ctx, f.store, f.path(p.host.name), f.places[i].id.Place(), register, f.cosigner)
		if err != nil {
			f.wrong(p.host.name, err.Error())
			continue
		}
		sum.entries += c.entries
		sum.heads += c.heads
		sum.payloads += c.payloads
		sum.crossings += c.crossings
		sum.journalBytes += c.journalBytes
	}
	f.revive(ctx)
	if err := f.ownJournal(ctx); err != nil {
		f.wrong("headquarters", err.Error())
	}
	var mirrored int64
	if err := f.store.DB().QueryRowContext(ctx, `SELECT pg_database_size('fleet')`).Scan(&mirrored); err != nil {
		return err
	}
	runs := 0
	var lines []*host
	for _, p := range f.posts {
		runs += p.runs
		lines = append(lines, p.host)
	}
	sent, given, err := carried(ctx, lines)
	if err != nil {
		return err
	}
	kinds := map[kind]int{}
	for _, x := range faults {
		kinds[x.kind]++
	}
	for _, k := range append(unique(ofPosts), unique(ofHQ)...) {
		fmt.Printf("  %3d  %s\n", kinds[k], k)
	}
	f.say("%d posts started %d times, %d faults in %s, seed %d", len(f.posts), runs, len(faults), f.lasts, f.seed)
	f.say("%d entries under %d heads, %d payloads in mirrors, %d crossings; journals %d kB, database %d kB", sum.entries, sum.heads, sum.payloads, sum.crossings, sum.journalBytes>>10, mirrored>>10)
	f.say("the posts' lines carried %d kB to headquarters and %d kB back; its nodes took %.1f s of the processor", sent>>10, given>>10, (f.nodes["hq-a"].took + f.nodes["hq-b"].took).Seconds())
	if len(f.amiss) > 0 {
		return fmt.Errorf("%d things were amiss, the first: %s", len(f.amiss), f.amiss[0])
	}
	f.say("every mirror is its journal byte for byte: lost 0, doubled 0")
	return nil
}

// registerIn is that of a scenario's folder.
func registerIn(folder string) (*agreement.Register, error) {
	var text [2][]byte
	for i, name := range []string{"scenario.toml", "agreements.toml"} {
		var err error
		if text[i], err = os.ReadFile(filepath.Join(folder, name)); err != nil {
			return nil, err
		}
	}
	s, err := scenarios.Parse("scenario.toml", text[0])
	if err != nil {
		return nil, err
	}
	d, err := agreement.Parse("agreements.toml", text[1])
	if err != nil {
		return nil, err
	}
	now, err := marz.ParseInstant("2026-01-01T00:00:00Z")
	if err != nil {
		return nil, err
	}
	return agreement.Check(agreement.Ground{Authorities: s.Authorities, Places: s.Places(), Blocs: s.Blocs}, now, d)
}

// ownJournal exports headquarters' own journal by one of its nodes, and lets the independent checker look at it.
func (f *fleet) ownJournal(ctx context.Context) error {
	bundle := f.path("hq.jsonl")
	if _, err := f.marzAt(ctx, f.hosts["hq-b"], "hq", "export", "--data", f.path("hq-b"), bundle); err != nil {
		return err
	}
	if _, err := run(ctx, f.marz, "verify", bundle); err != nil {
		return err
	}
	for _, p := range f.nodes {
		if err := p.end(syscall.SIGTERM); err != nil {
			return err
		}
	}
	return nil
}

func unique(all []kind) (out []kind) {
	for i, k := range all {
		if i == 0 || all[i-1] != k {
			out = append(out, k)
		}
	}
	return out
}
