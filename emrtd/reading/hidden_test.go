package reading_test

import (
	"crypto/rand"
	"strings"
	"testing"

	"marz"
	"marz/emrtd"
	"marz/emrtd/cert"
	"marz/emrtd/chip"
	"marz/emrtd/reading"
	"marz/emrtd/specimen"
	"marz/mrz"
)

// hiddenNoon is the instant of the test.
var hiddenNoon = marz.Instant(1768478400000)

// TestHiddenWaysAreTold: a chip from whose EF.CardAccess the ways of PACE were taken is opened by Basic Access Control, passes every signature, and is not called whole.
func TestHiddenWaysAreTold(t *testing.T) {
	d, err := specimen.Make(specimen.Profile{Curve: "P-256", Signer: "P-256", CSCA: "P-256"}, rand.Reader, hiddenNoon.Time())
	if err != nil {
		t.Fatal(err)
	}
	csca, err := cert.Parse(d.Trust["csca.cer"])
	if err != nil {
		t.Fatal(err)
	}
	trust := emrtd.Trust{CSCAs: cert.NewStore()}
	trust.CSCAs.Add(csca, "test")
	doc, err := mrz.Parse(d.Zone, marz.DateOf(hiddenNoon.Time()))
	if err != nil {
		t.Fatal(err)
	}
	data := func() (reading.Answer, string) {
		d.Chip.Reset()
		r := &reading.Reading{Zone: d.Zone, Chip: reading.ReadChip(t.Context(), d.Chip, reading.Options{Zone: d.Zone})}
		a, _ := reading.Prove(r, doc, trust, hiddenNoon).Of(reading.Data)
		return a, r.Chip.Access
	}
	if a, access := data(); a.Result != marz.Successful || !strings.HasPrefix(access, "PACE") {
		t.Errorf("a sound chip, opened by %s: %+v", access, a)
	}
	delete(d.Chip.Master, chip.EFCardAccess)
	if a, access := data(); a.Result != marz.Undetermined || access != "BAC" || !strings.Contains(a.Reason, "EF.CardAccess") {
		t.Errorf("opened by %s: %+v", access, a)
	}
}
