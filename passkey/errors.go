package passkey

import (
	"errors"
	"fmt"

	"marz"
)

// The reasons for which a ceremony fails. Every error of a Finish method is a *marz.Error; when the fault lies with the
// response, errors.Is finds one of these in it, and its Fix is a sentence for the officer.
var (
	ErrExpired           = errors.New("ceremony unknown, used or expired") // Conflict
	ErrMalformed         = errors.New("response malformed")                // Invalid
	ErrUnknownCredential = errors.New("no such credential")                // Unauthenticated
	ErrAlreadyRegistered = errors.New("credential already registered")     // Conflict
	ErrNotDiscoverable   = errors.New("credential not discoverable")       // Invalid
	ErrWrongOrigin       = errors.New("response made for another site")    // Forbidden
	ErrNotVerified       = errors.New("user not verified")                 // Unauthenticated
	ErrRefused           = errors.New("response does not verify")          // Unauthenticated
	ErrCloned            = errors.New("signature counter did not advance") // Forbidden
)

var reasons = map[error]struct {
	code marz.Code
	fix  string
}{
	ErrExpired:           {marz.Conflict, "this request was already used or is too old; start again"},
	ErrMalformed:         {marz.Invalid, "the browser's answer could not be read; reload the page and start again"},
	ErrUnknownCredential: {marz.Unauthenticated, "this passkey is not registered here; use another, or ask a supervisor to enrol it"},
	ErrAlreadyRegistered: {marz.Conflict, "this passkey is already registered; use another device or key"},
	ErrNotDiscoverable:   {marz.Invalid, "this key did not keep the passkey; use a device or key that can store passkeys"},
	ErrWrongOrigin:       {marz.Forbidden, "the passkey was used on another site; check the address in the browser and tell a supervisor"},
	ErrNotVerified:       {marz.Unauthenticated, "the device did not verify you; set up its PIN, fingerprint or face and start again"},
	ErrRefused:           {marz.Unauthenticated, "the passkey could not be verified; start again"},
	ErrCloned: {marz.Forbidden,
		"this passkey may have been copied and is refused; use another and have a supervisor remove this one"},
}

// fail returns the error for a reason. Subject names the officer where he is known, and detail the cause within the
// library; it can quote the response and is therefore cut and quoted.
func fail(op, subject string, reason, detail error) error {
	r := reasons[reason]
	cause := reason
	if detail != nil {
		cause = fmt.Errorf("%w (%.120q)", reason, detail.Error())
	}
	return &marz.Error{Code: r.code, Op: op, Subject: subject, Fix: r.fix, Err: cause}
}
