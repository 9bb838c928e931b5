// Package reading is what a reader took of one travel document: its printed zone, the files of its chip with how the chip was opened and what it was asked, and the contents of its seals.
//
// It owns this one form, in which every reader hands on what it read, whatever it is and whoever made it, and the reading of a whole chip. It promises that what was not read says so with its reason, and that a reading
// proves nothing by itself: whoever takes it proves files and seals against what he trusts.
//
// A reading is the holder's personal data. Its String says nothing of it.
package reading

import (
	"encoding/json"
	"fmt"

	"marz"
	"marz/emrtd/chip"
)

// Bounds of a reading. A document with two portraits and all that issuers put beside it stays far below.
const (
	MostBytes = 4 << 20 // of its JSON
	MostSeals = 4
	MostSeal  = 8 << 10 // bytes of one seal
	MostZone  = 256     // bytes of the printed zone
)

// Reading is what was taken of one document that was laid down once.
type Reading struct {
	ID     string   `json:"id"`     // drawn by the reader, 16 to 64 characters of base64url: the same reading is taken once
	Zone   string   `json:"zone"`   // the printed zone, as read, its lines apart by \n; "" where none was found
	Source string   `json:"source"` // the reader in words, for example "DESKO frames on /dev/ttyUSB0"
	Chip   Chip     `json:"chip"`
	Seals  [][]byte `json:"seals,omitempty"` // contents of Data Matrix and QR codes, as the code holds them
}

// Chip is what was read of the chip.
type Chip struct {
	// Result is successful when all that the reader was to read was read, failed when the chip did not open by this zone, aborted when it broke off or a file is missing or cut short, not supported when the reader has no antenna or the
	// document no chip that could be found, undetermined when it was not tried.
	Result marz.Result         `json:"result"`
	Reason string              `json:"reason,omitempty"` // in words, without the holder's data; of a successful one what was not to be read
	Access string              `json:"access,omitempty"` // how it was opened: "BAC", "PACE …", "open to everybody"
	Files  map[FileName][]byte `json:"files,omitempty"`  // whole files
	Active Asked               `json:"active"`           // active authentication (ICAO 9303-11 §6.1), by the key in DG15
	Auth   Asked               `json:"chip_auth"`        // chip authentication (§6.2), by the key in DG14
	Map    Asked               `json:"mapping"`          // PACE with chip authentication mapping, by the key in EF.CardSecurity
}

// Asked is what came of asking the chip to show that it is no copy. The zero value: it was not asked.
type Asked struct {
	Result marz.Result `json:"result,omitempty"` // successful: it has the key; failed: it has not, or broke the protocol; not supported; aborted; "": not asked
	Reason string      `json:"reason,omitempty"`
}

// FileName is the name of a file of the chip: EF.COM, EF.SOD, EF.DG1 to EF.DG16, EF.CardAccess, EF.CardSecurity.
type FileName string

// Names of files.
const (
	COM          FileName = "EF.COM"
	SOD          FileName = "EF.SOD"
	CardAccess   FileName = "EF.CardAccess"
	CardSecurity FileName = "EF.CardSecurity"
)

// DG is the name of a data group, 1 to 16.
func DG(n int) FileName { return FileName(fmt.Sprintf("EF.DG%d", n)) }

func (r Reading) String() string { return "reading of " + r.Source }

// Parse reads the JSON of a reading and holds it to its bounds. Unknown fields are passed over, so that a newer reader can say more.
func Parse(b []byte) (*Reading, error) {
	if len(b) > MostBytes {
		return nil, refuse("it has %d bytes; more than %d are not taken", len(b), MostBytes)
	}
	var r Reading
	if err := json.Unmarshal(b, &r); err != nil {
		return nil, refuse("it is not the JSON of a reading")
	}
	return &r, r.check()
}

func refuse(format string, args ...any) error {
	return &marz.Error{Code: marz.Invalid, Op: "take reading", Fix: fmt.Sprintf(format, args...)}
}

func (r *Reading) check() error {
	switch {
	case !validID(r.ID):
		return refuse("its id is not 16 to 64 characters of base64url")
	case len(r.Zone) > MostZone:
		return refuse("its printed zone has %d bytes; more than %d are no zone", len(r.Zone), MostZone)
	case len(r.Source) > 200:
		return refuse("the name of its reader is longer than 200 bytes")
	case len(r.Seals) > MostSeals:
		return refuse("it has %d seals; more than %d are not taken", len(r.Seals), MostSeals)
	case r.Chip.Result == "":
		return refuse("it does not say what came of reading the chip (chip.result)")
	}
	for _, s := range r.Seals {
		if len(s) == 0 || len(s) > MostSeal {
			return refuse("a seal has %d bytes; 1 to %d are taken", len(s), MostSeal)
		}
	}
	for _, a := range []marz.Result{r.Chip.Result, r.Chip.Active.Result, r.Chip.Auth.Result, r.Chip.Map.Result} {
		if a != "" && !known(a) {
			return refuse("%.40q is none of the five results", a)
		}
	}
	for name, b := range r.Chip.Files {
		if !name.valid() {
			return refuse("%.40q is no file of a chip", name)
		}
		if len(b) == 0 || len(b) > chip.MostFile {
			return refuse("%s has %d bytes; 1 to %d are taken", name, len(b), chip.MostFile)
		}
	}
	return nil
}

func known(r marz.Result) bool {
	switch r {
	case marz.Successful, marz.Failed, marz.Undetermined, marz.NotSupported, marz.Aborted:
		return true
	}
	return false
}

func (n FileName) valid() bool {
	switch n {
	case COM, SOD, CardAccess, CardSecurity:
		return true
	}
	for i := 1; i <= 16; i++ {
		if n == DG(i) {
			return true
		}
	}
	return false
}

func validID(id string) bool {
	if len(id) < 16 || len(id) > 64 {
		return false
	}
	for _, c := range []byte(id) {
		letter := c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '-' || c == '_'
		if !letter {
			return false
		}
	}
	return true
}
