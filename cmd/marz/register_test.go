package main

import (
	"bytes"
	"encoding/pem"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"marz"
	"marz/agreement"
)

// testNode answers like a node, and keeps what was delivered.
type testNode struct {
	*httptest.Server
	ca    string
	got   []agreement.Instrument
	kind  string
	paths []string
}

func newTestNode(t *testing.T, status int, answer string) *testNode {
	t.Helper()
	n := &testNode{ca: filepath.Join(t.TempDir(), "ca.crt")}
	n.Server = httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		n.paths = append(n.paths, r.Method+" "+r.URL.Path)
		n.kind = r.Header.Get("Content-Type")
		b, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		if n.got, err = agreement.ParseSigned("body", b); err != nil {
			t.Error(err)
		}
		w.Header().Set("Content-Type", "application/json")
		if status == http.StatusFound {
			w.Header().Set("Location", "/elsewhere")
		}
		w.WriteHeader(status)
		io.WriteString(w, answer)
	}))
	n.Config.ErrorLog = log.New(io.Discard, "", 0) // of clients that do not trust it
	n.StartTLS()
	t.Cleanup(n.Close)
	block := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: n.Certificate().Raw})
	if err := os.WriteFile(n.ca, block, 0o600); err != nil {
		t.Fatal(err)
	}
	return n
}

// signedStatements writes a file of two statements that am-bg has signed.
func signedStatements(t *testing.T) (path string, all []agreement.Instrument) {
	t.Helper()
	signer, _, err := agreement.NewKey(strings.NewReader(strings.Repeat("k", 64)), "am-bg")
	if err != nil {
		t.Fatal(err)
	}
	for i := range 2 {
		one := agreement.Instrument{Statement: &agreement.Statement{By: "am-bg", Agreement: "treaty", Status: agreement.Active, From: 1000, Issued: marz.Instant(1000 + i)}}
		if err := one.Sign(signer); err != nil {
			t.Fatal(err)
		}
		all = append(all, one)
	}
	path = filepath.Join(t.TempDir(), "s.signed.json")
	if err := os.WriteFile(path, agreement.EncodeSigned(all), 0o600); err != nil {
		t.Fatal(err)
	}
	return path, all
}

func marzCommand(t *testing.T, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	code = run(t.Context(), args, nil, &out, &errs)
	return code, out.String(), errs.String()
}

func TestDeliverToANode(t *testing.T) {
	path, all := signedStatements(t)
	for _, c := range []struct {
		name, answer string
		status, code int
		stdout       string
		stderr       string
	}{
		{"recorded", `{"recorded":[17,18]}`, 200, 0, "entry 17  statement am-bg treaty\nentry 18  statement am-bg treaty\n", ""},
		{"one of two", `{"recorded":[17]}`, 200, 0, "recorded as entries 17; the other 1 of 2 were known already\n", ""},
		{"known", `{"recorded":[]}`, 200, 0, "knew all of it already\n", ""},
		{"refused", `{"error":"check statement: a newer one is known already","code":"invalid"}`, 400, 1, "", ": check statement: a newer one is known already\n"},
		{"no node", `<html>`, 502, 1, "", "status 502 and not as a node of Marz does"},
		{"an error without words", `{}`, 404, 1, "", "status 404"},
		{"sent elsewhere", `{}`, http.StatusFound, 1, "", "status 302"},
	} {
		t.Run(c.name, func(t *testing.T) {
			n := newTestNode(t, c.status, c.answer)
			code, stdout, stderr := marzCommand(t, "register", "add", path, "--node", n.URL, "--ca", n.ca)
			if code != c.code || !strings.HasSuffix(stdout, c.stdout) || c.stdout == "" && stdout != "" || !strings.Contains(stderr, c.stderr) || c.stderr == "" && stderr != "" {
				t.Errorf("code %d\nstdout %q\nstderr %q", code, stdout, stderr)
			}
			if d := cmp.Diff(all, n.got); d != "" || n.kind != "application/json" {
				t.Errorf("%s was delivered, and differs:\n%s", n.kind, d)
			}
			if d := cmp.Diff([]string{"POST /api/register"}, n.paths); d != "" {
				t.Error(d)
			}
		})
	}
}

// A node whose certificate nobody vouches for gets nothing.
func TestDeliverToAStranger(t *testing.T) {
	path, _ := signedStatements(t)
	n := newTestNode(t, 200, `{"recorded":[17]}`)
	code, _, stderr := marzCommand(t, "register", "add", path, "--node", n.URL)
	if code != 1 || !strings.Contains(stderr, "certificate") || len(n.paths) != 0 {
		t.Errorf("code %d, %d requests, stderr %q", code, len(n.paths), stderr)
	}
}

// What marz register may takes is what policies can speak of.
func TestEveryActionCanBeAsked(t *testing.T) {
	var want []marz.Action
	for _, decl := range regexp.MustCompile(`(?s)\baction ("[^{]*?)(?: in |\s+appliesTo)`).FindAllStringSubmatch(agreement.Schema(), -1) {
		for _, q := range regexp.MustCompile(`"([a-z-]+)"`).FindAllStringSubmatch(decl[1], -1) {
			want = append(want, marz.Action(q[1]))
		}
	}
	got := slices.Sorted(slices.Values(actions))
	slices.Sort(want)
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

// Lines of text fit the terminal, whatever their words.
func TestWrap(t *testing.T) {
	var b bytes.Buffer
	wrap(&b, "    ", strings.Repeat("пограничник ", 40)+strings.Repeat("x", 200)+" end")
	for l := range strings.Lines(b.String()) {
		l = strings.TrimSuffix(l, "\n")
		if n := len([]rune(l)); n > width && !strings.Contains(l, "xxx") || !strings.HasPrefix(l, "    ") || strings.TrimSpace(l) == "" {
			t.Errorf("%d: %q", n, l)
		}
	}
	if got := strings.Fields(b.String()); len(got) != 42 {
		t.Errorf("%d words are left of 42", len(got))
	}
}

func TestSignedWords(t *testing.T) {
	for want, all := range map[string][]signature{
		"signed by aa-bg; bb-bg has still to sign":         {{by: "aa-bg", state: goodSignature}, {by: "bb-bg", state: noSignature}},
		"signed by aa-bg; bb-bg, cc-bg have still to sign": {{by: "aa-bg", state: goodSignature}, {by: "bb-bg", state: noSignature}, {by: "cc-bg", state: noSignature}},
	} {
		if got := signedWords(all); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
