package agreement

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"marz"
)

// registerVectors is docs/spec/register-vectors.json.
type registerVectors struct {
	Keys        []vectorKey        `json:"keys"`
	Instruments []vectorInstrument `json:"instruments"`
	Refused     []vectorRefusal    `json:"refused"`
	File        string             `json:"file"` // of the instruments, as it is exchanged
}

type vectorKey struct {
	Seed   string           `json:"seed"` // of Ed25519, hex
	Name   marz.AuthorityID `json:"name"`
	ID     string           `json:"id"` // of the key, hex
	Secret string           `json:"secret"`
	Key    string           `json:"key"` // the verifier key
}

type vectorInstrument struct {
	JSON       string   `json:"json"` // without signatures: what the digest is over
	Digest     string   `json:"digest"`
	Text       string   `json:"text"` // what is signed
	Signatures []string `json:"signatures"`
	Note       string   `json:"note"`   // text and signatures, for tools that read signed notes
	Public     string   `json:"public"` // as an entry holds it
}

type vectorRefusal struct {
	Why    string             `json:"why"`
	Public string             `json:"public"`
	Good   []marz.AuthorityID `json:"good"` // whose signature is good all the same
}

const vectorRegister = `
[[agreement]]
id = "am-ru-test"
title = "Համաձայնագիր <1> & \"2\" \\ مرز"
parties = ["am-bg", "ru-bg"]
signed = "2024-10-08"
from = "2025-01-01T00:00:00+04:00"
while = [{ state = "ARM", bloc = "csto" }]
source = "Invented for the vectors"
reconstruction = true
[[agreement.article]]
id = "1"
kind = "control"
authority = "ru-bg"
place = "agarak"
from = "2025-01-01T00:00:00.001Z"
text = ""
[[agreement.article]]
id = "2"
kind = "transfer"
authority = "ru-bg"
to = "am-bg"
place = "agarak"
by = "2025-07-01T00:00:00+04:00"
text = "Control\tpasses.\n"
[[agreement.article]]
id = "3"
kind = "joint"
authorities = ["am-bg", "ru-bg"]
places = ["margara", "am-tr-aras"]
until = "2026-01-01T00:00:00+04:00"
powers = ["inspect", "decide"]
decisions = ["refuse", "hold"]
first = "exit"
cedar = 'forbid (principal, action == Action::"hold", resource) when { resource is Record && resource.nationality == "" };'
text = ""
[[agreement.article]]
id = "4"
kind = "share"
authority = "ru-bg"
to = "am-bg"
place = "margara"
what = ["records", "hits"]
fields = ["identity", "hits"]
fresh = "72h"
while = [{ state = "RUS", bloc = "csto" }]
text = ""
[[agreement.article]]
id = "5"
kind = "obligation"
owes = "csto"
owed = "ARM"
due = "2022-10-01T00:00:00+04:00"
entitles = "To leave"
text = "Assistance"
[[statement]]
by = "am-bg"
agreement = "am-ru-test"
article = "4"
status = "suspended"
from = "2025-02-01T00:00:00+04:00"
issued = "2025-01-31T20:15:30.250+04:00"
expires = "2025-03-01T00:00:00+04:00"
[[statement]]
by = "ru-bg"
bloc = "csto"
state = "RUS"
status = "active"
from = "1994-04-20T00:00:00+03:00"
issued = "1994-04-20T00:00:00+03:00"
source = "Invented for the vectors"
[[report]]
by = "am-bg"
article = "am-ru-test/5"
status = "breached"
at = "2022-11-23T00:00:00+04:00"
evidence = "Invented for the vectors"
`

