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
