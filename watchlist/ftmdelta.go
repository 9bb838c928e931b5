package watchlist

import (
	"bufio"
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/json"
	"io"
	"os"
	"regexp"
	"slices"

	"marz"
)

// Delta is one or several of OpenSanctions' deltas, entities.delta.json, over the file of entities, entities.ftm.json, to which they apply.
//
// Entities are a graph: a passport, a sanction or an address is an entity of its own, and a delta holds only what has changed. So an alert cannot be made from a delta and the alert before, which does not say whose line gave it a number.
// It is made from the entities before and after, of which a delta reads again those that it reaches: what it changes, what that refers to, and what refers to these. The change that comes out is the one between the lists
// that an import of the files before and after would give, alert for alert.
//
// It reads the base three times, and once more to write the entities after it, and holds what the deltas hold, the entities that they reach and the alerts of these, and no more; the base itself may be as large as an import takes. It is not for concurrent use.
type Delta struct {
	in     source
	name   string // of the base
	ops    map[string]*ftmOp
	count  int // lines of the deltas
	bytes  int // of the entities in ops
	strays strays

	from, to string          // digests of the entities before and after
	reached  map[string]bool // whose alerts can have changed
	wanted   map[string]bool // addresses of these
	before   []Alert         // see Before
}

// OpenDelta reads deltas, the oldest first. Whatever is wrong with one of them is an error that names its line, and nothing is applied.
func OpenDelta(base string, deltas ...string) (*Delta, error) {
	d := &Delta{ops: map[string]*ftmOp{}, reached: map[string]bool{}, wanted: map[string]bool{}}
	d.in, d.name = sourceOf(base)
	head, err := d.in.head(d.name)
	if err != nil {
		return nil, err
	}
	if head[0] != '{' || isDelta(head) {
		return nil, d.in.bad(d.name, 1, "it is no file of entities; a delta of OpenSanctions is applied to the entities.ftm.json before it")
	}
	for _, path := range deltas {
		in, name := sourceOf(path)
		head, err := in.head(name)
		if err != nil {
			return nil, err
		}
		if !isDelta(head) {
			return nil, in.bad(name, 1, "it is no delta of OpenSanctions, whose lines begin with {\"op\":")
		}
		if err := d.deltaOps(in, name); err != nil {
			return nil, err
		}
	}
	if d.from, d.to, err = d.roll(io.Discard, d.reach, d.reach); err != nil {
		return nil, err
	}
	for _, o := range d.ops {
		d.strays.see(o.first, o.held)
	}
	for id := range d.ops {
		d.reached[id] = true
	}
	return d, nil
}

// Change returns the change that the deltas make. Options are those with which the list was made of the base; From and To are the digests of the entities before and after, which are what an import gives as version.
func (d *Delta) Change(o Options) (*Change, error) {
	if err := d.again(io.Discard, d.want, d.want); err != nil {
		return nil, err
	}
	was, is := newFtMReader(d.in, d.name), newFtMReader(d.in, d.name)
	if err := d.again(io.Discard, d.keep(was), d.keep(is)); err != nil {
		return nil, err
	}
	before, err := d.alerts(was, o)
	if err != nil {
		return nil, err
	}
	after, err := d.alerts(is, o)
	if err != nil {
		return nil, err
	}
	d.before = before.Alerts
	c := Diff(slices.Values(before.Alerts), slices.Values(after.Alerts))
	c.List, c.From, c.To, c.Loaded, c.Notes = after.ID, d.from, d.to, o.Loaded, d.strays.notes()
	return c, c.check()
}

// Before returns the alerts that the change could reach, as they were; with those are some of which not everything was read. It is empty before Change.
func (d *Delta) Before() []Alert { return d.before }

// WriteEntities writes the entities as they are after the deltas, in place of the file that is there, which may be the base. The next delta applies to it, and a list that is built of it has the version to which the change leads. What
// is changed stays in its place, what is added comes at the end; lines end in a line feed.
func (d *Delta) WriteEntities(path string) error {
	return replaceFile(path, func(_ *os.File, w *bufio.Writer) error { return d.again(w, unread, unread) })
}

// ftmLine is an entity of which as little is read as is needed: most lines of a base are of no interest.
type ftmLine struct {
	ID     string `json:"id"`
	Schema string `json:"schema"`
	b      []byte
	line   int
	whole  *ftmEntity
}

// refers reports whether the entity can refer to others whose change is also its own.
func (l *ftmLine) refers() bool {
	e := ftmEntity{Schema: l.Schema}
	return e.isDocument() || l.Schema == "Sanction" || ftmKinds[l.Schema] != "" && (bytes.Contains(l.b, []byte("addressEntity")) || bytes.Contains(l.b, []byte(`\u00`)))
}

// line reads the ID and the schema of an entity.
func (d *Delta) line(line int, b []byte) (*ftmLine, error) {
	l := &ftmLine{b: b, line: line}
	if json.Unmarshal(b, l) != nil || l.ID == "" {
		_, err := d.entity(l) // which says why
		return l, err
	}
	return l, nil
}

func (d *Delta) entity(l *ftmLine) (*ftmEntity, error) {
	var err error
	if l.whole == nil {
		l.whole, err = d.in.parseEntity(d.name, l.line, l.b)
	}
	return l.whole, err
}