const vectorTransfers = `
[[agreement]]
id = "am-ru-test-lanes"
title = "Two transfers of a part"
parties = ["am-bg", "ru-bg"]
signed = "2025-01-08"
source = "Invented for the vectors"
[[agreement.article]]
id = "1"
kind = "transfer"
authority = "ru-bg"
to = "am-bg"
place = "agarak"
at = "2025-05-01T00:00:00+04:00"
lanes = ["t1", "t2"]
clock = "commanders"
unilateral = "36h30m"
destroy = ["hits", "lists"]
text = "Two lanes pass."
[[agreement.article]]
id = "2"
kind = "transfer"
authority = "ru-bg"
to = "am-bg"
place = "agarak"
by = "2025-06-01T00:00:00+04:00"
flow = "persons"
text = ""
`

// vectorCommissions are one, and its end.
func vectorCommissions() []Commission {
	key := append([]byte{0xa5, 0x01, 0x02, 0x03, 0x26, 0x20, 0x01, 0x21, 0x58, 0x20}, bytes.Repeat([]byte{0xfb}, 67)...)
	given := Commission{By: "am-bg", Officer: "am-bg/0107", Key: base64.StdEncoding.EncodeToString(key), Place: "agarak", From: at("2024-12-01T00:00:00+04:00"),
		Until: at("2025-02-01T00:00:00+04:00"), Issued: at("2024-11-30T12:00:00.5+04:00"), Source: "Invented for the vectors"}
	ended := Commission{By: given.By, Officer: given.Officer, Key: given.Key, Place: given.Place, From: at("2025-01-02T00:00:00+04:00"), Revoked: true, Issued: at("2025-01-02T00:00:00+04:00")}
	return []Commission{given, ended}
}

// vectorGround is the scenario's with the keys of the vectors.
func vectorGround(t *testing.T, keys []vectorKey) Ground {
	t.Helper()
	g := armeniaGround(t)
	g.Authorities = slices.Clone(g.Authorities)
	for i := range g.Authorities {
		for _, k := range keys {
			if g.Authorities[i].ID == k.Name {
				g.Authorities[i].Key = k.Key
			}
		}
	}
	return g
}

func makeVectorKeys(t *testing.T) []vectorKey {
	t.Helper()
	var out []vectorKey
	for _, id := range []marz.AuthorityID{"am-bg", "ru-bg"} {
		seed := sha256.Sum256([]byte("marz register vectors " + id))
		secret, key, err := NewKey(bytes.NewReader(seed[:]), id)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, vectorKey{hex.EncodeToString(seed[:]), id, strings.Split(key, "+")[1], secret, key})
	}
	return out
}

func makeVectors(t *testing.T) registerVectors {
	t.Helper()
	v := registerVectors{Keys: makeVectorKeys(t)}
	g := vectorGround(t, v.Keys)
	d, err := Parse("vectors.toml", []byte(vectorRegister))
	if err != nil {
		t.Fatal(err)
	}
	more, err := Parse("vectors.toml", []byte(vectorTransfers))
	if err != nil {
		t.Fatal(err)
	}
	more.Commissions = vectorCommissions()
	if _, err := Check(g, at("2026-01-01T00:00:00Z"), d, more); err != nil {
		t.Fatal(err)
	}
	all := slices.Concat(d.Instruments(), more.Instruments())
	for i := range all {
		one := vectorInstrument{JSON: string(encode(all[i])), Digest: all[i].Digest(), Text: all[i].signedText()}
		for _, k := range v.Keys {
			if slices.Contains(all[i].Signers(), k.Name) {
				if err := all[i].Sign(k.Secret); err != nil {
					t.Fatal(err)
				}
			}
		}
		if err := all[i].CheckSignatures(&g); err != nil {
			t.Fatal(err)
		}
		one.Signatures = all[i].Signatures
		one.Note = one.Text + "\n" + strings.Join(one.Signatures, "\n") + "\n"
		one.Public = string(encode(all[i]))
		v.Instruments = append(v.Instruments, one)
	}
	v.File = string(EncodeSigned(all))
	v.Refused = refusalsOf(t, all, v.Keys)
	return v
}

