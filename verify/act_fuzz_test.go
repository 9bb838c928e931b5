package verify

import (
	"bytes"
	"context"
	"encoding/json"
	"slices"
	"testing"

	"marz"
	"marz/transfer"
)

// FuzzAct holds the reader of acts to what it promises: no panic, and nothing proven that differs from what was signed.
func FuzzAct(f *testing.F) {
	h, a := ordinary(f)
	f.Add(writeJSON(a))
	f.Add(h.code(a))
	a.Closed = nil
	f.Add(writeJSON(a))
	f.Add([]byte(`{"v":1,"instrument":{},"armed":[],"entries":[],"head":"","post":"","authorities":[]}`))
	f.Add([]byte(`{"core":"marz/act/v1\n","armed":[],"closed":[],"head":""}`))
	o := h.known()
	o.Node = h.vkey
	f.Fuzz(func(t *testing.T, data []byte) {
		r, err := Act(context.Background(), data, o)
		if err != nil {
			if marz.CodeOf(err) != marz.Invalid {
				t.Error(err)
			}
			return
		}
		switch {
		case !json.Valid(data):
			t.Errorf("%q was read, and is not JSON", data)
		case r.Kind == "act" && r.OK() == (len(r.Proves) == 0):
			t.Errorf("%+v", r)
		case r.OK() && len(r.Armed)+len(r.Closed) > 0 && (r.Digest != h.digest || r.Seq != 9 || r.From != outgoing || r.To != incoming):
			t.Errorf("another act holds: %s", data)
		case r.OK() && r.Kind == "act" && len(r.Armed) != 2:
			t.Errorf("an act holds that two did not arm: %s", data)
		}
		for _, p := range r.Problems {
			if p.Part == "" || p.What == "" {
				t.Errorf("%+v", p)
			}
		}
	})
}

// FuzzInstrument holds the canonical form against the writer of package transfer: what the checker takes is what that would write.
func FuzzInstrument(f *testing.F) {
	h := newHandover(f)
	h.plan.Lanes, h.plan.Deadline, h.plan.Unilateral = []marz.LaneID{"1"}, true, midnight+1
	f.Add(writeJSON(h.instrument()))
	i := h.instrument()
	i.Readiness[0].Value = "\b\f\n\r\t\v\u2028\u2029\u007f<>&\"\\ժ\U0001f6c2"
	f.Add(writeJSON(i))
	f.Fuzz(func(t *testing.T, data []byte) {
		value, fault := wellFormed(data)
		if fault != "" || !bytes.Equal(value, data) {
			return
		}
		r := &reading{canonical: true, fault: func(string, string) {}}
		if r.read("instrument", value, instrumentShape) == nil {
			return
		}
		var i transfer.Instrument
		must(t, json.Unmarshal(data, &i))
		if again := writeJSON(i); !bytes.Equal(again, data) {
			t.Errorf("%s is taken as canonical, and is written\n%s", data, again)
		}
	})
}

func FuzzCOSE(f *testing.F) {
	f.Add(newAuthenticator(f, nil).cose())
	f.Add([]byte{0xa1, 0x01, 0x02})
	f.Fuzz(func(t *testing.T, data []byte) {
		k, fault := parseCOSE(data)
		if fault == "" && (k.public == nil || k.verify(nil, slices.Clone(data))) {
			t.Errorf("%x", data)
		}
	})
}
