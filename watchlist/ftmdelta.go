package watchlist

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"hash"
	"os"
)

// OpenSanctions publishes what has changed from one version of its entities to the next: a line for each entity with what became of it, ADD and MOD with the entity as it is now, whole, and DEL with its ID
// (opensanctions.org/faq/80). An alert is made of several entities: a person's passport and the reason for his listing stand in lines of their own, and a delta has just those that changed. So a delta does not lead from one list to the next,
// it leads from one file of entities to the next: its entities take the places of those in the file, and the list is made of what results. No number is lost or left behind by it.

// Bounds on deltas, which are held in memory while the file that they change is read.
const (
	maxDeltaBytes = 2 << 30 // of each
	maxDeltaLines = 4_000_000
)

// ftmDeltas is what deltas say of entities: what the last of them says of each.
type ftmDeltas struct {
	of    map[string]*ftmChange
	order []string // their IDs, as they first came
}

// ftmChange is what became of one entity.
type ftmChange struct {
	source source
	name   string
	line   int
	entity *ftmEntity // nil: it was deleted
	op     string
	met    bool // it stood in the file
}

// readDeltas reads deltas in the order in which they follow one another.
func readDeltas(paths []string, h hash.Hash) (*ftmDeltas, error) {
	d := &ftmDeltas{of: map[string]*ftmChange{}}
	for _, path := range paths {
		in, name := sourceOf(path)
		lines := 0
		if err := in.eachLine(name, maxDeltaBytes, h, func(line int, b []byte) error {
			lines++
			return d.read(in, name, line, b)
		}); err != nil {
			return nil, err
		}
		if lines == 0 {
			return nil, in.bad(name, 0, "it is empty; fetch it again")
		}
	}
	return d, nil
}

// ftmOp is one line of a delta.
type ftmOp struct {
	Op     string     `json:"op"`
	Entity *ftmEntity `json:"entity"`
}

// isDelta reports whether a line may be one of a delta.
func isDelta(b []byte) bool {
	var op ftmOp
	return json.Unmarshal(b, &op) == nil && op.Op != ""
}

// read reads one line of a delta.
func (d *ftmDeltas) read(in source, name string, line int, b []byte) error {
	fail := func(fix string) error { return in.bad(name, line, fix) }
	var op ftmOp
	if err := json.Unmarshal(b, &op); err != nil {
		return fail(fmt.Sprintf("the line is not one JSON object with op and entity: %v", syntax(err)))
	}
	e := op.Entity
	switch {
	case op.Op != "ADD" && op.Op != "MOD" && op.Op != "DEL":
		return fail("op is none of ADD, MOD and DEL; this is no delta of OpenSanctions")
	case e == nil || e.ID == "":
		return fail("the line has no entity with an id")
	case op.Op == "DEL":
		e = &ftmEntity{ID: e.ID}
	case e.Schema == "" || e.Properties == nil:
		return fail("the entity lacks schema or properties; " + op.Op + " gives it whole")
	}
	c, known := d.of[e.ID]
	if !known {
		if len(d.order) == maxDeltaLines {
			return fail(fmt.Sprintf("the deltas change more than %d entities; fetch the whole file instead", maxDeltaLines))
		}
		d.order = append(d.order, e.ID)
		c = &ftmChange{op: op.Op}
		d.of[e.ID] = c
	}
	c.source, c.name, c.line, c.entity = in, name, line, e
	if op.Op == "DEL" {
		c.entity = nil
	}
	return nil
}

// met reports whether an entity that deltas change stood in the file before.
func (d *ftmDeltas) met(id string) bool {
	c := d.change(id)
	return c != nil && c.met
}

// change returns what deltas say of an entity, or nil.
func (d *ftmDeltas) change(id string) *ftmChange {
	if d == nil {
		return nil
	}
	return d.of[id]
}

// takeChanged takes an entity as the deltas say that it is, if it is still there.
func (r *ftmReader) takeChanged(c *ftmChange) error {
	if c.entity == nil {
		return nil
	}
	in, name, line := r.source, r.name, r.line
	r.source, r.name, r.line = c.source, c.name, c.line
	err := r.take(c.entity)
	r.source, r.name, r.line = in, name, line
	return err
}

// added takes the entities of deltas that did not stand in the file, and notes what does not follow from it.
func (r *ftmReader) added() error {
	if r.deltas == nil {
		return nil
	}
	known, unknown := 0, 0
	for _, id := range r.deltas.order {
		c := r.deltas.of[id]
		switch {
		case c.met && c.op == "ADD":
			known++
		case !c.met && c.op != "ADD":
			unknown++
		}
		if !c.met {
			if err := r.takeChanged(c); err != nil {
				return err
			}
		}
	}
	if known+unknown > 0 {
		r.list.Notes = append(r.list.Notes, fmt.Sprintf("the deltas add %d entities that are in the file already, and change or delete %d that are not; "+
			"see whether they follow the version of this file, and one another", known, unknown))
	}
	return nil
}

// IsDelta reports whether a file begins as a delta of OpenSanctions does.
func IsDelta(path string) bool {
	f, err := os.Open(path)
	if err != nil {
		return false
	}
	defer f.Close()
	lines := lineReader{r: bufio.NewReader(f), max: maxLineBytes}
	b, err := lines.next()
	return err == nil && isDelta(bytes.TrimPrefix(b, utf8BOM))
}
