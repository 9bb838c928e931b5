package verify

import (
	"bytes"
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-webauthn/webauthn/protocol/webauthncbor"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"marz"
	"marz/passkey"
	"marz/transfer"
)

// handover writes a journal in which a transfer is carried out, and its act. It is what the check is held against: it takes the journal, the tree and the notes
// from builder, and all else from the types of package transfer.
type handover struct {
	*builder
	plan      transfer.Plan
	clocks    []transfer.Reading
	cases     []transfer.Case // of the execution
	presented transfer.Instrument
	raw       json.RawMessage // the instrument's JSON
	digest    string
	seqs      []int64
	armed     []transfer.Signature
	keys      map[string]note.Signer
	verifiers map[string]string
	passkeys  map[string]*authenticator
	offices   []json.RawMessage
}

const (
	outgoing, incoming = "ru-bg", "am-bg"
	outgoingOfficer    = "ru-bg/0001"
	incomingOfficer    = "am-bg/0002"
)

var midnight = instantAt("2025-01-01T00:00:00+04:00")

func instantAt(s string) marz.Instant {
	i, err := marz.ParseInstant(s)
	if err != nil {
		panic(err)
	}
	return i
}

func newHandover(t testing.TB) *handover {
	h := &handover{builder: newBuilder(t, 0), keys: map[string]note.Signer{}, verifiers: map[string]string{}, passkeys: map[string]*authenticator{}}
	for i, id := range []string{outgoing, incoming, "ir-bg"} {
		h.keys[id], h.verifiers[id] = testKey(id, byte(20+i))
	}
	h.plan = transfer.Plan{ID: "agarak-1", Article: "am-ru-2024-agarak/2", Place: "agarak", From: outgoing, To: incoming, At: midnight, Agreed: midnight,
		Clock: transfer.BySources, Tolerance: 2000, Destroy: []string{"lists", "hits"}}
	h.cases = []transfer.Case{}
	h.setTime(midnight.Add(-2 * time.Hour))
	h.create(false)
	h.fill(5, 3)
	h.setTime(midnight.Add(-time.Hour))
	return h
}

// setTime is the instant of the next entry.
func (h *handover) setTime(i marz.Instant) { h.at = i.Time().Add(-137 * time.Millisecond) }

// writeJSON writes as the journal does.
func writeJSON(v any) []byte {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		panic(err)
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n"))
}

// entry appends an entry of the transfer, which the act will hold.
func (h *handover) entry(kind, by, officer string, public any) {
	h.seqs = append(h.seqs, int64(len(h.entries)))
	h.quiet(kind, by, officer, public)
}

// quiet appends an entry that the act will not hold.
func (h *handover) quiet(kind, by, officer string, public any) {
	h.commit(draft{kind: kind, by: by, officer: officer, under: "am-ru-2024-agarak/2", public: string(writeJSON(public))})
}

func (h *handover) open() {
	h.entry(transfer.KindOpened, incoming, incomingOfficer, transfer.Opened{Plan: h.plan})
}

// instrument is one in which all is in order.
func (h *handover) instrument() transfer.Instrument {
	i := transfer.Instrument{V: 1, Origin: marz.Origin(h.origin), Node: h.vkey, Plan: h.plan,
		Readiness:    []transfer.Check{{ID: "lists", State: "good", Value: "3 lists, the oldest of 06:00 & \"all\" <loaded>", At: midnight.Add(-time.Hour)}},
		Dispositions: transfer.Dispositions{Alerts: 3, Adopted: 1, Returned: 1, Lapsed: 1, Digest: base64.StdEncoding.EncodeToString(make([]byte, 32))},
		Cases:        []transfer.Case{}, After: marz.Seq(len(h.entries) - 1)}
	for n, what := range transfer.Countable {
		i.Inventory = append(i.Inventory, transfer.Line{What: what, Outgoing: n, Incoming: n})
	}
	i.Inventory = append(i.Inventory, transfer.Line{What: "inspections", Outgoing: 2, Incoming: 2, Measured: true})
	for _, c := range h.cases {
		if c != transfer.Unilateral {
			i.Cases = append(i.Cases, c)
		}
	}
	return i
}

func (h *handover) present(change ...func(*transfer.Instrument)) {
	h.presented = h.instrument()
	for _, c := range change {
		c(&h.presented)
	}
	h.raw = writeJSON(h.presented)
	h.digest = digestOf(h.raw)
	h.armed = nil
	h.entry(transfer.KindPresented, incoming, incomingOfficer, transfer.Presented{ID: h.plan.ID, Instrument: h.raw, Digest: h.digest})
}

func digestOf(b []byte) string {
	sum := sha256.Sum256(b)
	return base64.StdEncoding.EncodeToString(sum[:])
}

