package reading

import (
	"marz"
	"marz/emrtd/chip"
	"marz/mrz"
)

// Password is what opens a chip by the printed zone: document number, also a long one that runs on into the optional data, date of birth and date of expiry as they stand there (ICAO 9303-11 §4.3.2). Check digits are not looked at: a zone that was
// read wrongly does not open the chip.
func Password(zone string) (chip.Password, error) {
	d, err := mrz.Parse(zone, anyDay)
	if err != nil {
		return chip.Password{}, err
	}
	switch d.Format {
	case mrz.TD1:
		return chip.FromMRZ(d.Number, d.Lines[1][0:6], d.Lines[1][8:14])
	case mrz.TD2, mrz.TD3, mrz.MRVA, mrz.MRVB:
		return chip.FromMRZ(d.Number, d.Lines[1][13:19], d.Lines[1][21:27])
	}
	return chip.Password{}, &marz.Error{Code: marz.Invalid, Op: "make the chip's key of the zone", Subject: string(d.Format), Fix: "documents of this kind have no date of expiry in their zone, and no chip that opens by it"}
}

// anyDay is for the centuries of dates, which are no part of the key.
var anyDay = marz.Date{Year: 2025, Month: 1, Day: 1}
