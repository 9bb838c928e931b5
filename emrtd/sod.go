package emrtd

import (
	"crypto"
	"fmt"
	"slices"

	"marz/emrtd/cert"
	"marz/emrtd/der"
)

// What is tolerated in a document security object.
const (
	SODUnwrapped    der.Name = "sod-without-wrapper"    // the tag 77 of EF.SOD is missing, ICAO 9303-10 §4.6.2
	SODContentType  der.Name = "sod-content-type"       // not id-icao-mrtd-security-ldsSecurityObject
	LDSVersionForm  der.Name = "lds-version"            // neither 0 nor 1
	LDSVersionInfo  der.Name = "lds-version-info"       // in version 0, or missing in version 1
	GroupNumber     der.Name = "data-group-number"      // not 1 to 16
	GroupHashLength der.Name = "data-group-hash-length" // not that of the hash algorithm
)

const oidSecurityObject = "2.23.136.1.1.1"

// SecurityObject is EF.SOD: the hashes of the chip's data groups under the signature of the document's issuer (ICAO 9303-10 §4.6.2).
type SecurityObject struct {
	Signed      *SignedData
	Version     int
	Hash        crypto.Hash // of the data groups; 0 for an unknown one
	HashOID     string
	Groups      map[int][]byte // hash by number of data group
	LDSVersion  string         // of version 1, for example "0108"
	UnicodeInfo string         // of version 1
	Defects     []der.Defect
}

// Numbers returns the numbers of the data groups that the object has hashes of, in order.
func (s *SecurityObject) Numbers() []int {
	out := make([]int, 0, len(s.Groups))
	for n := range s.Groups {
		out = append(out, n)
	}
	slices.Sort(out)
	return out
}

// ParseSecurityObject reads EF.SOD, with its wrapper or without, and checks no signature.
func ParseSecurityObject(raw []byte) (*SecurityObject, error) {
	r := der.NewReader(raw, 0)
	e, err := r.One()
	if err != nil {
		return nil, invalid("read EF.SOD", err)
	}
	if e.Is(der.Application, 0x17) {
		in, err := e.Explicit("EF.SOD")
		if err != nil {
			return nil, invalid("read EF.SOD", err)
		}
		e = in
	} else {
		r.Note(SODUnwrapped, e.Offset, "")
	}
	d, err := readSignedData(r, e)
	if err != nil {
		return nil, invalid("read EF.SOD", err)
	}
	s := &SecurityObject{Signed: d, Groups: map[int][]byte{}}
	if d.ContentType != oidSecurityObject {
		r.Note(SODContentType, e.Offset, d.ContentType)
	}
	in := der.NewReader(d.Content, 0)
	if err := s.readContent(in); err != nil {
		return nil, invalid("read EF.SOD", fmt.Errorf("the security object: %w", err))
	}
	s.Defects = slices.Concat(r.All(), d.Defects, der.Within("security object", in.All()))
	return s, nil
}

// readContent reads LDSSecurityObject.
func (s *SecurityObject) readContent(r *der.Reader) error {
	e, err := r.One()
	if err != nil {
		return err
	}
	if !e.Is(der.Universal, der.TagSequence) || !e.Constructed {
		return der.Errorf(e.Offset, "it should be SEQUENCE and is %s", e.Name())
	}
	f := e.Fields()
	version, err := f.Must(der.Universal, der.TagInteger, "the version")
	if err != nil {
		return err
	}
	if s.Version, err = r.Small(version, "the version"); err != nil {
		return err
	}
	hash, err := f.Sequence("the hash algorithm")
	if err != nil {
		return err
	}
	if s.Hash, s.HashOID, err = cert.ReadHash(r, hash); err != nil {
		return err
	}
	groups, err := f.Sequence("the hashes of data groups")
	if err != nil {
		return err
	}
	for _, g := range groups.Children {
		if err := s.readGroup(r, g); err != nil {
			return err
		}
	}
	info := f.Maybe(der.Universal, der.TagSequence)
	if s.Version > 1 {
		r.Note(LDSVersionForm, version.Offset, fmt.Sprint(s.Version))
	}
	if (info != nil) != (s.Version >= 1) {
		r.Note(LDSVersionInfo, e.Offset, "")
	}
	if info != nil {
		if err := s.readVersionInfo(r, info); err != nil {
			return err
		}
	}
	return f.End("the security object")
}

func (s *SecurityObject) readGroup(r *der.Reader, e *der.Element) error {
	if !e.Is(der.Universal, der.TagSequence) || !e.Constructed {
		return der.Errorf(e.Offset, "a data group's hash should be SEQUENCE and is %s", e.Name())
	}
	f := e.Fields()
	number, err := f.Must(der.Universal, der.TagInteger, "the number of a data group")
	if err != nil {
		return err
	}
	n, err := r.Small(number, "the number of a data group")
	if err != nil {
		return err
	}
	value, err := f.Must(der.Universal, der.TagOctetString, "the hash of a data group")
	if err != nil {
		return err
	}
	hash, err := r.Octets(value)
	if err != nil {
		return err
	}
	if n < 1 || n > 16 {
		r.Note(GroupNumber, number.Offset, fmt.Sprint(n))
	}
	if _, twice := s.Groups[n]; twice {
		return der.Errorf(e.Offset, "data group %d has two hashes", n)
	}
	if s.Hash != 0 && len(hash) != s.Hash.Size() {
		r.Note(GroupHashLength, value.Offset, fmt.Sprintf("DG%d, %d bytes", n, len(hash)))
	}
	s.Groups[n] = hash
	return f.End("a data group's hash")
}

func (s *SecurityObject) readVersionInfo(r *der.Reader, e *der.Element) (err error) {
	if len(e.Children) != 2 {
		return der.Errorf(e.Offset, "the version information is not two strings")
	}
	if s.LDSVersion, err = r.Text(e.Children[0]); err != nil {
		return err
	}
	s.UnicodeInfo, err = r.Text(e.Children[1])
	return err
}
