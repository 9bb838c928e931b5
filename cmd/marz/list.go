package main

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"iter"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/mod/sumdb/note"

	"marz"
	"marz/watchlist"
)

// listCommand groups what is done with lists before they come to a post.
func listCommand() *cobra.Command {
	c := &cobra.Command{Use: "list", Short: "Check lists, build them into files, compare them, and write what has changed", Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return c.Help() }}
	c.AddCommand(listBuildCommand(), listImportCommand(), listShowCommand(), listDiffCommand())
	return c
}

// listFlags say of a list what its sources do not say.
type listFlags struct{ id, name, owner, version string }

func (f *listFlags) flags(c *cobra.Command) {
	c.Flags().StringVar(&f.id, "id", "", "the list's ID (default: what its source says)")
	c.Flags().StringVar(&f.name, "name", "", "its name in words")
	c.Flags().StringVar(&f.owner, "owner", "", "who answers for its alerts")
	c.Flags().StringVar(&f.version, "version", "", "its version (default: what its source says)")
}

func (f *listFlags) options() watchlist.Options {
	return watchlist.Options{ID: marz.ListID(f.id), Name: f.name, Owner: marz.AuthorityID(f.owner)}
}

// read reads a list from its sources, several as one.
func (f *listFlags) read(paths []string) (*watchlist.List, error) {
	if len(paths) > 1 && f.id == "" {
		return nil, &marz.Error{Code: marz.Invalid, Op: "load list", Subject: strings.Join(paths, ", "), Fix: "several sources make one list; say which with --id"}
	}
	var out *watchlist.List
	from := map[marz.AlertID]int{}
	for i, path := range paths {
		l, err := watchlist.Import(path, f.options())
		if err != nil {
			return nil, err
		}
		if l.Loaded.IsZero() {
			l.Loaded = marz.InstantOf(time.Now())
		}
		if out == nil && len(paths) == 1 {
			out = l
			break
		}
		if out, err = mergeList(out, l, from, paths, i); err != nil {
			return nil, err
		}
	}
	if len(paths) > 1 {
		sum := sha256.Sum256([]byte(out.Version))
		out.Version = "sha256-" + hex.EncodeToString(sum[:8])
	}
	if f.version != "" {
		out.Version = f.version
	}
	return out, nil
}

// mergeList adds the alerts of one source. An alert that stands in two of them is taken once if both say the same of it.
func mergeList(to, l *watchlist.List, from map[marz.AlertID]int, paths []string, i int) (*watchlist.List, error) {
	if to == nil {
		to = &watchlist.List{ID: l.ID, Name: l.Name, Owner: l.Owner, Loaded: l.Loaded}
	}
	to.Loaded = min(to.Loaded, l.Loaded)
	to.Version += l.Version + "\n"
	for _, n := range l.Notes {
		to.Notes = append(to.Notes, paths[i]+": "+n)
	}
	for _, a := range l.Alerts {
		at, twice := from[a.ID]
		if !twice {
			from[a.ID] = len(to.Alerts)
			to.Alerts = append(to.Alerts, a)
		} else if to.Alerts[at].Version != a.Version {
			return nil, &marz.Error{Code: marz.Conflict, Op: "load list", Subject: paths[i], Fix: fmt.Sprintf("the alert %.60q stands in an earlier source as well, with other content; make two lists of them", a.ID)}
		}
	}
	return to, nil
}

// content opens a list for reading, mapped where it is built.
func content(path string) (watchlist.ListInfo, iter.Seq[watchlist.Alert], error) {
	if watchlist.Sniff(path) == watchlist.ListFile {
		f, err := watchlist.OpenFile(path, nil)
		if err == nil {
			return f.Info(), f.Alerts(), nil
		}
		if !watchlist.IsOutdated(err) {
			return watchlist.ListInfo{}, nil, err
		}
	}
	l, err := watchlist.Import(path, watchlist.Options{})
	if err != nil {
		return watchlist.ListInfo{}, nil, err
	}
	if l.Loaded.IsZero() {
		l.Loaded = marz.InstantOf(time.Now())
	}
	return watchlist.ListInfo{ID: l.ID, Name: l.Name, Owner: l.Owner, Version: l.Version, Loaded: l.Loaded, Alerts: len(l.Alerts), Notes: l.Notes}, slices.Values(l.Alerts), nil
}

// listSigner reads the secret key with which a list is signed; no file: it is not.
func listSigner(path string) (note.Signer, error) {
	if path == "" {
		return nil, nil
	}
	key, err := readSecret(path)
	if err != nil {
		return nil, err
	}
	return note.NewSigner(key.signer)
}

// listVerifier reads the verifier key of whoever signs a list: the key itself, or a file that holds it or the secret half; none: nothing is checked.
func listVerifier(given string) (note.Verifier, error) {
	if given == "" {
		return nil, nil
	}
	v, err := note.NewVerifier(given)
	if err == nil {
		return v, nil
	}
	b, err := os.ReadFile(given)
	if err != nil {
		return nil, &marz.Error{Code: marz.Invalid, Op: "read key", Subject: "of the list", Fix: fmt.Sprintf("%.80q is neither a verifier key nor a file that can be read", given)}
	}
	text := strings.TrimSpace(string(b))
	if strings.HasPrefix(text, secretPrefix) {
		if _, text, err = verifierOf(text); err != nil {
			return nil, &marz.Error{Code: marz.Invalid, Op: "read key", Subject: given, Fix: "the secret key: " + err.Error()}
		}
	}
	if v, err = note.NewVerifier(text); err != nil {
		return nil, &marz.Error{Code: marz.Invalid, Op: "read key", Subject: given, Fix: "it holds no verifier key"}
	}
	return v, nil
}

// sayNotes writes a list's notes.
func sayNotes(w io.Writer, notes []string) {
	for _, n := range notes {
		fmt.Fprintln(w, "note: "+n)
	}
}
