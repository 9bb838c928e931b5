package main

import (
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"marz"
	"marz/watchlist"
)

func listImportCommand() *cobra.Command {
	var f listFlags
	var d deltaFlags
	c := &cobra.Command{
		Use:   "import SOURCE... | import --base ENTITIES --delta DELTA... -o CHANGE",
		Short: "Check the sources of a list and say what they hold, or make a change of a list from OpenSanctions' deltas",
		Long: "Reads the sources of a list and says what they hold, without building anything.\n\n" +
			"With --delta it reads what OpenSanctions publishes as entities.delta.json, several in the order in which they were, over the entities before them (--base, an entities.ftm.json), and\n" +
			"writes the change that they make of the list that was built of these, as marz list diff would of the lists before and after. --next writes the entities as they are then, to which the\n" +
			"next delta applies; it may be the base itself, and is written once the change is. --id, --owner and --version are those with which the list was built; --for takes the first two from it.",
		Example: "  marz list import un_consolidated.xml\n  marz list import --base entities.ftm.json --delta entities.delta.json --key am-bg.key -o 20260304.delta --next entities.ftm.json",
		Args:    cobra.ArbitraryArgs,
		RunE: func(c *cobra.Command, args []string) error {
			if d.given() {
				return importDeltas(c, &f, &d, args)
			}
			if len(args) == 0 {
				return &marz.Error{Code: marz.Invalid, Op: "load list", Fix: "name its sources, or --base and --delta"}
			}
			l, err := f.read(args)
			if err != nil {
				return err
			}
			sayContent(c.OutOrStdout(), l)
			return nil
		},
	}
	f.flags(c)
	d.flags(c)
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
