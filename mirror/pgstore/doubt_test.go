package pgstore

import (
	"bytes"
	"context"
	"io"
	"net"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"

	"marz"
	"marz/internal/pgtest"
	"marz/mirror"
)

// Where a proxy cuts a connection.
const (
	nowhere = iota
	before  // the server has heard of a commit
	after   // it has committed, and says so
)

// proxy is a line to the server that is cut at the next commit.
type proxy struct {
	dir string
	to  string
	cut atomic.Int32
	on  func() // called at a cut
}

func newProxy(t *testing.T, server *pgtest.Server) *proxy {
	t.Helper()
	dir, err := os.MkdirTemp("", "marz-px-") // short, for the socket's path
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	const socket = ".s.PGSQL.5432"
	p := &proxy{dir: dir, to: filepath.Join(filepath.Dir(server.Folder()), socket), on: func() {}}
	ln, err := net.Listen("unix", filepath.Join(dir, socket))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { ln.Close() })
	go func() {
		for {
			client, err := ln.Accept()
			if err != nil {
				return
			}
			server, err := net.Dial("unix", p.to)
			if err != nil {
				client.Close()
				continue
			}
			go p.carry(client, server, before, "commit\x00")
			go p.carry(server, client, after, "COMMIT\x00")
		}
	}()
	return p
}

// carry carries what one says to the other, up to some words where that is the place at which to cut.
func (p *proxy) carry(from, to net.Conn, place int32, words string) {
	defer from.Close()
	defer to.Close()
	b := make([]byte, 1<<16)
	for {
		n, err := from.Read(b)
		if bytes.Contains(b[:n], []byte(words)) && p.cut.CompareAndSwap(place, nowhere) {
			to.Close()
			p.on() // before who is cut off hears of it
			return
		}
		if _, werr := to.Write(b[:n]); err != nil || werr != nil {
			return
		}
	}
}

// Every call whose connection is lost at its commit is made again, or finds out that it was made: it is answered, and has happened once.
func TestLostAtCommit(t *testing.T) {
	ctx := t.Context()
	server := pgtest.Shared(t)
	line := newProxy(t, server)
	row := func(seq int64) mirror.Row { return one(seq, "x", false).Rows[0] }
	head := func(size int64) mirror.HeadRow { return mirror.HeadRow{Size: size, Note: []byte{byte(size)}} }
	kept := marz.Origin("test/hq")
	for _, place := range []int32{before, after} {
		database := server.Database(t)
		s := mustOpen(t, "host="+line.dir+" port=5432 user=marz sslmode=disable dbname="+database)
		for i, call := range []func() error{
			func() error { return s.SetPending(ctx, testOrigin, 0, head(2)) },
			func() error { _, err := s.AddEntries(ctx, testOrigin, []mirror.Row{row(0), row(1)}, nil); return err },
			func() error { return s.SetPending(ctx, testOrigin, 2, head(3)) },
			func() error { return s.SetHead(ctx, testOrigin, head(2), []byte("cosigned")) },
			func() error { _, err := s.AddHeads(ctx, testOrigin, 0, []mirror.HeadRow{head(1)}); return err },
			func() error {
				_, refused, err := s.AddPayloads(ctx, testOrigin, 0, 2, one(1, "x", true).Payloads)
				if refused != 0 {
					t.Errorf("%d refused", refused)
				}
				return err
			},
			func() error { return s.AddEvidence(ctx, testOrigin, "fork", "a", []byte("a")) },
			func() error { return s.Append(ctx, kept, one(0, "first", true)) },
			func() error { return s.Append(ctx, kept, one(1, "second", true)) },
		} {
			line.cut.Store(place)
			if err := call(); err != nil {
				t.Errorf("cut at %d: call %d: %v", place, i, err)
			}
			if line.cut.Load() != nowhere {
				t.Fatalf("call %d has not committed", i)
			}
		}
		direct := mustOpen(t, server.URL(database))
		if st, err := direct.State(ctx, testOrigin); err != nil || st != (mirror.State{Pending: 3, Next: 2, Size: 2, Heads: 1, Payloads: 2}) {
			t.Errorf("cut at %d: state %+v, %v", place, st, err)
		}
		if st, err := direct.State(ctx, kept); err != nil || st != (mirror.State{Pending: 2, Next: 2, Size: 2, Heads: 2, Payloads: 2}) {
			t.Errorf("cut at %d: state %+v, %v", place, st, err)
		}
		for sql, want := range map[string]string{"mirror_entry": "4", "mirror_head": "4", "mirror_payload": "3", "mirror_evidence": "1", "mirror_pending": "3"} {
			if got := server.Exec(t, database, "SELECT count(*) FROM "+sql); got != want {
				t.Errorf("cut at %d: %s rows in %s, want %s", place, got, sql, want)
			}
		}
		overtakenWhileCut(t, line, s, direct, place)
	}
}

