package watchlist

import (
	"bufio"
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
	"path"
	"slices"
	"strings"
	"unicode/utf8"

	"marz"
	"marz/watchlist/name"
)

// ftmKinds maps the schemas of FollowTheMoney that are alerts of their own. Other schemas (ownerships, occupancies …) describe these and are passed over.
var ftmKinds = map[string]Kind{
	"Person": Person, "Organization": Organisation, "Company": Organisation, "LegalEntity": Organisation,
	"PublicBody": Organisation, "Vessel": Vessel, "Airplane": Aircraft, "Vehicle": Vehicle,
}

// ftmDocuments maps properties to the document whose number they give.
var ftmDocuments = []struct{ property, kind string }{
	{"passportNumber", "passport"}, {"idNumber", "identity number"}, {"taxNumber", "tax number"},
	{"innCode", "tax number"}, {"socialSecurityNumber", "social security number"}, {"registrationNumber", "registration number"},
}

// ftmVehicles maps properties of means of transport to the number they give.
var ftmVehicles = []struct{ property, kind string }{
	{"registrationNumber", "registration"}, {"imoNumber", "IMO number"}, {"mmsi", "MMSI"}, {"callSign", "call sign"},
	{"serialNumber", "serial number"},
}

// ftmEntity is one line of a file.
type ftmEntity struct {
	ID         string                     `json:"id"`
	Caption    string                     `json:"caption"`
	Schema     string                     `json:"schema"`
	Properties map[string]json.RawMessage `json:"properties"`
	Target     *bool                      `json:"target"`
}

// ftmReader builds a list from entities of FollowTheMoney, one JSON object a line, as OpenSanctions publishes them.
type ftmReader struct {
	source
	name    string
	list    *List
	at      map[string]int // ID of an entity → index of its alert
	lines   map[string]bool
	held    []ftmHeld
	reasons []ftmHeld
	related int

	addresses map[string]string // ID of an address → its text
	living    []ftmLiving
}

// ftmLiving says which addresses an alert refers to.
type ftmLiving struct {
	alert int
	at    []string
}

// ftmHeld is what one entity says about others, kept until all of them are read: lines stand in any order.
type ftmHeld struct {
	holders []string
	numbers []Number
	id      string // of the entity itself
	why     string
}

func newFtMReader(in source, name string) *ftmReader {
	id := slug(name)
	return &ftmReader{source: in, name: name, at: map[string]int{}, lines: map[string]bool{}, addresses: map[string]string{}, list: &List{ID: marz.ListID(id), Name: id}}
}

// ftm reads a file of entities.
func (in source) ftm(name string) (*List, error) {
	r := newFtMReader(in, name)
	sum := sha256.New()
	if err := in.jsonLines(name, maxFtMBytes, sum, r.entity); err != nil {
		return nil, err
	}
	if err := r.link(); err != nil {
		return nil, err
	}
	r.list.Version = digestOf(sum)
	return r.list, nil
}

// digestOf is the version of what has been read.
func digestOf(h hash.Hash) string { return "sha256-" + hex.EncodeToString(h.Sum(nil)[:8]) }

// jsonLines gives the lines of a file that are not empty, without a byte order mark. sum hears all of its bytes.
func (in source) jsonLines(name string, most int64, sum io.Writer, each func(line int, b []byte) error) error {
	f, err := in.open(name)
	if err != nil {
		return err
	}
	defer f.Close()
	capped := &io.LimitedReader{R: f, N: most + 1}
	lines := &lineReader{r: bufio.NewReaderSize(io.TeeReader(capped, sum), 64<<10), max: maxLineBytes}
	for {
		line, err := lines.next()
		switch {
		case errors.Is(err, io.EOF) && capped.N <= 0:
			return in.bad(name, 0, fmt.Sprintf("it is larger than %d MB", most>>20))
		case errors.Is(err, io.EOF):
			return nil
		case errors.Is(err, errLong):
			return in.bad(name, lines.line, fmt.Sprintf("the line is longer than %d MB; write one entity a line", maxLineBytes>>20))
		case err != nil:
			return in.unreadable(name, err)
		}
		if lines.line == 1 {
			line = bytes.TrimPrefix(line, utf8BOM)
		}
		if line = bytes.TrimSpace(line); len(line) == 0 {
			continue
		}
		if !utf8.Valid(line) {
			return in.bad(name, lines.line, "the line is not UTF-8; convert the file or fetch it again")
		}
		if err := each(lines.line, line); err != nil {
			return err
		}
	}
}

// slug makes the ID of a list from the name of its file: letters, digits and hyphens, without extensions.
func slug(file string) string {
	base, _, _ := strings.Cut(path.Base(file), ".")
	parts := name.Parts(base)
	out := strings.Map(func(r rune) rune {
		if r == '-' || 'a' <= r && r <= 'z' || '0' <= r && r <= '9' {
			return r
		}
		return -1
	}, strings.Join(parts, "-"))
	if out = strings.Trim(out, "-"); out == "" {
		return "list"
	}
	return out[:min(len(out), 63)]
}

// entity reads one line.
func (r *ftmReader) entity(line int, b []byte) error {
	e, err := r.parseEntity(r.name, line, b)
	if err != nil {
		return err
	}
	return r.add(line, e)
}

