package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"

	"marz"
	"marz/internal/exercise"
	"marz/transfer"
)

type demoFlags struct {
	dir, listen, until, report string
	post, start, scenario      string
	speed, traffic             float64
	seed                       uint64
	armed, played              bool
}

// demoCommand runs post Agarak as an exercise, for people at browsers or as fast as it can.
func demoCommand() *cobra.Command {
	var f demoFlags
	c := &cobra.Command{
		Use:   "demo",
		Short: "Run a post as an exercise, with simulated travellers",
		Long: "Runs post Agarak of the Armenian scenario as an exercise. Its clock starts at 2024-12-31T23:50:00+04:00, ten minutes before control\n" +
			"is to pass from the Russian border guards to the Armenian ones. Both commanders have prepared that and turned their keys; at midnight\n" +
			"the post does it by itself, and some time later both sign the act of handover. With --armed=false nobody has prepared anything: do it\n" +
			"on the page Transfer, with the supervisor of each side, or see that without both keys control stays where it is.\n\n" +
			"With --until it runs without browsers, as fast as it can, and writes a report.\n\n" +
			"Another post and another instant show other things, for example two authorities at one lane:\n\n" +
			"  marz demo --post akhurik --start 2025-02-03T09:00:00+04:00\n\n" +
			"The authorities' keys lie in the exercise's folder, keys/exercise-….key: with marz register declare and marz transfer arm you can play\n" +
			"their headquarters.",
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return demo(c, f) },
	}
	c.Flags().StringVar(&f.dir, "data", "", "folder for the exercise, kept afterwards (default: a temporary one)")
	c.Flags().StringVar(&f.post, "post", string(exercise.Place), "post of a new exercise")
	c.Flags().StringVar(&f.scenario, "scenario", "", "folder of the scenario of a new exercise, with the authorities am-bg and ru-bg (default: the Armenian one)")
	c.Flags().StringVar(&f.start, "start", exercise.Start.String(), "instant at which the clock of a new exercise starts")
	c.Flags().StringVar(&f.listen, "listen", "localhost:8443", "address on which a new exercise listens; afterwards post.toml says it")
	c.Flags().Float64Var(&f.speed, "speed", 1, "seconds of the exercise's clock for each real one")
	c.Flags().Float64Var(&f.traffic, "traffic", 0, "travellers an hour (default: 240 with browsers, the post's own day with --until)")
	c.Flags().StringVar(&f.until, "until", "", "run to this instant as fast as possible, for example 2025-01-01T00:30:00+04:00")
	c.Flags().StringVar(&f.report, "report", "-", "with --until: where the JSON report goes")
	c.Flags().BoolVar(&f.armed, "armed", true, "both commanders have prepared the transfer that is planned, and turned their keys")
	c.Flags().BoolVar(&f.played, "played", false, "leave no lane to people at browsers: all are played")
	c.Flags().Uint64Var(&f.seed, "seed", 1, "seed of the simulated travellers")
	return c
}

func demo(c *cobra.Command, f demoFlags) (err error) {
	if f.speed <= 0 || f.traffic < 0 {
		return &marz.Error{Code: marz.Invalid, Op: "demo", Fix: "--speed must be above 0 and --traffic not below it"}
	}
	if f.dir == "" {
		if f.dir, err = os.MkdirTemp("", "marz-exercise-"); err != nil {
			return err
		}
		if err := os.Remove(f.dir); err != nil { // init makes it, with its own mode
			return err
		}
		defer os.RemoveAll(f.dir)
	}
	o := exercise.Options{Dir: f.dir, Listen: f.listen, Seed: f.seed, PerHour: f.traffic, Viewers: f.until == "" && !f.played, Folder: f.scenario, Armed: f.armed, Wall: systemClock,
		Log: slog.New(slog.NewTextHandler(c.ErrOrStderr(), &slog.HandlerOptions{Level: slog.LevelWarn}))}
	o.Place = marz.PostID(f.post)
	if o.Start, err = marz.ParseInstant(f.start); err != nil {
		return err
	}
	if f.until == "" && f.traffic == 0 {
		o.PerHour = 240
	}
	if f.until != "" {
		return demoReport(c, f, o)
	}
	o.Photographs = photographs(c.Context(), o.Log)
	return demoServe(c, f, o)
}

func demoReport(c *cobra.Command, f demoFlags, o exercise.Options) error {
	until, err := marz.ParseInstant(f.until)
	if err != nil {
		return err
	}
	if _, err := os.Stat(f.report); err == nil && f.report != "-" {
		return &marz.Error{Code: marz.Invalid, Op: "demo", Subject: "--report " + f.report, Fix: "name a file that does not exist yet"}
	}
	e, err := exercise.Open(c.Context(), o)
	if err != nil {
		return err
	}
	if until <= e.Clock.Now() {
		e.Close()
		return &marz.Error{Code: marz.Invalid, Op: "demo", Subject: "--until " + f.until, Fix: "the exercise's clock already shows " + e.Clock.Now().String()}
	}
	if err := e.RunUntil(c.Context(), until); err != nil {
		e.Close()
		return err
	}
	r, err := e.Finish(c.Context())
	if err != nil {
		return err
	}
	write := func(w io.Writer) error {
		j := json.NewEncoder(w)
		j.SetIndent("", "  ")
		return j.Encode(r)
	}
	if f.report == "-" {
		err = write(c.OutOrStdout())
	} else {
		err = exportFile(f.report, write)
	}
	if err == nil && !r.Verified {
		return &exitError{code: 1, err: fmt.Errorf("the independent checker found %d problems", len(r.Problems))}
	}
	return err
}

