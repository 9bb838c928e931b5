package main

import (
	"io"
	"os"

	"github.com/spf13/cobra"

	"marz"
	"marz/journal"
)

// journalCommand groups what can be done with a journal beside checking it.
func journalCommand() *cobra.Command {
	c := &cobra.Command{Use: "journal", Short: "Take a journal out of a data folder"}
	c.AddCommand(journalExportCommand())
	return c
}

func journalExportCommand() *cobra.Command {
	var dir string
	var payloads bool
	c := &cobra.Command{
		Use:   "export --data FOLDER FILE",
		Short: "Write the journal as a bundle that marz verify checks anywhere",
		Long: "Writes all entries and heads of the journal in a data folder to FILE, or to standard output for -.\n" +
			"The node may be running. Without --payloads no personal data is in it, and everything still verifies.",
		Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			if args[0] == "-" {
				return journal.Export(c.Context(), dir, payloads, c.OutOrStdout())
			}
			return exportFile(args[0], func(w io.Writer) error { return journal.Export(c.Context(), dir, payloads, w) })
		},
	}
	c.Flags().StringVar(&dir, "data", "", "the node's data folder")
	c.Flags().BoolVar(&payloads, "payloads", false, "include the private payloads: the file then holds personal data")
	c.MarkFlagRequired("data")
	return c
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
