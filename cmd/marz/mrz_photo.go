package main

import (
	"encoding/json"
	"io"
	"os"

	"github.com/spf13/cobra"

	"marz"
	"marz/mrz/photo"
)

func mrzPhotoCommand() *cobra.Command {
	var today string
	c := &cobra.Command{
		Use:   "photo FILE",
		Short: "Read the zone in a photograph",
		Long: `Read the zone in a photograph (JPEG or PNG, 10 MB and 32 million pixels at most) with Debian's tesseract, and print what was read
with what may be printed, as "marz mrz repair" does, as one JSON object: {"text":…,"candidates":[…],"engine":…}. A person compares the
candidates with the document; nothing is taken for read.

Exit code 0 when there are candidates, 1 when no zone was found.`,
		Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			day, err := todayOr(today)
			if err != nil {
				return err
			}
			picture, err := readPicture(args[0])
			if err != nil {
				return err
			}
			reader, err := photo.Find(c.Context())
			if err != nil {
				return err
			}
			read, err := reader.Read(c.Context(), picture, day)
			if err != nil {
				return err
			}
			out := json.NewEncoder(c.OutOrStdout())
			out.SetEscapeHTML(false)
			if err := out.Encode(read); err != nil {
				return &marz.Error{Code: marz.Internal, Op: "mrz photo", Subject: "output", Err: err}
			}
			if len(read.Candidates) == 0 {
				return &exitError{code: 1}
			}
			return nil
		},
	}
	todayFlag(c, &today)
	return c
}

// readPicture reads a file of no more than a photograph may have, and one byte more, so that a larger one is refused as such.
func readPicture(name string) ([]byte, error) {
	f, err := os.Open(name)
	if err == nil {
		defer f.Close()
		var b []byte
		if b, err = io.ReadAll(io.LimitReader(f, photo.MostBytes+1)); err == nil {
			return b, nil
		}
	}
	return nil, &marz.Error{Code: marz.NotFound, Op: "mrz photo", Subject: name, Fix: "name a file that can be read", Err: err}
}