// overtakenWhileCut: an append of which nobody knows whether it was committed is no success because another's is there.
func overtakenWhileCut(t *testing.T, line *proxy, s, direct *Store, place int32) {
	t.Helper()
	ctx := context.Background()
	kept := marz.Origin("test/hq")
	line.on = func() {
		err := direct.Append(ctx, kept, one(2, "another", false))
		if (err == nil) != (place == before) {
			t.Errorf("cut at %d: the other append says %v", place, err)
		}
	}
	defer func() { line.on = func() {} }()
	line.cut.Store(place)
	err := s.Append(ctx, kept, one(2, "own", false))
	if place == before && marz.CodeOf(err) != marz.Conflict || place == after && err != nil {
		t.Errorf("cut at %d: %v", place, err)
	}
	word := map[int32]string{before: "another", after: "own"}[place]
	bodies, err := s.Bodies(ctx, kept, []int64{2})
	if err != nil || string(bodies[0]) != word {
		t.Errorf("cut at %d: seq 2 is %q, %v, want %q", place, bodies, err, word)
	}
}

// A server that is killed and comes back is used again by a store that was open all the while.
func TestServerKilled(t *testing.T) {
	ctx := t.Context()
	server := pgtest.Start(t)
	s := mustOpen(t, server.URL(server.Database(t)))
	if err := s.Append(ctx, testOrigin, one(0, "a", true)); err != nil {
		t.Fatal(err)
	}
	server.Kill(t)
	for what, err := range map[string]error{"write": s.Append(ctx, testOrigin, one(1, "b", true)), "read": func() error { _, err := s.State(ctx, testOrigin); return err }()} {
		if marz.CodeOf(err) != marz.Unavailable {
			t.Errorf("%s while the server is dead: %v", what, err)
		}
	}
	server.Restart(t)
	if err := s.Append(ctx, testOrigin, one(1, "c", true)); err != nil {
		t.Fatal(err)
	}
	stop, cancel := context.WithCancel(ctx)
	server.Pause(t)
	asked := make(chan error)
	go func() { asked <- s.Append(stop, testOrigin, one(2, "d", false)) }()
	cancel() // nobody waits for a server that holds still longer than he means to
	if err := <-asked; err == nil || marz.CodeOf(err) == marz.Conflict {
		t.Errorf("a server that holds still: %v", err)
	}
	server.Resume(t)
	if err := s.Append(ctx, testOrigin, one(2, "e", false)); err != nil && marz.CodeOf(err) != marz.Conflict {
		t.Fatal(err)
	}
	var words []string
	err := s.Entries(ctx, testOrigin, 0, 9, func(r mirror.Row) error { words = append(words, string(r.Body)); return nil })
	if err != nil || len(words) != 3 || words[0] != "a" || words[1] != "c" {
		t.Errorf("%q, %v", words, err)
	}
	if err := s.Entries(ctx, testOrigin, 0, 9, func(mirror.Row) error { return io.ErrShortBuffer }); err != io.ErrShortBuffer {
		t.Errorf("a callback's own error comes back as %v", err)
	}
}
