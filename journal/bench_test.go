package journal

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// BenchmarkDurable measures durable appends from several callers beside three references on the same disk in the same run:
//
//	fsync        a bare loop of 4 KiB write and fsync, as many as one disk head can do
//	sqlite-one   raw SQLite, one INSERT a transaction, callers taking turns
//	sqlite-group raw SQLite, INSERTs of the same size that share transactions the way the journal's do
//
// The journal's line reports its ratio to both SQLite references. Run: make bench
func BenchmarkDurable(b *testing.B) {
	for _, callers := range []int{1, 16, 64, 256} {
		b.Run(fmt.Sprintf("callers=%d", callers), func(b *testing.B) {
			const window = 1500 * time.Millisecond
			for b.Loop() {
				fsync := perSecond(1, window, fsyncer(b))
				one := perSecond(callers, window, rawSQLite(b, 1))
				group := perSecond(callers, window, rawSQLite(b, maxBatch))
				ours := perSecond(callers, window, journalAppender(b))
				b.ReportMetric(fsync, "fsync/s")
				b.ReportMetric(one, "sqlite-one/s")
				b.ReportMetric(group, "sqlite-group/s")
				b.ReportMetric(ours, "journal/s")
				b.ReportMetric(ours/one, "×sqlite-one")
				b.ReportMetric(ours/group, "×sqlite-group")
			}
		})
	}
}

// perSecond runs work from several goroutines for a while and returns how often it was done a second.
func perSecond(callers int, window time.Duration, work func() error) float64 {
	var n atomic.Int64
	var wg sync.WaitGroup
	start := time.Now()
	for range callers {
		wg.Go(func() {
			for time.Since(start) < window {
				if err := work(); err != nil {
					panic(err)
				}
				n.Add(1)
			}
		})
	}
	wg.Wait()
	return float64(n.Load()) / time.Since(start).Seconds()
}

func fsyncer(b *testing.B) func() error {
	f, err := os.Create(filepath.Join(b.TempDir(), "raw"))
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { f.Close() })
	page := bytes.Repeat([]byte{1}, 4096)
	var off int64
	return func() error {
		off += 4096
		if _, err := f.WriteAt(page, off); err != nil {
			return err
		}
		return f.Sync()
	}
}

// benchPublic and benchPrivate have the size of a crossing's.
var (
	benchPublic  = words{"inspection": "7-000123", "lane": "2", "direction": "entry", "decision": "admit", "verdict": "clear", "findings": 9}
	benchPrivate = words{"mrz": string(bytes.Repeat([]byte("P<UTOERIKSSON<<ANNA<MARIA"), 4)), "reason": ""}
)

func journalAppender(b *testing.B) func() error {
	j := mustOpen(b, testConfig(b, nil))
	public, _ := marshal(benchPublic) // writing a caller's own JSON is no part of what is compared
	private, _ := marshal(benchPrivate)
	return func() error {
		_, err := appendOne(j, json.RawMessage(public), json.RawMessage(private))
		return err
	}
}

// rawSQLite inserts rows of the same bytes as the journal's through the same driver and settings, up to most in a transaction.
func rawSQLite(b *testing.B, most int) func() error {
	db, err := openDB("sqlite", filepath.Join(b.TempDir(), "raw.db"), false)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { db.Close() })
	conn, err := db.Conn(context.Background())
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { conn.Close() })
	if _, err := conn.ExecContext(context.Background(), `CREATE TABLE raw (seq INTEGER PRIMARY KEY, body BLOB, payload BLOB)`); err != nil {
		b.Fatal(err)
	}
	prep := func(q string) *sql.Stmt {
		s, err := conn.PrepareContext(context.Background(), q)
		if err != nil {
			b.Fatal(err)
		}
		return s
	}
	begin, insert, commit := prep(`BEGIN IMMEDIATE`), prep(`INSERT INTO raw (body, payload) VALUES (?, ?)`), prep(`COMMIT`)
	body, payload := bytes.Repeat([]byte{1}, 460+64), bytes.Repeat([]byte{2}, 150)
	queue := make(chan chan error, most)
	b.Cleanup(func() { close(queue) })
	go func() {
		for first := range queue {
			waiting := []chan error{first}
			for len(waiting) < most && len(queue) > 0 {
				waiting = append(waiting, <-queue)
			}
			_, err := begin.Exec()
			for range waiting {
				if err == nil {
					_, err = insert.Exec(body, payload)
				}
			}
			if err == nil {
				_, err = commit.Exec()
			}
			for _, w := range waiting {
				w <- err
			}
		}
	}()
	return func() error {
		done := make(chan error, 1)
		queue <- done
		return <-done
	}
}
