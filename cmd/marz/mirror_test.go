package main

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"github.com/BurntSushi/toml"
	"github.com/rogpeppe/go-internal/testscript"

	"marz"
	"marz/journal"
	"marz/mirror"
	"marz/post"
)

// scriptMirror is the mirror of one script.
type scriptMirror struct {
	store    *mirror.SQLite
	origin   marz.Origin
	answered chan struct{} // after each request
}

// scriptMirrors are those of all scripts, by their folder.
var scriptMirrors sync.Map

// mirrorOf runs a mirror of an authority for the post that a file names as marz post identity prints it, until the script ends, and adds to a post.toml what a headquarters would print.
func mirrorOf(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 3 {
		ts.Fatalf("usage: mirror IDENTITY AUTHORITY POST.TOML")
	}
	var id struct {
		Node struct{ Post, Origin, Key, Client string }
	}
	_, err := toml.DecodeFile(ts.MkAbs(args[0]), &id)
	ts.Check(err)
	signer, vkey, err := mirror.NewKey(rand.Reader, args[1]+"/mirror")
	ts.Check(err)
	cosigner, err := mirror.NewCosigner(signer, systemClock)
	ts.Check(err)
	store, err := mirror.OpenSQLite(context.Background(), ts.MkAbs("mirror.db"), "")
	ts.Check(err)
	r := mirror.NewReceiver(mirror.ReceiverConfig{Store: store, Cosigner: cosigner, Clock: systemClock})
	ts.Check(r.SetOrigins([]mirror.Origin{{Name: marz.Origin(id.Node.Origin), Key: id.Node.Key, Clients: []string{id.Node.Client}, Entitled: func(e journal.Entry) bool { return string(e.Authority) == args[1] }}}))
	m := &scriptMirror{store: store, origin: marz.Origin(id.Node.Origin), answered: make(chan struct{}, 1)}
	srv := httptest.NewUnstartedServer(http.StripPrefix("/mirror", http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		r.ServeHTTP(w, q)
		select {
		case m.answered <- struct{}{}:
		default:
		}
	})))
	srv.TLS = &tls.Config{ClientAuth: tls.RequestClientCert, MinVersion: tls.VersionTLS13}
	srv.StartTLS()
	ts.Defer(func() {
		srv.Close()
		store.Close()
	})
	f, err := os.OpenFile(ts.MkAbs(args[2]), os.O_APPEND|os.O_WRONLY, 0)
	ts.Check(err)
	_, err = fmt.Fprintf(f, "\n[[mirror]]\nauthority = %q\nurl = %q\nkey = %q\ntls = \"%x\"\n", args[1], srv.URL+"/mirror", vkey, sha256.Sum256(srv.Certificate().RawSubjectPublicKeyInfo))
	ts.Check(err)
	ts.Check(f.Close())
	scriptMirrors.Store(ts.MkAbs("."), m)
}

// mirrored runs the post of a folder until the script's mirror holds all of its journal and the payloads that it is given.
func mirrored(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: mirrored FOLDER")
	}
	v, ok := scriptMirrors.Load(ts.MkAbs("."))
	if !ok {
		ts.Fatalf("no mirror runs")
	}
	m := v.(*scriptMirror)
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	p, err := post.Open(ctx, post.Options{Dir: ts.MkAbs(args[0]), Clock: systemClock})
	ts.Check(err)
	ended := make(chan error, 1)
	go func() { ended <- p.Serve(ctx, func(net.Addr) {}) }()
	for size := p.Journal().Head().Size; ; {
		st, err := m.store.State(ctx, m.origin)
		ts.Check(err)
		if st.Size >= size && st.Heads >= size && st.Payloads >= size {
			break
		}
		select {
		case <-m.answered:
		case err := <-ended:
			ts.Fatalf("the post ended: %v", err)
		}
	}
	stop()
	ts.Check(<-ended)
	ts.Check(p.Close())
}

// mirrorBundle writes what the script's mirror holds as a bundle.
func mirrorBundle(ts *testscript.TestScript, neg bool, args []string) {
	v, ok := scriptMirrors.Load(ts.MkAbs("."))
	if neg || len(args) != 2 || !ok {
		ts.Fatalf("usage: mirrorbundle KEYFILE FILE, after mirror")
	}
	m := v.(*scriptMirror)
	key, err := os.ReadFile(ts.MkAbs(args[0]))
	ts.Check(err)
	f, err := os.Create(filepath.Clean(ts.MkAbs(args[1])))
	ts.Check(err)
	ts.Check(mirror.Export(context.Background(), m.store, m.origin, strings.TrimSpace(string(key)), f))
	ts.Check(f.Close())
}
