package passkey

import (
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
	"maps"
	"testing"

	"github.com/go-webauthn/webauthn/protocol/webauthncbor"
)

// Flags of authenticator data (WebAuthn §6.1).
const (
	flagUP, flagUV, flagBE, flagBS, flagAT = 0x01, 0x04, 0x08, 0x10, 0x40
)

// authenticator is a software authenticator with its browser: it makes what a browser would post. Its fields can be set
// to make it misbehave.
type authenticator struct {
	origin, host string
	flags        byte
	counter      uint32 // the next one; stays as it is when it is 0
	id           []byte
	handle       []byte
	key          crypto.Signer
	format       string                                    // attestation format; "none" or "packed"
	statement    func(signed []byte) map[string]any        // attestation statement
	tamper       func(response, credential map[string]any) // last change before the answer is encoded
	client       map[string]any                            // overrides of client data
}

func newAuthenticator(t *testing.T, key crypto.Signer) *authenticator {
	t.Helper()
	if key == nil {
		k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		key = k
	}
	id := make([]byte, 32)
	rand.Read(id)
	return &authenticator{origin: testOrigin, host: testHost, flags: flagUP | flagUV, counter: 1, id: id, key: key, format: "none"}
}

func b64(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

func (a *authenticator) authData(flags byte) []byte {
	rp := sha256.Sum256([]byte(a.host))
	b := append(rp[:], flags)
	b = binary.BigEndian.AppendUint32(b, a.counter)
	if a.counter > 0 {
		a.counter++
	}
	return b
}

func (a *authenticator) clientData(kind, challenge string) []byte {
	m := map[string]any{"type": kind, "challenge": challenge, "origin": a.origin, "crossOrigin": false}
	maps.Copy(m, a.client)
	b, _ := json.Marshal(m)
	return b
}

// sign signs as the key's COSE algorithm says: ES256, EdDSA or RS256.
func (a *authenticator) sign(signed []byte) []byte {
	digest, opts := sha256.Sum256(signed), crypto.SHA256
	msg := digest[:]
	if _, ok := a.key.(ed25519.PrivateKey); ok {
		msg, opts = signed, crypto.Hash(0)
	}
	sig, err := a.key.Sign(rand.Reader, msg, opts)
	if err != nil {
		panic(err)
	}
	return sig
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
	return cbor(m)
}

func cbor(v any) []byte {
	b, err := webauthncbor.Marshal(v)
	if err != nil {
		panic(err)
	}
	return b
}

// create answers navigator.credentials.create.
func (a *authenticator) create(t *testing.T, options json.RawMessage) []byte {
	t.Helper()
	var o struct {
		Challenge string
		User      struct{ ID string }
	}
	if err := json.Unmarshal(options, &o); err != nil {
		t.Fatal(err)
	}
	a.handle, _ = base64.RawURLEncoding.DecodeString(o.User.ID)
	client := a.clientData("webauthn.create", o.Challenge)
	auth := a.authData(a.flags | flagAT)
	auth = append(auth, make([]byte, 16)...) // AAGUID
	auth = binary.BigEndian.AppendUint16(auth, uint16(len(a.id)))
	auth = append(append(auth, a.id...), a.cose()...)
	statement := map[string]any{}
	if a.statement != nil {
		hash := sha256.Sum256(client)
		statement = a.statement(append(auth[:len(auth):len(auth)], hash[:]...))
	}
	return a.answer(map[string]any{
		"clientDataJSON":    b64(client),
		"attestationObject": b64(cbor(map[string]any{"fmt": a.format, "attStmt": statement, "authData": auth})),
		"authenticatorData": b64(auth),
		"transports":        []string{"internal", "hybrid"},
	}, map[string]any{"credProps": map[string]any{"rk": true}})
}

// get answers navigator.credentials.get.
func (a *authenticator) get(t *testing.T, options json.RawMessage) []byte {
	t.Helper()
	var o struct{ Challenge string }
	if err := json.Unmarshal(options, &o); err != nil {
		t.Fatal(err)
	}
	client := a.clientData("webauthn.get", o.Challenge)
	auth := a.authData(a.flags)
	hash := sha256.Sum256(client)
	return a.answer(map[string]any{
		"clientDataJSON":    b64(client),
		"authenticatorData": b64(auth),
		"signature":         b64(a.sign(append(auth[:len(auth):len(auth)], hash[:]...))),
		"userHandle":        b64(a.handle),
	}, map[string]any{})
}

func (a *authenticator) answer(response, extensions map[string]any) []byte {
	credential := map[string]any{"id": b64(a.id), "rawId": b64(a.id), "type": "public-key", "response": response,
		"authenticatorAttachment": "platform", "clientExtensionResults": extensions}
	if a.tamper != nil {
		a.tamper(response, credential)
	}
	b, _ := json.Marshal(credential)
	return b
}
