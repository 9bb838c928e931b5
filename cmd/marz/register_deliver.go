package main

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"marz"
	"marz/agreement"
	"marz/post"
)

// target is the post that instruments are delivered to: a stopped one's folder, or a running one's address.
type target struct {
	data, node, ca string
}

// deliverTimeout bounds the whole exchange with a node.
const deliverTimeout = 30 * time.Second

// maxAnswer bounds what a node can answer.
const maxAnswer = 16 << 20

// deliver records instruments at the post, all or none, and says which entries they became.
func (t target) deliver(c *cobra.Command, all []agreement.Instrument) error {
	where := or(t.node, t.data)
	var seqs []marz.Seq
	var err error
	if t.node != "" {
		seqs, err = t.send(c.Context(), all)
	} else {
		seqs, err = t.record(c.Context(), c.ErrOrStderr(), all)
	}
	if err != nil {
		return err
	}
	out := c.OutOrStdout()
	switch {
	case len(seqs) == 0:
		fmt.Fprintf(out, "%s knew all of it already\n", where)
	case len(seqs) == len(all):
		for i := range all {
			fmt.Fprintf(out, "entry %d  %s\n", seqs[i], all[i].Name())
		}
	default:
		fmt.Fprintf(out, "recorded as entries %s; the other %d of %d were known already\n", strings.Trim(fmt.Sprint(seqs), "[]"), len(all)-len(seqs), len(all))
	}
	return nil
}

// record opens a stopped post's folder and records there.
func (t target) record(ctx context.Context, stderr io.Writer, all []agreement.Instrument) (seqs []marz.Seq, err error) {
	log := slog.New(slog.NewTextHandler(stderr, &slog.HandlerOptions{Level: slog.LevelWarn}))
	err = atStopped(ctx, t.data, log, func(p *post.Post) error {
		seqs, err = p.AddInstruments(ctx, all)
		return err
	})
	if e, ok := errors.AsType[*marz.Error](err); ok && e.Op == "open data folder" && e.Code == marz.Conflict {
		err = &marz.Error{Code: marz.Conflict, Op: "record", Subject: t.data, Fix: "the post is running; deliver to it with --node and its address", Err: err}
	}
	return seqs, err
}

// send delivers to a running node.
func (t target) send(ctx context.Context, all []agreement.Instrument) ([]marz.Seq, error) {
	status, body, err := t.post(ctx, agreement.EncodeSigned(all), "api", "register")
	if err != nil {
		return nil, err
	}
	return t.answer(status, body)
}

// post sends JSON to a running node and returns its answer.
func (t target) post(ctx context.Context, body []byte, path ...string) (status int, answer []byte, err error) {
	fail := func(fix string, err error) (int, []byte, error) {
		return 0, nil, &marz.Error{Code: marz.Unavailable, Op: "deliver to", Subject: t.node, Fix: fix, Err: err}
	}
	u, err := url.Parse(t.node)
	if err != nil || u.Scheme != "https" || u.Host == "" {
		return 0, nil, &marz.Error{Code: marz.Invalid, Op: "read flag", Subject: "--node", Fix: "write the node's address, for example https://agarak.example:8443"}
	}
	client, err := t.client()
	if err != nil {
		return 0, nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, deliverTimeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, u.JoinPath(path...).String(), bytes.NewReader(body))
	if err != nil {
		return fail("", err)
	}
	req.Header.Set("Content-Type", "application/json")
	resp, err := client.Do(req)
	if err != nil {
		return fail("it cannot be reached; look at its address, whether it runs, and with --ca at its certificate authority", err)
	}
	defer resp.Body.Close()
	answer, err = io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	if err != nil {
		return fail("its answer broke off; deliver again: what it has recorded it passes over", err)
	}
	return resp.StatusCode, answer, nil
}

// answer reads what the node said.
func (t target) answer(status int, body []byte) ([]marz.Seq, error) {
	var a struct {
		Recorded []marz.Seq `json:"recorded"`
		Error    string     `json:"error"`
		Code     string     `json:"code"`
	}
	err := json.Unmarshal(body, &a)
	switch {
	case err == nil && status == http.StatusOK:
		return a.Recorded, nil
	case err == nil && a.Error != "":
		return nil, &marz.Error{Code: codeNamed(a.Code), Op: "deliver to", Subject: t.node, Fix: a.Error}
	}
	return nil, &marz.Error{Op: "deliver to", Subject: t.node, Fix: fmt.Sprintf("it answered with status %d and not as a node of Marz does; look at the address", status)}
}

// codeNamed returns the code of an error with a name.
func codeNamed(name string) marz.Code {
	for c := marz.Internal; c <= marz.Unavailable; c++ {
		if c.String() == name {
			return c
		}
	}
	return marz.Internal
}

// client trusts the CA of the node when one is given, and otherwise those of the machine. It follows no redirects: what is signed goes where it was sent.
func (t target) client() (*http.Client, error) {
	conf := &tls.Config{MinVersion: tls.VersionTLS12}
	if t.ca != "" {
		b, err := os.ReadFile(t.ca)
		conf.RootCAs = x509.NewCertPool()
		if err != nil || !conf.RootCAs.AppendCertsFromPEM(b) {
			return nil, &marz.Error{Code: marz.Invalid, Op: "read CA", Subject: t.ca, Fix: "name the post's keys/ca.crt", Err: err}
		}
	}
	return &http.Client{Transport: &http.Transport{TLSClientConfig: conf, Proxy: http.ProxyFromEnvironment, ForceAttemptHTTP2: true},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}, nil
}