// parseEntity reads an entity.
func (in source) parseEntity(name string, line int, b []byte) (*ftmEntity, error) {
	var e ftmEntity
	if err := json.Unmarshal(b, &e); err != nil {
		return nil, in.bad(name, line, fmt.Sprintf("the line is not one JSON entity: %v", syntax(err)))
	}
	if e.ID == "" || e.Schema == "" || e.Properties == nil {
		return nil, in.bad(name, line, "the entity lacks id, schema or properties")
	}
	return &e, nil
}

// isDocument reports whether the entity is a document of another, which it names as its holder.
func (e *ftmEntity) isDocument() bool { return e.Schema == "Passport" || e.Schema == "Identification" }

// refersTo are the entities of whose alerts this one says something.
func (e *ftmEntity) refersTo() []string {
	p := properties{raw: e.Properties}
	switch {
	case e.isDocument():
		return p.get("holder")
	case e.Schema == "Sanction":
		return p.get("entity")
	}
	return nil
}

// livesAt are the entities whose addresses the alert of this one has.
func (e *ftmEntity) livesAt() []string {
	if ftmKinds[e.Schema] == "" {
		return nil
	}
	p := properties{raw: e.Properties}
	at, _ := p.lives()
	return at
}

// add takes an entity into the list.
func (r *ftmReader) add(line int, e *ftmEntity) error {
	if r.lines[e.ID] {
		return r.bad(r.name, line, "the entity of this line stands twice")
	}
	r.lines[e.ID] = true
	p := properties{raw: e.Properties}
	switch kind := ftmKinds[e.Schema]; {
	case e.isDocument():
		r.document(e, &p)
	case e.Schema == "Sanction":
		r.reasons = append(r.reasons, ftmHeld{holders: p.get("entity"), id: e.ID, why: strings.Join(append(p.get("program"), p.get("reason")...), "; ")})
	case e.Schema == "Address":
		r.addresses[e.ID] = p.address()
	case kind == "":
	case e.Target != nil && !*e.Target:
		r.related++ // stands in the file only because a listed entity refers to it
	default:
		if len(r.list.Alerts) == maxAlerts {
			return r.bad(r.name, line, fmt.Sprintf("it holds more than %d alerts", maxAlerts))
		}
		r.at[e.ID] = len(r.list.Alerts)
		if at, _ := p.lives(); len(at) > 0 {
			r.living = append(r.living, ftmLiving{len(r.list.Alerts), at})
		}
		r.list.Alerts = append(r.list.Alerts, p.alert(e, kind))
		if a := r.list.Alerts[r.at[e.ID]]; len(a.Names) == 0 && p.bad == "" {
			return r.bad(r.name, line, "the entity has no name, caption or number")
		}
	}
	if p.bad != "" {
		return r.bad(r.name, line, fmt.Sprintf("the property %q is not a list of at most %d strings", p.bad, maxValues))
	}
	return nil
}

// document keeps a passport or identity card until its holder is known.
func (r *ftmReader) document(e *ftmEntity, p *properties) {
	n := Number{Type: "identity document", Country: country(p.first("country"))}
	if e.Schema == "Passport" {
		n.Type = "passport"
	}
	if t := p.first("type"); t != "" {
		n.Type = strings.ToLower(t)
	}
	held := ftmHeld{holders: p.get("holder"), id: e.ID, why: p.why()}
	for _, num := range append(p.get("number"), p.get("passportNumber")...) {
		n.Number = num
		addNumber(&held.numbers, n)
	}
	if len(held.numbers) > 0 {
		r.held = append(r.held, held)
	}
}

// link gives documents and reasons to the alerts they belong to, in the order of their IDs, so that the order of the lines makes no difference. A document whose holder is not in the file
// is an alert of its own: a blank that was stolen has no holder.
func (r *ftmReader) link() error {
	byID := func(a, b ftmHeld) int { return cmp.Compare(a.id, b.id) }
	slices.SortFunc(r.held, byID)
	slices.SortFunc(r.reasons, byID)
	for _, h := range r.held {
		linked := false
		for _, id := range h.holders {
			if i, ok := r.at[id]; ok {
				a := &r.list.Alerts[i]
				for _, n := range h.numbers {
					addNumber(&a.Documents, n)
				}
				if len(a.Documents) > maxValues {
					return r.bad(r.name, 0, fmt.Sprintf("entity %.60q holds more than %d documents", id, maxValues))
				}
			}
			linked = linked || r.lines[id]
		}
		if !linked {
			r.list.Alerts = append(r.list.Alerts,
				Alert{ID: marz.AlertID(h.id), Kind: Document, Documents: h.numbers, Why: h.why})
		}
	}
	for _, h := range r.reasons {
		for _, id := range h.holders {
			if i, ok := r.at[id]; ok && h.why != "" {
				a := &r.list.Alerts[i]
				a.Why = strings.TrimPrefix(a.Why+"; "+h.why, "; ")
			}
		}
	}
	for _, l := range r.living {
		for _, id := range l.at {
			if text := r.addresses[id]; text != "" {
				addTo(&r.list.Alerts[l.alert].Addresses, text)
			}
		}
	}
	if r.related > 0 {
		r.list.Notes = append(r.list.Notes, fmt.Sprintf("%d entities are marked as not listed themselves (target false) and are left out", r.related))
	}
	return nil
}
