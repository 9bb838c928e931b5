package lds

import (
	"fmt"
	"strings"

	"marz/emrtd/der"
)

// Detail is one thing that DG11, DG12 or DG16 says, by its name in ICAO 9303-10. It is personal data.
type Detail struct {
	Tag   int
	Name  string
	Value string // "" of an image
	Image *Image
}

// Details are what one of the groups says, in the order of the file.
type Details struct {
	Group   int
	Said    []Detail
	Persons [][]Detail // of DG16: those to be told in an emergency
	Defects []der.Defect
}

// details are the fields of DG11, DG12 and DG16 (ICAO 9303-10 §4.7.11, §4.7.12, §4.7.16). What kind is dates are eight digits, or the same in four bytes.
var details = map[int]map[int]struct {
	name string
	kind int
}{
	11: {
		0x5f0e: {"full name", aName}, 0x5f0f: {"other name", aName}, 0x5f10: {"personal number", aText}, 0x5f2b: {"full date of birth", aDate}, 0x5f11: {"place of birth", aText}, 0x5f42: {"address", aText},
		0x5f12: {"telephone", aText}, 0x5f13: {"profession", aText}, 0x5f14: {"title", aText}, 0x5f15: {"personal summary", aText}, 0x5f16: {"proof of citizenship", anImage},
		0x5f17: {"other travel document numbers", aText}, 0x5f18: {"custody information", aText},
	},
	12: {
		0x5f19: {"issuing authority", aText}, 0x5f26: {"date of issue", aDate}, 0x5f1a: {"other person on the document", aName}, 0x5f1b: {"endorsements and observations", aText}, 0x5f1c: {"tax or exit requirements", aText},
		0x5f1d: {"image of the front", anImage}, 0x5f1e: {"image of the rear", anImage}, 0x5f55: {"time of personalisation", aTime}, 0x5f56: {"serial number of the personalisation system", aText},
	},
	16: {
		0x5f50: {"date of recording", aDate}, 0x5f51: {"name", aName}, 0x5f52: {"telephone", aText}, 0x5f53: {"address", aText},
	},
}

// Kinds of fields.
const (
	aText = iota
	aName // parts divided by fillers, as in a zone
	aDate
	aTime
	anImage
)

// mostDetails bounds how many things a group says.
const mostDetails = 256

// ReadDetails reads DG11, DG12 or DG16.
func ReadDetails(group int, file []byte) (*Details, error) {
	if details[group] == nil {
		return nil, fmt.Errorf("DG%d is not read as details; DG11, DG12 and DG16 are", group)
	}
	r, e, err := open(group, file)
	if err != nil {
		return nil, err
	}
	out := &Details{Group: group}
	for _, c := range e.Children {
		switch {
		case c.Is(application(0x5c)), c.Is(der.Universal, der.TagInteger): // the list of tags, the number of persons
		case group == 16 && c.Class == der.Context && c.Constructed:
			person, err := readDetails(r, group, c.Children)
			if err != nil {
				return nil, err
			}
			out.Persons = append(out.Persons, person)
		case c.Is(der.Context, 0) && c.Constructed: // other names, with their number
			more, err := readDetails(r, group, c.Children)
			if err != nil {
				return nil, err
			}
			out.Said = append(out.Said, more...)
		default:
			one, err := readDetails(r, group, []*der.Element{c})
			if err != nil {
				return nil, err
			}
			out.Said = append(out.Said, one...)
		}
		if len(out.Said)+len(out.Persons) > mostDetails {
			return nil, fmt.Errorf("DG%d says more than %d things", group, mostDetails)
		}
	}
	out.Defects = defects(r)
	return out, nil
}

// DetailUnknown is the defect of a field that ICAO 9303-10 does not have in the group.
const DetailUnknown der.Name = "detail-unknown"

func readDetails(r *der.Reader, group int, all []*der.Element) ([]Detail, error) {
	var out []Detail
	for _, e := range all {
		if e.Is(der.Universal, der.TagInteger) {
			continue
		}
		tag := 0x5f00 | e.Tag
		field, ok := details[group][tag]
		if e.Class != der.Application || !ok {
			r.Note(DetailUnknown, e.Offset, e.Name())
			continue
		}
		d := Detail{Tag: tag, Name: field.name}
		var err error
		if d.Value, d.Image, err = value(r, e, field.kind); err != nil {
			return nil, err
		}
		if out = append(out, d); len(out) > mostDetails {
			return nil, der.Errorf(e.Offset, "more than %d things are said", mostDetails)
		}
	}
	return out, nil
}

// value reads a field. A date becomes 2006-01-02, with 00 for what is not known, and a time 2006-01-02 15:04:05.
func value(r *der.Reader, e *der.Element, kind int) (string, *Image, error) {
	if e.Constructed {
		return "", nil, der.Errorf(e.Offset, "a field in pieces")
	}
	switch kind {
	case anImage:
		f, ok := formatOf(e.Content)
		if !ok {
			return "", nil, der.Errorf(e.Offset, "an image is neither JPEG nor JPEG 2000")
		}
		return "", &Image{Format: f, Data: e.Content}, nil
	case aDate:
		s, err := packed(e, 8)
		if err != nil {
			return "", nil, err
		}
		return s[:4] + "-" + s[4:6] + "-" + s[6:], nil, nil
	case aTime:
		s, err := packed(e, 14)
		if err != nil {
			return "", nil, err
		}
		return s[:4] + "-" + s[4:6] + "-" + s[6:8] + " " + s[8:10] + ":" + s[10:12] + ":" + s[12:], nil, nil
	}
	s, err := text(r, e)
	if kind == aName {
		s = strings.TrimSpace(strings.NewReplacer("<<", ", ", "<", " ").Replace(strings.Trim(s, "<")))
	}
	return s, nil, err
}

// packed are so many digits, one or two to a byte.
func packed(e *der.Element, n int) (string, error) {
	s := string(e.Content)
	if len(s) == n/2 {
		s = fmt.Sprintf("%x", e.Content)
	}
	if len(s) != n || !digits([]byte(s)) {
		return "", der.Errorf(e.Offset, "a date that is not %d digits", n)
	}
	return s, nil
}
