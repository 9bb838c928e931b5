package main

import (
	"encoding/json"
	"io"
	"os"
	"time"

	"github.com/spf13/cobra"

	"marz"
	"marz/mrz"
)

// mrzCommand reads machine-readable zones and prints what they say, one JSON object a line.
func mrzCommand() *cobra.Command {
	var today string
	c := &cobra.Command{
		Use:   "mrz [FILE]",
		Short: "Read machine-readable zones and print what they say as JSON",
		Long: `Read the machine-readable zones (ICAO Doc 9303: TD1, TD2, TD3, MRV-A, MRV-B, and the older French card) in FILE or on standard input, and
print one JSON object a line for each.

A zone may stand on its two or three lines or on one. Blank lines part documents, lines that begin with # between
documents are comments. "valid" says that every check digit is right; "defects" lists what else breaks the standard, "defects_at"
the same with line, column and clause of Doc 9303, which each check digit has as well.
For what cannot be read as a document a line {"error":…,"line":…} is printed and reading goes on.

Exit code 0 when everything could be read, whatever the check digits say; 1 when something could not.`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			day, err := todayOr(today)
			if err != nil {
				return err
			}
			in := c.InOrStdin()
			if len(args) == 1 && args[0] != "-" {
				f, err := os.Open(args[0])
				if err != nil {
					return &marz.Error{Code: marz.NotFound, Op: "mrz", Subject: args[0], Fix: "name a file that can be read", Err: err}
				}
				defer f.Close()
				in = f
			}
			return printZones(in, c.OutOrStdout(), day)
		},
	}
	todayFlag(c, &today)
	c.AddCommand(mrzReadCommand(), mrzRepairCommand(), mrzWriteCommand(), mrzPhotoCommand())
	return c
}

func todayFlag(c *cobra.Command, today *string) {
	c.Flags().StringVar(today, "today", "", "the date on which the zones are read, which decides their centuries (default: the clock's)")
}

// todayOr reads a full date; for none given it returns the clock's.
func todayOr(today string) (marz.Date, error) {
	if today == "" {
		return marz.DateOf(time.Now()), nil
	}
	day, err := marz.ParseDate(today)
	if err != nil || !day.Full() {
		return day, &marz.Error{Code: marz.Invalid, Op: "mrz", Subject: "--today", Fix: "write a full date, for example 2025-01-01"}
	}
	return day, nil
}

// printZones prints a line for each document of in. Its error is that of writing, or a bare exit code 1 when something could
// not be read, since the line printed in its place has said so.
func printZones(in io.Reader, stdout io.Writer, today marz.Date) error {
	lines := json.NewEncoder(stdout) // one write a document, so that a live reader's documents appear at once
	lines.SetEscapeHTML(false)       // fillers stay readable
	unreadable := false
	for r := range mrz.Documents(in, today) {
		var line any = struct {
			*mrz.Document
			Valid bool `json:"valid"`
		}{r.Document, r.Err == nil && r.Document.ChecksOK()}
		if r.Err != nil {
			unreadable = true
			line = struct {
				Error string `json:"error"`
				Line  int    `json:"line"`
			}{r.Err.Error(), r.Line}
		}
		if err := lines.Encode(line); err != nil {
			return &marz.Error{Code: marz.Internal, Op: "mrz", Subject: "output", Err: err}
		}
	}
	if unreadable {
		return &exitError{code: 1}
	}
	return nil
}
