package main

import (
	"encoding/json"
	"errors"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"marz"
	"marz/mrz"
)

func mrzReadCommand() *cobra.Command {
	var today string
	c := &cobra.Command{
		Use:   "read [LINE]...",
		Short: "Read zones from arguments, one line of a zone each, or from standard input",
		RunE: func(c *cobra.Command, args []string) error {
			day, err := todayOr(today)
			if err != nil {
				return err
			}
			return printZones(linesOr(args, c.InOrStdin()), c.OutOrStdout(), day)
		},
	}
	todayFlag(c, &today)
	return c
}

func mrzRepairCommand() *cobra.Command {
	var today string
	c := &cobra.Command{
		Use:   "repair [LINE]...",
		Short: "Propose what a misread zone may have been",
		Long: `Propose what one misread zone, given as arguments or on standard input, may have been: one JSON object a line for each
candidate, cheapest first. Candidates of one cost are equally likely, and each says what it changed. A person compares them
with the document; nothing is repaired by itself.

Exit code 0 when there are candidates, be it the zone itself.`,
		RunE: func(c *cobra.Command, args []string) error {
			day, err := todayOr(today)
			if err != nil {
				return err
			}
			text, err := io.ReadAll(io.LimitReader(linesOr(args, c.InOrStdin()), 1<<16))
			if err != nil {
				return &marz.Error{Code: marz.Internal, Op: "mrz repair", Subject: "input", Err: err}
			}
			candidates, err := mrz.Repair(string(text), day)
			if err != nil {
				return err
			}
			out := json.NewEncoder(c.OutOrStdout())
			out.SetEscapeHTML(false)
			for _, candidate := range candidates {
				if err := out.Encode(candidate); err != nil {
					return &marz.Error{Code: marz.Internal, Op: "mrz repair", Subject: "output", Err: err}
				}
			}
			return nil
		},
	}
	todayFlag(c, &today)
	return c
}

func mrzWriteCommand() *cobra.Command {
	var language string
	c := &cobra.Command{
		Use:   "write [JSON]...",
		Short: "Write zones of documents given as JSON",
		Long: `Write the zone of each document given as JSON, as arguments or on standard input, in the form that "marz mrz read" prints;
what it says of check digits, defects and lines is left aside. One JSON object a line: {"lines":[…]}.

Names may be in Latin, Cyrillic or Arabic letters, and are written by ICAO Doc 9303-3 §6. Its table of Cyrillic letters has exceptions
for five languages; which one it is follows from the issuer, unless --language says it.`,
		RunE: func(c *cobra.Command, args []string) error {
			return writeZones(linesOr(args, c.InOrStdin()), c.OutOrStdout(), mrz.Language(language))
		},
	}
	c.Flags().StringVar(&language, "language", "", "of names in Cyrillic letters: be, bg, mk, sr, uk, or ru for any other (default: the issuer's)")
	return c
}

func writeZones(in io.Reader, stdout io.Writer, language mrz.Language) error {
	documents := json.NewDecoder(in)
	documents.DisallowUnknownFields()
	out := json.NewEncoder(stdout)
	out.SetEscapeHTML(false)
	for {
		var d struct {
			mrz.Document
			Valid bool `json:"valid"` // as read prints it
		}
		err := documents.Decode(&d)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return &marz.Error{Code: marz.Invalid, Op: "mrz write", Subject: "input", Fix: `give JSON objects as "marz mrz read" prints them`, Err: err}
		}
		text, err := writeZone(d.Document, language)
		if err != nil {
			return err
		}
		if err := out.Encode(struct {
			Lines []string `json:"lines"`
		}{strings.Split(text, "\n")}); err != nil {
			return &marz.Error{Code: marz.Internal, Op: "mrz write", Subject: "output", Err: err}
		}
	}
}

// writeZone writes a zone, in the issuer's language when none is given.
func writeZone(d mrz.Document, language mrz.Language) (string, error) {
	if language == "" {
		return mrz.Write(d)
	}
	return mrz.WriteIn(d, language)
}

// linesOr returns the arguments as lines, or in where there are none.
func linesOr(args []string, in io.Reader) io.Reader {
	if len(args) == 0 {
		return in
	}
	return strings.NewReader(strings.Join(args, "\n"))
}
