package main

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"marz"
	"marz/emrtd/cert"
	"marz/emrtd/trust"
)

// storeFlags say what becomes of a store.
type storeFlags struct {
	folder, at string
	options    trust.Options
	check      bool
}

func (f *storeFlags) add(c *cobra.Command) {
	c.Flags().StringVar(&f.folder, "store", "", "the folder in which trust is kept")
	if err := c.MarkFlagRequired("store"); err != nil {
		panic(err) // there is no such flag: a fault of this file
	}
}

func (f *storeFlags) addWriting(c *cobra.Command) {
	f.add(c)
	c.Flags().StringVar(&f.at, "at", "", "the instant that the version bears (default: the clock's)")
	c.Flags().BoolVar(&f.check, "check", false, "say what would change, and change nothing")
}

func (f *storeFlags) instant() (marz.Instant, error) {
	if f.at == "" {
		return marz.InstantOf(time.Now()), nil
	}
	return marz.ParseInstant(f.at)
}

func masterlistImportCommand() *cobra.Command {
	var f storeFlags
	c := &cobra.Command{
		Use:   "import --store FOLDER FILE…",
		Short: "Take certificates and lists into a post's trust, as a new version that is in force at once",
		Long: `Reads certificates (DER or PEM), master lists, revocation lists, defect lists and exports of ICAO's directory (LDIF), proves them as marz document verify --trust does, together
with what is in force in the store, says what changes, and writes a new version. A file takes the place of the one of the same kind and owner (a state's master list, an authority's revocation
list); certificates are added. Nothing is written when anything is wrong; a crash leaves what was in force.

A list that was signed before the one in force, or that does not say when, is refused. --older takes it all the same and keeps the reason with the version.`,
		Example: "  marz masterlist import --store trust german-csca.cer german.ml\n  marz masterlist import --store trust crl-de.der",
		RunE: func(c *cobra.Command, args []string) error {
			if len(args) == 0 && len(f.options.Remove) == 0 {
				return &marz.Error{Code: marz.Invalid, Op: "import trust", Fix: "name the files to take in"}
			}
			var given []trust.Given
			for _, path := range args {
				b, err := readChipFile("read trust", path)
				if err != nil {
					return err
				}
				given = append(given, trust.Given{Name: path, Content: b})
			}
			return f.change(c, func(s *trust.Store, at marz.Instant) (*trust.Plan, error) { return s.Import(given, at, f.options) })
		},
	}
	f.addWriting(c)
	c.Flags().StringVar(&f.options.Older, "older", "", "take older lists in the place of newer ones, and why, in words")
	c.Flags().BoolVar(&f.options.Whole, "whole", false, "what is given is all that is trusted afterwards; nothing of what is in force stays")
	c.Flags().StringArrayVar(&f.options.Remove, "remove", nil, "the SHA-256, or its first 8 characters, of a file that shall not be in force any more; may be given more than once")
	return c
}

func masterlistRollbackCommand() *cobra.Command {
	var f storeFlags
	c := &cobra.Command{
		Use:   "rollback --store FOLDER [VERSION]",
		Short: "Go back to an earlier version of a post's trust",
		Long: `Makes a new version that holds what an earlier one held, proves it, says what changes and puts it in force. Without VERSION it is the one before the one in force. The version that
is left stays in the history.`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			number := 0
			if len(args) == 1 {
				var err error
				if number, err = strconv.Atoi(args[0]); err != nil || number < 1 {
					return &marz.Error{Code: marz.Invalid, Op: "go back to earlier trust", Subject: fmt.Sprintf("%.40q", args[0]), Fix: "give the number of a version; marz masterlist history lists them"}
				}
			}
			return f.change(c, func(s *trust.Store, at marz.Instant) (*trust.Plan, error) { return s.Rollback(number, at) })
		},
	}
	f.addWriting(c)
	return c
}

// change plans a version, says what it changes, and writes it.
func (f *storeFlags) change(c *cobra.Command, plan func(*trust.Store, marz.Instant) (*trust.Plan, error)) error {
	at, err := f.instant()
	if err != nil {
		return err
	}
	p, err := plan(trust.At(f.folder, trust.OS{}), at)
	if err != nil {
		return err
	}
	w := c.OutOrStdout()
	sayTrustChange(w, p.Change)
	for _, n := range p.Version.Notes {
		fmt.Fprintln(w, "note: "+n)
	}
	for _, n := range p.Stale() {
		fmt.Fprintln(w, "note: "+n)
	}
	if p.Same() {
		fmt.Fprintf(w, "version %d is in force already with exactly this\n", p.Before.Number)
		return nil
	}
	if f.check {
		fmt.Fprintln(w, "nothing was written")
		return nil
	}
	v, err := p.Write()
	if err != nil {
		return err
	}
	fmt.Fprintf(w, "version %d is in force, digest %s\n", v.Number, v.Digest)
	return nil
}

