package main

import (
	"context"
	"fmt"
	"io"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"marz"
	"marz/watchlist"
)

// loadLists puts all lists in force and then all changes, or says what cannot be, and says on stderr what was loaded.
func loadLists(ctx context.Context, paths, deltas []string, stderr io.Writer) (*watchlist.Set, error) {
	set := watchlist.New(time.Now)
	from := map[marz.ListID]string{}
	for _, path := range paths {
		info, put, err := openList(ctx, set, path)
		if err != nil {
			return nil, err
		}
		if other, twice := from[info.ID]; twice {
			return nil, &marz.Error{Code: marz.Invalid, Op: "load list", Subject: path,
				Fix: fmt.Sprintf("it is list %s, and so is %s; name each list once, or give one of the files another name", info.ID, other)}
		}
		from[info.ID] = path
		if err := put(); err != nil {
			return nil, err
		}
		fmt.Fprintf(stderr, "loaded %s, version %s: %d alerts\n", info.Name, info.Version, info.Alerts)
		for _, note := range info.Notes {
			fmt.Fprintf(stderr, "  %s: %s\n", info.ID, note)
		}
	}
	changes, err := readChanges(from, deltas)
	if err != nil {
		return nil, err
	}
	for _, c := range changes {
		if err := set.Apply(c); err != nil {
			return nil, err
		}
		fmt.Fprintf(stderr, "changed %s to version %s: %d alerts put, %d dropped\n", c.List, c.To, len(c.Put), len(c.Drop))
		for _, note := range c.Notes {
			fmt.Fprintf(stderr, "  %s: %s\n", c.List, note)
		}
	}
	return set, nil
}

// readChanges reads files of changes. Deltas of OpenSanctions, which apply to the entities that a list was read from, become one change in the place of the first of them.
func readChanges(from map[marz.ListID]string, paths []string) ([]*watchlist.Change, error) {
	var out []*watchlist.Change
	var deltas []string
	at := 0
	for _, path := range paths {
		if watchlist.IsDelta(path) {
			if len(deltas) == 0 {
				at = len(out)
			}
			deltas = append(deltas, path)
			continue
		}
		c, err := watchlist.ReadChange(path, nil)
		if err != nil {
			return nil, err
		}
		out = append(out, c)
	}
	if len(deltas) == 0 {
		return out, nil
	}
	bases := slices.DeleteFunc(slices.Collect(maps.Values(from)), func(path string) bool { return !watchlist.IsEntities(path) })
	if len(bases) != 1 {
		return nil, &marz.Error{Code: marz.Invalid, Op: "change list", Subject: deltas[0],
			Fix: fmt.Sprintf("a delta of OpenSanctions does not say of which list it is, and %d of the lists are entities; name the one to which it applies, or make a change of it with marz list import --base", len(bases))}
	}
	_, c, err := openDeltas(bases[0], deltas, watchlist.Options{})
	if err != nil {
		return nil, err
	}
	return slices.Insert(out, at, c), nil
}

// openList reads a list of any form, and returns how it is put in force.
func openList(ctx context.Context, set *watchlist.Set, path string) (watchlist.ListInfo, func() error, error) {
	switch watchlist.Sniff(path) {
	case watchlist.ListFile:
		f, err := watchlist.OpenFile(path, nil)
		if err != nil {
			return watchlist.ListInfo{}, nil, err
		}
		return f.Info(), func() error { return set.PutFile(f) }, nil
	case watchlist.Numbers:
		f, err := watchlist.OpenNumbers(ctx, path, nil)
		if err != nil {
			return watchlist.ListInfo{}, nil, err
		}
		if f.ID == "" {
			base, _, _ := strings.Cut(filepath.Base(path), ".")
			f.ID, f.Name, f.Owner, f.Loaded = marz.ListID(base), base, marz.AuthorityID(base), marz.InstantOf(time.Now())
		}
		return f.ListInfo, func() error { return set.PutNumbers(f.ListInfo, f.Table) }, nil
	}
	l, err := watchlist.Import(path, watchlist.Options{Loaded: marz.InstantOf(time.Now())})
	if err != nil {
		return watchlist.ListInfo{}, nil, err
	}
	return watchlist.ListInfo{ID: l.ID, Name: l.Name, Owner: l.Owner, Version: l.Version, Loaded: l.Loaded, Alerts: len(l.Alerts), Notes: l.Notes}, func() error { return set.Replace(l) }, nil
}
