package pgstore

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"marz/internal/pgtest"
	"marz/journal"
	"marz/mirror"
)

var benchEntries = flag.Int("entries", 100_000, "entries of the backlogs in BenchmarkBacklog that are as long as one says")

// crossing is what a post writes of an ordinary traveller: two commits, each with a head, of one entry with a payload.
func crossing(n *node, b *testing.B, i int) {
	inspection := fmt.Sprint(2 * i)
	opened := words{"lane": "2", "direction": "entry", "verdict": "clear", "findings": 9, "hits": 0}
	scan := words{"scan": strings.Repeat("5e", 32), "traveller": strings.Repeat("7a", 32), "document": words{"kind": "P", "issuer": "UTO", "number": "L898902C3", "primary": "ERIKSSON",
		"secondary": "ANNA MARIA", "nationality": "UTO", "born": "1974-08-12", "sex": "F", "expires": "2032-04-15"}, "findings": findings(), "hits": []any{}, "stay": words{"days": 0, "of": 180}}
	decided := words{"inspection": inspection, "lane": "2", "direction": "entry", "verdict": "clear", "hits": 0, "decision": "admit", "reason": ""}
	for _, d := range []journal.Draft{draft(opened, scan), draft(decided, words{"note": ""})} {
		n.update(b, func(tx *journal.Tx) error {
			_, err := tx.Append(d)
			return err
		})
	}
}

func findings() (out []words) {
	for _, check := range []string{"check-digits", "expiry", "issuer", "age", "entry-conditions", "stay", "list/un", "list/national", "list/stolen-documents"} {
		out = append(out, words{"check": check, "result": "successful", "source": "un 2026-11-01", "as_of": "2026-11-01T00:00:00Z", "reason": "nothing is against it"})
	}
	return out
}

// batches fills a journal with entries of a crossing's size, so many a commit.
func batches(n *node, b *testing.B, commit int, private any) {
	public := words{"inspection": "7-000123", "lane": "2", "direction": "entry", "decision": "admit", "verdict": "clear", "findings": 9}
	for i := 0; i < *benchEntries; i += commit {
		n.update(b, func(tx *journal.Tx) error {
			for range commit {
				if _, err := tx.Append(draft(public, private)); err != nil {
					return err
				}
			}
			return nil
		})
	}
}

// BenchmarkBacklog pushes a backlog over mutual TLS on the loopback into the store, until it is cosigned and its heads and payloads are there: all verified and durable. Beside it in the same
// run the same rows by COPY into the same tables of the same server, 4,096 a transaction, with nothing read, sent or verified. Run: make bench
func BenchmarkBacklog(b *testing.B) {
	for _, c := range []struct {
		name string
		fill func(*node, *testing.B)
	}{
		{"entries", func(n *node, b *testing.B) { batches(n, b, 256, nil) }},
		{"payloads", func(n *node, b *testing.B) {
			batches(n, b, 256, words{"mrz": strings.Repeat("P<UTOERIKSSON<<ANNA<MARIA", 4), "reason": ""})
		}},
		// 72 hours of a post with 2,000 travellers and 475 trucks a day.
		{"post", func(n *node, b *testing.B) {
			for i := range 3 * (2000 + 475) {
				crossing(n, b, i)
			}
		}},
	} {
		b.Run(c.name, func(b *testing.B) {
			n := newNode(b)
			c.fill(n, b)
			server := pgtest.Shared(b)
			for b.Loop() {
				database := server.Database(b)
				h, remote := listen(b, n, server.URL(database))
				start, used, theirs := time.Now(), processor(b), server.Processor()
				p := push(b, n, remote)
				until(b, p, func(s mirror.Status) bool { return s.Whole && s.Size == n.j.Head().Size })
				entries := float64(n.j.Head().Size)
				ours := entries / time.Since(start).Seconds()
				b.ReportMetric(ours, "entries/s")
				b.ReportMetric(1e6*(processor(b)-used)/entries, "cpu-µs/entry")
				b.ReportMetric(1e6*(server.Processor()-theirs)/entries, "server-cpu-µs/entry")
				raw := entries / rawCopy(b, h.s, server, database).Seconds()
				b.ReportMetric(raw, "raw-copy/s")
				b.ReportMetric(ours/raw, "×raw")
			}
		})
	}
}

// processor is how many seconds of processor time this process has used: node, line and mirror, and not the database's server.
func processor(b *testing.B) float64 {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return float64(u.Utime.Sec+u.Stime.Sec) + float64(u.Utime.Usec+u.Stime.Usec)/1e6
}

// rawCopy copies all that a store holds of the journal into empty tables of the same form, and returns how long that took without reading it.
func rawCopy(b *testing.B, s *Store, server *pgtest.Server, database string) time.Duration {
	ctx := context.Background()
	var rows []mirror.Row
	var heads []mirror.HeadRow
	var payloads []mirror.PayloadRow
	err := s.Entries(ctx, testOrigin, 0, maxSeq, func(r mirror.Row) error {
		rows = append(rows, mirror.Row{Seq: r.Seq, Body: bytes.Clone(r.Body), Hashes: bytes.Clone(r.Hashes)})
		return nil
	})
	if err == nil {
		err = s.Heads(ctx, testOrigin, 0, 1<<30, func(h mirror.HeadRow) error {
			heads = append(heads, mirror.HeadRow{Size: h.Size, Note: bytes.Clone(h.Note)})
			return nil
		})
	}
	if err == nil {
		err = s.Payloads(ctx, testOrigin, 0, maxSeq, func(p mirror.PayloadRow) error {
			payloads = append(payloads, mirror.PayloadRow{Seq: p.Seq, Salt: bytes.Clone(p.Salt), Body: bytes.Clone(p.Body)})
			return nil
		})
	}
	if err != nil {
		b.Fatal(err)
	}
	empty := mustOpen(b, fresh(b, server, database))
	start := time.Now()
	inChunks(b, empty, rows, (*tx).addRows)
	inChunks(b, empty, heads, (*tx).addHeads)
	inChunks(b, empty, payloads, func(t *tx, all []mirror.PayloadRow) error {
		return t.copy("mirror_payload", "origin, seq, salt, body", payloadRows(t.id, all))
	})
	return time.Since(start)
}

// inChunks runs what adds rows for 4,096 of them a transaction.
func inChunks[T any](b *testing.B, s *Store, all []T, add func(*tx, []T) error) {
	for len(all) > 0 {
		chunk := all[:min(4096, len(all))]
		all = all[len(chunk):]
		err := pgx.BeginFunc(context.Background(), s.pool, func(ptx pgx.Tx) error {
			return add(&tx{Tx: ptx, ctx: context.Background(), id: number(testOrigin)}, chunk)
		})
		if err != nil {
			b.Fatal(err)
		}
	}
}
