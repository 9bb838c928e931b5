package main

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"os"

	"github.com/spf13/cobra"

	"marz"
	"marz/mrz/photo"
	"marz/post"
)

// postCommand runs a post.
func postCommand() *cobra.Command {
	var dir string
	c := &cobra.Command{
		Use:   "post --data FOLDER",
		Short: "Run the post of a data folder until it is told to stop",
		Args:  cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) (err error) {
			log := slog.New(slog.NewTextHandler(c.ErrOrStderr(), nil))
			p, err := post.Open(c.Context(), post.Options{Dir: dir, Clock: systemClock, Log: log, Photographs: photographs(c.Context(), log)})
			if err != nil {
				return err
			}
			defer func() {
				if e := p.Close(); err == nil {
					err = e
				}
			}()
			return p.Serve(c.Context(), func(a net.Addr) {
				log.Info("the post is open", "post", p.Described().ID, "listen", a, "address", p.Address(), "pid", os.Getpid())
				fmt.Fprintln(c.OutOrStdout(), p.Address())
			})
		},
	}
	c.Flags().StringVar(&dir, "data", "", "the post's data folder, made by marz init")
	c.MarkFlagRequired("data")
	c.AddCommand(postIdentityCommand(), postRecoverCommand())
	return c
}

// photographs finds what reads zones in photographs on this machine; nil, with a word in the log, where there is nothing.
func photographs(ctx context.Context, log *slog.Logger) func(context.Context, []byte, marz.Date) (*photo.Reading, error) {
	r, err := photo.Find(ctx)
	if err != nil {
		log.Info("photographs of documents cannot be read here", "why", err)
		return nil
	}
	return r.Read
}
