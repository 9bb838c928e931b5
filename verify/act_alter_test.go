package verify

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
)

// TestActEveryByte flips bits all over a sound act. Whatever is not found must be in what nothing is signed over, and leaves the report as it was.
func TestActEveryByte(t *testing.T) {
	h, a := ordinary(t)
	sound := writeJSON(a)
	want := checkAct(t, a, h.known())
	free := unsigned(t, sound)
	step := 1 + len(sound)/6000
	if testing.Short() {
		step = 1 + len(sound)/600
	}
	tried, unfound := 0, 0
	for i := 0; i < len(sound); i += step {
		altered := bytes.Clone(sound)
		altered[i] ^= 1 << (i / step % 8)
		tried++
		r, err := Act(context.Background(), altered, h.known())
		if err != nil || !r.OK() {
			continue
		}
		unfound++
		if !free(i) {
			t.Errorf("byte %d (%q) was altered to %q, and all holds", i, around(sound, i), altered[i])
		} else if !reflect.DeepEqual(conclusions(r), conclusions(want)) {
			t.Errorf("byte %d (%q) was altered, and the report says something else:\n%+v", i, around(sound, i), r)
		}
	}
	t.Logf("%d of %d bytes altered, %d without effect, all of them in what nothing is signed over", tried, len(sound), unfound)
}

// conclusions is the report without its notes, which may tell of what proves nothing.
func conclusions(r *ActReport) ActReport {
	c := *r
	c.Notes = nil
	return c
}

func around(b []byte, i int) []byte { return b[max(0, i-20):min(len(b), i+20)] }

// unsigned returns whether a byte is in post, in authorities, or in the credential's name of a closing signature.
func unsigned(t *testing.T, act []byte) func(int) bool {
	type span struct{ from, to int }
	var spans []span
	add := func(from, to string, base int) int {
		i := bytes.Index(act[base:], []byte(from))
		if i < 0 {
			t.Fatalf("no %s", from)
		}
		i += base
		k := bytes.Index(act[i:], []byte(to))
		spans = append(spans, span{i + len(from), i + k})
		return i
	}
	add(`"post":`, `,"authorities"`, 0)
	add(`"authorities":`, `]`, 0)
	add(`"credential":`, `,"key"`, bytes.Index(act, []byte(`"closed":`)))
	return func(i int) bool {
		return slices.ContainsFunc(spans, func(s span) bool { return s.from <= i && i < s.to })
	}
}

// TestActEveryValue alters every value of an act, and leaves out, doubles and moves every member and element. What is wrong must be named.
func TestActEveryValue(t *testing.T) {
	h, a := ordinary(t)
	sound := writeJSON(a)
	doc := readTree(t, sound)
	if again := writeJSON(doc); !bytes.Equal(again, sound) {
		t.Fatalf("read and written again it is\n%s\nand was\n%s", again, sound)
	}
	tried := 0
	alterations(doc, nil, func(path []string, what string) {
		tried++
		where := strings.Join(path, ".")
		r, err := Act(context.Background(), writeJSON(doc), h.known())
		if slices.Contains([]string{"post", "authorities"}, path[0]) || path[0] == "closed" && path[len(path)-1] == "credential" {
			return // nothing is signed over it, and whether it is well formed is all that can be said
		}
		named := func(p ActProblem) bool {
			return strings.HasPrefix(p.Part, path[0]) || what == "added under another name" && strings.HasSuffix(p.Part, `"extra"`) ||
				where == "commissions" && strings.Contains(p.What, "no commission of")
		}
		switch {
		case err != nil:
			if path[0] != "v" && what != "doubled as a member" {
				t.Errorf("%s %s: %v", where, what, err)
			}
		case r.OK() && len(path) == 1 && (what == "moved" || path[0] == "closed" && slices.Contains([]string{"made empty", "shortened", "left out"}, what)):
			// signatures stand in no order, and an act holds before it is closed; then it says so
			if len(r.Closed) < 2 && len(r.Notes) == 0 {
				t.Errorf("%s %s, and the report does not say who has not closed it", where, what)
			}
		case r.OK() && (where == "commissions" || where == "commissions.0.signatures") && what == "doubled":
			// one good signature is enough, as in the register
		case r.OK():
			t.Errorf("%s %s, and all holds", where, what)
		case r.Known || len(r.Proves) > 0:
			t.Errorf("%s %s: something is proven by what does not hold", where, what)
		case !slices.ContainsFunc(r.Problems, named):
			t.Errorf("%s %s, and it is not named:\n%v", where, what, r.Problems)
		}
	})
	t.Logf("%d alterations", tried)
	if tried < 500 {
		t.Errorf("only %d alterations", tried)
	}
}

