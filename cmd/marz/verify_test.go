package main

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"marz/verify"
)

// smallBundle is a journal of one entry, written after docs/spec/journal.md.
func smallBundle() []byte {
	const origin = "armenia/agarak"
	enc := base64.StdEncoding.EncodeToString
	private := ed25519.NewKeyFromSeed(bytes.Repeat([]byte{3}, ed25519.SeedSize))
	raw := append([]byte{1}, private.Public().(ed25519.PublicKey)...)
	id := sha256.Sum256(append([]byte(origin+"\n"), raw...))
	key := fmt.Sprintf("%s+%x+%s", origin, id[:4], enc(raw))
	body := fmt.Sprintf(`{"v":1,"seq":0,"at":"2025-01-01T00:00:00.000Z","origin":%q,"kind":"node.created","officer":"","authority":"am-bg",`+
		`"under":"am-ir-2025/1","policy":"%064d","public":{"key":%q,"exercise":true},"private":""}`, origin, 0, key)
	leaf := sha256.Sum256([]byte("\x00" + body))
	text := fmt.Sprintf("%s\n1\n%s\n", origin, enc(leaf[:]))
	sig := append(id[:4:4], ed25519.Sign(private, []byte(text))...)
	note, _ := json.Marshal(fmt.Sprintf("%s\n\u2014 %s %s\n", text, origin, enc(sig)))
	return fmt.Appendf(nil, `{"marz_bundle":1,"origin":%q,"key":%q,"payloads":"withheld"}
{"seq":0,"body":"%s","hashes":"%s"}
{"head":%s}
{"end":true,"entries":1,"heads":1}
`, origin, key, enc([]byte(body)), enc(leaf[:]), note)
}

func TestVerifyCommand(t *testing.T) {
	dir := t.TempDir()
	write := func(name string, data []byte) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	sound := write("sound", smallBundle())
	altered := write("altered", bytes.Replace(smallBundle(), []byte(`"seq":0,"body":"ey`), []byte(`"seq":0,"body":"eZ`), 1))
	for name, c := range map[string]struct {
		args           []string
		code           int
		stdout, stderr string
	}{
		"sound":       {[]string{"verify", sound}, 0, "all holds\n", ""},
		"exercise":    {[]string{"verify", sound}, 0, "never evidence of a real crossing", ""},
		"altered":     {[]string{"verify", altered}, 1, "first     seq 0: ", ""},
		"other key":   {[]string{"verify", "--key", "x", sound}, 2, "", "not a verifier key"},
		"no file":     {[]string{"verify", filepath.Join(dir, "none")}, 2, "", "there is no such file"},
		"no journal":  {[]string{"verify", dir}, 2, "", "journal.db"},
		"no argument": {[]string{"verify"}, 2, "", "accepts 1 arg"},
		"no flag":     {[]string{"verify", "--colour"}, 2, "", "unknown flag"},
	} {
		t.Run(name, func(t *testing.T) {
			var stdout, stderr bytes.Buffer
			code := run(context.Background(), c.args, nil, &stdout, &stderr)
			if code != c.code || !strings.Contains(stdout.String(), c.stdout) || !strings.Contains(stderr.String(), c.stderr) {
				t.Errorf("exit %d, want %d\n%s%s", code, c.code, &stdout, &stderr)
			}
		})
	}
}

func TestVerifyJSON(t *testing.T) {
	path := filepath.Join(t.TempDir(), "b")
	if err := os.WriteFile(path, smallBundle(), 0o600); err != nil {
		t.Fatal(err)
	}
	var stdout, stderr bytes.Buffer
	if code := run(context.Background(), []string{"verify", "--json", path}, nil, &stdout, &stderr); code != 0 {
		t.Fatalf("exit %d: %s", code, &stderr)
	}
	var r verify.Report
	if err := json.Unmarshal(stdout.Bytes(), &r); err != nil || !r.OK() || r.Entries != 1 || !r.Exercise {
		t.Errorf("%v: %s", err, &stdout)
	}
}

