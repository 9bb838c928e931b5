// Package passkey signs officers in with WebAuthn passkeys (W3C Web Authentication Level 3).
//
// It owns the ceremonies (registration, sign-in, and an assertion over a given digest) and the form of a credential
// record. It owns no session, no HTTP, no storage and no journal entry: the node that uses it does. It promises:
//
//   - A passkey is accepted only with the user verified (PIN, finger or face), from one of the configured origins
//     compared byte for byte, and for the configured host.
//   - A ceremony is finished at most once and within [Lifetime]. The first attempt to finish it ends it, whatever comes
//     of the attempt. This holds within one process: ceremonies are kept in memory and end with it.
//   - A passkey whose signature counter does not advance is refused ([ErrCloned]), never merely reported.
//   - Input is bounded ([MaxBody], [MaxOpen]) and no input panics.
//
// Three things are the caller's. It stores the Credential that a Finish method returns, before it opens a session, or
// the counter protects nobody. It refuses a registration whose credential ID another officer already has (WebAuthn
// §7.1 step 26): a unique key on the ID does it. And it ends sessions when an officer's powers end, since a passkey
// proves who somebody is and not what he may do.
//
// Signatures and the encodings of authenticators are checked by github.com/go-webauthn/webauthn.
package passkey

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/json"
	"io"
	"slices"
	"time"

	"marz"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/webauthn"
)

const (
	// Lifetime is how long after its beginning a ceremony can be finished.
	Lifetime = 5 * time.Minute
	// MaxBody is the greatest length in bytes of a response that a Finish method reads.
	MaxBody = 64 << 10
	// MaxOpen is how many ceremonies of one kind are kept open. Beginning one more ends the oldest of that kind, so that
	// a flood of sign-ins, which anybody can begin, ends no registration and no assertion.
	MaxOpen = 1024
)

// Config describes the site that passkeys are made for.
type Config struct {
	Host    string     // RP ID: a domain name in lower case, or "localhost"; passkeys never work for an IP address
	Name    string     // what the officer's device shows as the name of the site
	Origins []string   // where the pages are served, as a browser writes it: "https://post.example:8443"
	Clock   marz.Clock // decides expiry
	Rand    io.Reader  // challenges and ceremony names; nil means crypto/rand. Needs to be unpredictable outside tests
}

// RelyingParty runs ceremonies for one site. It is safe for concurrent use.
type RelyingParty struct {
	host    string
	origins []string
	clock   marz.Clock
	lib     *webauthn.WebAuthn
	open    ceremonies
}

// New checks the configuration and returns a RelyingParty. Its errors are Invalid and name the setting.
func New(c Config) (*RelyingParty, error) {
	if err := c.validate(); err != nil {
		return nil, err
	}
	if c.Rand == nil {
		c.Rand = rand.Reader
	}
	c.Origins = slices.Clone(c.Origins)
	timeout := webauthn.TimeoutConfig{Timeout: Lifetime, TimeoutUVD: Lifetime} // told to the browser; enforced by our clock
	lib, err := webauthn.New(&webauthn.Config{
		RPID:                  c.Host,
		RPDisplayName:         c.Name,
		RPOrigins:             c.Origins,
		AttestationPreference: protocol.PreferNoAttestation,
		AuthenticatorSelection: protocol.AuthenticatorSelection{
			ResidentKey:        protocol.ResidentKeyRequirementRequired,
			RequireResidentKey: protocol.ResidentKeyRequired(),
			UserVerification:   protocol.VerificationRequired,
		},
		Timeouts: webauthn.TimeoutsConfig{Login: timeout, Registration: timeout},
	})
	if err != nil {
		return nil, &marz.Error{Code: marz.Invalid, Op: opConfig, Subject: c.Host, Err: err}
	}
	return &RelyingParty{host: c.Host, origins: c.Origins, clock: c.Clock, lib: lib, open: ceremonies{rand: c.Rand}}, nil
}

// Credential is one registered passkey, with everything that must be kept of it. The three plain fields are for the
// caller's keys and screens; Record is read by this package alone.
type Credential struct {
	ID         []byte         `json:"id"` // chosen by the authenticator, at most 1023 bytes; unique among all officers
	Officer    marz.OfficerID `json:"officer"`
	Registered marz.Instant   `json:"registered"`
	Used       marz.Instant   `json:"used,omitzero"` // the last sign-in or assertion; zero when there was none

	// Record is the credential record of WebAuthn §4: public key, signature counter, the flags UP, UV, BE and BS,
	// transports, AAGUID, and the registration as it arrived, byte for byte, so that later rules can be applied to it.
	// Store it whole and unchanged.
	Record json.RawMessage `json:"record"`
}

// PublicKey returns the passkey's public key as a COSE_Key (RFC 9052 §7), the form in which Evidence carries it.
func (c Credential) PublicKey() ([]byte, error) {
	record, err := c.decode()
	if err != nil {
		return nil, err
	}
	return record.PublicKey, nil
}

// User is an officer with the passkeys that he has at the moment.
type User struct {
	Officer     marz.OfficerID
	Name        string // shown by, and kept in, the officer's own device; empty means the service number
	Credentials []Credential
}

// Handle returns the user handle under which an officer's device files his passkeys: the SHA-256 of his service
// number. It is the same on every node and at every enrolment, so that a second passkey joins the first instead of
// standing beside it as another account. It holds no personal data; since service numbers can be guessed it is not a
// secret either, and nothing rests on it being one.
func Handle(o marz.OfficerID) []byte {
	sum := sha256.Sum256([]byte(o))
	return sum[:]
}
