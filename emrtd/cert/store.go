package cert

import (
	"bytes"
	"crypto/sha1"
	"fmt"
	"sync"

	"marz/emrtd/der"
)

// Reasons for which a good signature does not do.
const (
	KeyUsage      Reason = "key-usage"            // the key may not make such a signature
	IssuerUnfit   Reason = "issuer-may-not-issue" // the certificate above is not one that may issue others
	IssuerAnother Reason = "issuer-is-another"    // the certificate above has another name, and is not known for the issuer's by its key and country
)

// What is tolerated between a certificate and its issuer's, whose key made the signature.
const (
	IssuerNameDiffers  der.Name = "issuer-name-differs"   // the key identifier and the country are the issuer's
	IssuerKeyIDDiffers der.Name = "issuer-key-id-differs" // the name is the issuer's
)

// maxCandidates bounds how many keys are tried for one signature. A state has a handful.
const maxCandidates = 64

// Store holds certificates by name and by key identifier, with where they come from. It is not changed while it is read. What was verified once between its own certificates, and of revocation lists, it remembers.
type Store struct {
	list   []*Certificate
	from   map[*Certificate][]string
	byRaw  map[string]*Certificate
	byName map[string][]*Certificate
	byKey  map[string][]*Certificate

	mu      sync.Mutex // over what was found out once about what the store holds, and about revocation lists
	issuers map[*Certificate]Issuance
	lists   map[*CRL]listSigner
}

// listSigner is whose key made a revocation list's signature.
type listSigner struct {
	by      *Certificate
	defects []der.Defect
	err     error
}

// NewStore returns an empty store.
func NewStore() *Store {
	return &Store{from: map[*Certificate][]string{}, byRaw: map[string]*Certificate{}, byName: map[string][]*Certificate{}, byKey: map[string][]*Certificate{}}
}

// Add puts a certificate in, once, and notes where it comes from. It returns the one that the store holds.
func (s *Store) Add(c *Certificate, from string) *Certificate {
	if held, ok := s.byRaw[string(c.Raw)]; ok {
		s.from[held] = append(s.from[held], from)
		return held
	}
	s.issuers, s.lists = nil, nil
	s.list = append(s.list, c)
	s.from[c] = []string{from}
	s.byRaw[string(c.Raw)] = c
	name := c.Subject.key()
	s.byName[name] = append(s.byName[name], c)
	for _, id := range c.keyIDs() {
		s.byKey[string(id)] = append(s.byKey[string(id)], c)
	}
	return c
}

// All returns the certificates in the order in which they came.
func (s *Store) All() []*Certificate { return s.list }

// From says where a certificate of the store comes from.
func (s *Store) From(c *Certificate) []string { return s.from[c] }

// Has reports whether exactly this certificate is in the store, and returns the store's.
func (s *Store) Has(c *Certificate) (*Certificate, bool) {
	held, ok := s.byRaw[string(c.Raw)]
	return held, ok
}

// keyIDs are the identifiers of a certificate's key: what it says, and the SHA-1 of the key, which is the usual one (RFC 5280 §4.2.1.2).
func (c *Certificate) keyIDs() [][]byte {
	sum := sha1.Sum(c.Key.Bits)
	if len(c.SubjectKeyID) == 0 || bytes.Equal(c.SubjectKeyID, sum[:]) {
		return [][]byte{sum[:]}
	}
	return [][]byte{c.SubjectKeyID, sum[:]}
}

// HasKeyID reports whether the certificate's key has this identifier.
func (c *Certificate) HasKeyID(id []byte) bool {
	for _, own := range c.keyIDs() {
		if bytes.Equal(own, id) {
			return true
		}
	}
	return false
}

// ByKeyID returns the certificates with a key identifier.
func (s *Store) ByKeyID(id []byte) []*Certificate { return s.byKey[string(id)] }

// ByName returns the certificates with a subject.
func (s *Store) ByName(n Name) []*Certificate { return s.byName[n.key()] }

