package main

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"marz"
	"marz/emrtd"
	"marz/emrtd/pcsc"
	"marz/emrtd/reading"
	"marz/mrz"
)

// cardRead is the reading of one document by command.
type cardRead struct {
	socket, reader, zone, can, out, at string
	trust                              []string
	groups                             []int
	wait                               time.Duration
	quiet                              bool
}

func cardReadCommand() *cobra.Command {
	var f cardRead
	c := &cobra.Command{
		Use:   "read [--reader NAME] --mrz TEXT|--can N [--trust FILE]… [--out FOLDER]",
		Short: "Read the document that lies on a PC/SC reader",
		Long: `Waits for a document on a reader of pcscd and reads its chip: opens it by PACE or Basic Access Control, asks it to show that it is no copy, and reads the files that EF.SOD lists. Writes one JSON object: what came of
it, each file with its length, and with --trust what the reading proves, and every check of passive authentication as marz document verify reports them (docs/card.md says more).

--trust takes what marz document verify takes. With --out the whole files are written into a folder, as EF.DG1.bin and so on, and the reading as a reader hands it to a post, reading.json. They are the holder's personal data.

Exit code 0 when all was read, and with --trust the answers to all questions are yes or do not arise; 1 when the chip did not open, an answer is no, or there is no reader; 2 otherwise.`,
		Example: `  marz card read --mrz - < zone.txt
  marz card read --can 123456 --trust german.ml --trust german-csca.cer --out document`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return f.run(c) },
	}
	socketFlag(c, &f.socket)
	c.Flags().StringVar(&f.reader, "reader", "", "the reader's name (default: the first on which a document lies)")
	c.Flags().StringVar(&f.zone, "mrz", "", "the printed zone, its lines joined or apart; - reads it from standard input")
	c.Flags().StringVar(&f.can, "can", "", "the card access number")
	c.Flags().StringArrayVar(&f.trust, "trust", nil, "a file to prove the reading by; may be given more than once")
	c.Flags().StringVar(&f.out, "out", "", "a folder for the files and the reading")
	c.Flags().StringVar(&f.at, "at", "", "the instant for which validity is asked (default: the clock's)")
	c.Flags().IntSliceVar(&f.groups, "dg", nil, "the data groups to read (default 1,2,7,11 to 16; 14 and 15 in any case)")
	c.Flags().DurationVar(&f.wait, "wait", 30*time.Second, "how long to wait for a document")
	c.Flags().BoolVarP(&f.quiet, "quiet", "q", false, "do not say on standard error what is being done")
	return c
}

func (f *cardRead) run(c *cobra.Command) error {
	at := marz.InstantOf(time.Now())
	if f.at != "" {
		var err error
		if at, err = marz.ParseInstant(f.at); err != nil {
			return err
		}
	}
	if err := f.check(c.InOrStdin()); err != nil {
		return err
	}
	trust, notes, err := readTrust(f.trust, at)
	if err != nil {
		return err
	}
	r, err := f.read(c.Context(), c.ErrOrStderr())
	if err != nil {
		return err
	}
	if f.out != "" {
		if err := writeReading(f.out, r); err != nil {
			return err
		}
	}
	shown := showReading(r)
	if len(f.trust) > 0 {
		for _, n := range notes {
			fmt.Fprintln(c.ErrOrStderr(), "note: "+n)
		}
		shown.prove(r, trust, at)
	}
	if err := printJSON(c.OutOrStdout(), shown); err != nil {
		return err
	}
	return shown.exit()
}

// check reads the zone from standard input and refuses what cannot open a chip before anybody lays a document down.
func (f *cardRead) check(stdin io.Reader) error {
	if f.zone == "-" {
		b, err := io.ReadAll(io.LimitReader(stdin, 4096))
		if err != nil {
			return &marz.Error{Code: marz.Invalid, Op: "read document", Subject: "standard input", Err: err}
		}
		f.zone = strings.TrimSpace(string(b))
	}
	if f.zone == "" && f.can == "" {
		return &marz.Error{Code: marz.Invalid, Op: "read document", Fix: "give what opens the chip: the printed zone with --mrz, or the card access number with --can"}
	}
	if f.zone != "" {
		if _, err := reading.Password(f.zone); err != nil {
			return err
		}
	}
	for _, n := range f.groups {
		if n < 1 || n > 16 || n == 3 || n == 4 {
			return &marz.Error{Code: marz.Invalid, Op: "read document", Subject: fmt.Sprintf("--dg %d", n), Fix: "data groups are 1 to 16, and fingers and irises (3 and 4) need rights that Marz does not have"}
		}
	}
	return nil
}

// read waits for a document and reads it.
func (f *cardRead) read(ctx context.Context, stderr io.Writer) (*reading.Reading, error) {
	service := pcsc.Service{Socket: f.socket}
	limited, done := context.WithTimeoutCause(ctx, f.wait, errNoDocument)
	defer done()
	f.say(stderr, "lay the document on the reader")
	on, err := service.WaitDocument(limited, f.reader)
	if err != nil {
		if ctx.Err() == nil && errors.Is(context.Cause(limited), errNoDocument) {
			err = &marz.Error{Code: marz.NotFound, Op: "read document", Subject: f.reader, Fix: fmt.Sprintf("no document lay on a reader within %v; marz card readers lists them", f.wait)}
		}
		return nil, err
	}
	card, err := service.Open(ctx, on.Name)
	if err != nil {
		return nil, err
	}
	defer card.Close()
	most, err := card.MostData(ctx)
	if err != nil {
		return nil, err
	}
	id := make([]byte, 18)
	if _, err := rand.Read(id); err != nil {
		return nil, err
	}
	r := &reading.Reading{ID: base64.RawURLEncoding.EncodeToString(id), Zone: f.zone, Source: "PC/SC, " + on.Name}
	r.Chip = reading.ReadChip(ctx, card, reading.Options{Zone: f.zone, CAN: f.can, Groups: f.groups, Long: most > 256, Progress: func(file reading.FileName, done, of int) {
		if done == of {
			f.say(stderr, "%s, %d bytes", file, of)
		}
	}})
	return r, nil
}

