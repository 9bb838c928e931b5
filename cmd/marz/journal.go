package main

import (
	"context"
	"io"
	"log/slog"
	"os"

	"github.com/spf13/cobra"

	"marz"
	"marz/journal"
	"marz/post"
)

// journalCommand groups what can be done with a journal beside checking it.
func journalCommand() *cobra.Command {
	c := &cobra.Command{Use: "journal", Short: "Take a journal out of a data folder"}
	c.AddCommand(journalExportCommand())
	return c
}

func journalExportCommand() *cobra.Command {
	var dir, officer, why, hits string
	var payloads bool
	c := &cobra.Command{
		Use:   "export --data FOLDER FILE",
		Short: "Write the journal as a bundle that marz verify checks anywhere",
		Long: "Writes all entries and heads of the journal in a data folder to FILE, or to standard output for -.\n" +
			"The node may be running. Without --payloads no personal data is in it, and everything still verifies.\n\n" +
			"With --payloads it holds the personal data that belongs to the authority of the supervisor who is named, and no other's.\n" +
			"The post must be stopped, since that he takes it is an entry of its journal. What the authority's own lists had found is sealed in it\n" +
			"under the authority's data key; --hits FILE writes it readable beside it, as far as its key is there.",
		Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			export := func(w io.Writer) error { return journal.Export(c.Context(), dir, nil, w) }
			if payloads {
				if officer == "" || why == "" {
					return &marz.Error{Code: marz.Invalid, Op: "export payloads", Fix: "say who takes them and why: --officer am-bg/0001 --why \"request of the court\""}
				}
				export = func(w io.Writer) error {
					return atStopped(c.Context(), dir, nil, func(p *post.Post) error {
						own := func(hits io.Writer) error { return p.ExportOwn(c.Context(), marz.OfficerID(officer), why, w, hits) }
						if hits == "" {
							return own(nil)
						}
						return exportFile(hits, own)
					})
				}
			}
			if hits != "" && !payloads {
				return &marz.Error{Code: marz.Invalid, Op: "export hits", Fix: "--hits goes with --payloads"}
			}
			if args[0] == "-" {
				return export(c.OutOrStdout())
			}
			return exportFile(args[0], export)
		},
	}
	c.Flags().StringVar(&dir, "data", "", "the node's data folder")
	c.Flags().BoolVar(&payloads, "payloads", false, "include the private payloads of the officer's authority: the file then holds personal data")
	c.Flags().StringVar(&officer, "officer", "", "with --payloads: the supervisor who takes them")
	c.Flags().StringVar(&why, "why", "", "with --payloads: why, as the entry will hold it")
	c.Flags().StringVar(&hits, "hits", "", "with --payloads: a file for what the authority's own lists had found, readable")
	c.MarkFlagRequired("data")
	return c
}

// atStopped opens the folder of a post that does not run, an exercise's or a real one, does something there, and closes it. An exercise's clock stands where
// its journal ends.
func atStopped(ctx context.Context, dir string, log *slog.Logger, do func(*post.Post) error) (err error) {
	created, last, err := journal.Peek(ctx, dir)
	if err != nil {
		return err
	}
	o := post.Options{Dir: dir, Clock: systemClock, Log: log, Exercise: created.Exercise}
	if o.Exercise {
		o.Clock = func() marz.Instant { return last }
	}
	p, err := post.Open(ctx, o)
	if err != nil {
		return err
	}
	defer func() {
		if e := p.Close(); err == nil {
			err = e
		}
	}()
	return do(p)
}

// exportFile writes a new file whole or not at all, readable by its owner alone.
func exportFile(path string, write func(io.Writer) error) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return &marz.Error{Code: marz.Invalid, Op: "write", Subject: path, Fix: "name a file that does not exist yet", Err: err}
	}
	err = write(f)
	if err == nil {
		err = f.Sync()
	}
	if e := f.Close(); err == nil {
		err = e
	}
	if err != nil {
		os.Remove(path)
	}
	return err
}
