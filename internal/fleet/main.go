// Command fleet runs a headquarters of two nodes over one PostgreSQL and many posts with traffic, each on a machine of its own (a network namespace), and lets happen what happens: lines that are
// cut, slow, flap, or carry one way alone; nodes that are killed; a database that stands still, is killed, is cut off. At the end all lines are up, and every post's mirror is held to its journal
// byte for byte.
//
// What befalls whom and when follows from the seed and is printed before it happens. The programs are the real ones: marz hq and marz demo. It runs as root, and leaves neither namespaces nor
// processes behind; those of a run that was itself killed go when the next one begins, or with -clean.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"
)

// options are the command's flags.
type options struct {
	marz    string // the program
	posts   int
	lasts   time.Duration
	seed    uint64
	speed   float64 // of the exercises' clocks
	traffic float64 // travellers an hour of these clocks, at each post
	keep    bool
}

func main() {
	var o options
	var only bool
	flag.StringVar(&o.marz, "marz", "bin/marz", "the program")
	flag.IntVar(&o.posts, "posts", 50, "how many posts")
	flag.DurationVar(&o.lasts, "lasts", 5*time.Minute, "for how long faults come")
	flag.Uint64Var(&o.seed, "seed", uint64(time.Now().Unix()), "of the faults and the travellers")
	flag.Float64Var(&o.speed, "speed", 4, "seconds of the exercises' clocks for each real one")
	flag.Float64Var(&o.traffic, "traffic", 120, "travellers an hour of these clocks at each post")
	flag.BoolVar(&o.keep, "keep", false, "keep the folders of the nodes")
	flag.BoolVar(&only, "clean", false, "only remove what an earlier run has left")
	flag.Parse()
	if err := campaign(o, only); err != nil {
		fmt.Fprintln(os.Stderr, "fleet:", err)
		os.Exit(1)
	}
}

// campaign makes the machines, runs the whole, and removes them whatever has come of it.
func campaign(o options, only bool) (err error) {
	if os.Getuid() != 0 {
		return fmt.Errorf("network namespaces need root")
	}
	lock, err := os.OpenFile("/run/marz-fleet.lock", os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return err
	}
	defer lock.Close()
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		return fmt.Errorf("another campaign is running")
	}
	if err := clean(); err != nil || only {
		return err
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	defer stop()
	if o.marz, err = filepath.Abs(o.marz); err != nil {
		return err
	}
	base, err := os.MkdirTemp("", "fleet-")
	if err != nil {
		return err
	}
	if err := os.Chmod(base, 0o711); err != nil { // PostgreSQL's user has to reach its folder
		return err
	}
	f := &fleet{options: o, base: base, began: time.Now(), sizes: map[string]int64{}}
	defer func() {
		f.over.Store(true)
		if e := clean(); err == nil {
			err = e
		}
		if o.keep || err != nil {
			fmt.Println("the nodes' folders and logs are in", base)
		} else {
			os.RemoveAll(base)
		}
	}()
	return f.run(ctx)
}
