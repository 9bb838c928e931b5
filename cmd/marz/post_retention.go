package main

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"marz/journal"
	"marz/post"
	"marz/web"
)

func postRetentionCommand() *cobra.Command {
	var dir string
	var asJSON bool
	c := &cobra.Command{
		Use:   "retention --data FOLDER",
		Short: "Say what of a post's payloads is due, erased and held",
		Long: `Look through the payloads of a post's data folder and say, for each kind of record, how many are there, how many are past their time,
how many have to stay and why, and how many are erased; and check that nothing is there any more of what entries say is erased.

It only reads, and the post may be running. Erased is by the post itself, every few hours, by the schedules that supervisors have put in force.

Exit code 0; 1 when something is there that is said to be erased, or nothing can be read.`,
		Example: "  marz post retention --data /var/lib/marz",
		Args:    cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			look, residue, err := post.ReadRetention(c.Context(), dir, systemClock())
			if err != nil {
				return err
			}
			if asJSON {
				out := json.NewEncoder(c.OutOrStdout())
				out.SetEscapeHTML(false)
				out.SetIndent("", "  ")
				err = out.Encode(struct {
					*web.RetentionLook
					Residue journal.Residue `json:"residue"`
				}{look, residue})
			} else {
				err = writeRetention(c.OutOrStdout(), look, residue)
			}
			if err == nil && (look.Left > 0 || residue.Written > 0) {
				return &exitError{code: 1}
			}
			return err
		},
	}
	c.Flags().StringVar(&dir, "data", "", "the post's data folder")
	c.Flags().BoolVar(&asJSON, "json", false, "print it as JSON")
	c.MarkFlagRequired("data")
	return c
}

// writeLook writes what a node found, one line a kind of record.
func writeLook(w io.Writer, l *web.RetentionLook) error {
	var stays []string
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "record\twhose\tdays\tthere\tdue\theld\terased\toldest")
	for _, row := range l.Rows {
		var owners, days []string
		for _, o := range row.Owners {
			owners = append(owners, string(o))
		}
		for _, p := range row.Rules {
			days = append(days, fmt.Sprint(p.Days))
		}
		oldest, kind := "-", row.Kind
		if row.Oldest != 0 {
			oldest = row.Oldest.String()[:10]
		}
		if kind == "" {
			kind = "other"
		}
		if len(days) < len(owners) {
			days = append(days, "for ever")
		}
		fmt.Fprintf(t, "%s\t%s\t%s\t%d\t%d\t%d\t%d\t%s\n", kind, strings.Join(owners, "+"), strings.Join(days, "+"), row.Kept, row.Due, row.Held, row.Erased, oldest)
		for _, why := range row.Whys {
			stays = append(stays, fmt.Sprintf("%d of %s, %s: %s", why.Count, kind, strings.Join(owners, "+"), why.What))
		}
	}
	if err := t.Flush(); err != nil {
		return err
	}
	if len(stays) > 0 {
		fmt.Fprintf(w, "\nWhat stays:\n  %s\n", strings.Join(stays, "\n  "))
	}
	_, err := fmt.Fprintf(w, "\n%d payloads are erased by entries, %d of them are still there.\n", l.Erased, l.Left)
	return err
}

func writeRetention(w io.Writer, l *web.RetentionLook, r journal.Residue) error {
	if err := writeLook(w, l); err != nil {
		return err
	}
	_, err := fmt.Fprintf(w, "The database has %d free pages, %d of them not overwritten; its log holds %d bytes.\n", r.Free, r.Written, r.Log)
	return err
}
