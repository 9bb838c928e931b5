package main

import (
	"context"
	"fmt"
	"io"
	"path/filepath"
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
	for _, path := range deltas {
		c, err := watchlist.ReadChange(path, nil)
		if err == nil {
			err = set.Apply(c)
		}
		if err != nil {
			return nil, err
		}
		fmt.Fprintf(stderr, "changed %s to version %s: %d alerts put, %d dropped\n", c.List, c.To, len(c.Put), len(c.Drop))
	}
	return set, nil
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