var errNoDocument = errors.New("no document")

func (f *cardRead) say(stderr io.Writer, format string, args ...any) {
	if !f.quiet {
		fmt.Fprintf(stderr, format+"\n", args...)
	}
}

// writeReading writes the files and the reading, for their owner alone.
func writeReading(dir string, r *reading.Reading) error {
	failed := func(err error) error {
		return &marz.Error{Code: marz.Internal, Op: "write reading", Subject: dir, Err: err}
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return failed(err)
	}
	for name, b := range r.Chip.Files {
		if err := os.WriteFile(filepath.Join(dir, string(name)+".bin"), b, 0o600); err != nil {
			return failed(err)
		}
	}
	var b strings.Builder
	if err := printJSON(&b, r); err != nil {
		return failed(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "reading.json"), []byte(b.String()), 0o600); err != nil {
		return failed(err)
	}
	return nil
}

// shownReading is what marz card read prints. Nothing of the holder stands in it.
type shownReading struct {
	ID           string         `json:"id"`
	Source       string         `json:"source"`
	Result       marz.Result    `json:"result"` // of reading
	Reason       string         `json:"reason,omitempty"`
	Access       string         `json:"access,omitempty"`
	Files        []shownFile    `json:"files"`
	Mapping      *reading.Asked `json:"mapping,omitempty"`
	ChipAuth     *reading.Asked `json:"chip_auth,omitempty"`
	Active       *reading.Asked `json:"active,omitempty"`
	Proof        []shownAnswer  `json:"proof,omitempty"`
	Passive      *emrtd.Report  `json:"passive,omitempty"`
	CardSecurity *emrtd.Report  `json:"card_security,omitempty"`
}

type shownFile struct {
	Name  reading.FileName `json:"name"`
	Bytes int              `json:"bytes"`
}

type shownAnswer struct {
	Question reading.Question `json:"question"`
	Result   marz.Result      `json:"result"`
	Reason   string           `json:"reason,omitempty"`
}

func showReading(r *reading.Reading) *shownReading {
	s := &shownReading{ID: r.ID, Source: r.Source, Result: r.Chip.Result, Reason: r.Chip.Reason, Access: r.Chip.Access, Files: []shownFile{}}
	for _, name := range slices.Sorted(maps.Keys(r.Chip.Files)) {
		s.Files = append(s.Files, shownFile{name, len(r.Chip.Files[name])})
	}
	for _, a := range []struct {
		asked reading.Asked
		to    **reading.Asked
	}{{r.Chip.Map, &s.Mapping}, {r.Chip.Auth, &s.ChipAuth}, {r.Chip.Active, &s.Active}} {
		if a.asked.Result != "" {
			*a.to = &a.asked
		}
	}
	return s
}

// prove says what the reading proves. Where only the card access number was given, the printed zone is not known and nothing is compared with it.
func (s *shownReading) prove(r *reading.Reading, trust emrtd.Trust, at marz.Instant) {
	doc, err := mrz.Parse(r.Zone, marz.DateOf(at.Time()))
	if err != nil {
		doc = documentOf(r, at)
	}
	p := reading.Prove(r, doc, trust, at)
	for _, a := range p.Answers {
		s.Proof = append(s.Proof, shownAnswer{a.Question, a.Result, a.Reason})
	}
	s.Passive = p.Report
	if file := r.Chip.Files[reading.CardSecurity]; file != nil {
		s.CardSecurity, _ = emrtd.VerifyCardSecurity(file, r.Chip.Files[reading.DG(1)], trust, at) // unreadable: the proof says so
	}
}

// documentOf is the document that EF.DG1 names, and an empty one where that was not read.
func documentOf(r *reading.Reading, at marz.Instant) *mrz.Document {
	if text, err := emrtd.ZoneText(r.Chip.Files[reading.DG(1)]); err == nil {
		if doc, err := mrz.Parse(text, marz.DateOf(at.Time())); err == nil {
			return doc
		}
	}
	return &mrz.Document{}
}

// exit is the exit code of a reading, by the worst of what came of it.
func (s *shownReading) exit() error {
	results := []marz.Result{s.Result}
	for _, a := range []*reading.Asked{s.Mapping, s.ChipAuth, s.Active} {
		if a != nil {
			results = append(results, a.Result)
		}
	}
	for _, a := range s.Proof {
		results = append(results, a.Result)
	}
	switch {
	case slices.Contains(results, marz.Failed):
		return &exitError{code: 1}
	case slices.Contains(results, marz.Undetermined), slices.Contains(results, marz.Aborted), s.Result != marz.Successful:
		return &exitError{code: 2}
	}
	return nil
}
