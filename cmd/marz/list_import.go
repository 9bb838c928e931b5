package main

import (
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"marz/watchlist"
)

func listImportCommand() *cobra.Command {
	var f listFlags
	c := &cobra.Command{
		Use:   "import SOURCE...",
		Short: "Check the sources of a list and say what they hold, without building anything",
		Args:  cobra.MinimumNArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			l, err := f.read(args)
			if err != nil {
				return err
			}
			sayContent(c.OutOrStdout(), l)
			return nil
		},
	}
	f.flags(c)
	return c
}

// sayContent says what a list holds, without anything about a person.
func sayContent(w io.Writer, l *watchlist.List) {
	kinds := map[watchlist.Kind]int{}
	names := map[watchlist.NameKind]int{}
	var births, exact, documents, vehicles, nationalities int
	for i := range l.Alerts {
		a := &l.Alerts[i]
		kinds[a.Kind]++
		for _, n := range a.Names {
			names[n.Kind]++
		}
		if len(a.Births) > 0 {
			births++
			if a.Births[0].From.Full() && a.Births[0].To.IsZero() && !a.Births[0].Circa {
				exact++
			}
		}
		if len(a.Nationalities) > 0 {
			nationalities++
		}
		documents += len(a.Documents)
		vehicles += len(a.Vehicles)
	}
	fmt.Fprintf(w, "list %s, %s, of %s, version %s\n\n", l.ID, l.Name, l.Owner, l.Version)
	t := newTable("WHAT", "HOW MANY")
	t.row("alerts", fmt.Sprint(len(l.Alerts)))
	for _, k := range []watchlist.Kind{watchlist.Person, watchlist.Organisation, watchlist.Vessel, watchlist.Aircraft, watchlist.Document, watchlist.Vehicle} {
		if kinds[k] > 0 {
			t.row("  "+string(k), fmt.Sprint(kinds[k]))
		}
	}
	for _, k := range []watchlist.NameKind{watchlist.Primary, watchlist.Alias, watchlist.WeakAlias, watchlist.NativeScript} {
		t.row("names, "+string(k), fmt.Sprint(names[k]))
	}
	t.row("alerts with a date of birth", fmt.Sprintf("%d, %d to the day", births, exact))
	t.row("alerts with a nationality", fmt.Sprint(nationalities))
	t.row("document numbers", fmt.Sprint(documents))
	t.row("vehicle numbers", fmt.Sprint(vehicles))
	fmt.Fprint(w, t)
	if len(l.Notes) > 0 {
		fmt.Fprintln(w)
		sayNotes(w, l.Notes)
	}
}
