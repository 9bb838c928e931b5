package main

import (
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"marz"
	"marz/agreement"
	"marz/post"
	"marz/scenarios"
	"marz/scenarios/armenia"
)

type initFlags struct {
	scenario, post, supervisor, name, origin, host, listen string
}

// initCommand makes the data folder of a new post.
func initCommand() *cobra.Command {
	var f initFlags
	c := &cobra.Command{
		Use:   "init FOLDER",
		Short: "Make the data folder of a new post: keys, local CA, journal, first supervisor",
		Long: "Makes a new post in FOLDER, which must be empty or absent, and prints the link with which its first supervisor\n" +
			"makes a passkey. A scenario is a folder with scenario.toml (authorities, frontiers, posts) and agreements.toml, or \"armenia\".",
		Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			link, err := initPost(c, args[0], f)
			if err != nil {
				return err
			}
			fmt.Fprintf(c.OutOrStdout(), "The post is made in %s. Start it with\n\n  marz post --data %s\n\n"+
				"then let %s open this link, once and within a week, to make a passkey:\n\n  %s\n\n"+
				"Install %s in the booths' browsers, and keep a copy of %s in a safe.\n",
				args[0], args[0], f.supervisor, link, filepath.Join(args[0], "keys", "ca.crt"), filepath.Join(args[0], "keys"))
			return nil
		},
	}
	c.Flags().StringVar(&f.scenario, "scenario", "armenia", "the scenario: a folder, or armenia")
	c.Flags().StringVar(&f.post, "post", "agarak", "the post of the scenario that this node is")
	c.Flags().StringVar(&f.supervisor, "supervisor", "", "service number of the first supervisor, for example am-bg/0001")
	c.Flags().StringVar(&f.name, "name", "", "name of the first supervisor")
	c.Flags().StringVar(&f.origin, "origin", "", "name of the journal, for ever (default: scenario/post)")
	c.Flags().StringVar(&f.host, "host", "localhost", "name under which booths reach the post; passkeys are bound to it")
	c.Flags().StringVar(&f.listen, "listen", ":8443", "address to listen on")
	c.MarkFlagRequired("supervisor")
	c.MarkFlagRequired("name")
	return c
}

func initPost(c *cobra.Command, dir string, f initFlags) (string, error) {
	s, agreements, err := readScenario(f.scenario)
	if err != nil {
		return "", err
	}
	p, ok := s.Post(marz.PostID(f.post))
	if !ok {
		return "", &marz.Error{Code: marz.NotFound, Op: "init", Subject: f.post, Fix: "the scenario has no such post"}
	}
	if f.origin == "" {
		f.origin = filepath.Base(f.scenario) + "/" + f.post
	}
	return post.Init(c.Context(), post.Setup{
		Dir: dir, Origin: marz.Origin(f.origin), Post: p, Authorities: s.Authorities, Agreements: agreements,
		Config:     post.DefaultConfig(f.listen, f.host, p.State),
		Supervisor: post.Officer{ID: marz.OfficerID(f.supervisor), Name: f.name, Role: marz.RoleSupervisor},
		Clock:      systemClock, Wall: time.Now,
	})
}

func systemClock() marz.Instant { return marz.InstantOf(time.Now()) }

// readScenario reads the built-in scenario or one from a folder.
func readScenario(name string) (*scenarios.Scenario, []agreement.Agreement, error) {
	if name == "armenia" {
		s, err := armenia.Load()
		if err != nil {
			return nil, nil, err
		}
		agreements, err := agreement.Parse("armenia/agreements.toml", armenia.Agreements())
		return s, agreements, err
	}
	read := func(file string) (string, []byte, error) {
		path := filepath.Join(name, file)
		b, err := os.ReadFile(path)
		if err != nil {
			err = &marz.Error{Code: marz.NotFound, Op: "read scenario", Subject: path, Fix: "a scenario is a folder with scenario.toml and agreements.toml", Err: err}
		}
		return path, b, err
	}
	path, b, err := read("scenario.toml")
	if err != nil {
		return nil, nil, err
	}
	s, err := scenarios.Parse(path, b)
	if err != nil {
		return nil, nil, err
	}
	if path, b, err = read("agreements.toml"); err != nil {
		return nil, nil, err
	}
	agreements, err := agreement.Parse(path, b)
	return s, agreements, err
}
