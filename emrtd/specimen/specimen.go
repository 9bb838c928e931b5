// Package specimen makes virtual travel documents whole: an issuing authority, its signer, the files, and a chip in memory that has them and speaks as a real one does, with any mix of ways to open it, of algorithms and of faults.
//
// It is for the tests of readers, of those who integrate them and of Marz. It owns the Profile, in which such a document is described, and the drawing of its portrait. It promises that a sound document passes every check of package emrtd by the
// trust that comes with it, and that a fault makes it fail exactly where its description says.
//
// Nothing in it is secret and nobody in it lives: keys are thrown away, the portrait is drawn, and the default zone is ICAO's specimen.
package specimen

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"slices"
	"time"

	"marz"
	"marz/emrtd"
	"marz/emrtd/chip"
	"marz/emrtd/testpki"
	"marz/mrz"
)

// Document is a virtual travel document and what is needed to check it.
type Document struct {
	Chip   *chip.Virtual
	Zone   string            // printed, its lines apart by \n
	CAN    string            // "" for none
	Trust  map[string][]byte // csca.cer and crl.der
	Groups []int             // the data groups that it has
}

// Make makes a document for an instant: its certificates are valid then, unless a fault says otherwise.
func Make(p Profile, random io.Reader, at time.Time) (*Document, error) {
	m := &maker{profile: p.filled(), random: random, at: at, groups: map[int][]byte{}}
	for _, step := range []func() error{m.read, m.issue, m.open, m.fill, m.sign, m.spoil} {
		if err := step(); err != nil {
			return nil, err
		}
	}
	return &Document{Chip: m.chip, Zone: m.zone, CAN: m.profile.CAN, Groups: slices.Sorted(maps.Keys(m.groups)),
		Trust: map[string][]byte{"csca.cer": m.trusted.Certificate, "crl.der": m.revoked}}, nil
}

// maker is the making of one document.
type maker struct {
	profile Profile
	random  io.Reader
	at      time.Time
	zone    string
	doc     *mrz.Document

	trusted *testpki.Holder // the authority that the trust names
	signer  *testpki.Holder
	revoked []byte
	faults  faults
	chip    *chip.Virtual
	ways    []chip.PACE
	groups  map[int][]byte
}

// read reads the profile's texts.
func (m *maker) read() error {
	var err error
	if m.doc, err = mrz.Parse(m.profile.Zone, marz.DateOf(m.at)); err != nil {
		return err
	}
	for i, l := range m.doc.Lines {
		if i > 0 {
			m.zone += "\n"
		}
		m.zone += l
	}
	if !m.doc.ChecksOK() {
		return invalid("zone", "a check digit is wrong; marz mrz parse says which")
	}
	m.faults, err = parseFaults(m.profile.Faults)
	return err
}

// Days around the instant for which a document is made.
const day = 24 * time.Hour

// Issuer is a state that issues several documents: its authority, its signer and its list of what is revoked.
type Issuer struct {
	CSCA, Signer *testpki.Holder
	Revoked      []byte
}

// NewIssuer makes the issuer of documents of a profile, from an instant on.
func NewIssuer(p Profile, random io.Reader, at time.Time) (*Issuer, error) {
	m := &maker{profile: p.filled(), random: random, at: at}
	for _, step := range []func() error{m.read, m.issue} {
		if err := step(); err != nil {
			return nil, err
		}
	}
	return &Issuer{m.trusted, m.signer, m.revoked}, nil
}

