package passkey

import (
	"encoding/json"
	"io"

	"marz"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/protocol/webauthncose"
	"github.com/go-webauthn/webauthn/webauthn"
)

const opRegister = "passkey registration"

// algorithms are those that WebAuthn §5.4 asks every site to offer, in order of preference.
var algorithms = []protocol.CredentialParameter{
	{Type: protocol.PublicKeyCredentialType, Algorithm: webauthncose.AlgES256},
	{Type: protocol.PublicKeyCredentialType, Algorithm: webauthncose.AlgEdDSA},
	{Type: protocol.PublicKeyCredentialType, Algorithm: webauthncose.AlgRS256},
}

// BeginRegistration opens a registration of one more passkey for an officer. Options is the
// PublicKeyCredentialCreationOptionsJSON for his browser: a passkey kept in the authenticator, the user verified, no
// attestation asked for, and none of the passkeys that he already has.
func (rp *RelyingParty) BeginRegistration(u User) (options json.RawMessage, name Ceremony, err error) {
	a, err := u.account()
	if err != nil {
		return nil, "", err
	}
	challenge, err := rp.open.random()
	if err != nil {
		return nil, "", err
	}
	creation, session, err := rp.lib.BeginRegistration(a,
		webauthn.WithCredentialParameters(algorithms),
		webauthn.WithExclusions(webauthn.Credentials(a.records).CredentialDescriptors()),
		webauthn.WithExtensions(webauthn.WithExtensionCredProps()),
		func(o *protocol.PublicKeyCredentialCreationOptions) error { o.Challenge = challenge[:]; return nil })
	if err != nil {
		return nil, "", &marz.Error{Code: marz.Internal, Op: opRegister, Subject: string(u.Officer), Err: err}
	}
	if options, err = json.Marshal(creation.Response); err != nil {
		return nil, "", &marz.Error{Code: marz.Internal, Op: opRegister, Subject: string(u.Officer), Err: err}
	}
	name, err = rp.open.put(registering, pending{begun: rp.clock(), officer: u.Officer, session: *session})
	return options, name, err
}

// FinishRegistration checks the browser's RegistrationResponseJSON (WebAuthn §7.1) and returns the new passkey, which
// the caller stores if no other officer has one with that ID. Fails with ErrExpired, ErrMalformed, ErrWrongOrigin,
// ErrNotVerified, ErrNotDiscoverable, ErrAlreadyRegistered or ErrRefused.
func (rp *RelyingParty) FinishRegistration(u User, name Ceremony, body io.Reader) (Credential, error) {
	now, who := rp.clock(), string(u.Officer)
	p, ok := rp.open.take(registering, name, now)
	if !ok || p.officer != u.Officer {
		return Credential{}, fail(opRegister, who, ErrExpired, nil)
	}
	a, err := u.account()
	if err != nil {
		return Credential{}, err
	}
	b, err := readBody(opRegister, body)
	if err != nil {
		return Credential{}, err
	}
	par, err := protocol.ParseCredentialCreationResponseBytes(b)
	if err != nil {
		return Credential{}, fail(opRegister, who, ErrMalformed, err)
	}
	if err := rp.examineCreation(par); err != nil {
		return Credential{}, fail(opRegister, who, err, nil)
	}
	record, err := rp.lib.CreateCredential(a, p.session, par)
	if err != nil {
		return Credential{}, fail(opRegister, who, ErrRefused, err)
	}
	if _, err := webauthncose.ParsePublicKey(record.PublicKey); err != nil {
		return Credential{}, fail(opRegister, who, ErrRefused, err)
	}
	if _, had := u.credential(record.ID); had {
		return Credential{}, fail(opRegister, who, ErrAlreadyRegistered, nil)
	}
	return Credential{Officer: u.Officer, Registered: now}.with(record)
}

// examineCreation also refuses an attestation by certificate. Browsers strip it when none is asked for and leave only
// "none" or self attestation (WebAuthn §5.1.3 step 21), so the parsers of vendors' formats are never reached.
func (rp *RelyingParty) examineCreation(par *protocol.ParsedCredentialCreationData) error {
	object := par.Response.AttestationObject
	if err := examine(rp.host, rp.origins, par.Response.CollectedClientData, object.AuthData); err != nil {
		return err
	}
	if props := par.ClientExtensionResults.CredProps; props != nil && props.RK != nil && !*props.RK {
		return ErrNotDiscoverable
	}
	_, certified := object.AttStatement["x5c"]
	switch format := protocol.AttestationFormat(object.Format); {
	case format == protocol.AttestationFormatNone, format == protocol.AttestationFormatPacked && !certified:
		return nil
	}
	return ErrRefused
}
