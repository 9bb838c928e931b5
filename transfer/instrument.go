package transfer

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/base64"
	"slices"

	"marz"
)

// Canonical is the instrument's JSON, over which its digest is: as the journal writes JSON, with [] where there is nothing.
func (i *Instrument) Canonical() []byte {
	c := *i
	c.Readiness, c.Inventory, c.Cases = orEmpty(c.Readiness), orEmpty(c.Inventory), orEmpty(c.Cases)
	c.Plan = c.Plan.plain()
	return encode(&c)
}

// Digest is the base64 SHA-256 of Canonical.
func (i *Instrument) Digest() string { return DigestOf(i.Canonical()) }

// Digest is the base64 SHA-256 of the plan's JSON: what a signature that cancels is over.
func (p *Plan) Digest() string { return DigestOf(encode(p.plain())) }

// plain is the plan as it is written: [] where there is nothing, but no member at all for no lanes.
func (p *Plan) plain() Plan {
	out := *p
	out.Destroy = orEmpty(out.Destroy)
	return out
}

// same reports whether two plans are one.
func (p *Plan) same(q *Plan) bool { return p.Digest() == q.Digest() }

func orEmpty[T any](s []T) []T {
	if s == nil {
		return []T{}
	}
	return s
}

// DigestOf is the base64 SHA-256 of bytes.
func DigestOf(b []byte) string {
	sum := sha256.Sum256(b)
	return base64.StdEncoding.EncodeToString(sum[:])
}

// ParseInstrument reads an instrument that is well formed and in its canonical form, byte for byte.
func ParseInstrument(raw []byte) (*Instrument, error) {
	i := new(Instrument)
	bad := func(err error) (*Instrument, error) {
		return nil, &marz.Error{Code: marz.Invalid, Op: "read instrument", Subject: string(i.Plan.ID), Err: err}
	}
	if err := strict(raw, i); err != nil {
		return bad(err)
	}
	if err := i.check(); err != nil {
		return bad(err)
	}
	if !bytes.Equal(i.Canonical(), raw) {
		return bad(fault("it is not in its canonical form"))
	}
	return i, nil
}

func (i *Instrument) check() error {
	d := i.Dispositions
	switch {
	case i.V != 1:
		return fault("its version is %d; this program knows 1", i.V)
	case i.Node == "" || len(i.Node) > 512:
		return fault("it does not name the key of the node")
	case len(i.Readiness) > maxLines || len(i.Inventory) > maxLines:
		return fault("it has more than %d lines", maxLines)
	case d.Adopted < 0 || d.Returned < 0 || d.Lapsed < 0 || d.Alerts > maxAlerts || d.Alerts != d.Adopted+d.Returned+d.Lapsed:
		return fault("of %d alerts %d are adopted, %d returned and %d lapse; every alert has one disposition", d.Alerts, d.Adopted, d.Returned, d.Lapsed)
	case i.After < 0:
		return fault("it was taken down after no entry")
	}
	faults := []error{i.Plan.ID.Validate(), i.Origin.Validate(), i.Plan.check(), digest(d.Digest), text("the node's key", i.Node)}
	for n, c := range i.Readiness {
		if !checkPattern.MatchString(c.ID) || slices.ContainsFunc(i.Readiness[:n], func(o Check) bool { return o.ID == c.ID }) {
			return fault("%.40q is no name of a check, or stands there twice", c.ID)
		}
		if c.State != "good" && c.State != "attention" && c.State != "missing" {
			return fault("the check %s is %.40q; it can be good, attention or missing", c.ID, c.State)
		}
		faults = append(faults, text("the check "+c.ID, c.Value))
	}
	for n, l := range i.Inventory {
		if slices.ContainsFunc(i.Inventory[:n], func(o Line) bool { return o.What == l.What }) {
			return fault("the line %s stands there twice", l.What)
		}
		faults = append(faults, i.line(l))
	}
	return first(faults...)
}

// line holds a line of the inventory to its form.
func (i *Instrument) line(l Line) error {
	switch {
	case !namePattern.MatchString(l.What) || countable(l.What) == l.Measured:
		return fault("%.40q is no line of the inventory, or it is not for the node to measure", l.What)
	case l.Outgoing < 0 || l.Incoming < 0 || l.Outgoing > maxCount || l.Incoming > maxCount:
		return fault("%d and %d of %s cannot be; a count is 0 to %d", l.Outgoing, l.Incoming, l.What, maxCount)
	case l.Measured && (l.Outgoing != l.Incoming || l.Only != ""):
		return fault("the node measured %s, and both sides see what it measured", l.What)
	case l.Only != "" && l.Only != i.Plan.From && l.Only != i.Plan.To,
		l.Only == i.Plan.From && l.Incoming != 0, l.Only == i.Plan.To && l.Outgoing != 0:
		return fault("it is not said well who counted %s", l.What)
	}
	return nil
}

// Disposition says what becomes of one alert of the outgoing authority.
type Disposition struct {
	List        marz.ListID    `json:"list"`
	Alert       marz.AlertID   `json:"alert"`
	Disposition string         `json:"disposition"` // "adopted", "returned" or "lapsed"
	By          marz.OfficerID `json:"by"`          // who said it; "": nobody did, and it lapses
	Reason      string         `json:"reason"`      // a code
}

// Settle puts a table of dispositions into its canonical order, by list and alert. What was neither adopted nor returned lapses: what was offered and not taken up as well.
func Settle(all []Disposition) []Disposition {
	out := slices.Clone(orEmpty(all))
	for i := range out {
		if out[i].Disposition != "adopted" && out[i].Disposition != "returned" {
			out[i].Disposition = "lapsed"
		}
	}
	slices.SortFunc(out, func(a, b Disposition) int { return cmp.Or(cmp.Compare(a.List, b.List), cmp.Compare(a.Alert, b.Alert)) })
	return out
}

// CanonicalTable is the JSON of a table of dispositions, over which the digest of Dispositions is. The table itself is private.
func CanonicalTable(all []Disposition) []byte { return encode(Settle(all)) }

// Summary counts a table of dispositions for the instrument.
func Summary(all []Disposition) Dispositions {
	d := Dispositions{Alerts: len(all), Digest: DigestOf(CanonicalTable(all))}
	for _, a := range Settle(all) {
		switch a.Disposition {
		case "adopted":
			d.Adopted++
		case "returned":
			d.Returned++
		default:
			d.Lapsed++
		}
	}
	return d
}
