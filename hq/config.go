package hq

import (
	"cmp"
	"fmt"
	"net"
	"slices"
	"strings"

	"marz"
	"marz/api"
	"marz/folder"
	"marz/inspection"
	"marz/phrase"
	"marz/retention"
)

const configFile = "hq.toml"

// Config is hq.toml: how this machine serves the headquarters. Who may do what stands in its journal.
type Config struct {
	Authority marz.AuthorityID `toml:"authority"` // whose headquarters it is, and whose payloads it may hold
	Listen    string           `toml:"listen"`    // address and port for browsers, for example ":8443"
	Nodes     string           `toml:"nodes"`     // address and port for posts, for example ":8444"
	Host      string           `toml:"host"`      // the name under which both are reached; passkeys are bound to it
	// Language is in which pages are shown to a browser that has chosen none, for example "hy"; none: what the browser accepts.
	Language string `toml:"language,omitempty"`
	// API is the address on which other programs ask, for example ":8446"; none: there is no such interface.
	API string `toml:"api,omitempty"`
	// Metrics is a loopback address on which monitoring on this machine reads /metrics and /healthz without a certificate, for example "127.0.0.1:9464"; none: it asks as other programs do.
	Metrics string `toml:"metrics,omitempty"`
	// Stay is how long a stay may be, as the posts have it, for the page of a person and the files of stays.
	Stay inspection.StayRule `toml:"stay,omitempty"`
	// Retention is how long what stands beside the headquarters' own entries is kept, as a supervisor may put it in force.
	Retention []retention.Rule `toml:"retention,omitempty"`
	// Stays is how often files of stays are made and given to posts; they are made where Stay sets a limit.
	Stays    StaysConfig `toml:"stays,omitempty"`
	Database string      `toml:"database,omitempty"` // postgres://…; none: the file hq.db beside this one, for one node alone
}

// DefaultConfig returns the configuration of a new headquarters.
func DefaultConfig(authority marz.AuthorityID, listen, nodes, host, database string) Config {
	return Config{Authority: authority, Listen: cmp.Or(listen, ":8443"), Nodes: cmp.Or(nodes, ":8444"), Host: cmp.Or(host, "localhost"), Database: database}
}

func readConfig(path string) (Config, error) {
	var c Config
	if err := folder.ReadConfig(path, "there is no headquarters in this folder; make one with marz hq init", &c); err != nil {
		return c, err
	}
	return c, c.validate(path)
}

func (c *Config) validate(path string) error {
	bad := func(what string) error {
		return &marz.Error{Code: marz.Invalid, Op: "read", Subject: path, Fix: what}
	}
	if err := c.Authority.Validate(); err != nil {
		return bad(fmt.Sprintf("authority = %q: name the authority whose headquarters this is, for example \"am-bg\"", c.Authority))
	}
	for name, address := range map[string]string{"listen": c.Listen, "nodes": c.Nodes} {
		if _, port, err := net.SplitHostPort(address); err != nil || port == "" {
			return bad(fmt.Sprintf("%s = %q is no address; write for example \":8443\"", name, address))
		}
	}
	if c.Listen == c.Nodes && port(c.Listen) != "0" {
		return bad(fmt.Sprintf("listen and nodes are both %q: browsers and posts need an address each", c.Listen))
	}
	if what := (api.Addresses{API: c.API, Metrics: c.Metrics}).Check(); what != "" {
		return bad(what)
	}
	if c.Host == "" || net.ParseIP(c.Host) != nil || strings.ContainsAny(c.Host, ":/ ") {
		return bad(fmt.Sprintf("host = %q: give the name under which the headquarters is reached; passkeys cannot be bound to an IP address", c.Host))
	}
	if c.Language != "" && !slices.Contains(phrase.Languages, c.Language) {
		return bad(fmt.Sprintf("language = %q: give one of %s, or leave it out", c.Language, strings.Join(phrase.Languages, ", ")))
	}
	if c.Database != "" && !isPostgres(c.Database) {
		return bad("database: write it as postgres://user@host/name, or leave it out for a file beside this one")
	}
	for i := range c.Retention {
		if r := &c.Retention[i]; r.Authority != "" || r.Under != "" {
			return bad("[[retention]]: a headquarters keeps its own records under its own rule; leave authority and under out")
		}
	}
	if err := retentionKinds.Check(c.proposed()); err != nil {
		return bad(err.Error())
	}
	if what := c.Stays.validate(); what != "" {
		return bad(what)
	}
	return c.Stay.Validate()
}

// proposed returns what hq.toml proposes, as it comes into force.
func (c *Config) proposed() []retention.Rule {
	out := []retention.Rule{}
	for _, r := range c.Retention {
		r.Authority, r.Under = c.Authority, OwnHouse
		out = append(out, r)
	}
	return out
}

func isPostgres(url string) bool {
	return strings.HasPrefix(url, "postgres://") || strings.HasPrefix(url, "postgresql://")
}

func port(address string) string {
	_, port, _ := net.SplitHostPort(address)
	return port
}

// origin returns the web origin that passkeys accept.
func (c *Config) origin() string { return "https://" + c.at(c.Listen) }

// at returns how an address is written in URLs.
func (c *Config) at(address string) string {
	if p := port(address); p != "443" {
		return c.Host + ":" + p
	}
	return c.Host
}
