package watchlist

import (
	"bytes"
	"crypto/sha256"
	"encoding/csv"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"strings"

	"marz"
)

// OFAC publishes its list as four files without headers, joined by the number of the entry: sdn.csv (entries), alt.csv
// (other names), add.csv (addresses), sdn_comments.csv (the part of the remarks that does not fit into sdn.csv, to be
// appended as it is). "-0-" stands for no value, and a byte 0x1A ends each file.
const ofacNull = "-0-"

// ofacFields is the number of fields of each file.
const (
	sdnFields     = 12
	altFields     = 5
	addFields     = 6
	commentFields = 2
)

// ofacRow is one record with its place.
type ofacRow struct {
	f    []string
	line int
}

// ofacReader builds a list from the files.
type ofacReader struct {
	source
	hash   hash.Hash
	list   *List
	at     map[string]int // number of an entry → index of its alert
	remark []string       // remarks of each alert
	unread int            // dates of birth that could not be read
}

func ofacList() *List {
	return &List{ID: "ofac-sdn", Name: "OFAC Specially Designated Nationals", Owner: "us-ofac"}
}

// ofac reads sdn.csv and what lies beside it.
func (in source) ofac(name string) (*List, error) {
	r := &ofacReader{source: in, hash: sha256.New(), at: map[string]int{}, list: ofacList()}
	rows, err := r.rows(name, sdnFields)
	if err != nil {
		return nil, err
	}
	for _, row := range rows {
		if err := r.entry(name, row); err != nil {
			return nil, err
		}
	}
	for _, s := range []struct {
		file   string
		fields int
		lost   string
		add    func(a int, f []string)
	}{
		{"alt.csv", altFields, "other names", r.alias},
		{"add.csv", addFields, "addresses", r.address},
		{"sdn_comments.csv", commentFields, "long remarks", func(a int, f []string) { r.remark[a] += f[1] }},
	} {
		if err := r.beside(s.file, s.fields, s.lost, s.add); err != nil {
			return nil, err
		}
	}
	for i := range r.list.Alerts {
		r.unread += readRemarks(&r.list.Alerts[i], r.remark[i])
	}
	if r.unread > 0 {
		r.list.Notes = append(r.list.Notes, fmt.Sprintf("%d dates of birth are not written as dates and are left out", r.unread))
	}
	r.list.Version = "sha256-" + hex.EncodeToString(r.hash.Sum(nil)[:8])
	return r.list, nil
}

// rows reads a file and checks the form of every record.
func (r *ofacReader) rows(name string, fields int) ([]ofacRow, error) {
	b, err := r.read(name)
	if err != nil {
		return nil, err
	}
	// The length keeps the digests of two sets apart whose files differ only in where one ends.
	fmt.Fprintf(r.hash, "%d\n", len(b))
	r.hash.Write(b)
	ended := bytes.HasSuffix(bytes.TrimRight(b, " \r\n"), []byte{0x1a})
	if b = bytes.TrimRight(b, "\x1a \r\n"); !ended {
		r.list.Notes = append(r.list.Notes, name+" lacks the mark that ends OFAC's files; if it was cut at the end of a line, that cannot be seen")
	}
	c := csv.NewReader(bytes.NewReader(b))
	c.FieldsPerRecord = -1
	c.TrimLeadingSpace = true
	var rows []ofacRow
	for {
		f, err := c.Read()
		if errors.Is(err, io.EOF) {
			return rows, nil
		}
		if e, ok := errors.AsType[*csv.ParseError](err); ok {
			return nil, r.bad(name, e.StartLine, "the record is broken: "+e.Err.Error())
		}
		line, _ := c.FieldPos(0)
		if len(f) != fields {
			return nil, r.bad(name, line, fmt.Sprintf("the record has %d fields, and OFAC's has %d; fetch the file again", len(f), fields))
		}
		for i := range f {
			switch t := tidy(f[i]); {
			case t == ofacNull:
				f[i] = ""
			case i < len(f)-1: // the last field may go on in sdn_comments.csv: its spaces count
				f[i] = t
			}
		}
		if !ofacNumber(f[0]) {
			return nil, r.bad(name, line, "the first field is not the number of an entry")
		}
		rows = append(rows, ofacRow{f, line})
	}
}

