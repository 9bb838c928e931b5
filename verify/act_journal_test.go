package verify

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"marz"
	"marz/transfer"
)

// afterward checks an act with the journal that it is of, once as a folder and once as a bundle, and returns the report.
func (h *handover) afterward(a transfer.Act) *ActReport {
	h.t.Helper()
	bundle := filepath.Join(h.t.TempDir(), "bundle")
	must(h.t, os.WriteFile(bundle, h.bundle(true), 0o600))
	var out [2]*ActReport
	for i, path := range []string{h.copyTo(h.t.TempDir()), bundle} {
		out[i] = checkAct(h.t, a, h.known())
		if _, err := out[i].Journal(context.Background(), path); err != nil {
			h.t.Fatal(err)
		}
	}
	if f, b := string(writeJSON(out[0])), string(writeJSON(out[1])); f != b {
		h.t.Errorf("the folder says\n%s\nand the bundle\n%s", f, b)
	}
	return out[0]
}

func (h *handover) deed(kind, by, officer, under, public string) {
	h.commit(draft{kind: kind, by: by, officer: officer, under: under, public: public})
}

func TestActJournal(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*transfer.Execution)
		after  func(h *handover)
		what   string // of the problem; "": all holds
		note   string
	}{
		"nothing": {nil, func(h *handover) {}, "", ""},
		"what it may": {nil, func(h *handover) {
			h.deed("session.closed", outgoing, outgoingOfficer, "a/1", "{}")
			h.deed("act.refused", outgoing, outgoingOfficer, "a/1", "{}")
			h.deed("list.loaded", outgoing, "", "a/1", "{}")
			h.deed("transfer.closed", outgoing, outgoingOfficer, "a/1", "{}")
			h.deed("inspection.opened", incoming, incomingOfficer, "a/1", "{}")
		}, "", ""},
		"what it may not": {nil, func(h *handover) { h.deed("record.read", outgoing, outgoingOfficer, "a/1", "{}") },
			"ru-bg/0001 wrote record.read under a/1 for ru-bg, which had no power for it since entry 9", ""},
		"observers": {func(x *transfer.Execution) { x.Ends = nil }, func(h *handover) {
			h.deed("record.read", outgoing, outgoingOfficer, "a/7", "{}")
			h.deed("session.opened", outgoing, outgoingOfficer, "a/7", "{}")
			h.deed("record.read", outgoing, outgoingOfficer, "a/7", "{}")
		}, "", "wrote 3 entries under a/7, the first of them entry 10: record.read, session.opened"},
		"observers who inspect": {func(x *transfer.Execution) { x.Ends = nil },
			func(h *handover) { h.deed("inspection.opened", outgoing, outgoingOfficer, "a/7", "{}") }, "wrote inspection.opened", ""},
		"in joint service": {func(x *transfer.Execution) { x.Ends, x.Frees = nil, nil },
			func(h *handover) { h.deed("inspection.opened", outgoing, outgoingOfficer, "a/7", "{}") }, "", "wrote 1 entries under a/7"},
		"given back": {nil, func(h *handover) {
			h.deed("control.passed", outgoing, "", "a/9", `{"place":"agarak","from":"am-bg","to":"ru-bg"}`)
			h.deed("record.read", outgoing, outgoingOfficer, "a/9", "{}")
		}, "", "entry 10 gives control back to ru-bg"},
		"another place given": {nil, func(h *handover) {
			h.deed("control.passed", outgoing, "", "a/9", `{"place":"yeraskh","from":"am-bg","to":"ru-bg"}`)
			h.deed("record.read", outgoing, outgoingOfficer, "a/9", "{}")
		}, "wrote record.read", ""},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHandover(t)
			h.ready()
			h.arm(incoming)
			h.arm(outgoing)
			h.setTime(midnight)
			change := c.change
			if change == nil {
				change = func(*transfer.Execution) {}
			}
			h.execute(change)
			a := h.act()
			c.after(h)
			r := h.afterward(a)
			switch {
			case c.what == "" && (!r.OK() || !r.Known || !strings.Contains(strings.Join(r.Proves, "\n"), "the act's head is of it") || strings.Contains(strings.Join(r.Leaves, "\n"), "of the head") || strings.Contains(strings.Join(r.Leaves, "\n"), "exercise")):
				t.Errorf("%+v", r)
			case c.what != "" && (!hasProblem(r, "journal", c.what) || r.Known || len(r.Proves) > 0):
				t.Errorf("%+v", r)
			case !strings.Contains(strings.Join(r.Notes, "\n"), c.note):
				t.Errorf("%q", r.Notes)
			}
		})
	}
}