// issue makes the authority, the signer and the list of what is revoked, or takes those of the issuer that was given.
func (m *maker) issue() error {
	if i := m.profile.Issuer; i != nil {
		if m.faults.revoked || m.faults.expired || m.faults.unknownCSCA {
			return invalid("faults", "of an issuer that is given neither signer nor authority can be another; leave the issuer away")
		}
		m.trusted, m.signer, m.revoked = i.CSCA, i.Signer, i.Revoked
		return nil
	}
	cscaKind, err := ParseKind(m.profile.CSCA)
	if err != nil {
		return err
	}
	signerKind, err := ParseKind(m.profile.Signer)
	if err != nil {
		return err
	}
	country := cmp.Or(emrtd.CountryOf(m.doc.Issuer), "UT")
	authority := testpki.Profile{Country: country, Organisation: "Specimen", CommonName: "CSCA Specimen", Serial: 1, From: m.at.Add(-400 * day), Until: m.at.Add(4000 * day)}
	if m.trusted, err = m.authority(cscaKind, authority); err != nil {
		return err
	}
	issuer := m.trusted
	if m.faults.unknownCSCA { // another authority of the same name, which the trust does not hold
		if issuer, err = m.authority(cscaKind, authority); err != nil {
			return err
		}
	}
	signer := testpki.Profile{Country: country, Organisation: "Specimen", CommonName: "Document Signer Specimen", Serial: 77, From: m.at.Add(-100 * day), Until: m.at.Add(3700 * day), Usage: 0x80, DocumentTypes: []string{m.doc.Code}}
	if m.faults.expired {
		signer.Until = m.at.Add(-day)
	}
	key, err := testpki.NewKey(m.random, signerKind)
	if err != nil {
		return err
	}
	if m.signer, err = issuer.Issue(m.random, key, signer); err != nil {
		return err
	}
	var serials []int64
	if m.faults.revoked {
		serials = append(serials, signer.Serial)
	}
	m.revoked, err = m.trusted.RevocationList(m.random, 1, m.at.Add(-day), m.at.Add(90*day), serials...)
	return err
}

func (m *maker) authority(k testpki.Kind, p testpki.Profile) (*testpki.Holder, error) {
	key, err := testpki.NewKey(m.random, k)
	if err != nil {
		return nil, err
	}
	return testpki.Authority(m.random, key, p)
}

// sign writes EF.SOD over the data groups, and EF.CardSecurity where PACE goes with chip authentication mapping.
func (m *maker) sign() error {
	sod, err := m.signer.SecurityObject(m.random, m.groups, m.signer.Key.Kind.Hash, testpki.Form{LDSVersion: m.profile.SODVersion})
	if err != nil {
		return err
	}
	m.chip.Files[chip.EFSOD] = sod
	m.chip.Files[chip.EFCOM] = com(slices.Sorted(maps.Keys(m.groups)))
	for n, b := range m.groups {
		m.chip.Files[chip.DG(n)] = b
	}
	if len(m.ways) > 0 {
		m.chip.Master[chip.EFCardAccess] = chip.CardAccess(m.ways...)
	}
	if i := slices.IndexFunc(m.ways, chip.PACE.Proves); i >= 0 {
		infos, err := m.cardSecurity(m.ways[i])
		if err != nil {
			return err
		}
		m.chip.Master[chip.EFCardSecurity], err = m.signer.SignedData(m.random, oidCardSecurity, infos, testpki.Form{})
		if err != nil {
			return err
		}
	}
	return nil
}

// spoil brings in the faults of files and chip, after everything was signed.
func (m *maker) spoil() error {
	if n := m.faults.wrongHash; n != 0 {
		file := m.chip.Files[chip.DG(n)]
		if file == nil {
			return invalid("faults", fmt.Sprintf("the document has no DG%d whose hash could be wrong; it has %v", n, slices.Sorted(maps.Keys(m.groups))))
		}
		file[len(file)-1] ^= 1
	}
	for _, f := range []chip.File{m.faults.Cut, m.faults.Missing} {
		if f != 0 && m.chip.Files[f] == nil {
			return invalid("faults", fmt.Sprintf("the document has no %v; it has data groups %v", f, slices.Sorted(maps.Keys(m.groups))))
		}
	}
	m.chip.Faults = m.faults.Faults
	m.chip.Faults.ShortOnly = m.profile.ShortOnly
	return nil
}

func invalid(what, fix string) error {
	return &marz.Error{Code: marz.Invalid, Op: "make specimen", Subject: what, Fix: fix}
}
