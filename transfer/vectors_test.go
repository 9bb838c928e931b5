package transfer

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"marz"
)

// vectors is docs/spec/transfer-vectors.json.
type vectors struct {
	Keys         []vectorKey       `json:"keys"`
	Dispositions vectorTable       `json:"dispositions"`
	Plan         vectorBytes       `json:"plan"`
	Instrument   vectorBytes       `json:"instrument"`
	Signatures   []vectorSignature `json:"signatures"`
	Refused      []vectorSignature `json:"refused"`
	Entries      []vectorEntry     `json:"entries"`
	Clocks       []vectorClock     `json:"clocks"`
	Act          string            `json:"act"` // its JSON
	Core         vectorBytes       `json:"core"`
	QR           string            `json:"qr"`
}

type vectorKey struct {
	Seed   string           `json:"seed"` // of Ed25519, hex
	Name   marz.AuthorityID `json:"name"`
	Secret string           `json:"secret"`
	Key    string           `json:"key"`
}

type vectorTable struct {
	Rows   []Disposition `json:"rows"` // in no order
	JSON   string        `json:"json"`
	Counts Dispositions  `json:"counts"`
}

type vectorBytes struct {
	Text   string `json:"text"`
	Digest string `json:"digest"`
}

type vectorSignature struct {
	Why       string    `json:"why,omitempty"` // it is refused
	ID        ID        `json:"id"`
	Text      string    `json:"text"`
	Signature Signature `json:"signature"`
}

// vectorEntry is an entry of a journal and the transfer as it stands after it.
type vectorEntry struct {
	Body  string             `json:"body"`
	Phase Phase              `json:"phase"`
	Keys  []marz.AuthorityID `json:"keys"`
}

// vectorClock is what is due of the transfer after its keys are turned.
type vectorClock struct {
	Clocks []Reading `json:"clocks"`
	Due    bool      `json:"due"`
}

const vectorOrigin = "armenia/agarak"

// body is an entry as a journal writes it.
func body(e Entry) string {
	return string(encode(struct {
		V         int              `json:"v"`
		Seq       marz.Seq         `json:"seq"`
		At        marz.Instant     `json:"at"`
		Origin    marz.Origin      `json:"origin"`
		Kind      string           `json:"kind"`
		Officer   marz.OfficerID   `json:"officer"`
		Authority marz.AuthorityID `json:"authority"`
		Under     string           `json:"under"`
		Policy    string           `json:"policy"`
		Public    json.RawMessage  `json:"public"`
		Private   string           `json:"private"`
	}{1, e.Seq, e.At, vectorOrigin, e.Kind, e.Officer, e.Authority, "am-ru-2024/2", strings.Repeat("0", 64), e.Public, ""}))
}

// hashes is a Merkle tree in memory.
type hashes []tlog.Hash

func (h hashes) ReadHashes(at []int64) ([]tlog.Hash, error) {
	var out []tlog.Hash
	for _, i := range at {
		out = append(out, h[i])
	}
	return out, nil
}

// act makes the act of a world whose transfer is executed, under a key of the node that signs its heads.
func (w *world) act(t *testing.T, nodeKey string) *Act {
	t.Helper()
	var tree hashes
	for i, e := range w.entries {
		tree = append(tree, must(tlog.StoredHashes(int64(i), []byte(body(e)), tree))...)
	}
	size := int64(len(w.entries))
	root := must(tlog.TreeHash(size, tree))
	head := must(note.Sign(&note.Note{Text: fmt.Sprintf("%s\n%d\n%s\n", vectorOrigin, size, root)}, must(note.NewSigner(nodeKey))))
	x := w.state.Get(one)
	a := &Act{V: 1, Instrument: x.Instrument, Head: string(head), Post: "Agarak"}
	for _, k := range x.Keys {
		a.Armed = append(a.Armed, k.Signature)
	}
	for _, seq := range x.Evidence() {
		e := ActEntry{Seq: seq, Body: body(w.entries[seq])}
		for _, h := range must(tlog.ProveRecord(size, int64(seq), tree)) {
			e.Proof = append(e.Proof, h.String())
		}
		a.Entries = append(a.Entries, e)
	}
	for _, id := range []marz.AuthorityID{out, in} {
		a.Authorities = append(a.Authorities, marz.Authority{ID: id, State: map[marz.AuthorityID]string{out: "RUS", in: "ARM"}[id], Name: string(id), Key: publics[id]})
	}
	return a
}

