package main

import (
	"crypto/rand"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"marz"
	"marz/hq"
	"marz/release"
)

// hqListCommand groups what is done with the lists that are given to posts.
func hqListCommand() *cobra.Command {
	c := &cobra.Command{Use: "list", Short: "Give lists out to posts, first to some and then to all, and take them back"}
	c.AddCommand(hqPublishCommand(), hqWidenCommand(), hqRecallCommand(), hqReleasesCommand())
	return c
}

// addressees are the flags that say to which posts something goes.
type addressees struct {
	canary []string
	all    bool
}

func (a *addressees) flags(c *cobra.Command) {
	c.Flags().StringArrayVar(&a.canary, "canary", nil, "name of a post's journal to which it goes first (repeatable)")
	c.Flags().BoolVar(&a.all, "all", false, "to all posts at once")
	c.MarkFlagsMutuallyExclusive("canary", "all")
	c.MarkFlagsOneRequired("canary", "all")
}

func (a *addressees) to() (out []marz.Origin) {
	for _, o := range a.canary {
		out = append(out, marz.Origin(o))
	}
	return out
}

func (a *addressees) words() string {
	if a.all {
		return "all posts"
	}
	return strings.Join(a.canary, ", ")
}

func hqPublishCommand() *cobra.Command {
	var f hqFlags
	var to addressees
	var own bool
	c := &cobra.Command{
		Use:   "publish --data FOLDER FILE (--canary POST | --all)",
		Short: "Give out a built list, or a file of changes of one",
		Long: "FILE is what marz list build or marz list diff has written, signed with the authority's key (--key there): posts take no other. It is checked whole and copied to\n" +
			"the headquarters' files. With --canary it goes to those posts alone until marz hq list widen. The headquarters may be running.",
		Example: "  marz hq list publish --data hq wanted.list --canary armenia/agarak\n  marz hq list widen --data hq 17",
		Args:    cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			path, err := filepath.Abs(args[0])
			if err != nil {
				return err
			}
			var r hq.Released
			if err := hq.Command(c.Context(), f.options(c, slog.LevelWarn), hq.CommandPublish, hq.Publication{File: path, To: to.to(), Own: own}, &r); err != nil {
				return err
			}
			fmt.Fprintf(c.OutOrStdout(), "%d: %s, version %s, goes to %s\n", r.Seq, r.What, r.Version, to.words())
			return nil
		},
	}
	f.add(c)
	to.flags(c)
	c.Flags().BoolVar(&own, "own", false, "it is the authority's own list: its officers alone see what hits")
	return c
}

// numbered reads the number of a release.
func numbered(text string) (marz.Seq, error) {
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n < 0 {
		return 0, &marz.Error{Code: marz.Invalid, Op: "read number", Subject: text, Fix: "give the number that marz hq list show prints in its first column"}
	}
	return marz.Seq(n), nil
}

func hqWidenCommand() *cobra.Command {
	var f hqFlags
	c := &cobra.Command{
		Use:   "widen --data FOLDER NUMBER",
		Short: "Give to all posts what was given to some",
		Args:  cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			seq, err := numbered(args[0])
			if err != nil {
				return err
			}
			if err := hq.Command(c.Context(), f.options(c, slog.LevelWarn), hq.CommandWiden, release.Widened{Release: seq}, nil); err != nil {
				return err
			}
			fmt.Fprintf(c.OutOrStdout(), "%d goes to all posts\n", seq)
			return nil
		},
	}
	f.add(c)
	return c
}

func hqRecallCommand() *cobra.Command {
	var f hqFlags
	var why string
	c := &cobra.Command{
		Use:   "recall --data FOLDER NUMBER --why WORDS",
		Short: "Take back what was given out: posts have again what they had before it",
		Args:  cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			seq, err := numbered(args[0])
			if err != nil {
				return err
			}
			if err := hq.Command(c.Context(), f.options(c, slog.LevelWarn), hq.CommandRecall, release.Recalled{Release: seq, Why: why}, nil); err != nil {
				return err
			}
			fmt.Fprintf(c.OutOrStdout(), "%d is taken back\n", seq)
			return nil
		},
	}
	f.add(c)
	c.Flags().StringVar(&why, "why", "", "why, in words; nothing about a person")
	c.MarkFlagRequired("why")
	return c
}

