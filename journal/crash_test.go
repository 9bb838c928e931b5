package journal

import (
	"bufio"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"os/signal"
	"strings"
	"sync"
	"syscall"
	"testing"

	"marz"
)

// TestMain lets the test binary be started again as a node under load, to be killed.
func TestMain(m *testing.M) {
	switch os.Getenv("MARZ_CRASH_MODE") {
	case "append":
		appendUntilKilled(false)
	case "full":
		appendUntilKilled(true)
	default:
		os.Exit(m.Run())
	}
}

// appendUntilKilled appends from 32 goroutines and writes each acknowledged entry to standard output, until the process is
// killed or, with a limited file size, until the disk is full.
func appendUntilKilled(limited bool) {
	cfg := Config{Dir: os.Getenv("MARZ_CRASH_DIR"), Key: os.Getenv("MARZ_CRASH_KEY"), State: countState{}}
	cfg.Clock, _ = testClock()
	j, err := Open(context.Background(), cfg)
	if err != nil {
		fmt.Println("error", err)
		os.Exit(3)
	}
	if limited { // writes past this size fail, as they do on a full disk
		signal.Ignore(syscall.SIGXFSZ)
		lim := syscall.Rlimit{Cur: 600_000, Max: 600_000}
		if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &lim); err != nil {
			fmt.Println("error", err)
			os.Exit(3)
		}
	}
	var mu sync.Mutex
	var wg sync.WaitGroup
	for w := range 32 {
		wg.Go(func() {
			for i := 0; ; i++ {
				tag := fmt.Sprintf("%d-%d", w, i)
				e, err := appendOne(j, words{"tag": tag}, words{"payload": tag, "fill": strings.Repeat("x", 500)})
				if err != nil {
					return
				}
				mu.Lock()
				fmt.Println("ack", e.Seq, tag)
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	fmt.Println("stopped", marz.CodeOf(j.Failure()), j.Failure())
	os.Exit(0)
}

func startChild(t *testing.T, cfg Config, mode string) (*exec.Cmd, *bufio.Scanner) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), "MARZ_CRASH_MODE="+mode, "MARZ_CRASH_DIR="+cfg.Dir, "MARZ_CRASH_KEY="+cfg.Key)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	return cmd, bufio.NewScanner(out)
}

// Nothing acknowledged is lost when the process is killed under load, over and over, and the tree holds.
func TestKilledUnderLoad(t *testing.T) {
	cfg := testConfig(t, countState{})
	acked := map[int64]string{}
	r := rand.New(rand.NewPCG(1, 2))
	for round := range 24 {
		cmd, out := startChild(t, cfg, "append")
		limit := 20 + r.IntN(600)
		now := map[int64]string{}
		for n := 0; out.Scan(); n++ {
			var seq int64
			var tag string
			if _, err := fmt.Sscanf(out.Text(), "ack %d %s", &seq, &tag); err != nil {
				continue // a line cut by the kill, or an error that the check below would show
			}
			now[seq], acked[seq] = tag, tag
			if n == limit {
				cmd.Process.Kill()
			}
		}
		cmd.Wait()
		j := mustOpen(t, cfg)
		checkAcknowledged(t, j, now, round)
		if err := j.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if len(acked) < 24*20 {
		t.Fatalf("only %d acknowledged: the load was too small to mean anything", len(acked))
	}
	t.Logf("%d acknowledged over 24 kills, none lost", len(acked))
	j := mustOpen(t, cfg)
	checkAcknowledged(t, j, acked, 24)
	checkTree(t, j)
}

func checkAcknowledged(t *testing.T, j *Journal, acked map[int64]string, round int) {
	t.Helper()
	for seq, tag := range acked {
		e, _, err := j.Entry(t.Context(), marz.Seq(seq))
		if err != nil {
			t.Fatalf("round %d: acknowledged seq %d is lost: %v", round, seq, err)
		}
		if want := fmt.Sprintf(`{"tag":%q}`, tag); string(e.Public) != want {
			t.Fatalf("round %d: seq %d has %s, acknowledged was %s", round, seq, e.Public, want)
		}
		if _, err := j.Payload(t.Context(), marz.Seq(seq)); err != nil {
			t.Fatalf("round %d: payload of seq %d: %v", round, seq, err)
		}
	}
	var folded int64
	if err := j.State().QueryRow(`SELECT n FROM s_count`).Scan(&folded); err != nil || folded != j.Head().Size {
		t.Fatalf("round %d: the state counts %d entries of %d (%v)", round, folded, j.Head().Size, err)
	}
}

// A full disk stops the node with words, and what it acknowledged is all there when there is room again.
func TestFullDisk(t *testing.T) {
	cfg := testConfig(t, countState{})
	cmd, out := startChild(t, cfg, "full")
	acked := map[int64]string{}
	var last string
	for out.Scan() {
		var seq int64
		var tag string
		if _, err := fmt.Sscanf(out.Text(), "ack %d %s", &seq, &tag); err == nil {
			acked[seq] = tag
		}
		last = out.Text()
	}
	if err := cmd.Wait(); err != nil {
		t.Fatal(err, last)
	}
	if !strings.HasPrefix(last, "stopped unavailable write journal test/agarak: the disk") || len(acked) < 50 {
		t.Fatalf("%d acknowledged, then %q", len(acked), last)
	}
	j := mustOpen(t, cfg)
	checkAcknowledged(t, j, acked, 0)
	checkTree(t, j)
	if _, err := appendOne(j, words{"tag": "again"}, nil); err != nil {
		t.Errorf("with room again: %v", err)
	}
}