func makeVectors(t *testing.T) vectors {
	t.Helper()
	var v vectors
	for _, id := range []marz.AuthorityID{out, in} {
		seed := sha256.Sum256([]byte("marz transfer vectors " + id))
		v.Keys = append(v.Keys, vectorKey{hex.EncodeToString(seed[:]), id, secrets[id], publics[id]})
	}
	seed := sha256.Sum256([]byte("marz transfer vectors node"))
	nodeSecret, nodeKey, err := note.GenerateKey(bytes.NewReader(seed[:]), vectorOrigin)
	if err != nil {
		t.Fatal(err)
	}
	v.Keys = append(v.Keys, vectorKey{hex.EncodeToString(seed[:]), vectorOrigin, nodeSecret, nodeKey})
	v.Dispositions = vectorTable{table, string(CanonicalTable(table)), Summary(table)}

	w := newWorld(t)
	done := 0
	take := func() {
		for ; done < len(w.entries); done++ {
			s := NewState()
			for _, e := range w.entries[:done+1] {
				if err := s.Apply(e); err != nil {
					t.Fatal(err)
				}
			}
			x := s.Get(one)
			v.Entries = append(v.Entries, vectorEntry{body(w.entries[done]), x.Phase, orEmpty(x.Turned())})
		}
	}
	p := plan(one)
	p.Lanes, p.Unilateral = []marz.LaneID{"1", "bus-2"}, agreed+24*hour
	w.open(p)
	w.do(KindCounted, in, Counted{one, "other-radios", 4})
	w.count(one, out)
	w.count(one, in)
	w.do(KindCounted, out, Counted{one, "other-radios", 5})
	w.do(KindDisposed, out, Disposed{one, "own-ru", "offered", 2})
	w.do(KindDisposed, in, Disposed{one, "own-ru", "adopted", 1})
	i := w.instrument(one)
	i.Node, i.Readiness[0].Value = nodeKey, `"12" <officers> & 14 հերթափոխ \ مرز`
	w.do(KindPresented, in, Presented{one, i.Canonical(), i.Digest()})
	w.arm(one, in)
	w.do(KindRefused, out, Declared{one, "not-ready"})
	w.do(KindDisarmed, in, Signed{ID: one, Digest: i.Digest(), Why: "waiting"})
	w.arm(one, out)
	again := func(says string) Signed { // a line with no officer counts no more under this instrument
		s := signedBy(in, says, one, i.Digest())
		s.Signature.Officer = marz.OfficerID(in) + "/1"
		return s
	}
	w.do(KindArmed, in, again(SaysArm))
	doubt := Clocks{Node: agreed - hour, Others: []Reading{{Source: "boot", Fault: "started again"}}}
	for _, c := range []Clocks{{Node: agreed, Others: []Reading{{Source: "boot", At: agreed - DefaultTolerance}}}, {Node: agreed, Others: []Reading{{Source: "boot", At: agreed - DefaultTolerance - 1}}},
		{Node: agreed}, {Node: agreed + 24*hour, Others: []Reading{{Source: "boot", At: agreed}, {Source: "gnss", At: agreed + 1}}}, doubt} {
		due, _ := w.state.Due(one, c)
		v.Clocks = append(v.Clocks, vectorClock{c.Readings(), due})
	}
	w.now = agreed - hour
	for _, a := range []marz.AuthorityID{out, in} {
		s := signedBy(a, SaysNow, one, i.Digest())
		if a == in {
			s = again(SaysNow)
		}
		s.Clocks = doubt.Readings()
		w.do(KindClock, a, s)
	}
	x := w.execution(one, doubt)
	x.Cases = Cases(p, nil, []marz.AuthorityID{out, in}, w.now)
	x.Frees, x.Open, x.Crossings, x.Mirrors = []marz.AuthorityID{out}, 1, 1204, []Mirror{{in, 20, 0}, {out, 17, 3}}
	w.do(KindExecuted, in, x)
	a := w.act(t, nodeSecret)
	core, err := a.Core()
	if err != nil {
		t.Fatal(err)
	}
	for _, by := range []marz.AuthorityID{out, in} {
		a.Closed = append(a.Closed, *signature(by, SaysClose, one, DigestOf([]byte(core))))
		w.do(KindClosed, by, Signed{ID: one, Digest: DigestOf([]byte(core)), Signature: &a.Closed[len(a.Closed)-1]})
	}
	w.do(KindDestroyed, in, Destroyed{one, out, []string{"lists", "hits"}})
	take()

	v.Plan = vectorBytes{string(encode(p)), p.Digest()}
	v.Instrument = vectorBytes{string(i.Canonical()), i.Digest()}
	v.Core = vectorBytes{core, DigestOf([]byte(core))}
	v.Act = string(must(marshal(a)))
	q, err := a.QR()
	if err != nil {
		t.Fatal(err)
	}
	v.QR = must(q.Text())
	for says, digest := range map[string]string{SaysArm: i.Digest(), SaysDisarm: i.Digest(), SaysNow: i.Digest(), SaysCancel: p.Digest(), SaysClose: v.Core.Digest} {
		for _, by := range []marz.AuthorityID{out, in} {
			v.Signatures = append(v.Signatures, vectorSignature{"", one, Text(says, one, digest), *signature(by, says, one, digest)})
		}
	}
	slices.SortFunc(v.Signatures, func(a, b vectorSignature) int {
		return strings.Compare(a.Text+string(a.Signature.Authority), b.Text+string(b.Signature.Authority))
	})
	refuse := func(why string, id ID, change func(*Signature)) {
		s := *signature(in, SaysArm, one, i.Digest())
		change(&s)
		v.Refused = append(v.Refused, vectorSignature{why, id, Text(s.Says, id, s.Digest), s})
	}
	refuse("said of another transfer", "agarak-2", func(*Signature) {})
	refuse("another word", one, func(s *Signature) { s.Says = SaysNow })
	refuse("another digest", one, func(s *Signature) { s.Digest = p.Digest() })
	refuse("the other side's", one, func(s *Signature) { *s = *signature(out, SaysArm, one, i.Digest()); s.Authority = in })
	return v
}