// Candidates returns the certificates that may be the issuer's: those with the key identifier and the name first, then those with the identifier, then
// those with the name.
func (s *Store) Candidates(issuer Name, keyID []byte) []*Certificate {
	var both, key, name []*Certificate
	seen := map[*Certificate]bool{}
	if len(keyID) > 0 {
		for _, c := range s.ByKeyID(keyID) {
			seen[c] = true
			if c.Subject.Same(issuer) {
				both = append(both, c)
			} else {
				key = append(key, c)
			}
		}
	}
	for _, c := range s.ByName(issuer) {
		if !seen[c] {
			name = append(name, c)
		}
	}
	all := append(append(both, key...), name...)
	return all[:min(len(all), maxCandidates)]
}

// Issuance says how a certificate follows from its issuer's, each check apart.
type Issuance struct {
	Issuer     *Certificate // nil where none was found whose key made the signature
	Err        *SignatureError
	NameMatch  bool // the certificate's issuer is the issuer's subject
	KeyIDMatch bool // the authority key identifier is the issuer's; true also where the certificate has none
	MayIssue   bool // the issuer is a CA with the usage keyCertSign
	Defects    []der.Defect

	byKey bool // the certificate names this issuer's key, and both are of one country
}

// Unfit says why the certificate does not follow from its issuer's, nil when it does: the issuer's key made the signature and may make it, and the issuer is the one
// that the certificate names, by its name or, where that differs, by its key identifier and country (BSI TR-03135-1 §5.6.4.3.3).
func (i Issuance) Unfit() *SignatureError {
	switch {
	case i.Err != nil:
		return i.Err
	case !i.MayIssue:
		return &SignatureError{Reason: IssuerUnfit}
	case !i.NameMatch && !i.byKey:
		return &SignatureError{Reason: IssuerAnother}
	}
	return nil
}

// Good reports whether every check of the issuance was good.
func (i Issuance) Good() bool { return i.Err == nil && i.NameMatch && i.KeyIDMatch && i.MayIssue }

// IssuedBy checks whether one certificate follows from another.
func (c *Certificate) IssuedBy(issuer *Certificate) Issuance {
	i := Issuance{Issuer: issuer, NameMatch: c.Issuer.Same(issuer.Subject), KeyIDMatch: len(c.AuthorityID.KeyID) == 0 || issuer.HasKeyID(c.AuthorityID.KeyID), MayIssue: issuer.CA() && issuer.May("keyCertSign")}
	defects, err := issuer.Key.Verify(c.Algorithm, c.Signed, c.Signature)
	i.Err = AsSignatureError(err)
	i.Defects = defects
	if i.Err == nil && c.Algorithm.Weak() {
		i.Defects = append(i.Defects, der.Defect{Name: WeakHash, Offset: -1, Detail: c.Algorithm.name()})
	}
	i.byKey = len(c.AuthorityID.KeyID) > 0 && i.KeyIDMatch && c.Issuer.Country() == issuer.Subject.Country()
	if i.Err == nil && !i.NameMatch {
		i.Defects = append(i.Defects, der.Defect{Name: IssuerNameDiffers, Offset: -1, Detail: issuer.Subject.String()})
	}
	if i.Err == nil && !i.KeyIDMatch {
		i.Defects = append(i.Defects, der.Defect{Name: IssuerKeyIDDiffers, Offset: -1})
	}
	if i.NameMatch && !bytes.Equal(c.Issuer.Raw, issuer.Subject.Raw) {
		i.Defects = append(i.Defects, der.Defect{Name: NameForm, Offset: -1, Detail: "the issuer"})
	}
	return i
}

// AsSignatureError returns the error of Verify as what it is.
func AsSignatureError(err error) *SignatureError {
	if err == nil {
		return nil
	}
	if s, ok := err.(*SignatureError); ok {
		return s
	}
	return &SignatureError{Reason: SignatureMalformed, Detail: err.Error()}
}

// Twins returns the certificates of the same name and key as one that the store holds, itself among them: the authority's own, and links to it.
func (s *Store) Twins(c *Certificate) []*Certificate {
	var out []*Certificate
	for _, o := range s.ByName(c.Subject) {
		if bytes.Equal(o.Key.Raw, c.Key.Raw) || bytes.Equal(o.Key.Bits, c.Key.Bits) {
			out = append(out, o)
		}
	}
	return out
}

