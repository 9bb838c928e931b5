package post

import (
	"cmp"
	"fmt"
	"net"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/note"

	"marz"
	"marz/api"
	"marz/folder"
	"marz/inspection"
	"marz/phrase"
	"marz/retention"
)

const configFile = "post.toml"

// Config is post.toml: how this machine serves the post. What the post is, and who may do what there, stands in the journal.
type Config struct {
	Listen string `toml:"listen"` // address and port, for example ":8443"
	Host   string `toml:"host"`   // the name under which booths reach it; passkeys are bound to it
	// Language is in which pages are shown to a browser that has chosen none, for example "hy"; none: what the browser accepts.
	Language string `toml:"language,omitempty"`
	// LateDays is for how many days crossings are screened again when a list changes; none: 30.
	LateDays int                 `toml:"late_days,omitempty"`
	Stay     inspection.StayRule `toml:"stay"`
	Lists    []ListSource        `toml:"list"`
	Ages     AgesConfig          `toml:"ages,omitempty"`
	// Readers is the address on which document readers hand over what they read, for example ":8445"; none: they type as keyboards alone.
	Readers string `toml:"readers,omitempty"`
	// API is the address on which other programs ask, for example ":8446"; none: there is no such interface.
	API string `toml:"api,omitempty"`
	// Metrics is a loopback address on which monitoring on this machine reads /metrics and /healthz without a certificate, for example "127.0.0.1:9464"; none: it asks as other programs do.
	Metrics   string          `toml:"metrics,omitempty"`
	Documents DocumentsConfig `toml:"documents,omitempty"`
	// Mirrors are where copies of the journal are kept.
	Mirrors []MirrorConfig `toml:"mirror,omitempty"`
	Stays   StaysConfig    `toml:"stays,omitempty"`
	// Retention is how long payloads are kept. It is a proposal: a supervisor of each authority puts it in force.
	Retention []retention.Rule `toml:"retention,omitempty"`
	Person    PersonConfig     `toml:"person,omitempty"`
}

// PersonConfig is how a person's own data is given to him.
type PersonConfig struct {
	// Sentence stands on every answer in the place of what may not be told, whether there is any or not. None: a sentence of Marz's own.
	Sentence string `toml:"sentence,omitempty"`
	// Hits says that hits on lists that are used in common are told, with the verdict, what was found on lists, and the reason of the decision. None of this is told otherwise.
	Hits bool `toml:"hits,omitempty"`
	// Notes says that officers' notes are told.
	Notes bool `toml:"notes,omitempty"`
	// Officers says that those who decided and who read the record are named by service number, and not by authority alone.
	Officers bool `toml:"officers,omitempty"`
}

// DocumentsConfig is how documents are proven.
type DocumentsConfig struct {
	// Trust is the folder of certificates of issuing states that marz masterlist import keeps, relative to the data folder. None: no chip is proven.
	Trust string `toml:"trust,omitempty"`
}

// ListSource is where a list is read from.
type ListSource struct {
	ID   marz.ListID `toml:"id"`
	Path string      `toml:"path"` // of a file, or of a folder for OFAC's set; relative to the data folder
	// Authority is whose own list it is: its hits are shown to that authority's officers alone, unless an article shares them. None: it is used in common.
	Authority marz.AuthorityID `toml:"authority,omitempty"`
	// Key is the verifier key by which the list has to be signed, a built file, and so what changes it. None: a signature is not asked for.
	Key string `toml:"key,omitempty"`

	from   *fromHQ // of a list that a headquarters gives
	coming bool    // it is being loaded for the first time
}

// verifier returns what checks the list's signature, nil when none is asked for. The key was read with the configuration.
func (l *ListSource) verifier() note.Verifier {
	if l.Key == "" {
		return nil
	}
	v, err := note.NewVerifier(l.Key)
	if err != nil {
		panic("post: a list's key was not checked with the configuration")
	}
	return v
}

func readConfig(path string) (Config, error) {
	var c Config
	if err := folder.ReadConfig(path, "there is no post in this folder; make one with marz init", &c); err != nil {
		return c, err
	}
	return c, c.validate(path)
}

func (c *Config) validate(path string) error {
	bad := func(what string) error {
		return &marz.Error{Code: marz.Invalid, Op: "read", Subject: path, Fix: what}
	}
	if _, port, err := net.SplitHostPort(c.Listen); err != nil || port == "" {
		return bad(fmt.Sprintf("listen = %q is no address; write for example \":8443\"", c.Listen))
	}
	if _, port, err := net.SplitHostPort(c.Readers); c.Readers != "" && (err != nil || port == "") {
		return bad(fmt.Sprintf("readers = %q is no address; write for example \":8445\"", c.Readers))
	}
	if what := (api.Addresses{API: c.API, Metrics: c.Metrics}).Check(); what != "" {
		return bad(what)
	}
	if c.Host == "" || net.ParseIP(c.Host) != nil || strings.ContainsAny(c.Host, ":/ ") {
		return bad(fmt.Sprintf("host = %q: give the name under which booths reach the post; passkeys cannot be bound to an IP address", c.Host))
	}
	if c.Language != "" && !slices.Contains(phrase.Languages, c.Language) {
		return bad(fmt.Sprintf("language = %q: give one of %s, or leave it out", c.Language, strings.Join(phrase.Languages, ", ")))
	}
	if c.LateDays < 0 || c.LateDays > mostLateDays {
		return bad(fmt.Sprintf("late_days = %d: give 1 to %d, or none for %d", c.LateDays, mostLateDays, lateDays))
	}
	if what := c.Ages.validate(); what != "" {
		return bad(what)
	}
	if what := c.Stays.check(); what != "" {
		return bad(what)
	}
	seen := map[marz.ListID]bool{}
	for _, l := range c.Lists {
		if l.ID == "" || l.Path == "" || seen[l.ID] || !filepath.IsLocal(string(l.ID)) {
			return bad(fmt.Sprintf("a [[list]] needs an id of its own and a path (%q, %q)", l.ID, l.Path))
		}
		if strings.HasPrefix(string(l.ID), adoptedPrefix) {
			return bad(fmt.Sprintf("the list id %q is that of alerts that an authority has adopted; give the list another", l.ID))
		}
		if _, err := note.NewVerifier(l.Key); l.Key != "" && err != nil {
			return bad(fmt.Sprintf("the key of the list %q is no verifier key; it is the line that marz authority key prints", l.ID))
		}
		seen[l.ID] = true
	}
	if what := validateMirrors(c.Mirrors); what != "" {
		return bad(what)
	}
	if err := retentionKinds.Check(c.Retention); err != nil {
		return bad(err.Error())
	}
	if len(c.Person.Sentence) > 1000 {
		return bad("sentence of [person] is too long: write at most 1,000 bytes")
	}
	return c.Stay.Validate()
}

// For how many days crossings are screened again when a list changes.
const (
	lateDays     = 30
	mostLateDays = 3660
)

func (c *Config) lateFor() time.Duration {
	return time.Duration(cmp.Or(c.LateDays, lateDays)) * 24 * time.Hour
}

// Port returns the port on which the post listens.
func (c *Config) port() string {
	_, port, _ := net.SplitHostPort(c.Listen)
	return port
}

// origins returns the web origins that passkeys accept.
func (c *Config) origins() []string {
	if c.port() == "443" {
		return []string{"https://" + c.Host}
	}
	return []string{"https://" + c.Host + ":" + c.port()}
}

// Address is what to open in a browser.
func (p *Post) Address() string { return p.config.origins()[0] + "/" }
