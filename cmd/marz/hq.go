package main

import (
	"cmp"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"marz"
	"marz/hq"
	"marz/mirror"
)

// databaseVariable is what names the database where neither flag nor hq.toml shall.
const databaseVariable = "MARZ_DATABASE"

// hqFlags are what every command on a headquarters' folder takes.
type hqFlags struct{ data, database string }

func (f *hqFlags) add(c *cobra.Command) {
	c.Flags().StringVar(&f.data, "data", "", "the headquarters' data folder, made by marz hq init")
	c.Flags().StringVar(&f.database, "database", "", "postgres://…, in place of the one in $"+databaseVariable+" or in hq.toml")
	c.MarkFlagRequired("data")
}

func (f *hqFlags) options(c *cobra.Command, level slog.Level) hq.Options {
	return hq.Options{Dir: f.data, Clock: systemClock, Database: cmp.Or(f.database, os.Getenv(databaseVariable)),
		Log: slog.New(slog.NewTextHandler(c.ErrOrStderr(), &slog.HandlerOptions{Level: level}))}
}

// hqCommand runs a headquarters, and groups what is done with its folder.
func hqCommand() *cobra.Command {
	var f hqFlags
	var listen, nodes string
	c := &cobra.Command{
		Use:   "hq --data FOLDER",
		Short: "Run the headquarters of a data folder until it is told to stop",
		Long: "Runs a headquarters: it mirrors the journals of the posts whose nodes were enrolled, and shows how far they are.\n" +
			"With --database several nodes with the same keys, each in a folder of its own, serve one headquarters.",
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) (err error) {
			o := f.options(c, slog.LevelInfo)
			o.Listen, o.Nodes = listen, nodes
			h, err := hq.Open(c.Context(), o)
			if err != nil {
				return err
			}
			defer func() {
				if e := h.Close(); err == nil {
					err = e
				}
			}()
			return h.Serve(c.Context(), func(browsers, nodes net.Addr) {
				o.Log.Info("the headquarters is open", "authority", h.Authority(), "listen", browsers, "nodes", nodes, "address", h.Address(), "pid", os.Getpid())
				fmt.Fprintln(c.OutOrStdout(), h.Address())
			})
		},
	}
	f.add(c)
	c.Flags().StringVar(&listen, "listen", "", "address for browsers, in place of the one in hq.toml")
	c.Flags().StringVar(&nodes, "nodes", "", "address for posts, likewise")
	c.AddCommand(hqInitCommand(), hqIdentityCommand(), hqNodeCommand(), hqListCommand(), hqOfficerCommand(), hqVouchCommand(), hqExportCommand(), hqStaysCommand(), hqEvidenceCommand(), hqRetentionCommand())
	return c
}

type hqInitFlags struct {
	scenario, authority, supervisor, name, origin, host, listen, nodes, database, zone string
	keys                                                                               []string
}

