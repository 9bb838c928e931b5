package main

import (
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"marz"
	"marz/post"
	"marz/scenarios"
	"marz/scenarios/armenia"
	"marz/web"
)

type initFlags struct {
	scenario, post, supervisor, name, origin, host, listen string
	keys                                                   []string
}

// initCommand makes the data folder of a new post.
func initCommand() *cobra.Command {
	var f initFlags
	c := &cobra.Command{
		Use:   "init FOLDER",
		Short: "Make the data folder of a new post: keys, local CA, journal, first supervisor",
		Long: "Makes a new post in FOLDER, which must be empty or absent, and prints the link with which its first supervisor\n" +
			"makes a passkey. A scenario is a folder with scenario.toml (authorities, frontiers, posts) and agreements.signed.json, which all\n" +
			"parties have signed, or agreements.toml; or it is \"armenia\". By the keys of the authorities the post knows what they sign.",
		Example: "  marz init agarak --supervisor am-bg/0001 --name 'A. Supervisor' --authority-key am-bg=am-bg.key --authority-key ru-bg=ru-bg+5e2c…",
		Args:    cobra.ExactArgs(1),
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
	c.Flags().StringArrayVar(&f.keys, "authority-key", nil, "ID=KEY or ID=FILE: an authority's verifier key, or a file with either half of it (repeatable)")
	c.MarkFlagRequired("supervisor")
	c.MarkFlagRequired("name")
	return c
}

func initPost(c *cobra.Command, dir string, f initFlags) (string, error) {
	s, register, err := readScenario(f.scenario)
	if err != nil {
		return "", err
	}
	if err := setKeys(s.Authorities, f.keys); err != nil {
		return "", err
	}
	p, ok := s.Post(marz.PostID(f.post))
	if !ok {
		return "", &marz.Error{Code: marz.NotFound, Op: "init", Subject: f.post, Fix: "the scenario has no such post"}
	}
	if f.origin == "" {
		f.origin = filepath.Base(f.scenario) + "/" + f.post
	}
	drawing, err := readMap(f.scenario)
	if err != nil {
		return "", err
	}
	return post.Init(c.Context(), post.Setup{
		Dir: dir, Origin: marz.Origin(f.origin), Post: p, Ground: ground(s), Sections: s.Kept(p.ID), Register: register.instruments, Map: drawing,
		Config:     post.DefaultConfig(f.listen, f.host, p.State),
		Supervisor: post.Officer{ID: marz.OfficerID(f.supervisor), Name: f.name, Role: marz.RoleSupervisor},
		Clock:      systemClock, Wall: time.Now,
	})
}

func systemClock() marz.Instant { return marz.InstantOf(time.Now()) }

// signedFile is what a scenario's folder holds when its agreements are signed. It goes before agreements.toml.
const signedFile = "agreements.signed.json"

// readScenario reads the built-in scenario or one from a folder.
func readScenario(name string) (*scenarios.Scenario, document, error) {
	if name == "armenia" {
		s, err := armenia.Load()
		if err != nil {
			return nil, document{}, err
		}
		d, err := parseDocument("armenia/agreements.toml", armenia.Agreements())
		return s, d, err
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
		return nil, document{}, err
	}
	s, err := scenarios.Parse(path, b)
	if err != nil {
		return nil, document{}, err
	}
	file := signedFile
	if _, err := os.Stat(filepath.Join(name, file)); os.IsNotExist(err) {
		file = "agreements.toml"
	}
	if path, b, err = read(file); err != nil {
		return nil, document{}, err
	}
	d, err := parseDocument(path, b)
	return s, d, err
}

// readMap reads a scenario's drawing of the frontiers. A scenario can be without.
func readMap(name string) ([]byte, error) {
	if name == "armenia" {
		return armenia.Map(), nil
	}
	path := filepath.Join(name, "map.json")
	b, err := os.ReadFile(path)
	if os.IsNotExist(err) {
		return nil, nil
	}
	if err == nil {
		_, err = web.ParseMap(b)
	}
	if err != nil {
		return nil, &marz.Error{Code: marz.Invalid, Op: "read map", Subject: path, Fix: "correct it or remove it: a post works without", Err: err}
	}
	return b, nil
}