// alterations calls try for each alteration of a document while it stands there.
func alterations(v any, path []string, try func(path []string, what string)) {
	under := func(name string) []string { return append(slices.Clone(path), name) }
	switch v := v.(type) {
	case *ordered:
		for i, name := range v.names {
			was := v.values[i]
			for what, to := range others(was) {
				v.values[i] = to
				try(under(name), what)
			}
			v.values[i] = was
			names, values := v.names, v.values
			v.names, v.values = slices.Delete(slices.Clone(names), i, i+1), slices.Delete(slices.Clone(values), i, i+1)
			try(under(name), "left out")
			v.names, v.values = append(slices.Clone(names), name), append(slices.Clone(values), was)
			try(under(name), "doubled as a member")
			v.names, v.values = append(slices.Clone(names), "extra"), append(slices.Clone(values), was)
			try(under(name), "added under another name")
			v.names, v.values = names, values
			alterations(was, under(name), try)
		}
	case []any:
		for i, was := range v {
			for what, to := range others(was) {
				v[i] = to
				try(under(fmt.Sprint(i)), what)
			}
			v[i] = was
			alterations(was, under(fmt.Sprint(i)), try)
		}
	}
}

// ordered is an object whose members keep their order.
type ordered struct {
	names  []string
	values []any
}

func (o *ordered) MarshalJSON() ([]byte, error) {
	b := []byte{'{'}
	for i, name := range o.names {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(append(append(b, writeJSON(name)...), ':'), writeJSON(o.values[i])...)
	}
	return append(b, '}'), nil
}

func readTree(t *testing.T, raw []byte) any {
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	var value func() any
	value = func() any {
		token, err := d.Token()
		must(t, err)
		switch token {
		case json.Delim('{'):
			o := &ordered{}
			for d.More() {
				name, err := d.Token()
				must(t, err)
				o.names, o.values = append(o.names, name.(string)), append(o.values, value())
			}
			_, err := d.Token()
			must(t, err)
			return o
		case json.Delim('['):
			all := []any{}
			for d.More() {
				all = append(all, value())
			}
			_, err := d.Token()
			must(t, err)
			return all
		}
		return token
	}
	return value()
}

// others are other values than one.
func others(v any) map[string]any {
	out := map[string]any{"made null": nil, "made a bool": true, "made an object": map[string]any{}}
	switch v := v.(type) {
	case string:
		out = map[string]any{"made null": nil, "made empty": "", "lengthened": v + "A", "made a number": 1}
		if len(v) > 1 {
			out["cut"] = v[:len(v)-1]
			mid := []byte(v)
			mid[len(mid)/2] = 'A' + (mid[len(mid)/2]+1)%26
			out["changed"] = string(mid)
		}
	case json.Number:
		n, _ := v.Int64()
		out = map[string]any{"made null": nil, "raised": n + 1, "made a string": v.String(), "made negative": -n - 1, "made fractional": 0.5, "made huge": json.Number("1e99")}
	case []any:
		out["made empty"] = []any{}
		if len(v) > 0 {
			out["shortened"] = v[:len(v)-1]
			out["doubled"] = append(slices.Clone(v), v[len(v)-1])
		}
		if len(v) > 1 {
			moved := slices.Clone(v)
			moved[0], moved[len(v)-1] = moved[len(v)-1], moved[0]
			out["moved"] = moved
		}
	}
	for what, to := range out {
		if bytes.Equal(writeJSON(to), writeJSON(v)) {
			delete(out, what)
		}
	}
	return out
}