// sayTrustChange writes a line for every file and authority that changes, authorities by country.
func sayTrustChange(w io.Writer, c trust.Change) {
	t := newTable()
	for _, x := range c.Files {
		switch {
		case x.Old == nil:
			t.row("+", string(x.New.Kind), x.New.SHA256[:16], signedAt(*x.New), x.New.Name)
		case x.New == nil:
			t.row("-", string(x.Old.Kind), x.Old.SHA256[:16], signedAt(*x.Old), x.Old.Name)
		default:
			t.row("~", string(x.New.Kind), x.New.SHA256[:16], signedAt(*x.New), x.New.Name+" in the place of "+x.Old.Name+", "+signedAt(*x.Old))
		}
	}
	if len(c.Files) > 0 {
		fmt.Fprintf(w, "%s\n", t)
	}
	type line struct {
		sign string
		*cert.Certificate
	}
	var lines []line
	for _, x := range c.Removed {
		lines = append(lines, line{"-", x})
	}
	for _, x := range c.Added {
		lines = append(lines, line{"+", x})
	}
	for _, x := range c.Changed {
		lines = append(lines, line{"~", x.New})
	}
	slices.SortStableFunc(lines, func(a, b line) int { return cmp.Compare(a.Subject.Country(), b.Subject.Country()) })
	t = newTable()
	for _, l := range lines {
		t.row(l.sign, l.Subject.Country(), l.Fingerprint()[:16], lastDay(l.Certificate), l.Subject.String())
	}
	if len(lines) > 0 {
		fmt.Fprint(w, t)
	}
	fmt.Fprintf(w, "authorities: %d added, %d removed, %d changed, %d the same\n", len(c.Added), len(c.Removed), len(c.Changed), c.Same)
	if c.Signers != (trust.Count{}) {
		fmt.Fprintf(w, "signers of documents: %d added, %d removed\n", c.Signers.Added, c.Signers.Removed)
	}
}

// signedAt is when a file was signed, in words.
func signedAt(f trust.File) string {
	if f.Signed.IsZero() {
		return "-"
	}
	return f.Signed.String()
}

func masterlistHistoryCommand() *cobra.Command {
	var f storeFlags
	var files bool
	c := &cobra.Command{
		Use:   "history --store FOLDER",
		Short: "List the versions of a post's trust, the newest first: it is the one in force",
		Long: `Writes a line for each version: its number, when it was made, how many files it has, the beginning of its digest, and how it came about. --files lists the files of the version in force
as well. Exit code 1 when a version cannot be read.`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			list, err := trust.At(f.folder, trust.OS{}).History()
			if len(list) == 0 && err == nil {
				_, err = trust.InForce(f.folder)
				return err
			}
			t := newTable("VERSION", "MADE", "FILES", "DIGEST", "")
			for _, v := range list {
				t.row(strconv.Itoa(v.Number), v.At.String(), strconv.Itoa(len(v.Files)), v.Digest[:16], origin(v))
			}
			fmt.Fprint(c.OutOrStdout(), t)
			if files && len(list) > 0 {
				t := newTable("KIND", "SHA-256", "SIGNED", "FILE", "OF")
				for _, x := range list[0].Files {
					t.row(string(x.Kind), x.SHA256[:16], signedAt(x), x.Name, x.Of)
				}
				fmt.Fprintf(c.OutOrStdout(), "\n%s", t)
				for _, n := range list[0].Notes {
					fmt.Fprintln(c.OutOrStdout(), "note: "+n)
				}
			}
			return err
		},
	}
	f.add(c)
	c.Flags().BoolVar(&files, "files", false, "list the files of the version in force, and what was refused or passed over")
	return c
}

// origin says in words how a version came about.
func origin(v trust.Version) string {
	switch {
	case v.Back > 0:
		return fmt.Sprintf("back to version %d", v.Back)
	case v.Older != "":
		return "with an older list: " + v.Older
	}
	return "imported"
}