// signKey signs with an authority's own key.
func (h *handover) signKey(by, says, digest string) transfer.Signature {
	return transfer.Signature{Says: says, Authority: marz.AuthorityID(by), Digest: digest,
		Line: line(h.t, h.keys[by], transfer.Text(says, h.plan.ID, digest))}
}

func line(t testing.TB, s note.Signer, text string) string {
	n, err := note.Sign(&note.Note{Text: text}, s)
	must(t, err)
	return strings.TrimSpace(string(n[len(text):]))
}

// signPasskey signs with the passkey of a commander.
func (h *handover) signPasskey(officer, says, digest string) transfer.Signature {
	a := h.passkeys[officer]
	sum := sha256.Sum256([]byte(transfer.Text(says, h.plan.ID, digest)))
	return transfer.Signature{Says: says, Authority: marz.OfficerID(officer).Authority(), Officer: marz.OfficerID(officer), Digest: digest, Passkey: writeJSON(a.assert(h.t, officer, sum))}
}

// commission gives an officer a passkey and the authority's word for it.
func (h *handover) commission(officer string, key crypto.Signer, change ...func(*commission)) {
	h.passkeys[officer] = newAuthenticator(h.t, key)
	by := string(marz.OfficerID(officer).Authority())
	c := commission{By: by, Officer: officer, Key: h.passkeys[officer].cose(), Place: "agarak", From: midnight.Add(-48 * time.Hour), Until: midnight.Add(48 * time.Hour),
		Issued: midnight.Add(-50 * time.Hour), Source: "order 7"}
	for _, f := range change {
		f(&c)
	}
	h.offices = append(h.offices, h.signCommission(c, by))
}

// commission is the instrument's body as docs/spec/register.md has it.
type commission struct {
	By      string       `json:"by"`
	Officer string       `json:"officer"`
	Key     []byte       `json:"key"`
	Place   string       `json:"place"`
	From    marz.Instant `json:"from"`
	Until   marz.Instant `json:"until,omitempty"`
	Revoked bool         `json:"revoked,omitempty"`
	Issued  marz.Instant `json:"issued"`
	Source  string       `json:"source,omitempty"`
}

func (h *handover) signCommission(c commission, by string) json.RawMessage {
	type instrument struct {
		Commission commission `json:"commission"`
		Signatures []string   `json:"signatures,omitempty"`
	}
	text := "marz/register/v1\ncommission " + c.By + " " + c.Officer + " " + c.Place + "\n" + digestOf(writeJSON(instrument{Commission: c})) + "\n"
	return writeJSON(instrument{c, []string{line(h.t, h.keys[by], text)}})
}

// arm turns the key of an authority, or of an officer by his passkey.
func (h *handover) arm(who string) {
	s := h.sign(who, transfer.SaysArm, h.digest)
	h.armed = append(slices.DeleteFunc(h.armed, func(o transfer.Signature) bool { return o.Authority == s.Authority }), s)
	h.entry(transfer.KindArmed, string(s.Authority), string(s.Officer), transfer.Signed{ID: h.plan.ID, Digest: h.digest, Signature: &s})
}

func (h *handover) sign(who, says, digest string) transfer.Signature {
	if strings.Contains(who, "/") {
		return h.signPasskey(who, says, digest)
	}
	return h.signKey(who, says, digest)
}

func (h *handover) execute(change ...func(*transfer.Execution)) {
	at := marz.InstantOf(h.at.Add(137 * time.Millisecond))
	x := transfer.Execution{ID: h.plan.ID, Digest: h.digest, Place: h.plan.Place, Lanes: h.plan.Lanes, From: h.plan.From, To: h.plan.To, Instant: h.plan.At, Cases: h.cases,
		Ends: []marz.AuthorityID{outgoing}, Frees: []marz.AuthorityID{outgoing}, Destroys: h.plan.Destroy, Open: 1, Crossings: 2,
		Mirrors: []transfer.Mirror{{Authority: incoming, Size: 3, Missing: 1}}, Clocks: h.clocks}
	if x.Clocks == nil {
		x.Clocks = []transfer.Reading{{Source: "node", At: at}, {Source: "boot", At: at + 3}}
	}
	for _, f := range change {
		f(&x)
	}
	h.entry(transfer.KindExecuted, incoming, "", x)
}

// act returns the act over a head of all entries.
func (h *handover) act() transfer.Act {
	size := int64(len(h.entries))
	a := transfer.Act{V: 1, Instrument: h.raw, Armed: h.armed, Commissions: h.offices, Head: string(h.note(size)), Post: "Ագարակ",
		Authorities: []marz.Authority{{ID: outgoing, State: "RUS", Name: "Russian", Key: h.verifiers[outgoing]}, {ID: incoming, State: "ARM", Name: "Armenian", Key: h.verifiers[incoming]}}}
	for _, seq := range h.seqs {
		p, err := tlog.ProveRecord(size, seq, h)
		must(h.t, err)
		e := transfer.ActEntry{Seq: marz.Seq(seq), Body: string(h.entries[seq].body), Proof: []string{}}
		for _, d := range p {
			e.Proof = append(e.Proof, base64.StdEncoding.EncodeToString(d[:]))
		}
		a.Entries = append(a.Entries, e)
	}
	return a
}

