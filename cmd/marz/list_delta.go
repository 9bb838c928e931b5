package main

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"marz"
	"marz/watchlist"
)

// deltaFlags say what becomes of deltas of OpenSanctions.
type deltaFlags struct {
	base, from, list, out, next, key string
	deltas                           []string
}

func (d *deltaFlags) flags(c *cobra.Command) {
	c.Flags().StringVar(&d.base, "base", "", "the entities to which deltas apply")
	c.Flags().StringArrayVar(&d.deltas, "delta", nil, "a delta of OpenSanctions; can be given several times, the oldest first")
	c.Flags().StringVar(&d.from, "from", "", "the version that the list has before (default: that of a list built of the base)")
	c.Flags().StringVar(&d.list, "for", "", "the built list that is to be changed, for its ID and owner")
	c.Flags().StringVarP(&d.out, "out", "o", "", "file to write the change to")
	c.Flags().StringVar(&d.next, "next", "", "file to write the entities to as they are after the deltas")
	c.Flags().StringVar(&d.key, "key", "", "file with the secret key to sign the change with")
}

func (d *deltaFlags) given() bool {
	return d.base+d.from+d.list+d.out+d.next+d.key != "" || len(d.deltas) > 0
}

// check reports what is missing among the flags.
func (d *deltaFlags) check(args []string) error {
	fix := ""
	switch {
	case d.base == "" || len(d.deltas) == 0:
		fix = "a delta is applied to the entities before it; name them with --base, and the delta with --delta"
	case len(args) > 0:
		fix = "with --base and --delta there are no other sources"
	case d.out == "" && (d.key != "" || d.next != ""):
		fix = "--key signs what -o writes, and --next goes on from it; name the file with -o"
	case d.out != "" && slices.Contains(append(d.deltas[:len(d.deltas):len(d.deltas)], d.base, d.next), d.out) || d.next != "" && slices.Contains(d.deltas, d.next):
		fix = "-o and --next are files of their own, but that --next can be the base"
	}
	if fix == "" {
		return nil
	}
	return &marz.Error{Code: marz.Invalid, Op: "apply delta", Subject: strings.Join(d.deltas, ", "), Fix: fix}
}

// importDeltas makes a change of deltas. The entities after them are written last, so that what fails before can be done again.
func importDeltas(c *cobra.Command, f *listFlags, flags *deltaFlags, args []string) error {
	if err := flags.check(args); err != nil {
		return err
	}
	signer, err := listSigner(flags.key)
	if err != nil {
		return err
	}
	if err := flags.takeList(f); err != nil {
		return err
	}
	d, change, err := openDeltas(flags.base, flags.deltas, f.options())
	if err != nil {
		return err
	}
	if flags.from != "" {
		change.From = flags.from
	}
	if f.version != "" {
		change.To = f.version
	}
	sayChange(c.OutOrStdout(), change, oldIDs(change, slices.Values(d.Before()), false))
	sayNotes(c.ErrOrStderr(), change.Notes)
	if flags.out == "" {
		return nil
	}
	if change.From == change.To {
		return &marz.Error{Code: marz.Conflict, Op: "apply delta", Subject: flags.base, Fix: "it holds all of this already, or --from and --version are one; there is no change to write"}
	}
	if err := watchlist.WriteChange(flags.out, change, signer); err != nil || flags.next == "" {
		return err
	}
	return d.WriteEntities(flags.next)
}

// takeList takes from a built list what a change of it has to have as well.
func (d *deltaFlags) takeList(f *listFlags) error {
	if d.list == "" {
		return nil
	}
	page, err := watchlist.ReadPage(d.list, nil)
	if err != nil {
		return err
	}
	for flag, to := range map[*string]string{&f.id: string(page.ID), &f.owner: string(page.Owner)} {
		if *flag != "" && *flag != to {
			return &marz.Error{Code: marz.Invalid, Op: "apply delta", Subject: d.list, Fix: fmt.Sprintf("it says %q, and the flags %q", to, *flag)}
		}
		*flag = to
	}
	return nil
}

// openDeltas reads deltas over the entities before them.
func openDeltas(base string, deltas []string, o watchlist.Options) (*watchlist.Delta, *watchlist.Change, error) {
	o.Loaded = marz.InstantOf(time.Now())
	d, err := watchlist.OpenDelta(base, deltas...)
	if err != nil {
		return nil, nil, err
	}
	change, err := d.Change(o)
	return d, change, err
}
