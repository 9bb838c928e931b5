package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"marz/verify"
)

// verifyCommand checks a journal. It ends with 0 when all holds, 1 when something does not, 2 when nothing could be read.
func verifyCommand() *cobra.Command {
	var o verify.Options
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "verify FOLDER|BUNDLE",
		Short: "Prove that a journal is complete and unaltered, or name the first entry that is not",
		Long: "Checks the data folder of a node, which may be running, or a file written by marz journal export.\n" +
			"Exit code: 0 all holds, 1 something was altered or is missing, 2 it could not be read at all.",
		Args: func(cmd *cobra.Command, args []string) error {
			if err := cobra.ExactArgs(1)(cmd, args); err != nil {
				return &exitError{code: 2, err: err}
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			r, err := verifyPath(cmd.Context(), args[0], o)
			if err != nil {
				return &exitError{code: 2, err: err}
			}
			if asJSON {
				err = json.NewEncoder(cmd.OutOrStdout()).Encode(r)
			} else {
				err = printReport(cmd.OutOrStdout(), r)
			}
			if err != nil {
				return &exitError{code: 2, err: err}
			}
			if !r.OK() {
				return &exitError{code: 1}
			}
			return nil
		},
	}
	cmd.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return &exitError{code: 2, err: err} })
	cmd.Flags().StringVar(&o.Key, "key", "", "verifier key that must have signed (default: the key in the journal)")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print the report as one JSON object")
	return cmd
}

// verifyPath checks a folder or a bundle, whichever stands there.
func verifyPath(ctx context.Context, path string, o verify.Options) (*verify.Report, error) {
	if info, err := os.Stat(path); err == nil && !info.IsDir() {
		return verify.Bundle(ctx, path, o)
	}
	return verify.Folder(ctx, path, o)
}

// printReport writes the report for people: what was read, and then what was found.
func printReport(w io.Writer, r *verify.Report) error {
	p := &printer{w: w}
	p.line("journal   %s", r.Origin)
	if r.Exercise {
		p.line("          of an exercise: never evidence of a real crossing")
	}
	p.line("key       %s", r.Key)
	p.line("entries   %d, the last of %s", r.Entries, or(r.LastAt, "no instant"))
	p.line("heads     %d, the newest over %d entries", r.Heads, r.Size)
	p.line("root      %s", or(r.Root, "none"))
	withheld := ""
	if r.Withheld {
		withheld = " (withheld from this bundle)"
	}
	p.line("payloads  %d, and %d erased%s", r.Payloads, r.Erased, withheld)
	for _, n := range r.Notes {
		p.line("note      %s", n)
	}
	first, bad := r.First()
	if !bad {
		p.line("all holds")
		return p.err
	}
	p.line("DOES NOT HOLD: %d found", r.ProblemCount)
	p.line("first     %s", first)
	told := false
	for _, q := range r.Problems {
		if q == first && !told {
			told = true
			continue
		}
		p.line("          %s", q)
	}
	if more := r.ProblemCount - int64(len(r.Problems)); more > 0 {
		p.line("          and %d more", more)
	}
	return p.err
}

// printer writes lines until the first error.
type printer struct {
	w   io.Writer
	err error
}

func (p *printer) line(format string, args ...any) {
	if p.err == nil {
		_, p.err = fmt.Fprintf(p.w, format+"\n", args...)
	}
}

func or(s, otherwise string) string {
	if s == "" {
		return otherwise
	}
	return s
}
