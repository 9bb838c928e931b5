package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"marz"
	"marz/agreement"
	"marz/post"
	"marz/scenarios"
)

// registerSource is where a command takes the register from: a post's data folder, or files on a scenario's ground.
type registerSource struct {
	scenario, data string
	keys           []string
	at, known      string
}

func (s *registerSource) flags(c *cobra.Command) {
	c.Flags().StringVar(&s.scenario, "scenario", "", "the ground: a scenario's folder, or armenia (default: the folder of the first FILE in which there is a scenario.toml, else armenia)")
	c.Flags().StringVar(&s.data, "data", "", "data folder of a post, whose register comes first; the post may be running")
	c.Flags().StringArrayVar(&s.keys, "authority-key", nil, "ID=KEY or ID=FILE: an authority's verifier key (repeatable)")
	c.MarkFlagsMutuallyExclusive("data", "scenario")
}

func (s *registerSource) instantFlags(c *cobra.Command) {
	c.Flags().StringVar(&s.at, "at", "", "the instant that is asked about (default: now)")
	c.Flags().StringVar(&s.known, "known", "", "only what the post had learnt by this instant; needs --data")
}

// base is what a command's files are read on.
type base struct {
	history *agreement.History
	zones   zones
	own     []document // the scenario's own agreements; none with --data, where history holds all
}

// open reads what the files are read on.
func (s *registerSource) open(ctx context.Context, files ...string) (*base, error) {
	if s.data != "" {
		h, p, err := post.ReadRegister(ctx, s.data)
		if err != nil {
			return nil, err
		}
		if len(s.keys) > 0 {
			return nil, &marz.Error{Code: marz.Invalid, Op: "read flag", Subject: "--authority-key", Fix: "the post's journal says which keys it goes by; leave the flag out"}
		}
		return &base{history: h, zones: zonesOf([]marz.Post{p}, nil)}, nil
	}
	scenario, own, err := readScenario(s.ground(files))
	if err != nil {
		return nil, err
	}
	if err := setKeys(scenario.Authorities, s.keys); err != nil {
		return nil, err
	}
	return &base{history: agreement.NewHistory(ground(scenario)), zones: zonesOf(scenario.Posts, scenario.Sections), own: []document{own}}, nil
}

// ground is the scenario that a command goes by: the one that --scenario names, or else that of a file, which is such a folder or lies in it.
func (s *registerSource) ground(files []string) string {
	if s.scenario != "" {
		return s.scenario
	}
	for _, f := range files {
		if info, err := os.Stat(f); err == nil && !info.IsDir() {
			f = filepath.Dir(f)
		}
		if _, err := os.Stat(filepath.Join(f, "scenario.toml")); err == nil {
			return f
		}
	}
	return "armenia"
}

// instants reads --at and --known.
func (s *registerSource) instants() (at, known marz.Instant, err error) {
	at = systemClock()
	if s.at != "" {
		if at, err = flagInstant("--at", s.at); err != nil {
			return 0, 0, err
		}
	}
	if s.known == "" {
		return at, 0, nil
	}
	if s.data == "" {
		return 0, 0, &marz.Error{Code: marz.Invalid, Op: "read flag", Subject: "--known", Fix: "only a post knows when it learnt a thing; name its folder with --data"}
	}
	known, err = flagInstant("--known", s.known)
	return at, known, err
}

func flagInstant(flag, text string) (marz.Instant, error) {
	i, err := marz.ParseInstant(text)
	if err != nil {
		return 0, &marz.Error{Code: marz.Invalid, Op: "read flag", Subject: flag, Err: err}
	}
	return i, nil
}

// view is a register with what is needed to show it.
type view struct {
	*agreement.Register
	zones     zones
	at, known marz.Instant // known: 0 for all that is known
}

// load makes the register of a command that shows or asks. Without files and --data it is that of the scenario's own agreements.
func (s *registerSource) load(ctx context.Context, files []string) (*view, error) {
	at, known, err := s.instants()
	if err != nil {
		return nil, err
	}
	b, err := s.open(ctx, files...)
	if err != nil {
		return nil, err
	}
	docs := b.own
	if len(files) > 0 {
		if docs, err = readDocuments(files); err != nil {
			return nil, err
		}
	}
	r, err := b.check(docs)
	if err != nil {
		return nil, err
	}
	if known != 0 {
		for _, d := range b.fresh(docs) {
			for _, e := range d.Events() {
				e.At = systemClock()
				b.history.Add(e)
			}
		}
		if r, err = b.history.KnownAt(known); err != nil {
			return nil, err
		}
	}
	return &view{r, b.zones, at, known}, nil
}