func hqReleasesCommand() *cobra.Command {
	var f hqFlags
	var asJSON bool
	c := &cobra.Command{
		Use:   "show --data FOLDER",
		Short: "Show what was given out, to whom, and what was taken back",
		Args:  cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			var all []hq.Released
			if err := hq.Command(c.Context(), f.options(c, slog.LevelWarn), hq.CommandReleases, nil, &all); err != nil {
				return err
			}
			if asJSON {
				return json.NewEncoder(c.OutOrStdout()).Encode(all)
			}
			return printReleases(c.OutOrStdout(), all)
		},
	}
	f.add(c)
	c.Flags().BoolVar(&asJSON, "json", false, "as JSON")
	return c
}

func printReleases(out io.Writer, all []hq.Released) error {
	t := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "NUMBER\tWHAT\tVERSION\tFROM\tGOES TO\tAT")
	for _, r := range all {
		to := "all"
		switch {
		case r.Recalled > 0:
			to = fmt.Sprintf("taken back by %d: %s", r.Recalled, r.Why)
		case len(r.To) > 0:
			names := make([]string, len(r.To))
			for i, o := range r.To {
				names[i] = string(o)
			}
			to = strings.Join(names, ", ")
		}
		fmt.Fprintf(t, "%d\t%s\t%s\t%s\t%s\t%s\n", r.Seq, r.What, or(r.Version, "-"), or(r.From, "-"), to, r.At)
	}
	return t.Flush()
}

// hqOfficerCommand groups what is done with officers at posts.
func hqOfficerCommand() *cobra.Command {
	c := &cobra.Command{Use: "officer", Short: "Make officers of the headquarters known at posts"}
	c.AddCommand(hqOfficerPostCommand())
	return c
}

func hqOfficerPostCommand() *cobra.Command {
	var f hqFlags
	var to addressees
	var invite bool
	c := &cobra.Command{
		Use:   "post --data FOLDER OFFICER (--canary POST | --all)",
		Short: "Make an officer who is enrolled at the headquarters known at posts",
		Long: "The officer's passkey works at posts that are reached under the headquarters' own name. With --invite a one-time code is printed, with which he makes one at any other\n" +
			"post, within a week, at https://POST/enrol/CODE. Posts believe it once the authority's key has vouched for this journal (marz authority vouch, marz hq vouch).\n" +
			"What he may do at a post follows from articles. It is taken back with marz hq list recall.",
		Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			p := hq.Posting{Officer: marz.OfficerID(args[0]), To: to.to()}
			code := ""
			if invite {
				var err error
				if code, p.Code, err = hq.NewCode(rand.Reader); err != nil {
					return err
				}
			}
			var r hq.Released
			if err := hq.Command(c.Context(), f.options(c, slog.LevelWarn), hq.CommandPost, p, &r); err != nil {
				return err
			}
			fmt.Fprintf(c.OutOrStdout(), "%d: %s is known to %s\n", r.Seq, p.Officer, to.words())
			if code != "" {
				fmt.Fprintf(c.OutOrStdout(), "give him this code, for https://POST/enrol/CODE at one post, once and within a week:\n\n  %s\n", code)
			}
			return nil
		},
	}
	f.add(c)
	to.flags(c)
	c.Flags().BoolVar(&invite, "invite", false, "print a code with which he makes a passkey at a post")
	return c
}

// hqVouchCommand records the authority's own word for the headquarters' journal.
func hqVouchCommand() *cobra.Command {
	var f hqFlags
	c := &cobra.Command{
		Use:   "vouch --data FOLDER FILE",
		Short: "Record what marz authority vouch has signed: posts believe this headquarters about officers then",
		Args:  cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			b, err := os.ReadFile(args[0])
			if err != nil {
				return &marz.Error{Code: marz.Invalid, Op: "read", Subject: args[0], Err: err}
			}
			if err := hq.Command(c.Context(), f.options(c, slog.LevelWarn), hq.CommandVouch, release.VouchedBy{Note: string(b)}, nil); err != nil {
				return err
			}
			fmt.Fprintln(c.OutOrStdout(), "the authority's key has vouched for this headquarters' journal")
			return nil
		},
	}
	f.add(c)
	return c
}
