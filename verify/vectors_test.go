package verify

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
)

func jsonValid(b []byte) bool { return json.Valid(b) }

// vectors is docs/spec/journal-vectors.json, which is written from the journal's side.
type vectors struct {
	Key struct {
		VKey string `json:"vkey"`
	} `json:"key"`
	Entries []struct {
		Body    string `json:"body"`
		Salt    string `json:"salt"`
		Payload string `json:"payload"`
		Leaf    string `json:"leaf"`
		Hashes  string `json:"hashes"`
	} `json:"entries"`
	Heads []struct {
		Size int64  `json:"size"`
		Root string `json:"root"`
		Note string `json:"note"`
	} `json:"heads"`
}

func TestVectors(t *testing.T) {
	data, err := os.ReadFile(filepath.Join("..", "docs", "spec", "journal-vectors.json"))
	if errors.Is(err, fs.ErrNotExist) {
		t.Skip("docs/spec/journal-vectors.json is not there")
	}
	must(t, err)
	var v vectors
	must(t, json.Unmarshal(data, &v))
	key, fault := parseKey(v.Key.VKey)
	if fault != "" {
		t.Fatal(fault)
	}
	c := &checker{scratch: sha256.New()}
	roots := map[int64]digest{}
	for i, x := range v.Entries {
		e, fault := parseEntry([]byte(x.Body))
		if fault != "" || e.seq != int64(i) {
			t.Errorf("entry %d: seq %d: %s", i, e.seq, fault)
		}
		leaf := c.leafHash([]byte(x.Body))
		if hex.EncodeToString(leaf[:]) != x.Leaf {
			t.Errorf("entry %d: leaf %x, want %s", i, leaf, x.Leaf)
		}
		var hashes []byte
		for _, d := range c.bodies.add(leaf, nil) {
			hashes = append(hashes, d[:]...)
		}
		if hex.EncodeToString(hashes) != x.Hashes {
			t.Errorf("entry %d: hashes %x, want %s", i, hashes, x.Hashes)
		}
		roots[c.bodies.size] = c.bodies.root()
		salt, err := hex.DecodeString(x.Salt)
		must(t, err)
		if want := string(e.private); want != "" && x.Salt != "" { // an erased payload is not in the vectors
			sum := sha256.Sum256(append(salt, x.Payload...))
			if hex.EncodeToString(sum[:]) != want {
				t.Errorf("entry %d: payload digest %x, want %s", i, sum, want)
			}
		}
	}
	for _, x := range v.Heads {
		h, fault := parseHead([]byte(x.Note))
		if fault == "" {
			fault = h.signedBy(&key)
		}
		if fault != "" || h.size != x.Size || h.root != roots[x.Size] {
			t.Errorf("head of size %d: %s", x.Size, fault)
		}
		if root := hex.EncodeToString(h.root[:]); root != x.Root {
			t.Errorf("head of size %d: root %s, want %s", x.Size, root, x.Root)
		}
	}
}