// check holds documents together to the law, on what is recorded already. Agreements that are recorded word for word are passed over.
func (b *base) check(docs []document) (*agreement.Register, error) {
	var all []*agreement.Document
	for _, d := range b.fresh(docs) {
		all = append(all, d.Document)
	}
	r, err := b.history.Check(systemClock(), all...)
	if err == nil {
		return r, nil
	}
	faults, ok := errors.AsType[agreement.Faults](err)
	if !ok {
		return nil, err
	}
	out := slices.Clone(faults)
	for i := range out {
		out[i] = inSigned(docs, out[i])
	}
	return nil, out
}

// fresh returns the documents without the agreements that are recorded word for word.
func (b *base) fresh(docs []document) []document {
	r, err := b.history.Register()
	if err != nil {
		return docs
	}
	recorded := map[string]bool{}
	for _, ag := range r.Agreements() {
		recorded[(&agreement.Instrument{Agreement: &ag}).Digest()] = true
	}
	out := slices.Clone(docs)
	for i, d := range out {
		plain := *d.Document
		plain.Agreements = slices.DeleteFunc(slices.Clone(plain.Agreements), func(ag agreement.Agreement) bool {
			return recorded[(&agreement.Instrument{Agreement: &ag}).Digest()]
		})
		out[i].Document = &plain
	}
	return out
}

// inSigned names the signed file that a fault is in. Faults in TOML name their file and line already.
func inSigned(docs []document, err error) error {
	e, ok := errors.AsType[*marz.Error](err)
	if !ok {
		return err
	}
	for _, d := range docs {
		for _, i := range d.instruments {
			_, name, _ := strings.Cut(i.Name(), " ")
			by, about, _ := strings.Cut(name, " ")
			agreementOrArticle := i.Agreement != nil && (e.Subject == name || strings.HasPrefix(e.Subject, name+"/"))
			officer, at, _ := strings.Cut(about, " ")
			said := e.Subject == "of "+by+" on "+about || i.Commission != nil && e.Subject == "of "+by+" for "+officer+" at "+at
			if !d.signed || !agreementOrArticle && !said {
				continue
			}
			return &marz.Error{Code: e.Code, Op: "check", Subject: d.Name, Fix: strings.TrimPrefix(e.Op, "check ") + " " + e.Subject + ": " + e.Fix, Err: e.Err}
		}
	}
	return err
}

// document is one file of the register.
type document struct {
	*agreement.Document
	instruments []agreement.Instrument // with their signatures, where it is a signed file
	signed      bool
}

// readDocuments reads files, and says everything that is wrong with them.
func readDocuments(files []string) ([]document, error) {
	var out []document
	var faults agreement.Faults
	for _, f := range files {
		d, err := readDocument(f)
		if all, ok := errors.AsType[agreement.Faults](err); ok {
			faults = append(faults, all...)
		} else if err != nil {
			faults = append(faults, err)
		}
		out = append(out, d)
	}
	if len(faults) > 0 {
		return nil, faults
	}
	return out, nil
}

// readDocument reads one file: TOML, signed JSON, a scenario's folder, or armenia.
func readDocument(path string) (document, error) {
	info, err := os.Stat(path)
	if err != nil && path == "armenia" || err == nil && info.IsDir() {
		_, d, err := readScenario(path)
		return d, err
	}
	b, err := os.ReadFile(path)
	if err != nil {
		return document{}, &marz.Error{Code: marz.NotFound, Op: "read", Subject: path, Fix: "name a file of agreements, statements or reports", Err: err}
	}
	return parseDocument(path, b)
}

func parseDocument(path string, b []byte) (document, error) {
	if filepath.Ext(path) != ".json" {
		d, err := agreement.Parse(path, b)
		if err != nil {
			return document{}, err
		}
		return document{Document: d, instruments: d.Instruments()}, nil
	}
	all, err := agreement.ParseSigned(path, b)
	if err != nil {
		return document{}, err
	}
	d := &agreement.Document{Name: path}
	for _, i := range all {
		switch {
		case i.Agreement != nil:
			d.Agreements = append(d.Agreements, *i.Agreement)
		case i.Statement != nil:
			d.Statements = append(d.Statements, *i.Statement)
		case i.Report != nil:
			d.Reports = append(d.Reports, *i.Report)
		case i.Commission != nil:
			d.Commissions = append(d.Commissions, *i.Commission)
		}
	}
	return document{d, all, true}, nil
}

// place finds a place of the ground, or says which there are.
func place(g *agreement.Ground, id string) (marz.Place, error) {
	if p, ok := g.Place(marz.PlaceID(id)); ok {
		return p, nil
	}
	var all []string
	for _, p := range g.Places {
		all = append(all, string(p.ID))
	}
	return marz.Place{}, &marz.Error{Code: marz.NotFound, Op: "find place", Subject: fmt.Sprintf("%.40q", id), Fix: "the places known here are " + strings.Join(all, ", ")}
}

// ground is what a scenario's agreements can name.
func ground(s *scenarios.Scenario) agreement.Ground {
	return agreement.Ground{Authorities: s.Authorities, Places: s.Places(), Blocs: s.Blocs}
}
