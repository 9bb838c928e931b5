package emrtd

import (
	"slices"
	"strings"

	"marz"
	"marz/emrtd/cert"
	"marz/mrz"
)

// zone is EF.DG1 as far as it can be relied on.
type zone struct {
	doc    *mrz.Document
	reason string // why there is none
}

// readZone reads EF.DG1, once its hash is the signed one.
func (v *inspection) readZone() zone {
	dg1, ok := v.doc.Groups[1]
	if !ok {
		return zone{reason: "EF.DG1 was not read"}
	}
	for _, g := range v.report.Groups {
		if g.Group == 1 && g.Integrity != Identical {
			return zone{reason: "EF.DG1 is not the signed one"}
		}
	}
	text, err := ZoneText(dg1)
	if err != nil {
		return zone{reason: err.Error()}
	}
	doc, err := mrz.Parse(text, marz.DateOf(v.at.Time()))
	if err != nil {
		return zone{reason: "EF.DG1 holds no zone that can be read"}
	}
	return zone{doc: doc}
}

// checkZone compares EF.DG1 with the printed zone field by field (BSI TR-03135-1 §5.7.2). Only the names of fields are told.
func (v *inspection) checkZone() {
	v.zone = v.readZone()
	v.noteZone()
	switch {
	case v.doc.Zone == "":
		v.add(CheckZone, marz.NotSupported, "no printed zone was given")
		return
	case v.zone.doc == nil:
		v.add(CheckZone, marz.Undetermined, "%s", v.zone.reason)
		return
	}
	printed, err := mrz.Parse(v.doc.Zone, marz.DateOf(v.at.Time()))
	if err != nil {
		v.add(CheckZone, marz.Undetermined, "the printed zone cannot be read: %v", err)
		return
	}
	fields, optional := zoneDifferences(v.zone.doc, printed)
	switch {
	case len(fields) > 0:
		v.add(CheckZone, marz.Failed, "printed otherwise than on the chip: %s", strings.Join(fields, ", "))
	case optional:
		v.add(CheckZone, marz.Undetermined, "only the optional data are printed otherwise than on the chip")
	default:
		v.add(CheckZone, marz.Successful, "")
	}
}

// noteZone tells what is wrong in the zone that the state itself signed: check digits by their field, and whatever else departs from ICAO 9303-3.
func (v *inspection) noteZone() {
	if v.zone.doc == nil {
		return
	}
	for _, c := range v.zone.doc.Checks {
		if !c.OK {
			v.note(ZoneDefect, "EF.DG1", "check digit of "+c.Field)
		}
	}
	for _, d := range v.zone.doc.Defects {
		v.note(ZoneDefect, "EF.DG1", d)
	}
}

// zoneDifferences names the fields that differ; optional data are told apart. Parts of a date of birth that are fillers on one side do not count.
func zoneDifferences(chip, printed *mrz.Document) (fields []string, optional bool) {
	for _, f := range []struct {
		name string
		same bool
	}{
		{"format", chip.Format == printed.Format},
		{"document code", chip.Code == printed.Code},
		{"issuing state", chip.Issuer == printed.Issuer},
		{"name", chip.Primary == printed.Primary && chip.Secondary == printed.Secondary},
		{"number", chip.Number == printed.Number},
		{"nationality", chip.Nationality == printed.Nationality},
		{"date of birth", sameBirth(chip.Birth, printed.Birth) && noBirth(chip) == noBirth(printed)},
		{"sex", chip.Sex == printed.Sex},
		{"date of expiry", chip.Expiry == printed.Expiry},
	} {
		if !f.same {
			fields = append(fields, f.name)
		}
	}
	return fields, chip.Optional1 != printed.Optional1 || chip.Optional2 != printed.Optional2
}

// noBirth reports whether what stands in the place of the date of birth is none: its parts are given as unknown then, and are no fillers.
func noBirth(d *mrz.Document) bool {
	return slices.Contains(d.Defects, mrz.DefectBirthMalformed) || slices.Contains(d.Defects, mrz.DefectBirthImpossible)
}

func sameBirth(a, b marz.Date) bool {
	same := func(x, y int) bool { return x == y || x == 0 || y == 0 }
	return same(a.Year, b.Year) && same(a.Month, b.Month) && same(a.Day, b.Day)
}

// checkState compares the issuing state in EF.DG1 with the countries of the signer's issuer and of the CSCA (BSI TR-03135-1 §5.6.4.5), and the kind of document
// with those that the signer may sign.
func (v *inspection) checkState() {
	v.state(CheckSignerState, "the signer's issuer", v.signed.Certificate, func(c *cert.Certificate) string { return c.Issuer.Country() })
	v.state(CheckCSCAState, "the CSCA", v.chain.Trusted, func(c *cert.Certificate) string { return c.Subject.Country() })
	if s := v.signed.Certificate; s != nil && v.zone.doc != nil && !s.MaySign(v.zone.doc.Code) {
		v.note(DocumentTypeUnlisted, "signer's certificate", strings.Join(s.DocumentTypes, " "))
	}
}

func (v *inspection) state(check, whose string, c *cert.Certificate, country func(*cert.Certificate) string) {
	switch {
	case v.zone.doc == nil:
		v.add(check, marz.Undetermined, "%s", v.zone.reason)
		return
	case c == nil:
		v.add(check, marz.Undetermined, "the certificate of %s is missing", whose)
		return
	case country(c) == "":
		v.add(check, marz.Undetermined, "%s has no country", whose)
		return
	}
	same, known := SameCountry(v.zone.doc.Issuer, country(c))
	switch {
	case same:
		v.add(check, marz.Successful, "")
	case !known:
		v.add(check, marz.Undetermined, "EF.DG1 names a state that is not in the table of countries")
	default:
		v.add(check, marz.Failed, "EF.DG1 names the state %s, %s is of %s", v.zone.doc.Issuer, whose, country(c))
	}
}
