package main

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	_ "modernc.org/sqlite"

	"marz"
	"marz/agreement"
	"marz/journal"
	"marz/mirror"
	"marz/verify"
)

// checked is what was found of one post.
type checked struct {
	entries, heads, payloads, crossings int64
	journalBytes                        int64
}

// checkPost holds the mirror of a post that has ended to its journal, byte for byte: entries, all heads, and of the payloads those that the authority may have, no more and no fewer. Both are
// looked at by the independent checker, the mirror's head bears its cosignature, no entry is there twice, and there are as many crossings as the post has counted.
func checkPost(ctx context.Context, s mirror.Store, dir string, at marz.PlaceID, register *agreement.Register, cosigner string) (c checked, err error) {
	vkey, origin, err := journalOf(dir)
	if err != nil {
		return c, err
	}
	entitled := func(e journal.Entry) bool {
		_, ok := register.MayHold(authority, agreement.Payload{Post: at, Kind: e.Kind, Authority: e.Authority, At: e.At, Public: e.Public})
		return ok
	}
	var own, held bytes.Buffer
	if err := journal.Export(ctx, dir, entitled, &own); err != nil {
		return c, err
	}
	if err := mirror.Export(ctx, s, origin, vkey, &held); err != nil {
		return c, err
	}
	if err := same(own.String(), held.String()); err != nil {
		return c, err
	}
	if err := independent(ctx, dir, vkey, &held, &c); err != nil {
		return c, err
	}
	if err := signed(ctx, s, origin, cosigner, c.entries); err != nil {
		return c, err
	}
	return c, count(ctx, dir, held.String(), &c)
}

// journalOf returns the verifier key and the name of the journal in a folder.
func journalOf(dir string) (vkey string, origin marz.Origin, err error) {
	b, err := os.ReadFile(filepath.Join(dir, "node.pub"))
	vkey = strings.TrimSpace(string(b))
	name, _, _ := strings.Cut(vkey, "+")
	return vkey, marz.Origin(name), err
}

// same says where the mirror's lines are not the journal's.
func same(own, held string) error {
	if own == held {
		return nil
	}
	o, h := strings.Split(own, "\n"), strings.Split(held, "\n")
	for i := range o {
		if i >= len(h) || o[i] != h[i] {
			return fmt.Errorf("line %d of %d of the journal is not the mirror's, which has %d:\n  journal %.300s\n  mirror  %.300s", i+1, len(o), len(h), o[i], append(h, "nothing")[min(i, len(h))])
		}
	}
	return fmt.Errorf("the mirror has %d lines more than the journal", len(h)-len(o))
}

// independent lets the checker that shares no code with journal and mirror look at both.
func independent(ctx context.Context, dir, vkey string, held *bytes.Buffer, c *checked) error {
	for _, of := range []string{"journal", "mirror"} {
		check := func() (*verify.Report, error) { return verify.Folder(ctx, dir, verify.Options{Key: vkey}) }
		if of == "mirror" {
			check = func() (*verify.Report, error) {
				return verify.BundleAt(ctx, bytes.NewReader(held.Bytes()), int64(held.Len()), verify.Options{Key: vkey})
			}
		}
		r, err := check()
		if err != nil {
			return err
		}
		if !r.OK() {
			return fmt.Errorf("marz verify of the %s: %d problems, the first %+v", of, r.ProblemCount, r.Problems[0])
		}
		if of == "mirror" && r.Entries != c.entries {
			return fmt.Errorf("the journal has %d entries and the mirror %d", c.entries, r.Entries)
		}
		c.entries, c.heads, c.payloads = r.Entries, r.Heads, r.Payloads
	}
	return nil
}

// signed checks the mirror's own head: it covers all entries and bears the cosignature. Nothing stands against the node.
func signed(ctx context.Context, s mirror.Store, origin marz.Origin, cosigner string, entries int64) error {
	head, err := s.Head(ctx, origin)
	if err != nil {
		return err
	}
	if _, err := mirror.CosignedAt(head, cosigner); err != nil {
		return err
	}
	if size := sizeOf(head); size != entries {
		return fmt.Errorf("the cosigned head covers %d entries of %d", size, entries)
	}
	for _, kind := range []string{mirror.EvidenceFork, mirror.EvidencePayload} {
		if all, err := s.Evidence(ctx, origin, kind); err != nil || len(all) > 0 {
			return fmt.Errorf("there are %d pieces of evidence (%s) against the node, %v", len(all), kind, err)
		}
	}
	return nil
}

// sizeOf reads a head's second line.
func sizeOf(head []byte) (size int64) {
	if lines := strings.SplitN(string(head), "\n", 3); len(lines) == 3 {
		fmt.Sscan(lines[1], &size)
	}
	return size
}

// crossingsIn counts the crossings in a bundle's entries, and holds their seqs to 0, 1, 2 …
func crossingsIn(bundle string) (crossings int64, err error) {
	next := int64(0)
	for line := range strings.Lines(bundle) {
		var l struct {
			Seq  *int64 `json:"seq"`
			Body []byte `json:"body"`
		}
		if err := json.Unmarshal([]byte(line), &l); err != nil {
			return 0, err
		}
		if l.Seq == nil {
			continue
		}
		var e journal.Entry
		if err := json.Unmarshal(l.Body, &e); err != nil {
			return 0, err
		}
		if *l.Seq != next || e.Seq != marz.Seq(next) {
			return 0, fmt.Errorf("in place of entry %d there is %d, which says %d", next, *l.Seq, e.Seq)
		}
		next++
		if e.Kind == "crossing.decided" {
			crossings++
		}
	}
	return crossings, nil
}

// count holds the crossings in the mirror to those that the post itself has counted.
func count(ctx context.Context, dir, held string, c *checked) (err error) {
	if c.crossings, err = crossingsIn(held); err != nil {
		return err
	}
	path := filepath.Join(dir, "journal.db")
	db, err := sql.Open("sqlite", "file:"+path+"?mode=ro")
	if err != nil {
		return err
	}
	defer db.Close()
	var counted int64
	if err := db.QueryRowContext(ctx, `SELECT count(*) FROM s_inspection WHERE state = 'decided'`).Scan(&counted); err != nil {
		return err
	}
	if counted != c.crossings {
		return fmt.Errorf("the post has counted %d crossings, and its mirror has %d", counted, c.crossings)
	}
	info, err := os.Stat(path)
	if err == nil {
		c.journalBytes = info.Size()
	}
	return err
}
