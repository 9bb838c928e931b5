package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/mod/sumdb/note"

	"marz"
	"marz/watchlist"
)

func listShowCommand() *cobra.Command {
	var key, alert string
	c := &cobra.Command{
		Use:   "show FILE",
		Short: "Say what a built list, a table of numbers or a change is, and check it whole",
		Long: "Checks every digest of the file, and with --key its signature, and says what it is. With --alert it writes one alert as JSON instead. Of a table of numbers an\n" +
			"alert's ID is KIND:NUMBER:ISSUER, for example document:AN0102030:ARM.",
		Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			v, err := listVerifier(key)
			if err != nil {
				return err
			}
			s, err := openShown(c.Context(), args[0], v)
			if err != nil {
				return err
			}
			if alert != "" {
				return s.sayAlert(c.OutOrStdout(), args[0], marz.AlertID(alert))
			}
			s.say(c.OutOrStdout(), time.Now())
			return nil
		},
	}
	c.Flags().StringVar(&key, "key", "", "verifier key by which the file has to be signed: the key, or a file that holds it")
	c.Flags().StringVar(&alert, "alert", "", "ID of an alert to write as JSON")
	return c
}

// shown is what is said of a file.
type shown struct {
	what      string
	info      watchlist.ListInfo
	from      string // of a change
	rows      [][2]string
	signature string
	alert     func(marz.AlertID) (watchlist.Alert, bool)
}

func openShown(ctx context.Context, path string, v note.Verifier) (*shown, error) {
	switch watchlist.Sniff(path) {
	case watchlist.ListFile:
		return openShownList(path, v)
	case watchlist.ChangeFile:
		return openShownChange(path, v)
	case watchlist.Numbers:
		return openShownNumbers(ctx, path, v)
	}
	return nil, &marz.Error{Code: marz.Invalid, Op: "show list", Subject: path, Fix: "it is no file that Marz has built; of a source marz list import says what it holds"}
}

func openShownList(path string, v note.Verifier) (*shown, error) {
	f, err := watchlist.OpenFile(path, v)
	if err != nil {
		return nil, err
	}
	s := &shown{what: "list", info: f.Info(), signature: signatureWords(f.Signer(), f.Signers()), alert: f.Alert}
	s.rows = append(s.rows, [2]string{"names", fmt.Sprint(f.Names())}, [2]string{"bytes", fmt.Sprint(f.Size())})
	for name, size := range f.Sections() {
		s.rows = append(s.rows, [2]string{"  " + name, fmt.Sprint(size)})
	}
	return s, nil
}

func openShownChange(path string, v note.Verifier) (*shown, error) {
	c, err := watchlist.ReadChange(path, v)
	if err != nil {
		return nil, err
	}
	p, err := watchlist.ReadPage(path, v)
	if err != nil {
		return nil, err
	}
	s := &shown{what: "change", info: p.ListInfo, from: c.From, signature: signatureWords(p.Signer, p.Signers)}
	s.info.Notes = c.Notes
	s.rows = [][2]string{{"put", fmt.Sprint(len(c.Put))}, {"dropped", fmt.Sprint(len(c.Drop))}}
	s.alert = func(id marz.AlertID) (watchlist.Alert, bool) {
		for _, a := range c.Put {
			if a.ID == id {
				return a, true
			}
		}
		return watchlist.Alert{}, false
	}
	return s, nil
}

func openShownNumbers(ctx context.Context, path string, v note.Verifier) (*shown, error) {
	f, err := watchlist.OpenNumbers(ctx, path, v)
	if err != nil {
		return nil, err
	}
	set := watchlist.New(time.Now)
	i := f.ListInfo
	if i.ID == "" {
		i.ID = "numbers"
	}
	if err := set.PutNumbers(i, f.Table); err != nil {
		return nil, err
	}
	n := f.Table.Info()
	return &shown{what: "table of numbers", info: f.ListInfo, signature: signatureWords(f.Signer, f.Signers),
		rows:  [][2]string{{"kept as text", fmt.Sprint(n.Overflow)}, {"issuers and types", fmt.Sprint(n.Origins)}, {"bytes", fmt.Sprint(n.Bytes)}},
		alert: func(id marz.AlertID) (watchlist.Alert, bool) { return set.Alert(i.ID, id) }}, nil
}

func signatureWords(signer string, signers []string) string {
	switch {
	case signer != "":
		return "of " + signer + ", good"
	case len(signers) > 0:
		return "of " + strings.Join(signers, ", ") + ", not checked: give --key"
	}
	return "none"
}

func (s *shown) say(w io.Writer, now time.Time) {
	t := newTable("WHAT", s.what)
	t.row("list", string(s.info.ID))
	t.row("name", s.info.Name)
	t.row("owner", string(s.info.Owner))
	if s.what == "change" {
		t.row("from version", s.from)
	}
	t.row("version", s.info.Version)
	loaded := s.info.Loaded.String()
	if !s.info.Loaded.IsZero() {
		loaded += ", " + ageWords(now.Sub(s.info.Loaded.Time())) + " ago"
	}
	t.row("loaded", loaded)
	t.row("signature", s.signature)
	if s.what != "change" {
		t.row("alerts", fmt.Sprint(s.info.Alerts))
	}
	for _, r := range s.rows {
		t.row(r[0], r[1])
	}
	fmt.Fprint(w, t)
	sayNotes(w, s.info.Notes)
}

// ageWords writes a duration as people say it.
func ageWords(d time.Duration) string {
	switch {
	case d < time.Minute:
		return "less than a minute"
	case d < 2*time.Hour:
		return fmt.Sprintf("%d minutes", int(d.Minutes()))
	case d < 48*time.Hour:
		return fmt.Sprintf("%d hours", int(d.Hours()))
	}
	return fmt.Sprintf("%d days", int(d.Hours()/24))
}

func (s *shown) sayAlert(w io.Writer, path string, id marz.AlertID) error {
	a, ok := s.alert(id)
	if !ok {
		return &marz.Error{Code: marz.NotFound, Op: "show alert", Subject: path, Fix: fmt.Sprintf("it has no alert %.60q", id)}
	}
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(a)
}
