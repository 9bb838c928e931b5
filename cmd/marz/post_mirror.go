package main

import (
	"fmt"
	"io"
	"log/slog"
	"maps"
	"slices"
	"time"

	"github.com/BurntSushi/toml"
	"github.com/spf13/cobra"

	"marz"
	"marz/journal"
	"marz/mirror"
	"marz/post"
)

// postIdentityCommand prints what a headquarters has to know of a post.
func postIdentityCommand() *cobra.Command {
	var dir string
	c := &cobra.Command{
		Use:   "identity --data FOLDER",
		Short: "Print what a headquarters needs to keep a mirror of the post's journal",
		Long: "Print post, origin, the key that signs the journal and the one by which the node is known on the line, as a table of TOML. A headquarters takes it in with\n" +
			"marz hq node add. Nothing in it is secret; compare it by another way than it came. The post may be running.",
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			id, err := post.ReadIdentity(c.Context(), dir)
			if err != nil {
				return err
			}
			return toml.NewEncoder(c.OutOrStdout()).Encode(struct {
				Node post.Identity `toml:"node"`
			}{id})
		},
	}
	c.Flags().StringVar(&dir, "data", "", "the post's data folder")
	c.MarkFlagRequired("data")
	return c
}

// postRecoverCommand brings a post's journal back from its mirrors.
func postRecoverCommand() *cobra.Command {
	var dir string
	c := &cobra.Command{
		Use:   "recover --data FOLDER",
		Short: "Bring the journal of a stopped post back from its mirrors",
		Long: "Fetch from the mirrors that post.toml names what the folder lacks of the journal, prove it against the post's own signatures, and write it in one piece: where that\n" +
			"fails the folder is what it was. The folder needs post.toml and keys; the journal in it may be an old copy, or absent. Which payloads no mirror had is said, and\n" +
			"recorded in the journal.",
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			clock := systemClock
			if created, last, err := journal.Peek(c.Context(), dir); err == nil && created.Exercise {
				clock = func() marz.Instant { return last }
			}
			p := newProgress(c.ErrOrStderr())
			out, err := post.Recover(c.Context(), post.Recovery{Dir: dir, Clock: clock, After: time.After, Log: slog.New(slog.NewTextHandler(c.ErrOrStderr(), &slog.HandlerOptions{Level: slog.LevelWarn})),
				Progress: func(entries, of int64) { p.step("entries", entries, of) }})
			p.end()
			if out != nil {
				sayRecovered(c.OutOrStdout(), out)
			}
			return err
		},
	}
	c.Flags().StringVar(&dir, "data", "", "the post's data folder")
	c.MarkFlagRequired("data")
	return c
}

// sayRecovered says what was had back and what was not.
func sayRecovered(w io.Writer, r *mirror.Recovered) {
	fmt.Fprintf(w, "The journal has %d entries; %d of them, %d heads and %d payloads came from mirrors.\n", r.Size, r.Size-r.Before, r.Heads, r.Payloads)
	for _, name := range slices.Sorted(maps.Keys(r.Failed)) {
		fmt.Fprintf(w, "The mirror %s gave nothing, or not all: %v\n", name, r.Failed[name])
	}
	if len(r.Lost) == 0 {
		fmt.Fprintln(w, "Nothing is lost.")
		return
	}
	const shown = 10
	fmt.Fprintf(w, "%d payloads are lost, of the entries", len(r.Lost))
	for _, seq := range r.Lost[:min(shown, len(r.Lost))] {
		fmt.Fprintf(w, " %d", seq)
	}
	if len(r.Lost) > shown {
		fmt.Fprintf(w, " … %d", r.Lost[len(r.Lost)-1])
	}
	fmt.Fprintln(w, ": no mirror had them. Their entries stand, every proof holds, and the journal says that they are gone.")
}
