package post

import (
	"database/sql"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"marz"
	"marz/agreement"
	"marz/passkey"
	"marz/transfer"
	"marz/web"
)

// commissioned returns the keys, as base64 of COSE_Keys, of the passkeys with which an officer may sign for his authority at the instant.
func (p *Post) commissioned(officer marz.OfficerID, at marz.Instant) []string {
	var out []string
	for _, c := range p.register.Load().Commissioned(officer, p.post.ID.Place(), at) {
		out = append(out, c.Key)
	}
	return out
}

// commissionsOf returns the signed commissions under which passkeys signed a transfer, so that whoever has the act can follow each signature to the key of its authority.
func (p *Post) commissionsOf(t *transfer.Transfer) ([]json.RawMessage, error) {
	var out []json.RawMessage
	for _, k := range slices.Concat(t.Keys, t.Said, t.Closings) {
		if len(k.Signature.Passkey) == 0 {
			continue
		}
		var e passkey.Evidence
		if err := json.Unmarshal(k.Signature.Passkey, &e); err != nil {
			return nil, &marz.Error{Op: "read signature", Subject: string(t.Plan.ID), Err: err}
		}
		raw, err := p.commission(e.Officer, base64.StdEncoding.EncodeToString(e.PublicKey), min(k.At, t.At))
		if err != nil {
			return nil, err
		}
		if raw != nil && !slices.ContainsFunc(out, func(r json.RawMessage) bool { return string(r) == string(raw) }) {
			out = append(out, raw)
		}
	}
	return out, nil
}

// commission returns the instrument that commissions an officer with a key at the instant, as it was recorded, or nil.
func (p *Post) commission(officer marz.OfficerID, key string, at marz.Instant) (json.RawMessage, error) {
	all := p.register.Load().Commissioned(officer, p.post.ID.Place(), at)
	i := slices.IndexFunc(all, func(c agreement.Commission) bool { return c.Key == key })
	if i < 0 {
		return nil, nil
	}
	want := agreement.Instrument{Commission: &all[i]}
	docs, err := collect(p.journal.State(), scanOne[string], `SELECT doc FROM s_register WHERE doc LIKE '{"commission":%' ORDER BY seq DESC`)
	if err != nil {
		return nil, &marz.Error{Op: "read commissions", Err: err}
	}
	for _, doc := range docs {
		var found agreement.Instrument
		if err := json.Unmarshal([]byte(doc), &found); err != nil {
			return nil, &marz.Error{Op: "read commissions", Err: err}
		}
		if found.Commission != nil && found.Digest() == want.Digest() {
			return json.RawMessage(doc), nil
		}
	}
	return nil, nil
}

// commissionLife is for how long a commission is asked for: it is given for a transfer, and a transfer can be postponed.
const commissionLife = 90 * 24 * time.Hour

// commissionWanted is what the officer's headquarters has to sign so that his passkey counts, as a file of instruments without signatures; "" when he has no passkey.
func (p *Post) commissionWanted(officer marz.OfficerID, now marz.Instant) (string, error) {
	all, err := credentials(p.journal.State(), officer)
	if err != nil || len(all) == 0 {
		return "", err
	}
	w, err := p.wanted(&all[len(all)-1], now)
	if err != nil {
		return "", err
	}
	return w.File, nil
}

// wanted is the commission that a passkey needs, and how its authority makes it.
func (p *Post) wanted(c *passkey.Credential, now marz.Instant) (*web.Commission, error) {
	raw, err := c.PublicKey()
	if err != nil {
		return nil, err
	}
	by, place, key, until := c.Officer.Authority(), p.post.ID.Place(), base64.StdEncoding.EncodeToString(raw), now.Add(commissionLife)
	m := agreement.Commission{By: by, Officer: c.Officer, Key: key, Place: place, From: now, Until: until, Issued: now, Source: "asked for at the post"}
	return &web.Commission{By: by, Passkey: key, File: string(agreement.EncodeSigned([]agreement.Instrument{{Commission: &m}})),
		Command: fmt.Sprintf("marz authority commission --key %s.key --officer %s --passkey %s --place %s --until %s --out commission.signed.json", by, c.Officer, key, place, until)}, nil
}

// guestOf returns the other authority by whose invitation a passkey was made, or "".
func guestOf(q querier, c *passkey.Credential) (guest marz.AuthorityID, err error) {
	err = q.QueryRow(`SELECT guest FROM s_passkey WHERE id = ?`, hex.EncodeToString(c.ID)).Scan(&guest)
	if absent(err) {
		return "", &marz.Error{Code: marz.Unauthenticated, Op: "sign in", Subject: string(c.Officer), Fix: "this passkey is not enrolled at this post"}
	}
	return guest, err
}

// hangsOn returns the key on whose commission a session hangs that a passkey opens: of one that another authority's invitation let in. It is "" for every other, and an
// exercise's press has no passkey. Without the commission the passkey opens nothing.
func (p *Post) hangsOn(q querier, c *passkey.Credential, now marz.Instant) (key string, err error) {
	if c == nil {
		return "", nil
	}
	guest, err := guestOf(q, c)
	if err != nil || guest == "" {
		return "", err
	}
	w, err := p.wanted(c, now)
	if err != nil {
		return "", err
	}
	if slices.Contains(p.commissioned(c.Officer, now), w.Passkey) {
		return w.Passkey, nil
	}
	return "", &marz.Error{Code: marz.Forbidden, Op: "sign in", Subject: string(c.Officer),
		Fix: fmt.Sprintf("%s invited this officer, so this passkey opens nothing until %s has commissioned it. The headquarters of %[2]s signs that with its key, %[3]s, and anybody delivers the file with marz register add",
			guest, w.By, w.Command)}
}

// letIn reports whether any of the officers that a condition names can sign in, or could while his commission held: he was enrolled by his own authority, or it has commissioned
// a passkey of his at any time. Who only holds a passkey by another authority's invitation is in nobody's way.
func (p *Post) letIn(q querier, which string, args ...any) (bool, error) {
	type held struct {
		officer marz.OfficerID
		guest   string
		record  sql.NullString
	}
	all, err := collect(q, func(rows *sql.Rows) (h held, err error) {
		return h, rows.Scan(&h.officer, &h.guest, &h.record)
	}, `SELECT o.id, coalesce(k.guest, ''), k.record FROM s_officer o LEFT JOIN s_passkey k ON k.officer = o.id WHERE o.enrolled IS NOT NULL AND `+which, args...)
	if err != nil {
		return false, err
	}
	known := p.register.Load().Commissions()
	for _, h := range all {
		if h.guest == "" {
			return true, nil
		}
		var c passkey.Credential
		if err := json.Unmarshal([]byte(h.record.String), &c); err != nil {
			return false, err
		}
		key, err := c.PublicKey()
		if err != nil {
			return false, err
		}
		if slices.ContainsFunc(known, func(m agreement.Commission) bool {
			return m.Officer == h.officer && m.Place == p.post.ID.Place() && m.Key == base64.StdEncoding.EncodeToString(key)
		}) {
			return true, nil
		}
	}
	return false, nil
}