// core writes what is closed (docs/spec/transfer.md).
func (h *handover) core(a *transfer.Act) string {
	last := a.Entries[len(a.Entries)-1]
	var e struct {
		At     string
		Public transfer.Execution
	}
	must(h.t, json.Unmarshal([]byte(last.Body), &e))
	head := strings.Split(a.Head, "\n")
	list := func(all any) string {
		s := strings.Trim(strings.ReplaceAll(fmt.Sprint(all), " ", ","), "[]")
		if s == "" {
			return "-"
		}
		return s
	}
	x := e.Public
	return fmt.Sprintf("marz/act/v1\n%s %s %s\n%s %s\n%s %s\n%s %d\n%s\n%s %s\n%s\n", x.ID, x.Place, list(x.Lanes), x.From, x.To, x.Instant, e.At, h.origin, last.Seq, x.Digest,
		head[1], head[2], list(x.Cases))
}

func (h *handover) close(a *transfer.Act, who ...string) {
	for _, w := range who {
		a.Closed = append(a.Closed, h.sign(w, transfer.SaysClose, digestOf([]byte(h.core(a)))))
	}
}

// known are the authorities' keys, known from elsewhere.
func (h *handover) known() ActOptions {
	return ActOptions{Authorities: []string{h.verifiers[outgoing], h.verifiers[incoming]}}
}

// ordinary is a handover with all that an act can hold: the outgoing commander armed and closed with a passkey, the incoming authority with its own key.
func ordinary(t testing.TB) (*handover, transfer.Act) {
	h := newHandover(t)
	h.commission(outgoingOfficer, nil)
	h.open()
	h.present()
	h.arm(outgoingOfficer)
	h.arm(incoming)
	h.setTime(midnight)
	h.execute()
	h.fill(20, 3)
	a := h.act()
	h.close(&a, outgoingOfficer, incoming)
	return h, a
}

func checkAct(t testing.TB, a any, o ActOptions) *ActReport {
	t.Helper()
	r, err := Act(context.Background(), writeJSON(a), o)
	must(t, err)
	return r
}

// authenticator is a software authenticator with its browser.
type authenticator struct {
	key    crypto.Signer
	origin string
	host   string
	flags  byte
	client map[string]any
}

func newAuthenticator(t testing.TB, key crypto.Signer) *authenticator {
	if key == nil {
		k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		must(t, err)
		key = k
	}
	return &authenticator{key: key, origin: "https://agarak.post.example:8443", host: "post.example", flags: 0x05}
}

func (a *authenticator) cose() []byte {
	var m map[int]any
	switch k := a.key.Public().(type) {
	case *ecdsa.PublicKey:
		point, err := k.Bytes() // 4 ‖ x ‖ y
		if err != nil {
			panic(err)
		}
		m = map[int]any{1: 2, 3: -7, -1: 1, -2: point[1:33], -3: point[33:]}
	case ed25519.PublicKey:
		m = map[int]any{1: 1, 3: -8, -1: 6, -2: []byte(k)}
	case *rsa.PublicKey:
		m = map[int]any{1: 3, 3: -257, -1: k.N.Bytes(), -2: []byte{1, 0, 1}}
	}
	b, err := webauthncbor.Marshal(m)
	if err != nil {
		panic(err)
	}
	return b
}

// assert signs a digest, as package passkey describes and checks it.
func (a *authenticator) assert(t testing.TB, officer string, sum [32]byte) passkey.Evidence {
	nonce := sha256.Sum256([]byte("nonce" + officer))
	challenge := passkey.Challenge(sum, nonce)
	m := map[string]any{"type": "webauthn.get", "challenge": base64.RawURLEncoding.EncodeToString(challenge[:]), "origin": a.origin, "crossOrigin": false}
	for name, v := range a.client {
		m[name] = v
	}
	client := writeJSON(m)
	host := sha256.Sum256([]byte(a.host))
	auth := binary.BigEndian.AppendUint32(append(host[:], a.flags), 7)
	hash := sha256.Sum256(client)
	signed := append(auth[:len(auth):len(auth)], hash[:]...)
	msg, opts := sha256.Sum256(signed), crypto.SHA256
	in := msg[:]
	if _, ok := a.key.(ed25519.PrivateKey); ok {
		in, opts = signed, crypto.Hash(0)
	}
	sig, err := a.key.Sign(rand.Reader, in, opts)
	must(t, err)
	return passkey.Evidence{Officer: marz.OfficerID(officer), CredentialID: []byte("credential of " + officer), PublicKey: a.cose(), Digest: sum[:], Nonce: nonce[:],
		ClientData: client, AuthenticatorData: auth, Signature: sig}
}
