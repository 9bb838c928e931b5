package passkey

import (
	"bytes"
	"encoding/json"
	"errors"

	"marz"

	"github.com/go-webauthn/webauthn/webauthn"
)

// account is a User as the library wants to see one.
type account struct {
	user    User
	records []webauthn.Credential
}

func (a account) WebAuthnID() []byte                         { return Handle(a.user.Officer) }
func (a account) WebAuthnName() string                       { return string(a.user.Officer) }
func (a account) WebAuthnCredentials() []webauthn.Credential { return a.records }

func (a account) WebAuthnDisplayName() string {
	if a.user.Name == "" {
		return string(a.user.Officer)
	}
	return a.user.Name
}

// account decodes a user's records. A record that cannot be read is an Internal error and not passed over: a passkey
// silently missing from the list of known ones could be registered twice.
func (u User) account() (account, error) {
	a := account{user: u}
	if err := u.Officer.Validate(); err != nil {
		return a, err
	}
	for _, c := range u.Credentials {
		if c.Officer != u.Officer {
			return a, broken(u.Officer, errors.New("the record belongs to another officer"))
		}
		record, err := c.decode()
		if err != nil {
			return a, err
		}
		a.records = append(a.records, *record)
	}
	return a, nil
}

// credential returns the user's credential with an ID.
func (u User) credential(id []byte) (Credential, bool) {
	for _, c := range u.Credentials {
		if bytes.Equal(c.ID, id) {
			return c, true
		}
	}
	return Credential{}, false
}

func (c Credential) decode() (*webauthn.Credential, error) {
	var record webauthn.Credential
	if err := json.Unmarshal(c.Record, &record); err != nil {
		return nil, broken(c.Officer, err)
	}
	if len(c.ID) == 0 || !bytes.Equal(record.ID, c.ID) {
		return nil, broken(c.Officer, errors.New("the record has another ID than its credential"))
	}
	return &record, nil
}

// with returns the credential with another record.
func (c Credential) with(record *webauthn.Credential) (Credential, error) {
	b, err := json.Marshal(record)
	if err != nil {
		return Credential{}, broken(c.Officer, err)
	}
	c.ID, c.Record = record.ID, b
	return c, nil
}

func broken(o marz.OfficerID, err error) error {
	return &marz.Error{Code: marz.Internal, Op: "passkey record of", Subject: string(o),
		Fix: "a stored passkey cannot be read; remove it and enrol the officer again", Err: err}
}
