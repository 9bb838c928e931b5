package main

import (
	"context"
	"fmt"
	"io"
	"iter"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/mod/sumdb/note"

	"marz"
	"marz/watchlist"
	"marz/watchlist/number"
)

func listBuildCommand() *cobra.Command {
	var f listFlags
	var out, key string
	var numbers bool
	c := &cobra.Command{
		Use:   "build SOURCE... -o FILE",
		Short: "Build a list into a file that opens at once, however large it is",
		Long: "Reads one or several sources of one list, in any format that Marz reads, and writes them as one file, which posts map into memory. A file that was built\n" +
			"already is a source as well: one of an earlier Marz is built again so. With --key the file is signed, and a post that knows the verifier key takes no other.\n\n" +
			"With --numbers the sources are document and vehicle numbers alone, and become a table of numbers with a note beside it (FILE.note): hundreds of millions\n" +
			"have room. A source of these is comma-separated values with the columns kind,number,country,type, or a list without names.",
		Example: "  marz list build un_consolidated.xml -o un-sc.list\n  marz list build wanted.ftm.json more.ftm.json --id am-wanted --owner am-bg --key am-bg.key -o am-wanted.list\n" +
			"  marz list build --numbers lost.csv --id lost-documents --owner am-bg -o lost.numbers",
		Args: cobra.MinimumNArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			signer, err := listSigner(key)
			if err != nil {
				return err
			}
			if numbers {
				return buildNumbers(c.Context(), c, &f, args, out, signer)
			}
			return buildList(c, &f, args, out, signer)
		},
	}
	f.flags(c)
	c.Flags().StringVarP(&out, "out", "o", "", "file to write")
	c.Flags().StringVar(&key, "key", "", "file with the secret key to sign with")
	c.Flags().BoolVar(&numbers, "numbers", false, "build a table of document and vehicle numbers")
	c.MarkFlagRequired("out")
	return c
}

func buildList(c *cobra.Command, f *listFlags, paths []string, out string, signer note.Signer) error {
	l, err := f.read(paths)
	if err != nil {
		return err
	}
	p := newProgress(c.ErrOrStderr())
	err = watchlist.WriteFile(out, l, watchlist.FileOptions{Signer: signer, Progress: func(done, of int) { p.step("alerts laid out", int64(done), int64(of)) }})
	p.end()
	if err != nil {
		return err
	}
	sayNotes(c.ErrOrStderr(), l.Notes)
	return sayBuilt(c.OutOrStdout(), out, l.ID, l.Version, fmt.Sprintf("%d alerts", len(l.Alerts)), signer)
}

func sayBuilt(w io.Writer, out string, id marz.ListID, version, holds string, signer note.Signer) error {
	info, err := os.Stat(out)
	if err != nil {
		return err
	}
	by := "not signed"
	if signer != nil {
		by = "signed by " + signer.Name()
	}
	fmt.Fprintf(w, "%s: list %s, version %s, %s, %d bytes, %s\n", out, id, version, holds, info.Size(), by)
	return nil
}

func buildNumbers(ctx context.Context, c *cobra.Command, f *listFlags, paths []string, out string, signer note.Signer) error {
	info := watchlist.ListInfo{ID: marz.ListID(f.id), Name: f.name, Owner: marz.AuthorityID(f.owner), Version: f.version, Loaded: marz.InstantOf(time.Now())}
	if info.ID == "" {
		base, _, _ := strings.Cut(filepath.Base(out), ".")
		info.ID = marz.ListID(base)
	}
	if info.Name == "" {
		info.Name = string(info.ID)
	}
	if info.Owner == "" {
		info.Owner = marz.AuthorityID(info.ID)
	}
	p := newProgress(c.ErrOrStderr())
	built, err := watchlist.BuildNumbers(ctx, out, info, numberRows(f, paths), watchlist.NumbersOptions{Signer: signer,
		Progress: func(n number.Progress) {
			p.step(map[string]string{"read": "rows read", "write": "parts written"}[n.Step], n.Done, n.Of)
		}})
	p.end()
	if err != nil {
		return err
	}
	if built.Unusable > 0 {
		fmt.Fprintf(c.ErrOrStderr(), "note: %d of %d rows have no number that can be used\n", built.Unusable, built.Rows)
	}
	opened, err := watchlist.OpenNumbers(ctx, out, nil)
	if err != nil {
		return err
	}
	return sayBuilt(c.OutOrStdout(), out, opened.ID, opened.Version, fmt.Sprintf("%d numbers", built.Numbers), signer)
}

// numberRows gives the rows of all sources.
func numberRows(f *listFlags, paths []string) iter.Seq2[number.Row, error] {
	return func(yield func(number.Row, error) bool) {
		for _, path := range paths {
			rows := watchlist.NumberRows(path)
			if !watchlist.IsNumbersCSV(path) {
				l, err := watchlist.Import(path, f.options())
				if err != nil {
					yield(number.Row{}, err)
					return
				}
				rows = watchlist.NumbersOf(l)
			}
			for r, err := range rows {
				if !yield(r, err) || err != nil {
					return
				}
			}
		}
	}
}
