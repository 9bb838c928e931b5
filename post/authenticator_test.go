package post

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-webauthn/webauthn/protocol/webauthncbor"

	"marz"
	"marz/agreement"
	"marz/transfer"
)

// device is an officer's security key with its browser, in software.
type device struct {
	officer marz.OfficerID
	key     *ecdsa.PrivateKey
	id      []byte
	handle  string
	counter uint32
	forge   func(client []byte) []byte // nil: as an honest browser does
}

func newDevice(t testing.TB, officer marz.OfficerID) *device {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	d := &device{officer: officer, key: key, id: make([]byte, 32)}
	rand.Read(d.id)
	return d
}

func b64(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

func mustCBOR(v any) []byte {
	b, err := webauthncbor.Marshal(v)
	if err != nil {
		panic(err)
	}
	return b
}

// cose is the public key as a COSE_Key.
func (d *device) cose() []byte {
	point, err := d.key.PublicKey.Bytes() // 4 ‖ x ‖ y
	if err != nil {
		panic(err)
	}
	return mustCBOR(map[int]any{1: 2, 3: -7, -1: 1, -2: point[1:33], -3: point[33:]})
}

// data is the authenticator's data: present, verified, and for the post's host.
func (d *device) data(flags byte) []byte {
	d.counter++
	host := sha256.Sum256([]byte("localhost"))
	return binary.BigEndian.AppendUint32(append(host[:], flags|0x05), d.counter)
}

func (d *device) client(kind, challenge string) []byte {
	b, _ := json.Marshal(map[string]any{"type": kind, "challenge": challenge, "origin": "https://localhost:8443", "crossOrigin": false})
	return b
}

func (d *device) answer(response, extensions map[string]any) []byte {
	b, _ := json.Marshal(map[string]any{"id": b64(d.id), "rawId": b64(d.id), "type": "public-key", "response": response, "authenticatorAttachment": "platform",
		"clientExtensionResults": extensions})
	return b
}

// create answers the options of a registration.
func (d *device) create(t testing.TB, options json.RawMessage) []byte {
	var o struct {
		Challenge string
		User      struct{ ID string }
	}
	if err := json.Unmarshal(options, &o); err != nil {
		t.Fatal(err)
	}
	d.handle = o.User.ID
	auth := append(d.data(0x40), make([]byte, 16)...)
	auth = binary.BigEndian.AppendUint16(auth, uint16(len(d.id)))
	auth = append(append(auth, d.id...), d.cose()...)
	return d.answer(map[string]any{"clientDataJSON": b64(d.client("webauthn.create", o.Challenge)), "authenticatorData": b64(auth), "transports": []string{"internal"},
		"attestationObject": b64(mustCBOR(map[string]any{"fmt": "none", "attStmt": map[string]any{}, "authData": auth}))},
		map[string]any{"credProps": map[string]any{"rk": true}})
}

// get answers the options of a sign-in or an assertion.
func (d *device) get(t testing.TB, options json.RawMessage) []byte {
	var o struct{ Challenge string }
	if err := json.Unmarshal(options, &o); err != nil {
		t.Fatal(err)
	}
	client, auth := d.client("webauthn.get", o.Challenge), d.data(0)
	if d.forge != nil {
		client = d.forge(client)
	}
	hash := sha256.Sum256(client)
	digest := sha256.Sum256(append(auth[:len(auth):len(auth)], hash[:]...))
	sig, err := ecdsa.SignASN1(rand.Reader, d.key, digest[:])
	if err != nil {
		t.Fatal(err)
	}
	return d.answer(map[string]any{"clientDataJSON": b64(client), "authenticatorData": b64(auth), "signature": b64(sig), "userHandle": d.handle}, map[string]any{})
}

// newRealPost is a post that is no exercise's, under a treaty by which it is handed over, with a supervisor of each authority who has a passkey; that
// of the incoming one is commissioned.
func newRealPost(t testing.TB, agreements string) (tp *testPost, out, in *device) {
	t.Helper()
	tp, out, in = newUncommissionedPost(t, agreements)
	tp.commissions("am-bg/1")
	if first, err := tp.firstInvited(tp.journal.State(), "ru-bg"); err != nil || len(first) != 0 {
		t.Fatal("a second first supervisor", first, err)
	}
	return tp, out, in
}

// newUncommissionedPost is newRealPost before the incoming authority has said anything: the outgoing one's supervisor has let in a device under the name of its first supervisor.
func newUncommissionedPost(t testing.TB, agreements string) (tp *testPost, out, in *device) {
	t.Helper()
	tp = &testPost{t: t, dir: filepath.Join(t.TempDir(), "post"), now: &atomic.Int64{}}
	tp.now.Store(int64(midnight) - 600_000)
	doc, err := agreement.Parse("test", []byte(agreements))
	if err != nil {
		t.Fatal(err)
	}
	register := doc.Instruments()
	for i := range register {
		for _, id := range register[i].Signers() {
			if err := register[i].Sign(testKeys[id]); err != nil {
				t.Fatal(err)
			}
		}
	}
	link, err := Init(t.Context(), Setup{Dir: tp.dir, Origin: "test/agarak", Ground: testGround, Register: register, Clock: tp.clock, Wall: time.Now,
		Post: marz.Post{ID: "agarak", Name: "Agarak", State: "ARM", Kind: "road", Zone: "Asia/Yerevan", Lanes: []marz.Lane{
			{ID: "1", Direction: marz.EntryDirection, Flow: "persons"}, {ID: "2", Direction: marz.ExitDirection, Flow: "persons"}}},
		Config: DefaultConfig("localhost:8443", "localhost", "ARM"), Supervisor: Officer{"ru-bg/1", "R One", marz.RoleSupervisor}})
	if err != nil {
		t.Fatal(err)
	}
	tp.set = func(o *Options) { o.Exercise = false }
	tp.open()
	t.Cleanup(func() { tp.Post.Close() })
	out, in = newDevice(t, "ru-bg/1"), newDevice(t, "am-bg/1")
	tp.enrol(out, link)
	if first, err := tp.firstInvited(tp.journal.State(), "ru-bg"); err != nil || !slices.Equal(first, []marz.AuthorityID{"am-bg"}) {
		t.Fatal(first, err)
	}
	inv, err := tp.Invite(t.Context(), tp.signInWith(out), Officer{"am-bg/1", "A One", marz.RoleSupervisor})
	if err != nil {
		t.Fatal(err)
	}
	tp.enrol(in, inv.Link)
	return tp, out, in
}

// enrol makes the passkey that a link invites to.
func (tp *testPost) enrol(d *device, link string) {
	tp.t.Helper()
	code := link[strings.LastIndex(link, "/")+1:]
	u, _, err := tp.Invited(context.Background(), code)
	if err != nil {
		tp.t.Fatal(err)
	}
	options, ceremony, err := tp.passkeys.BeginRegistration(u)
	if err != nil {
		tp.t.Fatal(err)
	}
	c, err := tp.passkeys.FinishRegistration(u, ceremony, strings.NewReader(string(d.create(tp.t, options))))
	if err != nil {
		tp.t.Fatal(err)
	}
	if err := tp.Enrol(context.Background(), code, c); err != nil {
		tp.t.Fatal(err)
	}
}

// tryIn signs in with a passkey.
func (tp *testPost) tryIn(d *device) (Actor, error) {
	options, ceremony, err := tp.passkeys.BeginLogin()
	if err != nil {
		return Actor{}, err
	}
	officer, credential, err := tp.passkeys.FinishLogin(ceremony, tp.credentialOwner, strings.NewReader(string(d.get(tp.t, options))))
	if err != nil {
		return Actor{}, err
	}
	_, a, err := tp.openFor(context.Background(), officer, "passkey", &credential)
	return a, err
}

func (tp *testPost) signInWith(d *device) Actor {
	tp.t.Helper()
	a, err := tp.tryIn(d)
	if err != nil {
		tp.t.Fatal(err)
	}
	return a
}

// signWith signs with a passkey in a session.
func (tp *testPost) signWith(d *device, a Actor, says string, id transfer.ID, digest string) (Turned, error) {
	options, ceremony, err := tp.BeginSign(context.Background(), a, says, id, digest)
	if err != nil {
		return Turned{}, err
	}
	return tp.FinishSign(context.Background(), a, says, id, digest, ceremony, d.get(tp.t, options))
}

// commissions lets an authority's headquarters sign what the post asks for.
func (tp *testPost) commissions(officer marz.OfficerID) {
	tp.t.Helper()
	wanted, err := tp.commissionWanted(officer, tp.Post.now())
	if err != nil || wanted == "" {
		tp.t.Fatal(wanted, err)
	}
	all, err := agreement.ParseSigned("wanted", []byte(wanted))
	if err != nil {
		tp.t.Fatal(err)
	}
	if err := all[0].Sign(testKeys[officer.Authority()]); err != nil {
		tp.t.Fatal(err)
	}
	if _, err := tp.AddInstruments(context.Background(), all); err != nil {
		tp.t.Fatal(err)
	}
}
