package emrtd

import (
	"slices"
	"time"

	"marz/emrtd/cert"
	"marz/emrtd/der"
)

// What is tolerated in a master list.
const (
	ListVersion     der.Name = "list-version"                // ICAO 9303-12 §9.2: 0
	ListEntryTwice  der.Name = "list-entry-twice"            // the same certificate
	ListEntryUnread der.Name = "list-entry-unreadable"       // no certificate could be read there; it counts as absent
	SignedOutside   der.Name = "signed-outside-validity"     // the time of signing is not within the signer's certificate's validity
	ListSignerUse   der.Name = "list-signer-without-purpose" // extended key usage, ICAO 9303-12 §7.1.1.3
)

const oidMasterList = "2.23.136.1.1.2"

// MasterList is a CSCA master list (ICAO 9303-12 §9): the certificates that a state has found to be the issuing authorities' of others, under its signature.
type MasterList struct {
	Digest     string // SHA-256 of the file
	Signed     *SignedData
	Entries    []Entry
	Unreadable []Entry // with Err
	Defects    []der.Defect
}

// Entry is one certificate of a master list. Offset is within the list's content.
type Entry struct {
	Offset      int
	Certificate *cert.Certificate
	Err         error
}

// ParseMasterList reads a master list and checks no signature.
func ParseMasterList(raw []byte) (*MasterList, error) {
	d, defects, err := readSignedList("read master list", raw, oidMasterList, "master list")
	if err != nil {
		return nil, err
	}
	l := &MasterList{Signed: d, Digest: der.Digest(raw)}
	in := der.NewReader(d.Content, 0)
	if err := l.readContent(in); err != nil {
		return nil, invalid("read master list", err)
	}
	l.Defects = slices.Concat(defects, der.Within("list", in.All()))
	return l, nil
}

func (l *MasterList) readContent(r *der.Reader) error {
	e, err := r.One()
	if err != nil {
		return err
	}
	if !e.Is(der.Universal, der.TagSequence) || !e.Constructed {
		return der.Errorf(e.Offset, "the list should be SEQUENCE and is %s", e.Name())
	}
	f := e.Fields()
	version, err := f.Must(der.Universal, der.TagInteger, "the version of the list")
	if err != nil {
		return err
	}
	if n, err := r.Integer(version); err != nil {
		return err
	} else if n.Sign() != 0 {
		r.Note(ListVersion, version.Offset, n.String())
	}
	set, err := f.Must(der.Universal, der.TagSet, "the certificates of the list")
	if err != nil {
		return err
	}
	seen := map[string]bool{}
	for _, item := range set.Children {
		l.readEntry(r, item, seen)
	}
	return f.End("the list")
}

func (l *MasterList) readEntry(r *der.Reader, item *der.Element, seen map[string]bool) {
	if seen[string(item.Raw)] {
		r.Note(ListEntryTwice, item.Offset, "SHA-256 "+der.Digest(item.Raw))
		return
	}
	seen[string(item.Raw)] = true
	c, err := cert.Parse(item.Raw)
	if err != nil {
		r.Note(ListEntryUnread, item.Offset, err.Error())
		l.Unreadable = append(l.Unreadable, Entry{Offset: item.Offset, Err: err})
		return
	}
	l.Entries = append(l.Entries, Entry{Offset: item.Offset, Certificate: c})
}

// Verify checks the list's signature, and the way from its signer to one of the roots. A list's own entries are no roots for itself.
func (l *MasterList) Verify(roots *cert.Store) ListCheck {
	check := verifyList(l.Signed, l.Defects, roots)
	if c := check.Signature.Certificate; c != nil {
		check.Purpose = slices.Contains(c.Purposes, cert.MasterListSigner)
		if !check.Purpose {
			check.Defects = append(check.Defects, der.Defect{Name: ListSignerUse, In: "signer's certificate", Offset: -1})
		}
	}
	return check
}

// SignedAt is the time that the list's signer says, zero where it says none.
func (l *MasterList) SignedAt() time.Time { return l.Signed.signedAt() }