// refusals are instruments of which not every signature is good.
func refusalsOf(t *testing.T, all []Instrument, keys []vectorKey) []vectorRefusal {
	t.Helper()
	refuse := func(i Instrument, why string, good ...marz.AuthorityID) vectorRefusal {
		return vectorRefusal{why, string(encode(i)), append([]marz.AuthorityID{}, good...)}
	}
	agreed := *all[0].Agreement
	agreed.Title += "."
	half, swapped, foreign := all[0], all[1], all[1]
	half.Signatures = half.Signatures[:1]
	swapped.Signatures = all[3].Signatures
	secret, _, err := NewKey(bytes.NewReader(bytes.Repeat([]byte{7}, 32)), keys[0].Name)
	if err != nil {
		t.Fatal(err)
	}
	foreign.Signatures = nil
	if err := foreign.Sign(secret); err != nil {
		t.Fatal(err)
	}
	return []vectorRefusal{
		refuse(half, "one party has not signed", keys[0].Name),
		refuse(Instrument{Agreement: &agreed, Signatures: all[0].Signatures}, "a word was changed after it was signed"),
		refuse(swapped, "the signature is under another instrument of the same authority"),
		refuse(foreign, "the key has the authority's name and is another"),
	}
}

// TestRegisterVectors makes the vectors anew and compares every byte. MARZ_UPDATE=1 writes the file.
func TestRegisterVectors(t *testing.T) {
	var b bytes.Buffer
	j := json.NewEncoder(&b)
	j.SetEscapeHTML(false)
	j.SetIndent("", "  ")
	if err := j.Encode(makeVectors(t)); err != nil {
		t.Fatal(err)
	}
	file := "../docs/spec/register-vectors.json"
	if os.Getenv("MARZ_UPDATE") != "" {
		if err := os.WriteFile(file, b.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(want, b.Bytes()) {
		t.Errorf("the bytes of signed instruments have changed; %s has\n%s\nand the program gives\n%s", file, want, b.Bytes())
	}
}

func readVectors(t *testing.T) registerVectors {
	t.Helper()
	b, err := os.ReadFile("../docs/spec/register-vectors.json")
	if err != nil {
		t.Fatal(err)
	}
	var v registerVectors
	if err := json.Unmarshal(b, &v); err != nil {
		t.Fatal(err)
	}
	return v
}

// TestRegisterVectorsAreRead reads the vectors as a node does that did not make them.
func TestRegisterVectorsAreRead(t *testing.T) {
	v := readVectors(t)
	g := vectorGround(t, v.Keys)
	all, err := ParseSigned("vectors", []byte(v.File))
	if err != nil || len(all) != len(v.Instruments) {
		t.Fatalf("%d instruments, %v", len(all), err)
	}
	for i, w := range v.Instruments {
		if all[i].Digest() != w.Digest || string(encode(all[i])) != w.Public {
			t.Errorf("instrument %d of the file is not that of the vectors", i)
		}
		if err := all[i].CheckSignatures(&g); err != nil {
			t.Error(err)
		}
	}
	for _, r := range v.Refused {
		var i Instrument
		if err := json.Unmarshal([]byte(r.Public), &i); err != nil {
			t.Fatal(err)
		}
		if got := i.Signed(&g); !slices.Equal(got, r.Good) {
			t.Errorf("%s: the signatures of %v are good, want %v", r.Why, got, r.Good)
		}
		if err := i.CheckSignatures(&g); marz.CodeOf(err) != marz.Invalid || err == nil {
			t.Errorf("%s: %v", r.Why, err)
		}
	}
}

// TestRegisterVectorsByThePage checks the vectors with what docs/spec/register.md says and standard cryptography alone.
func TestRegisterVectorsByThePage(t *testing.T) {
	v := readVectors(t)
	for _, k := range v.Keys {
		seed, err := hex.DecodeString(k.Seed)
		if err != nil {
			t.Fatal(err)
		}
		public := ed25519.NewKeyFromSeed(seed).Public().(ed25519.PublicKey)
		id := sha256.Sum256(slices.Concat([]byte(k.Name), []byte{0x0a, 0x01}, public))
		if k.ID != hex.EncodeToString(id[:4]) ||
			k.Key != fmt.Sprintf("%s+%s+%s", k.Name, k.ID, base64.StdEncoding.EncodeToString(append([]byte{1}, public...))) ||
			k.Secret != fmt.Sprintf("PRIVATE+KEY+%s+%s+%s", k.Name, k.ID, base64.StdEncoding.EncodeToString(append([]byte{1}, seed...))) {
			t.Errorf("the key of %s is not made as the page says", k.Name)
		}
	}
	for i, w := range v.Instruments {
		sum := sha256.Sum256([]byte(w.JSON))
		if w.Digest != base64.StdEncoding.EncodeToString(sum[:]) {
			t.Errorf("instrument %d: digest", i)
		}
		if lines := strings.Split(w.Text, "\n"); len(lines) != 4 || lines[0] != "marz/register/v1" || lines[2] != w.Digest || lines[3] != "" {
			t.Errorf("instrument %d: text %q", i, w.Text)
		}
		signatures, err := json.Marshal(w.Signatures)
		if err != nil {
			t.Fatal(err)
		}
		if cut := strings.TrimSuffix(w.Public, `,"signatures":`+string(signatures)+"}") + "}"; cut != w.JSON {
			t.Errorf("instrument %d: what an entry holds, without its signatures, is not what the digest is over:\n%s\n%s", i, cut, w.JSON)
		}
		for _, line := range w.Signatures {
			parts := strings.Split(line, " ")
			k := slices.IndexFunc(v.Keys, func(k vectorKey) bool { return len(parts) == 3 && string(k.Name) == parts[1] })
			if k < 0 || parts[0] != "\u2014" {
				t.Fatalf("instrument %d: signature line %q", i, line)
			}
			b, err := base64.StdEncoding.DecodeString(parts[2])
			if err != nil || len(b) != 68 || hex.EncodeToString(b[:4]) != v.Keys[k].ID {
				t.Fatalf("instrument %d: signature line %q", i, line)
			}
			key, err := base64.StdEncoding.DecodeString(strings.SplitN(v.Keys[k].Key, "+", 3)[2])
			if err != nil || !ed25519.Verify(key[1:], []byte(w.Text), b[4:]) {
				t.Errorf("instrument %d: the signature of %s is not good", i, parts[1])
			}
		}
	}
}

// TestRegisterVectorsByTheTools runs the commands of docs/spec/register.md, where they are installed.
func TestRegisterVectorsByTheTools(t *testing.T) {
	for _, tool := range []string{"sh", "jq", "openssl", "awk", "base64"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skip(err)
		}
	}
	page, err := os.ReadFile("../docs/spec/register.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(page), "```sh\n")
	script, _, ok := strings.Cut(rest, "```")
	if !ok {
		t.Fatal("the page has no commands")
	}
	v := readVectors(t)
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "file"), []byte(v.File), 0o600); err != nil {
		t.Fatal(err)
	}
	run := func(n int, name, key string) error {
		c := exec.Command("sh", "-c", "set -e\n"+script, "check", "file", strconv.Itoa(n), name, key)
		c.Dir = dir
		return c.Run()
	}
	for n, w := range v.Instruments {
		name := strings.Split(w.Text, "\n")[1]
		for _, k := range v.Keys {
			signed := slices.ContainsFunc(w.Signatures, func(s string) bool { return strings.HasPrefix(s, "\u2014 "+string(k.Name)+" ") })
			if err := run(n, name, k.Key); (err == nil) != signed {
				t.Errorf("%s by %s: %v, signed: %v", name, k.Name, err, signed)
			}
			if run(n, name+"x", k.Key) == nil {
				t.Errorf("%s by %s: good under another name", name, k.Name)
			}
		}
	}
}
