package main

import (
	"encoding/json"
	"log/slog"

	"github.com/spf13/cobra"

	"marz/hq"
	"marz/web"
)

func hqRetentionCommand() *cobra.Command {
	var f hqFlags
	var asJSON, scrub bool
	c := &cobra.Command{
		Use:   "retention --data FOLDER",
		Short: "Say what of a headquarters' own payloads is due, erased and held",
		Long: `Look through the payloads beside the headquarters' own entries and say, for each kind of record, how many are there, how many are past their time,
how many have to stay and why, and how many are erased; and check that nothing is there any more of what entries say is erased.

Erased is by the nodes themselves, every few hours, by the schedule that a supervisor has put in force. PostgreSQL keeps erased bytes in its files for a while:
--scrub has it rewrite the table of payloads without them, during which no payload can be read or written.

Exit code 0; 1 when something is there that is said to be erased, or nothing can be read.`,
		Example: "  marz hq retention --data /var/lib/marz-hq",
		Args:    cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			if scrub {
				if err := hq.Command(c.Context(), f.options(c, slog.LevelWarn), hq.CommandScrub, struct{}{}, nil); err != nil {
					return err
				}
			}
			var look web.RetentionLook
			err := hq.Command(c.Context(), f.options(c, slog.LevelWarn), hq.CommandRetention, struct{}{}, &look)
			if err != nil {
				return err
			}
			if asJSON {
				out := json.NewEncoder(c.OutOrStdout())
				out.SetEscapeHTML(false)
				out.SetIndent("", "  ")
				err = out.Encode(look)
			} else {
				err = writeLook(c.OutOrStdout(), &look)
			}
			if err == nil && look.Left > 0 {
				return &exitError{code: 1}
			}
			return err
		},
	}
	f.add(c)
	c.Flags().BoolVar(&asJSON, "json", false, "print it as JSON")
	c.Flags().BoolVar(&scrub, "scrub", false, "have PostgreSQL let go of erased bytes first")
	return c
}
