package main

import (
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"text/tabwriter"

	"github.com/BurntSushi/toml"
	"github.com/spf13/cobra"

	"marz"
	"marz/hq"
	"marz/web"
)

// hqIdentityCommand says who the headquarters is.
func hqIdentityCommand() *cobra.Command {
	var f hqFlags
	c := &cobra.Command{
		Use:   "identity --data FOLDER",
		Short: "Print what a post needs to push its journal here, for its post.toml",
		Args:  cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			id, err := hq.ReadIdentity(f.data)
			if err != nil {
				return err
			}
			return toml.NewEncoder(c.OutOrStdout()).Encode(map[string][]hq.Identity{"mirror": {id}})
		},
	}
	c.Flags().StringVar(&f.data, "data", "", "the headquarters' data folder, made by marz hq init")
	c.MarkFlagRequired("data")
	return c
}

// hqNodeCommand groups what is done with nodes.
func hqNodeCommand() *cobra.Command {
	c := &cobra.Command{Use: "node", Short: "Enrol the nodes of posts whose journals are mirrored, and dismiss them"}
	c.AddCommand(hqNodeAddCommand(), hqNodeDismissCommand(), hqNodeListCommand())
	return c
}

func hqNodeAddCommand() *cobra.Command {
	var f hqFlags
	c := &cobra.Command{
		Use:   "add --data FOLDER FILE",
		Short: "Enrol a node, from what marz post identity printed there",
		Long: "Enrols the node of a post: from then on its journal is mirrored here. FILE, or standard input for -, is what marz post identity printed at the\n" +
			"post: who brings it has to be sure of that. The headquarters may be running.",
		Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			n, err := readNode(c, args[0])
			if err != nil {
				return err
			}
			if err := hq.Command(c.Context(), f.options(c, slog.LevelWarn), hq.CommandAdd, n, nil); err != nil {
				return err
			}
			fmt.Fprintf(c.OutOrStdout(), "%s is enrolled: its journal %s is mirrored from now on\n", n.Post, n.Origin)
			return nil
		},
	}
	f.add(c)
	return c
}

// readNode reads the table [node] of a file, and nothing else.
func readNode(c *cobra.Command, path string) (hq.Node, error) {
	var in struct {
		Node *hq.Node `toml:"node"`
	}
	b, err := os.ReadFile(path)
	if path == "-" {
		b, err = io.ReadAll(io.LimitReader(c.InOrStdin(), 64<<10))
	}
	bad := func(fix string, err error) (hq.Node, error) {
		return hq.Node{}, &marz.Error{Code: marz.Invalid, Op: "read node", Subject: path, Fix: fix, Err: err}
	}
	if err != nil {
		return bad("", err)
	}
	meta, err := toml.Decode(string(b), &in)
	if err != nil {
		return bad("correct the TOML: it is what marz post identity prints", err)
	}
	if keys := meta.Undecoded(); len(keys) > 0 {
		return bad(fmt.Sprintf("the key %q is not known; it is what marz post identity prints", keys[0].String()), nil)
	}
	if in.Node == nil {
		return bad("it has no table [node]; it is what marz post identity prints", nil)
	}
	return *in.Node, nil
}

func hqNodeDismissCommand() *cobra.Command {
	var f hqFlags
	c := &cobra.Command{
		Use:   "dismiss --data FOLDER ORIGIN",
		Short: "End the mirroring of a node's journal; what is held of it stays",
		Args:  cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			if err := hq.Command(c.Context(), f.options(c, slog.LevelWarn), hq.CommandDismiss, hq.Node{Origin: marz.Origin(args[0])}, nil); err != nil {
				return err
			}
			fmt.Fprintf(c.OutOrStdout(), "%s is dismissed: nothing more of its journal is taken\n", args[0])
			return nil
		},
	}
	f.add(c)
	return c
}

func hqNodeListCommand() *cobra.Command {
	var f hqFlags
	var asJSON bool
	c := &cobra.Command{
		Use:   "list --data FOLDER",
		Short: "Show how much of each node's journal is held, how old that is, and what stands against it",
		Args:  cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			var nodes []web.MirroredNode
			if err := hq.Command(c.Context(), f.options(c, slog.LevelWarn), hq.CommandList, nil, &nodes); err != nil {
				return err
			}
			if asJSON {
				return json.NewEncoder(c.OutOrStdout()).Encode(nodes)
			}
			return printNodes(c.OutOrStdout(), nodes)
		},
	}
	f.add(c)
	c.Flags().BoolVar(&asJSON, "json", false, "as JSON")
	return c
}

func printNodes(out io.Writer, nodes []web.MirroredNode) error {
	t := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "POST\tJOURNAL\tSTATE\tHELD\tNEWEST ENTRY\tCOSIGNED")
	for _, n := range nodes {
		fmt.Fprintf(t, "%s\t%s\t%s\t%d\t%s\t%s\n", n.Post, n.Origin, stateOf(&n), n.Held, or(n.Newest.String(), "none"), or(n.Cosigned.String(), "never"))
	}
	if err := t.Flush(); err != nil {
		return err
	}
	for _, n := range nodes {
		for _, e := range n.Evidence {
			fmt.Fprintf(out, "\n%s, seen %s\n%s\n", n.Origin, e.At, e.Words())
			if e.Kind == "fork" {
				fmt.Fprintf(out, "held\n%s\ncame\n%s", e.Held, e.Given)
			}
		}
	}
	return nil
}

func stateOf(n *web.MirroredNode) string {
	switch {
	case len(n.Forks()) > 0:
		return "fork"
	case len(n.Evidence) > 0:
		return "wrong payload"
	case n.Gone != 0:
		return "dismissed"
	case n.Held == 0:
		return "nothing yet"
	case n.Coming > 0:
		return "arriving"
	}
	return "mirrored"
}

func hqExportCommand() *cobra.Command {
	var f hqFlags
	var origin string
	c := &cobra.Command{
		Use:   "export --data FOLDER FILE",
		Short: "Write the headquarters' own journal, or a mirrored one, as a bundle that marz verify checks anywhere",
		Long:  "Writes entries and heads to FILE, without any personal data. The headquarters may be running.",
		Args:  cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			path, err := filepath.Abs(args[0])
			if err != nil {
				return err
			}
			return hq.Command(c.Context(), f.options(c, slog.LevelWarn), hq.CommandExport, hq.Export{Origin: marz.Origin(origin), File: path}, nil)
		},
	}
	f.add(c)
	c.Flags().StringVar(&origin, "origin", "", "the mirrored journal; none: the headquarters' own")
	return c
}