// TestVerifyAct checks the act that is kept in package verify, as it is and altered.
func TestVerifyAct(t *testing.T) {
	const kept = "../../verify/testdata/act/"
	act, code, journal, scenario := kept+"act.json", kept+"code.json", kept+"journal.bundle", kept+"scenario.toml"
	text, err := os.ReadFile(act)
	if err != nil {
		t.Fatal(err)
	}
	var own struct {
		Authorities []struct{ ID, Key string }
	}
	if err := json.Unmarshal(text, &own); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	alter := func(name, from, to string) string {
		if !bytes.Contains(text, []byte(from)) {
			t.Fatalf("no %s", from)
		}
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, bytes.Replace(text, []byte(from), []byte(to), 1), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	ru, am := own.Authorities[0].Key, own.Authorities[1].Key
	const node = "armenia/agarak+ca80567f+AepKbGPinFIKvvVQexMuxfmVR3auvr57kkIe6mkURtIs"
	for name, c := range map[string]struct {
		args           []string
		code           int
		stdout, stderr string
	}{
		"keys given":        {[]string{act, "--authority", ru, "--authority", am}, 0, "\nall holds\n", ""},
		"keys of a file":    {[]string{act, "--register", scenario}, 0, "\nall holds\n", ""},
		"keys of a folder":  {[]string{act, "--register", kept}, 0, "control of agarak passed from ru-bg to am-bg at entry 9, at 2024-12-31T20:00:00.000Z by the node's clock", ""},
		"its own keys":      {[]string{act}, 3, "IT AGREES WITH ITSELF, and no more: the keys are its own.", ""},
		"one key":           {[]string{act, "--authority", am}, 3, "who signed: the keys of ru-bg are the act's own", ""},
		"node's key":        {[]string{act, "--register", scenario, "--key", node}, 0, "all holds", ""},
		"another key":       {[]string{act, "--register", scenario, "--key", ru}, 1, "first     instrument.node: it is not the node's key that was given", ""},
		"journal":           {[]string{act, "--register", scenario, "--journal", journal}, 0, "the act's head is of it", ""},
		"no journal":        {[]string{act, "--register", scenario, "--journal", dir}, 2, "", "journal.db"},
		"code":              {[]string{code, "--register", scenario}, 3, "IT AGREES WITH ITSELF, and more follows only from what this code does not hold", ""},
		"code, no keys":     {[]string{code}, 3, "that am-bg signed: the code does not hold the keys", ""},
		"inventory altered": {[]string{alter("i", `"outgoing":3`, `"outgoing":4`), "--register", scenario}, 1, "first     instrument.inventory[3].outgoing (seq 6): it is not what this entry presented\n", ""},
		"entry altered":     {[]string{alter("e", `\"crossings\":2`, `\"crossings\":3`), "--register", scenario}, 1, "first     entries[4] (seq 9): its proof does not lead to the head", ""},
		"another version":   {[]string{alter("v", `{"v":1`, `{"v":2`)}, 2, "", "it is an act of version 2, and this checker knows 1"},
		"bad key":           {[]string{act, "--authority", "x"}, 2, "", "not a verifier key"},
		"no register":       {[]string{act, "--register", dir}, 2, "", "name a scenario's folder or its scenario.toml"},
		"a journal instead": {[]string{journal, "--register", scenario}, 2, "", "it is no act of handover"},
	} {
		t.Run(name, func(t *testing.T) {
			var stdout, stderr bytes.Buffer
			code := run(context.Background(), append([]string{"verify"}, c.args...), nil, &stdout, &stderr)
			if code != c.code || !strings.Contains(stdout.String(), c.stdout) || !strings.Contains(stderr.String(), c.stderr) {
				t.Errorf("exit %d, want %d\n%s%s", code, c.code, &stdout, &stderr)
			}
		})
	}
	var stdout, stderr bytes.Buffer
	if code := run(context.Background(), []string{"verify", "--json", "--register", scenario, "--journal", journal, act}, nil, &stdout, &stderr); code != 0 {
		t.Fatalf("exit %d: %s", code, &stderr)
	}
	var r struct {
		verify.ActReport
		Journal *verify.Report
	}
	if err := json.Unmarshal(stdout.Bytes(), &r); err != nil || !r.Known || r.ID != "agarak-1" || r.Journal == nil || r.Journal.Entries != 20 || len(r.Leaves) == 0 {
		t.Errorf("%v: %s", err, &stdout)
	}
}
