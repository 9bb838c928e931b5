package passkey

import (
	"bytes"
	"encoding/json"
	"io"

	"marz"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/webauthn"
)

const opLogin = "passkey sign-in"

// BeginLogin opens a sign-in by whoever holds a passkey for this site. Options is the
// PublicKeyCredentialRequestOptionsJSON for the browser; it names no officer and no passkey.
func (rp *RelyingParty) BeginLogin() (options json.RawMessage, name Ceremony, err error) {
	challenge, err := rp.open.random()
	if err != nil {
		return nil, "", err
	}
	request, session, err := rp.lib.BeginDiscoverableLogin(webauthn.WithChallenge(challenge[:]))
	if err != nil {
		return nil, "", &marz.Error{Code: marz.Internal, Op: opLogin, Err: err}
	}
	if options, err = json.Marshal(request.Response); err != nil {
		return nil, "", &marz.Error{Code: marz.Internal, Op: opLogin, Err: err}
	}
	name, err = rp.open.put(signingIn, pending{begun: rp.clock(), session: *session})
	return options, name, err
}

// FinishLogin checks the browser's AuthenticationResponseJSON (WebAuthn §7.2) and returns the officer with his
// passkey's new state, which the caller stores in place of the old one before it opens a session.
//
// Lookup returns the officer who has a passkey, with all his passkeys; it is asked only after site and user
// verification are found right. When it knows no such passkey it returns a NotFound error, which becomes
// ErrUnknownCredential; any other error of its own comes back wrapped, with its code. Fails otherwise with ErrExpired,
// ErrMalformed, ErrWrongOrigin, ErrNotVerified, ErrRefused or ErrCloned.
func (rp *RelyingParty) FinishLogin(name Ceremony, lookup func(credentialID, userHandle []byte) (User, error),
	body io.Reader) (marz.OfficerID, Credential, error) {
	now := rp.clock()
	p, ok := rp.open.take(signingIn, name, now)
	if !ok {
		return "", Credential{}, fail(opLogin, "", ErrExpired, nil)
	}
	par, err := rp.readAssertion(opLogin, body)
	if err != nil {
		return "", Credential{}, err
	}
	u, err := find(par, lookup)
	if err != nil {
		return "", Credential{}, err
	}
	a, err := u.account()
	if err != nil {
		return "", Credential{}, err
	}
	handler := func(_, _ []byte) (webauthn.User, error) { return a, nil }
	record, err := rp.lib.ValidateDiscoverableLogin(handler, p.session, par)
	if err != nil {
		return "", Credential{}, fail(opLogin, string(u.Officer), ErrRefused, err)
	}
	c, err := u.used(opLogin, record, now)
	if err != nil {
		return "", Credential{}, err
	}
	return u.Officer, c, nil
}

// find asks the caller whose passkey answered, and holds him to it: the handle that the authenticator returned must be
// that officer's, and the passkey among his (WebAuthn §7.2 steps 6 and 7).
func find(par *protocol.ParsedCredentialAssertionData, lookup func(_, _ []byte) (User, error)) (User, error) {
	handle := par.Response.UserHandle
	u, err := lookup(par.RawID, handle)
	if code := marz.CodeOf(err); err != nil && code != marz.NotFound {
		return User{}, &marz.Error{Code: code, Op: opLogin, Err: err}
	}
	if err != nil {
		return User{}, fail(opLogin, "", ErrUnknownCredential, nil)
	}
	if _, ok := u.credential(par.RawID); !ok || !bytes.Equal(handle, Handle(u.Officer)) {
		return User{}, fail(opLogin, "", ErrUnknownCredential, nil)
	}
	return u, nil
}

// readAssertion reads a response and checks what it says of site and user.
func (rp *RelyingParty) readAssertion(op string, body io.Reader) (*protocol.ParsedCredentialAssertionData, error) {
	b, err := readBody(op, body)
	if err != nil {
		return nil, err
	}
	par, err := protocol.ParseCredentialRequestResponseBytes(b)
	if err != nil {
		return nil, fail(op, "", ErrMalformed, err)
	}
	err = examine(rp.host, rp.origins, par.Response.CollectedClientData, par.Response.AuthenticatorData)
	if err != nil {
		return nil, fail(op, "", err, nil)
	}
	return par, nil
}

// used returns the passkey as it is after a verified assertion. The counter must have advanced unless the authenticator
// keeps none and says 0 for ever, as synchronised passkeys do (WebAuthn §7.2 step 22).
func (u User) used(op string, record *webauthn.Credential, now marz.Instant) (Credential, error) {
	if record.Authenticator.CloneWarning {
		return Credential{}, fail(op, string(u.Officer), ErrCloned, nil)
	}
	c, ok := u.credential(record.ID)
	if !ok {
		return Credential{}, fail(op, string(u.Officer), ErrUnknownCredential, nil)
	}
	c.Used = now
	return c.with(record)
}
