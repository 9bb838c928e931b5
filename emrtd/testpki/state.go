package testpki

import (
	"io"
	"time"
)

// State is a state that issues documents: its authority, with one signer of documents under it.
type State struct {
	CSCA, Signer *Holder
	random       io.Reader
}

// NewState makes a state by the two letters of its country. Its certificates are valid for ten years before at and ten after.
func NewState(random io.Reader, kind Kind, country string, at time.Time) (*State, error) {
	s := &State{random: random}
	from, until := at.AddDate(-10, 0, 0), at.AddDate(10, 0, 0)
	authority, err := NewKey(random, kind)
	if err != nil {
		return nil, err
	}
	if s.CSCA, err = Authority(random, authority, Profile{Country: country, Organisation: "State", CommonName: "CSCA", Serial: 1, From: from, Until: until}); err != nil {
		return nil, err
	}
	signer, err := NewKey(random, kind)
	if err != nil {
		return nil, err
	}
	s.Signer, err = s.CSCA.Issue(random, signer, Profile{Country: country, Organisation: "State", CommonName: "Document Signer", Serial: 2, From: from, Until: until, Usage: 0x80})
	return s, err
}

// Revoked writes the state's list of revoked certificates, good for a month from at.
func (s *State) Revoked(at time.Time, serials ...int64) ([]byte, error) {
	return s.CSCA.RevocationList(s.random, 1, at, at.AddDate(0, 1, 0), serials...)
}

// Sign writes EF.SOD over data groups, with the hash of the signer's key.
func (s *State) Sign(groups map[int][]byte) ([]byte, error) {
	return s.Signer.SecurityObject(s.random, groups, s.Signer.Key.Kind.Hash, Form{})
}