const vectorsFile = "../docs/spec/transfer-vectors.json"

// TestVectors makes the vectors anew and compares every byte. MARZ_UPDATE=1 writes the file.
func TestVectors(t *testing.T) {
	var b bytes.Buffer
	j := json.NewEncoder(&b)
	j.SetEscapeHTML(false)
	j.SetIndent("", "  ")
	if err := j.Encode(makeVectors(t)); err != nil {
		t.Fatal(err)
	}
	if os.Getenv("MARZ_UPDATE") != "" {
		if err := os.WriteFile(vectorsFile, b.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(vectorsFile)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(want, b.Bytes()) {
		t.Errorf("the bytes of a transfer have changed; MARZ_UPDATE=1 writes them to %s", vectorsFile)
	}
}

func readVectors(t *testing.T) vectors {
	t.Helper()
	var v vectors
	if err := json.Unmarshal(must(os.ReadFile(vectorsFile)), &v); err != nil {
		t.Fatal(err)
	}
	return v
}

// TestVectorsAreRead reads the vectors as a node does that did not make them.
func TestVectorsAreRead(t *testing.T) {
	v := readVectors(t)
	key := map[marz.AuthorityID]string{}
	for _, k := range v.Keys {
		key[k.Name] = k.Key
	}
	for _, s := range v.Signatures {
		if err := CheckKey(s.Signature, s.ID, key[s.Signature.Authority]); err != nil {
			t.Error(err)
		}
	}
	for _, s := range v.Refused {
		if err := CheckKey(s.Signature, s.ID, key[s.Signature.Authority]); err == nil {
			t.Errorf("%s: it is good", s.Why)
		}
	}
	i, err := ParseInstrument([]byte(v.Instrument.Text))
	if err != nil || i.Digest() != v.Instrument.Digest || i.Plan.Digest() != v.Plan.Digest {
		t.Errorf("the instrument: %v", err)
	}
	if Summary(v.Dispositions.Rows) != v.Dispositions.Counts || string(CanonicalTable(v.Dispositions.Rows)) != v.Dispositions.JSON || i.Dispositions != v.Dispositions.Counts {
		t.Error("the table of dispositions")
	}
	s := NewState()
	for n, w := range v.Entries {
		var e Entry
		if err := json.Unmarshal([]byte(w.Body), &e); err != nil {
			t.Fatal(err)
		}
		if err := s.Apply(e); err != nil {
			t.Fatal(err)
		}
		x := s.Get(one)
		if x.Phase != w.Phase || !slices.Equal(x.Turned(), w.Keys) {
			t.Errorf("after entry %d: %s, %v", n, x.Phase, x.Turned())
		}
		if e.Kind == KindArmed && x.Phase == Armed {
			for _, c := range v.Clocks {
				if due, _ := s.Due(one, ClocksOf(c.Clocks, 0)); due != c.Due {
					t.Errorf("with %v due is %v", c.Clocks, due)
				}
			}
		}
	}
	var a Act
	if err := json.Unmarshal([]byte(v.Act), &a); err != nil {
		t.Fatal(err)
	}
	var indented bytes.Buffer
	if err := json.Indent(&indented, a.Instrument, "", "  "); err != nil {
		t.Fatal(err)
	}
	a.Instrument = indented.Bytes()
	if core, err := a.Core(); err != nil || core != v.Core.Text || DigestOf([]byte(core)) != v.Core.Digest {
		t.Errorf("the core: %q, %v", core, err)
	}
}

// TestVectorsByThePage checks the vectors with what docs/spec/transfer.md says and standard cryptography alone.
func TestVectorsByThePage(t *testing.T) {
	v := readVectors(t)
	sum := func(s string) string {
		d := sha256.Sum256([]byte(s))
		return base64.StdEncoding.EncodeToString(d[:])
	}
	public := map[string]ed25519.PublicKey{}
	for _, k := range v.Keys {
		seed := must(hex.DecodeString(k.Seed))
		public[string(k.Name)] = ed25519.NewKeyFromSeed(seed).Public().(ed25519.PublicKey)
	}
	for _, b := range []vectorBytes{v.Plan, v.Instrument, v.Core, {v.Dispositions.JSON, v.Dispositions.Counts.Digest}} {
		if sum(b.Text) != b.Digest {
			t.Errorf("the digest of %.40s", b.Text)
		}
	}
	for n, s := range append(slices.Clone(v.Signatures), v.Refused...) {
		if want := "marz/transfer/v1\n" + s.Signature.Says + " " + string(s.ID) + "\n" + s.Signature.Digest + "\n"; s.Text != want {
			t.Errorf("text %q, want %q", s.Text, want)
		}
		parts := strings.Split(s.Signature.Line, " ")
		if len(parts) != 3 || parts[0] != "\u2014" {
			t.Fatalf("line %q", s.Signature.Line)
		}
		b, err := base64.StdEncoding.DecodeString(parts[2])
		good := err == nil && len(b) == 68 && parts[1] == string(s.Signature.Authority) && ed25519.Verify(public[parts[1]], []byte(s.Text), b[4:])
		if good != (n < len(v.Signatures)) {
			t.Errorf("signature %d, %s: good is %v", n, s.Why, good)
		}
	}
	if !strings.Contains(v.Instrument.Text, v.Plan.Text) {
		t.Error("the plan of the instrument is not the plan that a cancellation is over")
	}
	lines := strings.Split(v.Core.Text, "\n")
	if len(lines) != 9 || lines[0] != "marz/act/v1" || lines[1] != "agarak-1 agarak 1,bus-2" || lines[5] != v.Instrument.Digest || lines[8] != "" {
		t.Errorf("core %q", lines)
	}
	if len(v.QR) > 2953 {
		t.Errorf("signed by keys, the code has %d bytes; the largest QR code holds 2953", len(v.QR))
	}
}

// TestActs: an act whose parts do not belong together has no core.
func TestActs(t *testing.T) {
	good := readVectors(t).Act
	for name, change := range map[string]func(*Act){
		"no entries":            func(a *Act) { a.Entries = nil },
		"without the execution": func(a *Act) { a.Entries = a.Entries[:len(a.Entries)-1] },
		"another seq":           func(a *Act) { a.Entries[len(a.Entries)-1].Seq++ },
		"no entry":              func(a *Act) { a.Entries[len(a.Entries)-1].Body = "{" },
		"an execution that is none": func(a *Act) {
			b := &a.Entries[len(a.Entries)-1].Body
			*b = strings.Replace(*b, `"open":1`, `"open":-1`, 1)
		},
		"another instrument": func(a *Act) { a.Instrument = bytes.Replace(a.Instrument, []byte("radios"), []byte("horses"), 1) },
		"another's head":     func(a *Act) { a.Head = strings.Replace(a.Head, "agarak", "meghri", 1) },
		"a head before it": func(a *Act) {
			a.Head = fmt.Sprintf("%s\n%d\n%s\n", vectorOrigin, a.Entries[len(a.Entries)-1].Seq, DigestOf(nil))
		},
		"a size that is none":        func(a *Act) { a.Head = fmt.Sprintf("%s\n+99\n%s\n", vectorOrigin, DigestOf(nil)) },
		"no root":                    func(a *Act) { a.Head = vectorOrigin + "\n99\nAAAA\n" },
		"an instrument that is none": func(a *Act) { a.Instrument = []byte("{") },
		"no head":                    func(a *Act) { a.Head = "" },
	} {
		var a Act
		if err := json.Unmarshal([]byte(good), &a); err != nil {
			t.Fatal(err)
		}
		change(&a)
		if core, err := a.Core(); marz.CodeOf(err) != marz.Invalid || err == nil || core != "" {
			t.Errorf("%s: %v", name, err)
		}
	}
}
