package watchlist

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"marz"
)

// ImportChange reads a change of a list as OpenSanctions publishes it: a line of JSON for each entity, with what became of it (ADD, MOD, DEL). The versions between which it leads stand
// elsewhere, so that From is empty; To is a digest of the file.
func ImportChange(path string, o Options) (*Change, error) {
	in, name := sourceOf(path)
	f, err := in.open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	r := &ftmReader{source: in, name: name, hash: sha256.New(), at: map[string]int{}, lines: map[string]bool{}, delta: true, list: &List{ID: marz.ListID(slug(name))}}
	c := &Change{}
	lines := &lineReader{r: bufio.NewReaderSize(io.TeeReader(f, r.hash), 64<<10), max: maxLineBytes}
	for {
		line, err := lines.next()
		if errors.Is(err, io.EOF) {
			break
		}
		if errors.Is(err, errLong) {
			return nil, in.bad(name, lines.line, "the line is too long; write one entity a line")
		}
		if err != nil {
			return nil, in.unreadable(name, err)
		}
		if err := r.change(c, lines.line, bytes.TrimSpace(bytes.TrimPrefix(line, utf8BOM))); err != nil {
			return nil, err
		}
	}
	if err := r.link(); err != nil {
		return nil, err
	}
	if len(r.list.Alerts)+len(c.Drop) == 0 {
		return nil, in.bad(name, 0, "it changes no alert")
	}
	if len(r.list.Alerts) > 0 {
		if _, err := in.seal(name, r.list, o); err != nil {
			return nil, err
		}
	}
	if c.List = r.list.ID; o.ID != "" {
		c.List = o.ID
	}
	c.Put, c.Notes, c.Loaded = inOrder(r.list.Alerts), r.list.Notes, o.Loaded
	c.To = "sha256-" + hex.EncodeToString(r.hash.Sum(nil)[:8])
	return c, c.check()
}

// change reads one line of a change.
func (r *ftmReader) change(c *Change, line int, b []byte) error {
	if len(b) == 0 {
		return nil
	}
	var op struct {
		Op     string          `json:"op"`
		Entity json.RawMessage `json:"entity"`
	}
	if err := json.Unmarshal(b, &op); err != nil {
		return r.bad(r.name, line, fmt.Sprintf("the line is not one JSON object with op and entity: %v", syntax(err)))
	}
	switch op.Op {
	case "ADD", "MOD":
		return r.entity(line, op.Entity)
	case "DEL":
		var e struct {
			ID string `json:"id"`
		}
		if json.Unmarshal(op.Entity, &e) != nil || e.ID == "" {
			return r.bad(r.name, line, "the entity that is deleted has no id")
		}
		c.Drop = append(c.Drop, marz.AlertID(e.ID))
		return nil
	}
	return r.bad(r.name, line, "op is none of ADD, MOD and DEL")
}