func demoServe(c *cobra.Command, f demoFlags, o exercise.Options) (err error) {
	var e *exercise.Exercise
	o.Said = func(s exercise.Said) { demoSaid(c.OutOrStdout(), e, s) }
	if e, err = exercise.Open(c.Context(), o); err != nil {
		return err
	}
	defer func() {
		if e := e.Close(); err == nil {
			err = e
		}
	}()
	group, ctx := errgroup.WithContext(c.Context())
	group.Go(func() error {
		return e.Post.Serve(ctx, func(net.Addr) { demoHello(c.OutOrStdout(), e, f) })
	})
	group.Go(func() error { return e.Run(ctx, f.speed) })
	err = group.Wait()
	if c.Context().Err() != nil && err == context.Canceled {
		return nil
	}
	return err
}

func demoHello(w io.Writer, e *exercise.Exercise, f demoFlags) {
	p := e.Post.Described()
	zone, err := time.LoadLocation(p.Zone)
	if err != nil {
		zone = time.UTC
	}
	show := func(i marz.Instant) string { return i.In(zone).Format("15:04 on 2 January 2006") }
	fmt.Fprintf(w, "Marz: an exercise at post %s. Its clock shows %s", p.Name, show(e.Clock.Now()))
	fmt.Fprintf(w, ".\n%s", demoNext(e, show))
	if duty, ok := e.Post.Register().Joint(p.ID.Place(), e.Post.Controller(), e.Clock.Now()); ok {
		fmt.Fprintf(w, "Several authorities serve here together under %s: sign in as an officer of each, in two windows, and take the same lane.\n", duty.Article)
	}
	lane := map[marz.Direction]marz.LaneID{}
	for _, l := range p.Lanes {
		if _, ok := lane[l.Direction]; !ok && l.Flow == "persons" {
			lane[l.Direction] = l.ID
		}
	}
	fmt.Fprintf(w, `
  Open   %s

The certificate is the exercise's own, so the browser asks once whether to go on.
Sign in with one click, take lane %s or %s, and press F2 for the next traveller.
Meanwhile, in another terminal:   %s verify %s
What of the handover is signed, counted and still missing: the page Transfer, as the supervisor of either side, or
  %s transfer status --data %s
Stop with Ctrl+C.
`, e.Post.Address(), lane[marz.EntryDirection], lane[marz.ExitDirection], os.Args[0], f.dir, os.Args[0], f.dir)
}

// demoNext says what of control comes next.
func demoNext(e *exercise.Exercise, show func(marz.Instant) string) string {
	now := e.Clock.Now()
	next := e.Next()
	switch {
	case next != nil && next.State == transfer.Armed:
		return fmt.Sprintf("At %s control passes from %s to %s: both commanders have turned their keys, and the post does it by itself.\n", show(next.Instant), next.From, next.To)
	case next != nil:
		return fmt.Sprintf("By %s control is to pass from %s to %s: that is %s, and without both commanders' keys control stays where it is.\n", show(next.Instant), next.From, next.To, next.State)
	}
	for _, h := range e.Post.Timeline() {
		if h.From > now {
			return fmt.Sprintf("At %s control passes from %s to %s.\n", show(h.From), e.Post.Controller(), h.Authority)
		}
	}
	return "No other control is agreed.\n"
}

// demoSaid tells at the terminal what happens with a transfer, and how to check it.
func demoSaid(w io.Writer, e *exercise.Exercise, s exercise.Said) {
	page := strings.TrimSuffix(e.Post.Address(), "/") + "/transfer/" + string(s.ID) + "/act"
	zone, err := time.LoadLocation(e.Post.Described().Zone)
	if err != nil {
		zone = time.UTC
	}
	if s.Phase == transfer.Executed {
		fmt.Fprintf(w, "\nControl has passed from %s to %s, at %s. The act of handover, still to be signed by both: %s\nSign it there; at %s the exercise signs for who has not.\n",
			s.From, s.To, in(s.At, zone), page, s.Signs.In(zone).Format("15:04"))
		return
	}
	fmt.Fprintf(w, "\nBoth have signed the act of handover: %s\nAnybody can check it with the public keys of the two:\n  %s verify %s", page, os.Args[0], s.File)
	for _, a := range e.Post.Register().Ground().Authorities {
		if a.ID == s.From || a.ID == s.To {
			fmt.Fprintf(w, " --authority %s", a.Key)
		}
	}
	fmt.Fprintln(w)
}
