package mirror

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	crand "crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"flag"
	"math/big"
	"net"
	"net/http"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"marz/folder"
	"marz/journal"
)

var benchEntries = flag.Int("entries", 100_000, "entries of the backlog in BenchmarkBacklog")

// certificate makes a key and a certificate signed by itself.
func certificate(t testing.TB) tls.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), crand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	c := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}}
	der, err := x509.CreateCertificate(crand.Reader, c, c, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key, Leaf: leaf}
}

// listen serves a mirror over mutual TLS on the loopback, to the client whose transport it returns.
func (p *place) listen(t testing.TB) Remote {
	t.Helper()
	server, client := certificate(t), certificate(t)
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p.of.Clients = append(p.of.Clients, folder.KeyOf(client.Leaf))
	p.r = p.receiver(t, p.s)
	s := &http.Server{Handler: p.r}
	go s.Serve(tls.NewListener(ln, &tls.Config{Certificates: []tls.Certificate{server}, ClientAuth: tls.RequireAnyClientCert, MinVersion: tls.VersionTLS13}))
	t.Cleanup(func() { s.Close() })
	roots := x509.NewCertPool()
	roots.AddCert(server.Leaf)
	tr := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots, Certificates: []tls.Certificate{client}, MinVersion: tls.VersionTLS13}}
	t.Cleanup(tr.CloseIdleConnections)
	m := p.remote(tr)
	m.URL = "https://" + ln.Addr().String()
	return m
}

// backlog fills a journal with entries of a crossing's size, so many a commit.
func backlog(b *testing.B, n *node, entries, commit int, private any) {
	public := words{"inspection": "7-000123", "lane": "2", "direction": "entry", "decision": "admit", "verdict": "clear", "findings": 9}
	for i := 0; i < entries; i += commit {
		err := n.j.Update(context.Background(), func(tx *journal.Tx) error {
			for range commit {
				if _, err := tx.Append(draft("am-bg", public, private)); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkBacklog pushes a backlog over mutual TLS on the loopback into the store, until it is cosigned: every entry verified and durable. Beside it
// raw SQLite: the same rows, in INSERTs of 32 and transactions of 4,096, into the same table of the same driver, with nothing read, sent or
// verified. Run: go test ./mirror -run xxx -bench Backlog -benchtime 1x -args -entries 1000000
func BenchmarkBacklog(b *testing.B) {
	for _, c := range []struct {
		name    string
		commit  int
		private any
		plain   bool
	}{
		{"entries", 256, nil, false},
		{"uncompressed", 256, nil, true},
		{"payloads", 256, words{"mrz": string(bytes.Repeat([]byte("P<UTOERIKSSON<<ANNA<MARIA"), 4)), "reason": ""}, false},
		{"head-each", 1, nil, false},
	} {
		b.Run(c.name, func(b *testing.B) {
			entries := *benchEntries
			if c.commit == 1 {
				entries /= 10
			}
			n := newNode(b)
			backlog(b, n, entries, c.commit, c.private)
			for b.Loop() {
				p := newPlace(b, n, "am", all)
				remote := p.listen(b)
				remote.Plain = c.plain
				push := newPusher(b, n, Target{Remote: remote, Entitled: all})
				start, used := time.Now(), processor(b)
				push.push(b)
				ours := float64(entries) / time.Since(start).Seconds()
				b.ReportMetric(ours, "entries/s")
				b.ReportMetric(1e6*(processor(b)-used)/float64(entries), "cpu-µs/entry")
				used = processor(b)
				raw := float64(entries) / rawInserts(b, n).Seconds()
				b.ReportMetric(raw, "raw-inserts/s")
				b.ReportMetric(1e6*(processor(b)-used)/float64(entries), "raw-cpu-µs/entry")
				b.ReportMetric(ours/raw, "×raw")
				if st := push.Status()[0]; st.Size != n.j.Head().Size {
					b.Fatal(st)
				}
			}
		})
	}
}

// processor is how many seconds of processor time this process has used, node, line and mirror together. Unlike the time on the wall it does not depend on who
// else is at work on the machine.
func processor(b *testing.B) float64 {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return float64(u.Utime.Sec+u.Stime.Sec) + float64(u.Utime.Usec+u.Stime.Usec)/1e6
}

// rawInserts writes a journal's entries into an empty store's table, and returns how long that took without reading them.
func rawInserts(b *testing.B, n *node) (took time.Duration) {
	s, err := OpenSQLite(context.Background(), filepath.Join(b.TempDir(), "raw.db"), "")
	if err != nil {
		b.Fatal(err)
	}
	defer s.Close()
	var rows []Row
	var tree journal.Frontier
	write := func() {
		start := time.Now()
		err := s.update(context.Background(), func(w *sqliteWriter) error {
			id, st, err := w.known(testOrigin)
			if err == nil {
				_, err = w.addRows(id, st.Next, rows)
			}
			return err
		})
		if err != nil {
			b.Fatal(err)
		}
		took += time.Since(start)
		rows = rows[:0]
	}
	err = n.j.Bodies(context.Background(), 0, n.j.Head().Size, func(seq int64, body []byte) error {
		rows = append(rows, Row{seq, bytes.Clone(body), tree.Add(leaf(body))})
		if len(rows) == 16*packageSize {
			write()
		}
		return nil
	})
	if err != nil {
		b.Fatal(err)
	}
	write()
	return took
}
