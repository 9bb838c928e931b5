package sim

import (
	"testing"

	"marz"
	"marz/mrz"
)

// Every zone reads back: all check digits right, names whole, every field what the traveller was given.
func TestEveryZoneReadsBack(t *testing.T) {
	start := instant(t, "2024-12-20T00:00:00+04:00")
	s := New(11, Options{Start: start, List: fictional(t), TrueHit: .01, NearName: .05, PerHour: 10_000})
	for range 50_000 {
		a := s.Next()
		today := marz.DateOf(a.At.In(s.zone))
		d, err := mrz.Parse(a.MRZ, today)
		if err != nil {
			t.Fatal(err)
		}
		if !d.ChecksOK() || len(d.Defects) > 0 || d.Truncated {
			t.Fatalf("checks %v, defects %v, truncated %v\n%s", d.Checks, d.Defects, d.Truncated, a.MRZ)
		}
		got := Traveller{
			Primary: d.Primary, Secondary: d.Secondary, Nationality: d.Nationality, Sex: d.Sex, Birth: d.Birth,
			Document: Document{Format: d.Format, Code: d.Code, Issuer: d.Issuer, Number: d.Number, Optional: d.Optional1, Expiry: d.Expiry},
		}
		want := Traveller{Primary: a.Primary, Secondary: a.Secondary, Nationality: a.Nationality, Sex: a.Sex, Birth: a.Birth, Document: a.Document}
		if got != want {
			t.Fatalf("got  %+v\nwant %+v\n%s", got, want, a.MRZ)
		}
	}
}
