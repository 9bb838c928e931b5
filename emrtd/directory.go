package emrtd

import (
	"bytes"
	"fmt"
	"strings"
	"time"

	"marz/emrtd/cert"
)

// Directory is an export of ICAO's directory, what could be read of it. What could not is in Notes, with its line.
type Directory struct {
	Lists   []DirectoryList
	CRLs    []*cert.CRL
	Signers []DirectorySigner
	Notes   []string // without the file's name
	parts   map[string]bool
}

// DirectoryList is a master list of an export, with its place in words.
type DirectoryList struct {
	At   string
	List *MasterList
}

// DirectorySigner is the certificate of a document signer in an export, with its place in words.
type DirectorySigner struct {
	At          string
	Certificate *cert.Certificate
}

// isLDIF tells text of an export from the binary forms, all of which begin with a SEQUENCE, and from PEM.
func isLDIF(b []byte) bool {
	head := b[:min(len(b), 4096)]
	return len(b) > 0 && b[0] != 0x30 && (bytes.HasPrefix(head, []byte("dn:")) || bytes.HasPrefix(head, []byte("version:")) || bytes.Contains(head, []byte("\ndn:")))
}

// readDirectory reads an export. What cannot be read of it is noted.
func readDirectory(content []byte) *Directory {
	d := &Directory{parts: map[string]bool{}}
	for e, err := range ReadLDIF(bytes.NewReader(content)) {
		if err != nil {
			d.Notes = append(d.Notes, ": "+err.Error())
			continue
		}
		at := fmt.Sprintf("line %d", e.Line)
		d.parts["nc-data"] = d.parts["nc-data"] || strings.Contains(strings.ToLower(e.DN), "dc=nc-data")
		partOf(d, e, "pkdmasterlistcontent", ParseMasterList, func(l *MasterList) { d.Lists = append(d.Lists, DirectoryList{at, l}) })
		partOf(d, e, "certificaterevocationlist", cert.ParseCRL, func(l *cert.CRL) { d.CRLs = append(d.CRLs, l) })
		partOf(d, e, "usercertificate", cert.Parse, func(c *cert.Certificate) { d.Signers = append(d.Signers, DirectorySigner{at, c}) })
	}
	return d
}

// partOf reads the values of one attribute of a record.
func partOf[T any](d *Directory, e LDIFEntry, attribute string, read func([]byte) (T, error), keep func(T)) {
	for _, v := range e.Values(attribute) {
		d.parts[attribute] = true
		x, err := read(v)
		if err != nil {
			d.Notes = append(d.Notes, fmt.Sprintf(", line %d: %v", e.Line, err))
			continue
		}
		keep(x)
	}
}

// of tells the parts of ICAO's directory apart, which are exported into a file each: lists, signers with revocation lists, and those of both that do not conform.
func (d *Directory) of() string {
	var out []string
	for _, part := range []string{"pkdmasterlistcontent", "certificaterevocationlist", "usercertificate"} {
		if d.parts[part] {
			out = append(out, part)
		}
	}
	if d.parts["nc-data"] {
		out = append(out, "that do not conform")
	}
	return strings.Join(out, " ")
}

func (d *Directory) newest() time.Time {
	var at time.Time
	later := func(t time.Time) {
		if t.After(at) {
			at = t
		}
	}
	for _, l := range d.Lists {
		later(l.List.SignedAt())
	}
	for _, l := range d.CRLs {
		later(l.ThisUpdate)
	}
	return at
}
