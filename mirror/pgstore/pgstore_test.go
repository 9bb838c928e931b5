package pgstore

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"marz"
	"marz/internal/pgtest"
	"marz/mirror"
	"marz/mirror/storetest"
)

// TestMain sets how often laws are tried, where nobody said it.
func TestMain(m *testing.M) {
	flag.Parse()
	said := false
	flag.Visit(func(f *flag.Flag) { said = said || f.Name == "rapid.checks" })
	if !said {
		flag.Set("rapid.checks", "12")
	}
	os.Exit(pgtest.Main(m))
}

const testOrigin marz.Origin = "test/agarak"

var schemas atomic.Int64

// fresh makes an empty schema in a database, and returns the address at which a store finds nothing else.
func fresh(t testing.TB, s *pgtest.Server, database string) string {
	t.Helper()
	name := fmt.Sprintf("s%d", schemas.Add(1))
	s.Exec(t, database, "CREATE SCHEMA "+name)
	return s.URL(database) + " search_path=" + name
}

func mustOpen(t testing.TB, url string) *Store {
	t.Helper()
	s, err := Open(context.Background(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func TestStore(t *testing.T) {
	server := pgtest.Shared(t)
	database := server.Database(t)
	storetest.Run(t, true, func(t testing.TB) func() (mirror.Store, error) {
		url := fresh(t, server, database)
		return func() (mirror.Store, error) { return Open(context.Background(), url) }
	})
}

// together runs several at once.
func together(t *testing.T, many int, do func() error) {
	t.Helper()
	var group sync.WaitGroup
	for range many {
		group.Go(func() {
			if err := do(); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
}

// Nodes that start at once on an empty database, or on one of the version before, make the tables once and all work. One of the version before that starts afterwards says so.
func TestMigrate(t *testing.T) {
	ctx := t.Context()
	server := pgtest.Shared(t)
	url := server.URL(server.Database(t))
	together(t, 8, func() error {
		s, err := Open(ctx, url)
		if err == nil {
			err = s.Close()
		}
		return err
	})
	s := mustOpen(t, url)
	later := append(append([]string{}, schema...), `CREATE TABLE mirror_later (n BIGINT PRIMARY KEY); ALTER TABLE mirror_origin ADD COLUMN later BIGINT NOT NULL DEFAULT 0`)
	broken := append(append([]string{}, schema...), `CREATE TABLE mirror_broken (n BIGINT PRIMARY KEY); SELECT 1/0`)
	if err := s.migrate(ctx, broken); marz.CodeOf(err) != marz.Unavailable {
		t.Errorf("a step that cannot be made: %v", err)
	}
	together(t, 8, func() error { return s.migrate(ctx, later) })
	if v, err := s.version(ctx); err != nil || v != 2 {
		t.Errorf("version %d, %v", v, err)
	}
	if err := s.Append(ctx, testOrigin, one(0, "a", false)); err != nil {
		t.Errorf("a node that runs on while the tables are brought forward: %v", err)
	}
	if _, err := Open(ctx, url); marz.CodeOf(err) != marz.Invalid || !strings.Contains(err.Error(), "format 2") {
		t.Errorf("a node of the version before starts: %v", err)
	}
	var tables int
	if err := s.DB().QueryRowContext(ctx, `SELECT count(*) FROM information_schema.tables WHERE table_name IN ('mirror_later', 'mirror_broken')`).Scan(&tables); err != nil || tables != 1 {
		t.Errorf("%d of the later tables are there, %v", tables, err)
	}
}

// What cannot be opened is refused with what to do, and no password.
func TestRefused(t *testing.T) {
	server := pgtest.Shared(t)
	database := server.Database(t)
	server.Exec(t, database, "ALTER DATABASE "+database+" SET synchronous_commit = off")
	for _, c := range []struct {
		url  string
		code marz.Code
		says string
	}{
		{"postgres://marz:verysecret@[::1/hq", marz.Invalid, "write for example"},
		{"postgres://marz:verysecret@127.0.0.1:1/hq?sslmode=disable", marz.Unavailable, "check that the server runs"},
		{server.URL("nothing"), marz.Unavailable, "check user, password and database"},
		{server.URL(database), marz.Invalid, "set synchronous_commit to on"},
	} {
		_, err := Open(t.Context(), c.url)
		if marz.CodeOf(err) != c.code || !strings.Contains(fmt.Sprint(err), c.says) || strings.Contains(fmt.Sprint(err), "verysecret") {
			t.Errorf("%s: %v", c.url, err)
		}
	}
	if s, err := Open(t.Context(), server.URL(server.Database(t))+" search_path=nowhere"); err == nil {
		s.Close()
		t.Error("there is no schema to make tables in")
	}
}

// Two origins with one number do not mix. Names whose SHA-256 begin with the same 8 bytes are not known; the row says that there was one.
func TestSameNumber(t *testing.T) {
	server := pgtest.Shared(t)
	database := server.Database(t)
	s := mustOpen(t, server.URL(database))
	server.Exec(t, database, fmt.Sprintf("INSERT INTO mirror_origin (origin, name) VALUES (%d, 'another')", number(testOrigin)))
	if err := s.SetPending(t.Context(), testOrigin, 0, mirror.HeadRow{Size: 1}); marz.CodeOf(err) != marz.Invalid || !strings.Contains(err.Error(), "another name") {
		t.Errorf("%v", err)
	}
}

// one is a journal of one entry after the other.
func one(seq int64, word string, payload bool) mirror.Append {
	a := mirror.Append{Old: seq, Rows: []mirror.Row{{Seq: seq, Body: []byte(word), Hashes: make([]byte, 32)}}, Head: mirror.HeadRow{Size: seq + 1, Note: []byte("head of " + word)}}
	if payload {
		a.Payloads = []mirror.PayloadRow{{Seq: seq, Salt: make([]byte, 32), Body: []byte("private part of " + word)}}
	}
	return a
}

// After Scrub the bytes of an erased payload are in no file of the database's tables.
func TestScrub(t *testing.T) {
	ctx := t.Context()
	server := pgtest.Shared(t)
	database := server.Database(t)
	s := mustOpen(t, server.URL(database))
	if err := s.Append(ctx, testOrigin, one(0, "kept", true)); err != nil {
		t.Fatal(err)
	}
	if err := s.Append(ctx, testOrigin, one(1, "erased", true)); err != nil {
		t.Fatal(err)
	}
	stands := func(word string) bool {
		server.Exec(t, database, "CHECKPOINT")
		files, err := filepath.Glob(filepath.Join(server.Folder(), "base", server.Exec(t, database, "SELECT oid FROM pg_database WHERE datname = current_database()"), "*"))
		if err != nil || len(files) == 0 {
			t.Fatal("no files", err)
		}
		for _, path := range files {
			if b, err := os.ReadFile(path); err == nil && bytes.Contains(b, []byte("private part of "+word)) {
				return true
			}
		}
		return false
	}
	if !stands("kept") || !stands("erased") {
		t.Fatal("the test does not find what is there")
	}
	a := one(2, "erasure", false)
	a.Erase = []int64{1}
	if err := s.Append(ctx, testOrigin, a); err != nil {
		t.Fatal(err)
	}
	if err := s.Scrub(ctx); err != nil {
		t.Fatal(err)
	}
	if !stands("kept") || stands("erased") {
		t.Errorf("kept: %t, erased: %t", stands("kept"), stands("erased"))
	}
}
