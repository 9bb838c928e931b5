package watchlist

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
)

// Bounds of the deltas that are applied at once. What is larger is fetched whole faster than it is applied.
const (
	maxDeltaBytes = 512 << 20 // of one file; what is kept of all of them is no more
	maxDeltaOps   = 1_000_000 // in all of them
)

// ftmOp is what deltas make of one entity.
type ftmOp struct {
	line  []byte // the entity as it is afterwards; nil: there is none
	moved bool   // it was deleted, so that what stands in the base is not there any more, whatever came after
	order int    // where it comes among those that are added
	held  bool   // the base has it
	first string // what was done with it first
}

// deltaOps reads a delta over those before it. Each line is an object with the keys op and entity. ADD and MOD hold the entity whole, as the file of entities does, so that both put it in the place of what there was;
// DEL holds its ID. They are applied one after the other: what is deleted and added again is there, what is added and deleted is not.
func (d *Delta) deltaOps(in source, name string) error {
	return in.jsonLines(name, maxDeltaBytes, io.Discard, func(line int, b []byte) error {
		op, entity, err := deltaLine(b)
		if err != nil {
			return in.bad(name, line, err.Error())
		}
		if d.count++; d.count > maxDeltaOps {
			return in.bad(name, line, fmt.Sprintf("the deltas hold more than %d lines; fetch the entities whole and build the list anew", maxDeltaOps))
		}
		id, err := in.deltaEntity(name, line, op, entity)
		if err != nil {
			return err
		}
		if d.take(op, id, entity); d.bytes > maxDeltaBytes {
			return in.bad(name, line, fmt.Sprintf("the deltas change more than %d MB; fetch the entities whole and build the list anew", maxDeltaBytes>>20))
		}
		return nil
	})
}

// take notes what a line says. Of an entity that lines have changed already it is known whether it is there; of any other the base says so.
func (d *Delta) take(op, id string, entity []byte) {
	o, again := d.ops[id]
	if !again {
		o = &ftmOp{order: d.count, first: op}
		d.ops[id] = o
	} else {
		d.strays.see(op, o.line != nil)
	}
	d.bytes -= len(o.line)
	switch {
	case op == "DEL":
		o.line, o.moved = nil, true
		return
	case again && o.line == nil:
		o.order = d.count
	}
	o.line = bytes.Clone(entity)
	d.bytes += len(o.line)
}

// strays count lines that do not fit what was there: in an unbroken row of versions there are none.
type strays struct{ added, changed, deleted int }

func (s *strays) see(op string, there bool) {
	switch {
	case op == "ADD" && there:
		s.added++
	case op == "MOD" && !there:
		s.changed++
	case op == "DEL" && !there:
		s.deleted++
	}
}

func (s *strays) notes() []string {
	if s.added+s.changed+s.deleted == 0 {
		return nil
	}
	return []string{fmt.Sprintf("%d entities were to be added that were there, %d to be changed and %d to be deleted that were not: a delta between may be missing, or was applied before; all were taken as they came", s.added, s.changed, s.deleted)}
}

// deltaLine divides a line of a delta. Its errors are words.
func deltaLine(b []byte) (op string, entity json.RawMessage, err error) {
	fields, err := object(b)
	if err != nil {
		return "", nil, fmt.Errorf("the line is not one JSON object with op and entity: %w", err)
	}
	for key := range fields {
		if key != "op" && key != "entity" {
			return "", nil, fmt.Errorf("%.40q is no field of a delta; its lines have op and entity", key)
		}
	}
	if json.Unmarshal(fields["op"], &op) != nil || op != "ADD" && op != "MOD" && op != "DEL" {
		return "", nil, errors.New("op is none of ADD, MOD and DEL")
	}
	if fields["entity"] == nil || fields["entity"][0] != '{' {
		return "", nil, errors.New("the line has no entity")
	}
	return op, fields["entity"], nil
}

// deltaEntity returns the ID of the entity of a line, after seeing that an import would take it.
func (in source) deltaEntity(name string, line int, op string, b []byte) (string, error) {
	fields, err := object(b)
	if err == nil {
		err = plainNames(fields)
	}
	if err == nil && fields["properties"] != nil && fields["properties"][0] == '{' {
		_, err = object(fields["properties"])
	}
	if err != nil {
		return "", in.bad(name, line, fmt.Sprintf("the entity: %v", err))
	}
	if op != "DEL" {
		r := newFtMReader(in, name)
		e, err := in.parseEntity(name, line, b)
		if err != nil {
			return "", err
		}
		return e.ID, r.add(line, e)
	}
	var id string
	if json.Unmarshal(fields["id"], &id) != nil || id == "" {
		return "", in.bad(name, line, "the entity that is deleted has no id")
	}
	return id, nil
}

// plainNames refuses a field of an entity that is one of those that are read but for its capitals: encoding/json takes it for that.
func plainNames(fields map[string]json.RawMessage) error {
	for key := range fields {
		for _, known := range []string{"id", "caption", "schema", "properties", "target"} {
			if key != known && strings.EqualFold(key, known) {
				return fmt.Errorf("the field %.40q is to be written %q", key, known)
			}
		}
	}
	return nil
}

// object reads a JSON object of which no field stands twice. Its errors are words.
func object(b []byte) (map[string]json.RawMessage, error) {
	d := json.NewDecoder(bytes.NewReader(b))
	if t, err := d.Token(); err != nil {
		return nil, syntax(err)
	} else if t != json.Delim('{') {
		return nil, errors.New("it is no object")
	}
	out := map[string]json.RawMessage{}
	for d.More() {
		key, err := d.Token()
		if err != nil {
			return nil, syntax(err)
		}
		name := key.(string) // or Token had given an error
		if _, twice := out[name]; twice {
			return nil, fmt.Errorf("the field %.40q stands twice", name)
		}
		var v json.RawMessage
		if err := d.Decode(&v); err != nil {
			return nil, syntax(err)
		}
		out[name] = bytes.TrimSpace(v)
	}
	if _, err := d.Token(); err != nil {
		return nil, syntax(err)
	}
	if d.InputOffset() != int64(len(b)) {
		return nil, errors.New("something follows the object")
	}
	return out, nil
}