// beside reads one of the files that belong to sdn.csv. Where it is absent, the list says so.
func (r *ofacReader) beside(file string, fields int, lost string, add func(alert int, f []string)) error {
	name := r.sibling(file)
	if name == "" {
		r.list.Notes = append(r.list.Notes, fmt.Sprintf("%s is not beside sdn.csv: %s are missing", file, lost))
		return nil
	}
	rows, err := r.rows(name, fields)
	if err != nil {
		return err
	}
	for _, row := range rows {
		a, ok := r.at[row.f[0]]
		if !ok {
			return r.bad(name, row.line, fmt.Sprintf("it belongs to entry %s, which sdn.csv does not hold; fetch all files on one day", row.f[0]))
		}
		add(a, row.f)
	}
	return nil
}

// ofacNumber reports whether a text is the number of an entry.
func ofacNumber(s string) bool { return s != "" && len(s) <= 12 && strings.Trim(s, "0123456789") == "" }

// ofacKinds are the types of entries. The values separated by commas have no word for an organisation, the XML has one.
var ofacKinds = map[string]Kind{"": Organisation, "entity": Organisation, "individual": Person, "vessel": Vessel, "aircraft": Aircraft}

// entry reads a record of sdn.csv: number, name, type, programme, title, call sign, vessel type, tonnage, gross tonnage,
// flag, owner, remarks.
func (r *ofacReader) entry(name string, row ofacRow) error {
	f := row.f
	kind, ok := ofacKinds[strings.ToLower(f[2])]
	if !ok {
		return r.bad(name, row.line, "the type of the entry is none of individual, vessel, aircraft and "+ofacNull)
	}
	if f[1] == "" {
		return r.bad(name, row.line, "the entry has no name")
	}
	if _, twice := r.at[f[0]]; twice {
		return r.bad(name, row.line, "entry "+f[0]+" stands twice")
	}
	a := ofacAlert(f[0], f[1], kind, strings.ReplaceAll(f[3], "] [", ", "), f[4], ofacVessel{f[5], f[6], f[9], f[10]})
	r.at[f[0]] = len(r.list.Alerts)
	r.list.Alerts = append(r.list.Alerts, a)
	r.remark = append(r.remark, f[11])
	return nil
}

// ofacVessel is what OFAC says of a vessel in fields of their own. Its tonnages tell an officer nothing and are left out.
type ofacVessel struct{ callSign, sort, flag, owner string }

// String writes by what an officer tells vessels of one name apart: "Crude Oil Tanker, flag Panama, owner A".
func (v ofacVessel) String() string {
	s := v.sort
	if v.flag != "" {
		s += ", flag " + v.flag
	}
	if v.owner != "" {
		s += ", owner " + v.owner
	}
	return strings.TrimPrefix(s, ", ")
}

// ofacAlert makes the alert of an entry. An aircraft is listed under its tail number.
func ofacAlert(id, name string, kind Kind, programmes, title string, vessel ofacVessel) Alert {
	a := Alert{ID: marz.AlertID(id), Kind: kind, Names: []Name{{name, Primary}}}
	if programmes != "" {
		a.Why = "OFAC programme " + programmes
	}
	for _, s := range []string{title, vessel.String()} {
		if s != "" {
			a.Why = strings.TrimPrefix(a.Why+"; "+s, "; ")
		}
	}
	if vessel.callSign != "" {
		a.Vehicles = append(a.Vehicles, Number{Number: vessel.callSign, Type: "call sign"})
	}
	if kind == Aircraft {
		a.Vehicles = append(a.Vehicles, Number{Number: name, Type: "tail number"})
	}
	return a
}

// alias reads a record of alt.csv: number of the entry, number of the name, type (aka, fka, nka), name, remarks.
func (r *ofacReader) alias(alert int, f []string) {
	if f[3] == "" {
		return
	}
	a := &r.list.Alerts[alert]
	kind := Alias
	if strings.Contains(strings.ToLower(f[2]+" "+f[4]), "weak") {
		kind = WeakAlias
	}
	a.Names = append(a.Names, Name{f[3], kind})
}

// address reads a record of add.csv: number of the entry, number of the address, address, city, country, remarks.
func (r *ofacReader) address(alert int, f []string) {
	var parts []string
	for _, p := range f[2:6] {
		if p != "" {
			parts = append(parts, p)
		}
	}
	if len(parts) > 0 {
		a := &r.list.Alerts[alert]
		a.Addresses = append(a.Addresses, strings.Join(parts, ", "))
	}
}
