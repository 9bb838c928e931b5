package main

import (
	"log/slog"
	"path/filepath"

	"github.com/spf13/cobra"

	"marz"
	"marz/hq"
)

// hqStaysCommand makes the file by which posts know the stays at all of them.
func hqStaysCommand() *cobra.Command {
	var f hqFlags
	c := &cobra.Command{
		Use:   "stays --data FOLDER FILE",
		Short: "Make the file of stays for the posts",
		Long: "Writes who was in the state on which days, by the entries and exits at all posts that have come here, for all whose stay is limited ([stay] in\n" +
			"hq.toml). People stand in it as digests under keys/stays.key. Bring FILE and that key to the posts: into stays/ and keys/ of their folders\n" +
			"(docs/guides/install.md).",
		Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			path, err := filepath.Abs(args[0])
			if err != nil {
				return &marz.Error{Code: marz.Invalid, Op: "make file of stays", Subject: args[0], Err: err}
			}
			return hq.Command(c.Context(), f.options(c, slog.LevelWarn), hq.CommandStays, path, nil)
		},
	}
	f.add(c)
	return c
}