// TestActOtherJournal compares an act with journals that it is not of.
func TestActOtherJournal(t *testing.T) {
	h := newHandover(t)
	h.both(midnight)
	size := len(h.entries)
	a := h.act()
	other := newHandover(t) // the same key signs another history
	other.plan.Article = "am-ru-2024-agarak/3"
	other.both(midnight)
	other.fill(size+3, 2)
	r := checkAct(t, a, h.known())
	_, err := r.Journal(context.Background(), other.copyTo(t.TempDir()))
	must(t, err)
	if !hasProblem(r, "journal", "another root than the act's head") {
		t.Errorf("%v", r.Problems)
	}
	short := newHandover(t)
	r = checkAct(t, a, h.known())
	_, err = r.Journal(context.Background(), short.copyTo(t.TempDir()))
	must(t, err)
	if !hasProblem(r, "journal", "it has 5 entries, and the act's head is over 10") {
		t.Errorf("%v", r.Problems)
	}
	h.entries[2].body[20] ^= 1
	path := filepath.Join(t.TempDir(), "b")
	must(t, os.WriteFile(path, h.bundle(true), 0o600))
	r = checkAct(t, a, h.known())
	_, err = r.Journal(context.Background(), path)
	must(t, err)
	if !hasProblem(r, "journal", "it does not hold") {
		t.Errorf("%v", r.Problems)
	}
	if _, err := r.Journal(context.Background(), filepath.Join(t.TempDir(), "none")); marz.CodeOf(err) != marz.NotFound {
		t.Error(err)
	}
}

// code is the text of the code that is printed on an act.
func (h *handover) code(a transfer.Act) []byte {
	type qr struct {
		Core   string               `json:"core"`
		Armed  []transfer.Signature `json:"armed"`
		Closed []transfer.Signature `json:"closed"`
		Head   string               `json:"head"`
	}
	if a.Closed == nil {
		a.Closed = []transfer.Signature{}
	}
	return writeJSON(qr{h.core(&a), a.Armed, a.Closed, a.Head})
}

func TestActCode(t *testing.T) {
	h := newHandover(t)
	h.plan.Lanes, h.cases = []marz.LaneID{"1", "2"}, []transfer.Case{transfer.Partial}
	h.both(midnight.Add(time.Millisecond))
	a := h.act()
	h.close(&a, incoming, outgoing)
	code := h.code(a)
	check := func(data []byte, o ActOptions) *ActReport {
		t.Helper()
		r, err := Act(context.Background(), data, o)
		must(t, err)
		return r
	}
	o := h.known()
	r := check(code, o)
	if !r.OK() || !r.Known || r.Kind != "qr" || len(r.Armed) != 2 || len(r.Closed) != 2 || r.Seq != 9 || strings.Join(r.Lanes, " ") != "1 2" ||
		!strings.Contains(strings.Join(r.Leaves, "\n"), "that the head is the journal's") || r.Executed != "2024-12-31T20:00:00.001Z" {
		t.Errorf("%+v", r)
	}
	o.Node = h.vkey
	if r := check(code, o); !r.OK() || !strings.Contains(strings.Join(r.Proves, "\n"), "its key, which was given, signed the head") {
		t.Errorf("%+v", r)
	}
	if r := check(code, ActOptions{}); !r.OK() || r.Known || len(r.Armed)+len(r.Closed) > 0 || !strings.Contains(r.Leaves[0], "that am-bg and ru-bg signed: the code does not hold the keys") {
		t.Errorf("%+v", r)
	}
	h.commission(outgoingOfficer, nil)
	pass := h.act()
	h.close(&pass, outgoingOfficer)
	if r := check(h.code(pass), o); !r.OK() || r.Known || !strings.Contains(r.Leaves[0], "the passkeys are those of ru-bg/0001") {
		t.Errorf("%+v", r)
	}
	// Every byte of it is signed by somebody.
	for i := range code {
		altered := append([]byte{}, code...)
		altered[i] ^= 1 << (i % 7)
		if r, err := Act(context.Background(), altered, o); err == nil && r.OK() {
			t.Errorf("byte %d (%q) was altered, and all holds", i, around(code, i))
		}
	}
	var doc map[string]any
	must(t, json.Unmarshal(code, &doc))
	doc["head"] = string(h.note(8))
	if r := check(writeJSON(doc), o); !hasProblem(r, "head", "not the head that the core names") {
		t.Errorf("%+v", r)
	}
}
