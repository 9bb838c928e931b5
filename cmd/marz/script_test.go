package main

import (
	"context"
	"net"
	"path/filepath"
	"slices"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"marz"
	"marz/hq"
	"marz/journal"
	"marz/post"
	"marz/web"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"marz": main})
}

// TestScripts runs every testdata/script/*.txtar: a command line session with its files and its expected output.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{Dir: "testdata/script", RequireExplicitExec: true, RequireUniqueNames: true,
		Cmds: map[string]func(*testscript.TestScript, bool, []string){"serve": serve, "servehq": serveHQ, "present": present, "utopia": utopia, "mirrored": mirrored}})
}

// serve runs the post of a folder, on a port of its own, until the script ends. $NODE is its address. An exercise's clock stands where its journal ends.
func serve(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: serve FOLDER")
	}
	ctx, stop := context.WithCancel(context.Background())
	created, last, err := journal.Peek(ctx, ts.MkAbs(args[0]))
	ts.Check(err)
	o := post.Options{Dir: ts.MkAbs(args[0]), Clock: systemClock, Exercise: created.Exercise}
	if o.Exercise {
		o.Clock = func() marz.Instant { return last }
	}
	p, err := post.Open(ctx, o)
	ts.Check(err)
	ready, ended := make(chan net.Addr, 1), make(chan error, 1)
	go func() { ended <- p.Serve(ctx, func(a net.Addr) { ready <- a }) }()
	ts.Defer(func() {
		stop()
		<-ended
		p.Close()
	})
	select {
	case a := <-ready:
		_, port, err := net.SplitHostPort(a.String())
		ts.Check(err)
		ts.Setenv("NODE", "https://localhost:"+port)
		ts.Setenv("CA", filepath.Join(args[0], "keys", "ca.crt"))
	case err := <-ended:
		ended <- err
		ts.Fatalf("the post ended: %v", err)
	}
}

// mirrored runs the post of a folder until its mirrors have everything.
func mirrored(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: mirrored FOLDER")
	}
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	p, err := post.Open(ctx, post.Options{Dir: ts.MkAbs(args[0]), Clock: systemClock})
	ts.Check(err)
	ended := make(chan error, 1)
	go func() { ended <- p.Serve(ctx, func(net.Addr) {}) }()
	lacks := func(m web.MirrorRow) bool { return m.State != web.MirrorWhole || m.Missing > 0 || m.Payloads < m.Size }
	follows := func(h web.HQState) bool { return h.Size == 0 || h.Behind > 0 || h.Waiting > 0 } // each entry that the post says about it goes to the mirror too
	for changed := p.MirrorsChanged(); slices.ContainsFunc(p.HQStates(systemClock()), follows) || slices.ContainsFunc(p.Mirrors(ctx).Mirrors, lacks); {
		select {
		case <-changed:
			changed = p.MirrorsChanged()
		case err := <-ended:
			ts.Fatalf("the post ended: %v", err)
		}
	}
	stop()
	ts.Check(<-ended)
	ts.Check(p.Close())
}

// serveHQ runs the headquarters of a folder until the script ends. $NODE is its address for browsers, $NODES its host and port for nodes.
func serveHQ(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: servehq FOLDER")
	}
	ctx, stop := context.WithCancel(context.Background())
	h, err := hq.Open(ctx, hq.Options{Dir: ts.MkAbs(args[0]), Clock: systemClock})
	ts.Check(err)
	ready, ended := make(chan net.Addr, 1), make(chan error, 1)
	go func() {
		ended <- h.Serve(ctx, func(browsers, nodes net.Addr) {
			_, port, _ := net.SplitHostPort(nodes.String())
			ts.Setenv("NODES", "localhost:"+port)
			ready <- browsers
		})
	}()
	ts.Defer(func() {
		stop()
		<-ended
		h.Close()
	})
	select {
	case a := <-ready:
		_, port, err := net.SplitHostPort(a.String())
		ts.Check(err)
		ts.Setenv("NODE", "https://localhost:"+port)
		ts.Setenv("CA", filepath.Join(args[0], "keys", "ca.crt"))
	case err := <-ended:
		ended <- err
		ts.Fatalf("the headquarters ended: %v", err)
	}
}

// present lets a commander present the instrument of the transfer that is open at the stopped post of a folder, an exercise's.
func present(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: present FOLDER OFFICER")
	}
	ctx, dir := context.Background(), ts.MkAbs(args[0])
	state, err := post.ReadTransfers(ctx, dir)
	ts.Check(err)
	_, last, err := journal.Peek(ctx, dir)
	ts.Check(err)
	p, err := post.Open(ctx, post.Options{Dir: dir, Clock: func() marz.Instant { return last }, Exercise: true})
	ts.Check(err)
	defer p.Close()
	_, by, err := p.SignInExercise(ctx, marz.OfficerID(args[1]))
	ts.Check(err)
	for _, t := range state.Open() {
		_, err = p.Present(ctx, by, t.Plan.ID)
		ts.Check(err)
	}
}