// SignerOf finds the certificate whose key made the signature of a revocation list, among those of the list's issuer; what was tolerated comes with it. The error says of the last one that was tried why it did not, or that
// there is none.
func (s *Store) SignerOf(l *CRL) (*Certificate, []der.Defect, error) {
	s.mu.Lock()
	found, ok := s.lists[l]
	s.mu.Unlock()
	if ok {
		return found.by, found.defects, found.err
	}
	found.err = &SignatureError{Reason: IssuerMissing, Detail: "no trusted certificate of its issuer is at hand"}
	for _, c := range s.Candidates(l.Issuer, l.KeyID) {
		if found.defects, found.err = l.VerifiedBy(c); found.err == nil {
			found.by = c
			break
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.lists == nil {
		s.lists = map[*CRL]listSigner{}
	}
	s.lists[l] = found
	return found.by, found.defects, found.err
}

// Issuer finds the issuer of a certificate in the store, as the store remembers it of those that it holds itself.
func (s *Store) Issuer(c *Certificate) Issuance {
	if _, held := s.from[c]; !held {
		return s.issuer(c)
	}
	s.mu.Lock()
	i, ok := s.issuers[c]
	s.mu.Unlock()
	if ok {
		return i
	}
	i = s.issuer(c)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.issuers == nil {
		s.issuers = map[*Certificate]Issuance{}
	}
	s.issuers[c] = i
	return i
}

// issuer finds the issuer of a certificate: the first candidate by which every check is good, else the first whose key made the signature,
// else none with the reason of the first that was tried. Where the certificate names its issuer's key and none of the candidates has it, the issuer is missing
// and the signature is not called wrong.
func (s *Store) issuer(c *Certificate) Issuance {
	var first, signed *Issuance
	for _, candidate := range s.Candidates(c.Issuer, c.AuthorityID.KeyID) {
		i := c.IssuedBy(candidate)
		if i.Good() {
			return i
		}
		if signed == nil && i.Err == nil {
			signed = &i
		}
		if first == nil {
			first = &i
		}
	}
	switch {
	case signed != nil:
		return *signed
	case first != nil && (first.KeyIDMatch || first.Err.Reason != SignatureWrong):
		first.Issuer = nil
		return *first
	}
	return Issuance{Err: &SignatureError{Reason: IssuerMissing, Detail: missing(c, first != nil)}}
}

// maxChain bounds a chain. One of a signer, its CSCA and two links has four.
const maxChain = 8

// Chain is the way from a certificate to a trusted one: each step's issuance, and the trusted certificate at its end, nil where it ends before. All steps but the last
// one of a chain that does not reach are fit.
type Chain struct {
	Steps   []Issuance
	Trusted *Certificate
}

// Err is the reason for which a chain does not reach a trusted certificate, nil when it does.
func (c Chain) Err() *SignatureError {
	if c.Trusted != nil {
		return nil
	}
	if n := len(c.Steps); n > 0 {
		if why := c.Steps[n-1].Unfit(); why != nil {
			return why
		}
	}
	return &SignatureError{Reason: IssuerMissing, Detail: "the chain ends at a certificate that is not trusted"}
}

// Chain goes from a certificate to one in trusted, by the issuers there or else by those in bag, whose certificates are believed in nothing but their signatures.
func (c *Certificate) Chain(trusted, bag *Store) Chain {
	var chain Chain
	at := c
	for range maxChain {
		if held, ok := trusted.Has(at); ok {
			chain.Trusted = held
			return chain
		}
		step := trusted.Issuer(at)
		if step.Issuer == nil && bag != nil {
			if other := bag.Issuer(at); other.Issuer != nil || step.Err.Reason == IssuerMissing && other.Err.Reason != IssuerMissing {
				step = other
			}
		}
		chain.Steps = append(chain.Steps, step)
		if step.Unfit() != nil || step.Issuer == at {
			return chain
		}
		at = step.Issuer
	}
	return chain
}

// missing says which certificate is not at hand, and whether one of the same name is.
func missing(c *Certificate, sameName bool) string {
	s := fmt.Sprintf("no certificate of %q", c.Issuer.String())
	if len(c.AuthorityID.KeyID) > 0 {
		s += " with the key " + Hex(c.AuthorityID.KeyID)
	}
	s += " is at hand"
	if sameName {
		s += "; there are others of that name"
	}
	return s
}