func unread(*ftmLine) error { return nil }

// reach notes whose alerts an entity can change: its own and those of the entities that it refers to, if the deltas change it; its own if it is a document or lives at an address of which they do. A document is an alert of its own only
// if none of its holders is there, so that all of these are looked at with it.
func (d *Delta) reach(l *ftmLine) error {
	_, touched := d.ops[l.ID]
	if !touched && !l.refers() {
		return nil
	}
	e, err := d.entity(l)
	if err != nil {
		return err
	}
	refers := e.refersTo()
	if e.isDocument() && !touched {
		touched = slices.ContainsFunc(refers, func(id string) bool { return d.ops[id] != nil })
	}
	if !touched {
		if slices.ContainsFunc(e.livesAt(), func(id string) bool { return d.ops[id] != nil }) {
			d.reached[e.ID] = true
		}
	} else {
		d.reached[e.ID] = true
		for _, id := range refers {
			d.reached[id] = true
		}
	}
	if len(d.reached) > maxAlerts {
		return d.in.bad(d.name, 0, "the deltas reach too many alerts; fetch the entities whole and build the list anew")
	}
	return nil
}

// want notes the addresses of an entity that is reached.
func (d *Delta) want(l *ftmLine) error {
	if !d.reached[l.ID] {
		return nil
	}
	e, err := d.entity(l)
	if err != nil {
		return err
	}
	for _, id := range e.livesAt() {
		d.wanted[id] = true
	}
	return nil
}

// keep takes into a list what the alerts that are reached are made of.
func (d *Delta) keep(r *ftmReader) func(*ftmLine) error {
	return func(l *ftmLine) error {
		needed := d.reached[l.ID] || d.wanted[l.ID]
		if !needed && !l.refers() {
			return nil
		}
		e, err := d.entity(l)
		if err == nil && (needed || slices.ContainsFunc(e.refersTo(), func(id string) bool { return d.reached[id] })) {
			err = r.add(l.line, e)
		}
		return err
	}
}

// alerts returns the alerts that are reached. What is there of others, as of a document of which not all holders are, is the same before and after.
func (d *Delta) alerts(r *ftmReader, o Options) (*List, error) {
	if err := r.link(); err != nil {
		return nil, err
	}
	return r.list, d.in.complete(d.name, r.list, o)
}

// again reads everything once more, and sees that it is what it was.
func (d *Delta) again(out io.Writer, was, is func(*ftmLine) error) error {
	from, to, err := d.roll(out, was, is)
	if err == nil && (from != d.from || to != d.to) {
		err = &marz.Error{Code: marz.Conflict, Op: "load list", Subject: d.in.path(d.name), Fix: "the file has changed while it was read; try again"}
	}
	return err
}

// roll gives the entities before and after, writes those after, and returns the digests of both.
func (d *Delta) roll(out io.Writer, was, is func(*ftmLine) error) (from, to string, err error) {
	before, after := sha256.New(), sha256.New()
	w := bufio.NewWriterSize(io.MultiWriter(out, after), 64<<10)
	put := func(l *ftmLine) error {
		w.Write(l.b)
		if err := w.WriteByte('\n'); err != nil {
			return err
		}
		return is(l)
	}
	replaced := func(o *ftmOp) error {
		l, err := d.line(0, o.line)
		if err != nil {
			return err
		}
		return put(l)
	}
	err = d.in.jsonLines(d.name, maxFtMBytes, before, func(line int, b []byte) error {
		l, err := d.line(line, b)
		if err == nil {
			err = was(l)
		}
		if err != nil {
			return err
		}
		o := d.ops[l.ID]
		switch {
		case o == nil:
			return put(l)
		case o.held && d.from == "":
			return d.in.bad(d.name, line, "the entity of this line stands twice")
		}
		if o.held = true; o.moved {
			return nil
		}
		return replaced(o)
	})
	if err != nil {
		return "", "", err
	}
	for _, id := range d.added() {
		if err := replaced(d.ops[id]); err != nil {
			return "", "", err
		}
	}
	if err := w.Flush(); err != nil {
		return "", "", err
	}
	return digestOf(before), digestOf(after), nil
}

// added are the entities that stand after those of the base, in their order.
func (d *Delta) added() []string {
	var out []string
	for id, o := range d.ops {
		if o.line != nil && (o.moved || !o.held) {
			out = append(out, id)
		}
	}
	slices.SortFunc(out, func(a, b string) int { return cmp.Compare(d.ops[a].order, d.ops[b].order) })
	return out
}

var deltaStart = regexp.MustCompile(`^\{\s*"(op|entity)"\s*:`)

// isDelta reports whether a file that begins so is a delta.
func isDelta(head []byte) bool { return deltaStart.Match(head) }

// IsEntities reports whether a file is one of entities of FollowTheMoney, to which deltas apply.
func IsEntities(path string) bool {
	in, name := sourceOf(path)
	head, err := in.head(name)
	return err == nil && head[0] == '{' && !isDelta(head)
}

// IsDelta reports whether a file is a delta of OpenSanctions, by how it begins. Of what cannot be read it says no.
func IsDelta(path string) bool {
	in, name := sourceOf(path)
	head, err := in.head(name)
	return err == nil && isDelta(head)
}
