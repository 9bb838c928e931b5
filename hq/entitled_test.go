package hq

import (
	"encoding/json"
	"testing"

	"marz"
	"marz/journal"
)

// A headquarters takes the payloads that posts give it by the register: those of records that its authority owns with another, whose officer wrote the entry, as well. If it did not, the payloads behind one would wait for good.
func TestEntitledByTheRegister(t *testing.T) {
	h := newHouse(t)
	node := h.open()
	for _, tt := range []struct {
		kind, public string
		of           marz.AuthorityID
		want         bool
	}{
		{"inspection.opened", `{"owners":["am-bg","ru-bg"]}`, "ru-bg", true},
		{"inspection.opened", `{"owners":["ru-bg"]}`, "ru-bg", false},
		{"inspection.opened", `{}`, "am-bg", true},
		{"hits.found", `{}`, "ru-bg", false},
	} {
		e := journal.Entry{Kind: tt.kind, Authority: tt.of, At: noon, Public: json.RawMessage(tt.public)}
		if got := node.entitled("gyumri")(e); got != tt.want {
			t.Errorf("%s of %s, %s: %v, want %v", tt.kind, tt.of, tt.public, got, tt.want)
		}
	}
}
