package passkey

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"io"

	"marz"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/webauthn"
)

const (
	opAssert   = "passkey assertion"
	opEvidence = "passkey evidence"
)

// challengeContext separates the challenges of assertions from all other uses of SHA-256 in Marz.
const challengeContext = "marz passkey assertion v1\n"

// Challenge returns the WebAuthn challenge of an assertion over a digest: SHA-256 of the context line, the nonce and
// the digest. The digest alone would do to bind the assertion, but one that was made and kept earlier could be
// presented a second time; the nonce, which the server draws anew, makes that impossible.
func Challenge(digest [sha256.Size]byte, nonce [32]byte) [sha256.Size]byte {
	b := append([]byte(challengeContext), nonce[:]...)
	return sha256.Sum256(append(b, digest[:]...))
}

// BeginAssertion opens an assertion by a known officer over a digest of what he agrees to. Options is the
// PublicKeyCredentialRequestOptionsJSON for his browser, for any of his passkeys. The browser does not show what the
// digest stands for: the page must. An officer without a passkey is a Conflict.
func (rp *RelyingParty) BeginAssertion(u User, digest [sha256.Size]byte) (options json.RawMessage, name Ceremony, err error) {
	a, err := u.account()
	if err != nil {
		return nil, "", err
	}
	if len(a.records) == 0 {
		return nil, "", &marz.Error{Code: marz.Conflict, Op: opAssert, Subject: string(u.Officer),
			Fix: "the officer has no passkey; enrol one first"}
	}
	nonce, err := rp.open.random()
	if err != nil {
		return nil, "", err
	}
	challenge := Challenge(digest, nonce)
	request, session, err := rp.lib.BeginLogin(a, webauthn.WithChallenge(challenge[:]))
	if err != nil {
		return nil, "", &marz.Error{Code: marz.Internal, Op: opAssert, Subject: string(u.Officer), Err: err}
	}
	if options, err = json.Marshal(request.Response); err != nil {
		return nil, "", &marz.Error{Code: marz.Internal, Op: opAssert, Subject: string(u.Officer), Err: err}
	}
	name, err = rp.open.put(asserting,
		pending{begun: rp.clock(), officer: u.Officer, session: *session, digest: digest, nonce: nonce})
	return options, name, err
}

// FinishAssertion checks the browser's AuthenticationResponseJSON and returns the evidence, to be kept with the act
// that it is for, and the passkey's new state, to be stored in place of the old one. It fails as FinishLogin does.
func (rp *RelyingParty) FinishAssertion(u User, name Ceremony, body io.Reader) (Evidence, Credential, error) {
	now, who := rp.clock(), string(u.Officer)
	p, ok := rp.open.take(asserting, name, now)
	if !ok || p.officer != u.Officer {
		return Evidence{}, Credential{}, fail(opAssert, who, ErrExpired, nil)
	}
	a, err := u.account()
	if err != nil {
		return Evidence{}, Credential{}, err
	}
	par, err := rp.readAssertion(opAssert, body)
	if err != nil {
		return Evidence{}, Credential{}, err
	}
	if _, ok := u.credential(par.RawID); !ok {
		return Evidence{}, Credential{}, fail(opAssert, who, ErrUnknownCredential, nil)
	}
	record, err := rp.lib.ValidateLogin(a, p.session, par)
	if err != nil {
		return Evidence{}, Credential{}, fail(opAssert, who, ErrRefused, err)
	}
	c, err := u.used(opAssert, record, now)
	if err != nil {
		return Evidence{}, Credential{}, err
	}
	return Evidence{
		Officer: u.Officer, CredentialID: record.ID, PublicKey: record.PublicKey, Digest: p.digest[:], Nonce: p.nonce[:],
		ClientData:        par.Raw.AssertionResponse.ClientDataJSON,
		AuthenticatorData: par.Raw.AssertionResponse.AuthenticatorData,
		Signature:         par.Response.Signature,
	}, c, nil
}

// Evidence is all that anybody needs to check, later and without this node, that an officer's passkey signed a digest.
// It holds no personal data. Its bytes are described in passkey/DESIGN.md.
type Evidence struct {
	Officer           marz.OfficerID `json:"officer"`
	CredentialID      []byte         `json:"credential"`
	PublicKey         []byte         `json:"key"`    // COSE_Key (RFC 9052 §7)
	Digest            []byte         `json:"digest"` // 32 bytes: what was agreed to
	Nonce             []byte         `json:"nonce"`  // 32 bytes: see Challenge
	ClientData        []byte         `json:"client"` // clientDataJSON, byte for byte
	AuthenticatorData []byte         `json:"authenticator"`
	Signature         []byte         `json:"signature"` // over AuthenticatorData ‖ SHA-256(ClientData)
}

// Verify checks that the evidence is of an assertion over digest, made at one of the origins for host, by a verified
// user, and signed with the key that it carries. Whose key that is, it cannot tell: the caller compares PublicKey with
// the one under which the officer was enrolled. An error is Invalid or Unauthenticated or, for another site, Forbidden.
func (e Evidence) Verify(digest [sha256.Size]byte, host string, origins []string) error {
	who := string(e.Officer)
	if len(e.Nonce) != 32 || !bytes.Equal(e.Digest, digest[:]) {
		return fail(opEvidence, who, ErrRefused, nil)
	}
	challenge := Challenge(digest, [32]byte(e.Nonce))
	var par protocol.ParsedCredentialAssertionData
	if err := json.Unmarshal(e.ClientData, &par.Response.CollectedClientData); err != nil {
		return fail(opEvidence, who, ErrMalformed, err)
	}
	if err := par.Response.AuthenticatorData.Unmarshal(e.AuthenticatorData); err != nil {
		return fail(opEvidence, who, ErrMalformed, err)
	}
	if err := examine(host, origins, par.Response.CollectedClientData, par.Response.AuthenticatorData); err != nil {
		return fail(opEvidence, who, err, nil)
	}
	par.Response.Signature = e.Signature
	par.Raw.AssertionResponse.ClientDataJSON = e.ClientData
	par.Raw.AssertionResponse.AuthenticatorData = e.AuthenticatorData
	err := par.Verify(base64.RawURLEncoding.EncodeToString(challenge[:]), host, "", origins, nil, nil,
		protocol.TopOriginExplicitVerificationMode, false, true, true, e.PublicKey, protocol.SignaturePolicy{})
	if err != nil {
		return fail(opEvidence, who, ErrRefused, err)
	}
	return nil
}
