package main

import (
	"cmp"
	"fmt"
	"io"
	"slices"

	"github.com/spf13/cobra"
	"golang.org/x/mod/sumdb/note"

	"marz"
	"marz/watchlist"
)

func listDiffCommand() *cobra.Command {
	var out, key string
	var names bool
	c := &cobra.Command{
		Use:   "diff OLD NEW [-o DELTA]",
		Short: "Say what has changed between two versions of a list, and write it as a file of changes",
		Long: "Writes a line for every alert that is new (+), changed (~) or gone (-), and how many there are. With -o the change is written as a file, which a post that has the old version\n" +
			"in force puts in force beside it within a second: put it beside the list's file, with a name that ends in .delta, and load the lists again. With --key it is signed.\n\n" +
			"NEW can be a delta of OpenSanctions (entities.delta.json); OLD is then the file of entities (entities.ftm.json) to which it applies, and the change is of a list\n" +
			"that was built of it with neither --id nor --owner; marz list import makes one of any other.",
		Example: "  marz list diff un-sc.list un_consolidated.xml\n  marz list diff old.list new.list -o 2026-03-04.delta --key am-bg.key",
		Args:    cobra.ExactArgs(2),
		RunE: func(c *cobra.Command, args []string) error {
			if key != "" && out == "" {
				return &marz.Error{Code: marz.Invalid, Op: "compare lists", Fix: "--key signs what -o writes; name the file"}
			}
			return diffLists(c, args[0], args[1], out, key, names)
		},
	}
	c.Flags().StringVarP(&out, "out", "o", "", "file to write the change to")
	c.Flags().StringVar(&key, "key", "", "file with the secret key to sign it with")
	c.Flags().BoolVar(&names, "names", false, "write the alerts' names as well")
	return c
}

func diffLists(c *cobra.Command, oldPath, newPath, out, key string, names bool) error {
	signer, err := listSigner(key)
	if err != nil {
		return err
	}
	if watchlist.IsDelta(newPath) {
		return diffDelta(c, oldPath, newPath, out, names, signer)
	}
	was, oldAlerts, err := content(oldPath)
	if err != nil {
		return err
	}
	is, newAlerts, err := content(newPath)
	if err != nil {
		return err
	}
	if was.ID != is.ID {
		return &marz.Error{Code: marz.Invalid, Op: "compare lists", Subject: newPath, Fix: fmt.Sprintf("it is the list %s, and %s is the list %s; build one of them with the other's --id", is.ID, oldPath, was.ID)}
	}
	d := watchlist.Diff(oldAlerts, newAlerts)
	d.List, d.From, d.To, d.Loaded = is.ID, was.Version, is.Version, is.Loaded
	count := sayLines(c.OutOrStdout(), diffLines(d, oldIDs(d, oldAlerts, names)), names)
	fmt.Fprintf(c.OutOrStdout(), "list %s, version %s to %s: %d new, %d changed, %d gone, %d as before\n", is.ID, was.Version, is.Version, count["+"], count["~"], count["-"], was.Alerts-count["~"]-count["-"])
	if out == "" {
		return nil
	}
	if d.From == d.To && len(count) > 0 {
		return &marz.Error{Code: marz.Conflict, Op: "write change", Subject: out, Fix: "both lists say that they are version " + d.To + "; build the new one with another --version"}
	}
	return watchlist.WriteChange(out, d, signer)
}

// diffDelta says what a delta of OpenSanctions changes in the list of the entities before it.
func diffDelta(c *cobra.Command, base, delta, out string, names bool, signer note.Signer) error {
	d, change, err := openDeltas(base, []string{delta}, watchlist.Options{})
	if err != nil {
		return err
	}
	old := oldIDs(change, slices.Values(d.Before()), names)
	sayLines(c.OutOrStdout(), diffLines(change, old), names)
	sayChange(c.OutOrStdout(), change, old)
	sayNotes(c.ErrOrStderr(), change.Notes)
	if out == "" {
		return nil
	}
	if change.From == change.To {
		return &marz.Error{Code: marz.Conflict, Op: "write change", Subject: out, Fix: base + " holds all of the delta already; there is no change to write"}
	}
	return watchlist.WriteChange(out, change, signer)
}

// sayChange counts what a change does to the alerts that were there.
func sayChange(w io.Writer, d *watchlist.Change, old map[marz.AlertID]string) {
	count := map[string]int{}
	for _, l := range diffLines(d, old) {
		count[l.sign]++
	}
	fmt.Fprintf(w, "list %s, version %s to %s: %d new, %d changed, %d gone\n", d.List, d.From, d.To, count["+"], count["~"], count["-"])
}

// sayLines writes a line for each alert of a change, and counts them by their signs.
func sayLines(w io.Writer, lines []diffLine, names bool) map[string]int {
	count := map[string]int{}
	for _, l := range lines {
		count[l.sign]++
		fmt.Fprint(w, l.sign+string(l.id))
		if names {
			fmt.Fprint(w, "\t"+l.name)
		}
		fmt.Fprintln(w)
	}
	return count
}

// oldIDs returns which alerts of the change the old list had, with their names if these are wanted.
func oldIDs(d *watchlist.Change, old func(func(watchlist.Alert) bool), names bool) map[marz.AlertID]string {
	asked := make(map[marz.AlertID]bool, len(d.Put)+len(d.Drop))
	for i := range d.Put {
		asked[d.Put[i].ID] = true
	}
	for _, id := range d.Drop {
		asked[id] = true
	}
	out := map[marz.AlertID]string{}
	for a := range old {
		if asked[a.ID] {
			out[a.ID] = ""
			if names {
				out[a.ID] = a.Name()
			}
		}
	}
	return out
}

// diffLine is what has become of one alert.
type diffLine struct {
	sign string
	id   marz.AlertID
	name string
}

// diffLines are the lines of a change in the order of the alerts.
func diffLines(d *watchlist.Change, old map[marz.AlertID]string) []diffLine {
	var out []diffLine
	for i := range d.Put {
		sign := "+"
		if _, ok := old[d.Put[i].ID]; ok {
			sign = "~"
		}
		out = append(out, diffLine{sign, d.Put[i].ID, d.Put[i].Name()})
	}
	for _, id := range d.Drop {
		out = append(out, diffLine{"-", id, old[id]})
	}
	slices.SortFunc(out, func(a, b diffLine) int { return cmp.Compare(a.id, b.id) })
	return out
}
