package verify

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"testing"
)

var update = flag.Bool("update", false, "write testdata/act anew")

// golden is where an act stands with its journal, its code and the register that knows the keys. It was written once, so that a check which no longer takes
// acts that were given out is found. TestVerifyAct of cmd/marz checks it too.
const golden = "testdata/act"

func TestActGolden(t *testing.T) {
	file := func(name string) string { return filepath.Join(golden, name) }
	if *update {
		h, a := ordinary(t)
		scenario := ""
		for _, who := range a.Authorities {
			scenario += fmt.Sprintf("[[authority]]\nid = %q\nstate = %q\nname = %q\nkey = %q\n\n", who.ID, who.State, who.Name, h.verifiers[string(who.ID)])
		}
		scenario += "[[frontier]]\nid = \"am-ir\"\nstates = [\"ARM\", \"IRN\"]\nname = \"Armenia and Iran\"\n\n[[post]]\nid = \"agarak\"\nname = \"Agarak\"\nstate = \"ARM\"\n" +
			"frontier = \"am-ir\"\nkind = \"road\"\nlat = 38.8\nlon = 46.2\nzone = \"Asia/Yerevan\"\nsource = \"made up\"\n"
		must(t, os.MkdirAll(golden, 0o755))
		for name, data := range map[string][]byte{"act.json": writeJSON(a), "code.json": h.code(a), "journal.bundle": h.bundle(true), "scenario.toml": []byte(scenario)} {
			must(t, os.WriteFile(file(name), data, 0o644))
		}
	}
	act, err := os.ReadFile(file("act.json"))
	must(t, err)
	var keys struct{ Authorities []struct{ Key string } }
	must(t, json.Unmarshal(act, &keys))
	r, err := Act(context.Background(), act, ActOptions{Authorities: []string{keys.Authorities[0].Key, keys.Authorities[1].Key}})
	must(t, err)
	if _, err := r.Journal(context.Background(), file("journal.bundle")); err != nil || !r.OK() || !r.Known {
		t.Errorf("%v: %+v", err, r)
	}
	code, err := os.ReadFile(file("code.json"))
	must(t, err)
	if r, err := Act(context.Background(), code, ActOptions{Authorities: []string{keys.Authorities[0].Key, keys.Authorities[1].Key}}); err != nil || !r.OK() || r.Known {
		t.Errorf("%v: %+v", err, r)
	}
}
