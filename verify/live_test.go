package verify

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// writerFolder names the folder in which a child process of the tests is to run a node. The checker must not be in the
// process that has the journal open.
const (
	writerFolder = "MARZ_TEST_WRITER"
	openerFolder = "MARZ_TEST_OPENER"
)

// TestWriter is the child process: it writes commits, checkpoints now and then, and closes and opens again, until its input ends.
func TestWriter(t *testing.T) {
	dir := os.Getenv(writerFolder)
	if dir == "" {
		t.Skip("only as a child process of TestLive")
	}
	b := newBuilder(t, 40)
	must(t, os.Rename(b.dir, dir))
	b.dir = dir
	b.db.Close()
	b.open(40)
	b.create(false)
	stop := make(chan struct{})
	go func() {
		bufio.NewReader(os.Stdin).ReadByte()
		close(stop)
	}()
	fmt.Println("ready")
	for n := 20; ; n += 20 {
		select {
		case <-stop:
			b.close()
			return
		default:
		}
		b.fill(n, 3)
		time.Sleep(3 * time.Millisecond)
		switch {
		case n%2800 == 0: // about once a second
			b.close()
			b.open(40)
		case n%100 == 0:
			b.exec([]string{"PRAGMA wal_checkpoint(RESTART)", "PRAGMA wal_checkpoint(TRUNCATE)"}[n/100%2])
		}
	}
}

func startWriter(t *testing.T) (dir string, stop func()) {
	t.Helper()
	dir = filepath.Join(t.TempDir(), "node")
	cmd := exec.Command(os.Args[0], "-test.run=^TestWriter$")
	cmd.Env = append(os.Environ(), writerFolder+"="+dir)
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	must(t, err)
	out, err := cmd.StdoutPipe()
	must(t, err)
	must(t, cmd.Start())
	lines := bufio.NewReader(out)
	for {
		line, err := lines.ReadString('\n')
		if err != nil {
			t.Fatalf("the writer ended: %v", err)
		}
		if line == "ready\n" {
			break
		}
	}
	go lines.WriteTo(os.Stderr)
	return dir, func() { in.Close(); cmd.Wait() }
}

// TestLive checks again and again while a node writes, checkpoints, stops and starts: all must hold each time, and each check
// must see at least as much as the one before.
func TestLive(t *testing.T) {
	dir, stop := startWriter(t)
	defer stop()
	var seen, checks int64
	for end := time.Now().Add(3 * time.Second); time.Now().Before(end); checks++ {
		r, err := Folder(context.Background(), dir, Options{})
		must(t, err)
		if !r.OK() || r.Entries < seen {
			t.Fatalf("check %d: %d entries after %d: %v %q", checks, r.Entries, seen, r.Problems, r.Notes)
		}
		seen = r.Entries
	}
	if checks < 3 || seen < 100 {
		t.Errorf("only %d checks of %d entries", checks, seen)
	}
	t.Logf("%d checks, %d entries at last", checks, seen)
}

// TestLiveRead lets a node write between any two reads of one check.
func TestLiveRead(t *testing.T) {
	dir, stop := startWriter(t)
	defer stop()
	steady := 0
	for range 10 {
		s, err := openSnapshot(context.Background(), dir)
		must(t, err)
		time.Sleep(20 * time.Millisecond)
		c := &checker{r: newReport(), ownName: "node.pub", tick: func() error { time.Sleep(time.Millisecond / 2); return s.tick() }}
		c.readNodeKey(filepath.Join(dir, "node.pub"))
		must(t, c.run(context.Background(), newTables(s.view, c)))
		if !c.r.OK() && !s.changed() {
			t.Errorf("%v", c.r.Problems)
		}
		if !s.changed() {
			steady++
		}
		s.close()
	}
	if steady < 5 { // it is only a restart of the node that may change journal.db
		t.Errorf("journal.db stayed as it was during %d of 10 checks", steady)
	}
}

// TestStartDuringCheck stops a node and starts another while a check that began before goes on: the other must get to work
// long before the check ends.
func TestStartDuringCheck(t *testing.T) {
	dir, stop := startWriter(t)
	s, err := openSnapshot(context.Background(), dir)
	must(t, err)
	defer s.close()
	stop()
	ticks := time.NewTicker(5 * time.Millisecond)
	defer ticks.Stop()
	opened := make(chan error, 1)
	cmd := exec.Command(os.Args[0], "-test.run=^TestOpener$")
	cmd.Env = append(os.Environ(), openerFolder+"="+dir)
	go func() {
		out, err := cmd.CombinedOutput()
		if err != nil {
			err = fmt.Errorf("%w: %s", err, out)
		}
		opened <- err
	}()
	late := time.After(8 * time.Second)
	for {
		select {
		case err := <-opened:
			must(t, err)
			return
		case <-ticks.C:
			must(t, s.tick())
		case <-late:
			t.Fatal("the node does not get to work")
		}
	}
}

// TestOpener is the child process that opens a journal and writes to it.
func TestOpener(t *testing.T) {
	dir := os.Getenv(openerFolder)
	if dir == "" {
		t.Skip("only as a child process of TestStartDuringCheck")
	}
	b := &builder{t: t, dir: dir}
	b.open(40)
	b.exec("INSERT OR REPLACE INTO state (name, value) VALUES ('x', x'00')")
	b.close()
}

// TestTreeLaw holds the streaming tree against the recursive definition of RFC 6962 §2.1.
func TestTreeLaw(t *testing.T) {
	var define func(leaves []digest) digest
	define = func(leaves []digest) digest {
		if len(leaves) < 2 {
			if len(leaves) == 0 {
				return (&tree{}).root()
			}
			return leaves[0]
		}
		k := 1
		for k*2 < len(leaves) {
			k *= 2
		}
		l, r := define(leaves[:k]), define(leaves[k:])
		return nodeHash(&l, &r)
	}
	rapid.Check(t, func(rt *rapid.T) {
		n := rapid.IntRange(0, 200).Draw(rt, "n")
		leaves := make([]digest, n)
		var tr tree
		for i := range leaves {
			leaves[i] = digest{byte(i), byte(i >> 8)}
			tr.add(leaves[i], nil)
		}
		if got := tr.root(); got != define(leaves) {
			rt.Errorf("root over %d leaves is %x", n, got)
		}
	})
}