func hqInitCommand() *cobra.Command {
	var f hqInitFlags
	c := &cobra.Command{
		Use:   "init FOLDER --authority ID",
		Short: "Make the data folder of a new headquarters: keys, local CA, journal, first supervisor",
		Long: "Makes the headquarters of an authority in FOLDER, which must be empty or absent, and prints the link with which its first supervisor\n" +
			"makes a passkey. The scenario is that of the posts (marz init). With --database its journal and those that it mirrors lie in PostgreSQL,\n" +
			"and any number of nodes can serve it; without, in a file of the folder.",
		Example: "  marz hq init hq --authority am-bg --supervisor am-bg/0001 --name 'A. Supervisor' --host hq.example --authority-key am-bg=am-bg.key",
		Args:    cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			link, err := initHQ(c, args[0], f)
			if err != nil {
				return err
			}
			fmt.Fprintf(c.OutOrStdout(), "The headquarters is made in %s. Start it with\n\n  marz hq --data %s\n\n"+
				"then let %s open this link, once and within a week, to make a passkey:\n\n  %s\n\n"+
				"Install %s in the officers' browsers, and keep a copy of %s in a safe.\n",
				args[0], args[0], f.supervisor, link, filepath.Join(args[0], "keys", "ca.crt"), filepath.Join(args[0], "keys"))
			return nil
		},
	}
	c.Flags().StringVar(&f.scenario, "scenario", "armenia", "the scenario: a folder, or armenia")
	c.Flags().StringVar(&f.authority, "authority", "", "the authority whose headquarters this is")
	c.Flags().StringVar(&f.supervisor, "supervisor", "", "service number of the first supervisor, for example am-bg/0001")
	c.Flags().StringVar(&f.name, "name", "", "name of the first supervisor")
	c.Flags().StringVar(&f.origin, "origin", "", "name of the journal, for ever (default: scenario/authority-hq)")
	c.Flags().StringVar(&f.host, "host", "localhost", "name under which officers and posts reach it; passkeys are bound to it")
	c.Flags().StringVar(&f.listen, "listen", ":8443", "address for browsers")
	c.Flags().StringVar(&f.nodes, "nodes", ":8444", "address for posts")
	c.Flags().StringVar(&f.database, "database", "", "postgres://…, which hq.toml will name (default: $"+databaseVariable+", which it will not, or a file in the folder)")
	c.Flags().StringVar(&f.zone, "zone", "", "IANA time zone in which it shows instants (default: that of the scenario's first post)")
	c.Flags().StringArrayVar(&f.keys, "authority-key", nil, "ID=KEY or ID=FILE: an authority's verifier key, or a file with either half of it (repeatable)")
	for _, name := range []string{"authority", "supervisor", "name"} {
		c.MarkFlagRequired(name)
	}
	return c
}

func initHQ(c *cobra.Command, dir string, f hqInitFlags) (string, error) {
	s, register, err := readScenario(f.scenario)
	if err != nil {
		return "", err
	}
	if err := setKeys(s.Authorities, f.keys); err != nil {
		return "", err
	}
	if f.zone == "" && len(s.Posts) > 0 {
		f.zone = s.Posts[0].Zone
	}
	drawing, err := readMap(f.scenario)
	if err != nil {
		return "", err
	}
	origin := cmp.Or(f.origin, filepath.Base(f.scenario)+"/"+f.authority+"-hq")
	return hq.Init(c.Context(), hq.Setup{
		Dir: dir, Origin: marz.Origin(origin), Zone: f.zone, Ground: ground(s), Register: register.instruments, Map: drawing,
		Config: hq.DefaultConfig(marz.AuthorityID(f.authority), f.listen, f.nodes, f.host, f.database), Database: cmp.Or(f.database, os.Getenv(databaseVariable)),
		Supervisor: marz.OfficerID(f.supervisor), Name: f.name, Clock: systemClock, Wall: time.Now,
	})
}

// hqEvidenceCommand checks a piece of evidence, and believes nobody.
func hqEvidenceCommand() *cobra.Command {
	var key string
	c := &cobra.Command{
		Use:   "evidence --key KEY FILE",
		Short: "Check evidence that a node signed two histories",
		Long: "Checks a piece of evidence that a headquarters gave away, with nothing but the verifier key of the journal. It ends with 0 where the two heads\n" +
			"are signed by that key and contradict each other.",
		Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			doc, err := os.ReadFile(args[0])
			if err != nil {
				return &marz.Error{Code: marz.Invalid, Op: "read evidence", Subject: args[0], Err: err}
			}
			e, err := mirror.ParseEvidence(doc)
			if err == nil {
				err = e.Verify(key)
			}
			if err != nil {
				return err
			}
			fmt.Fprintf(c.OutOrStdout(), "%s signed two histories. The mirror held\n\n%s\nand there came\n\n%s", e.Origin, e.Held, e.Given)
			return nil
		},
	}
	c.Flags().StringVar(&key, "key", "", "the journal's verifier key, as its owner gave it away")
	c.MarkFlagRequired("key")
	return c
}
