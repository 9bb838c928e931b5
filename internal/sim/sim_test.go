package sim

import (
	"bytes"
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"

	"marz"
)

func instant(t testing.TB, s string) marz.Instant {
	t.Helper()
	i, err := marz.ParseInstant(s)
	if err != nil {
		t.Fatal(err)
	}
	return i
}

// written returns the first n arrivals of a stream as bytes.
func written(s *Source, n int) []byte {
	var b bytes.Buffer
	for range n {
		a := s.Next()
		d, reason := s.Decide(a, marz.Attention)
		fmt.Fprintf(&b, "%s %+v %v %s %s\n", a.At, a.Traveller, s.ServiceTime(a, marz.Clear), d, reason)
	}
	return b.Bytes()
}

func TestSameSeedSameBytes(t *testing.T) {
	opts := Options{Start: instant(t, "2024-12-20T00:00:00+04:00"), List: fictional(t)}
	a, b := written(New(42, opts), 20_000), written(New(42, opts), 20_000)
	if !bytes.Equal(a, b) {
		t.Error("the same seed gave different travellers")
	}
	if c := written(New(43, opts), 20_000); bytes.Equal(a, c) {
		t.Error("another seed gave the same travellers")
	}
	// Questions to the officer leave the stream alone.
	plain, asked := New(42, opts), New(42, opts)
	for i := range 1000 {
		x := plain.Next()
		y := asked.Next()
		asked.Decide(y, marz.Stop)
		asked.ServiceTime(y, marz.Stop)
		if x != y {
			t.Fatalf("arrival %d changed since the officer was asked", i)
		}
	}
}

func TestOrderAndShape(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		opts := Options{
			Start:   marz.Instant(rapid.Int64Range(0, 4e12).Draw(t, "start")),
			PerHour: rapid.SampledFrom([]float64{0, 0.5, 60, 5000}).Draw(t, "per hour"),
			List:    []Alert{{ID: "x", Primary: "PARSA", Secondary: "NIMA", Nationality: "IRN", Sex: "M", Birth: marz.Date{Year: 1990}}, {ID: "y", Nationality: "RUS", Numbers: []string{"719999999"}}},
			TrueHit: .02, NearName: .1, Refusable: .05,
		}
		s := New(rapid.Uint64().Draw(t, "seed"), opts)
		last := opts.Start
		verdict := rapid.SampledFrom([]marz.Verdict{marz.Clear, marz.Attention, marz.Stop})
		for range 200 {
			a := s.Next()
			if a.At < last {
				t.Fatalf("%s comes after %s", a.At, last)
			}
			last = a.At
			if a.Primary == "" || a.MRZ == "" || !a.Birth.Valid() || !a.Document.Expiry.Full() || a.Person == 0 {
				t.Fatalf("incomplete: %+v", a)
			}
			if a.Birth.Year > a.At.Time().Year() {
				t.Fatalf("born in %d, arrives at %s", a.Birth.Year, a.At)
			}
			v := verdict.Draw(t, "verdict")
			d, reason := s.Decide(a, v)
			if err := d.Validate(a.Direction); err != nil {
				t.Fatal(err)
			}
			if (reason == "") != (v == marz.Clear) {
				t.Fatalf("verdict %s, reason %q", v, reason)
			}
			if st := s.ServiceTime(a, v); st < 8*time.Second || st > 30*time.Minute {
				t.Fatalf("service takes %v", st)
			}
			if a.Truth.Refusable && (a.Direction != marz.EntryDirection || a.Document.Expiry.Compare(marz.DateOf(a.At.In(s.zone))) >= 0) {
				t.Fatalf("refusable on %s with a document until %s at %s", a.Direction, a.Document.Expiry, a.At)
			}
		}
	})
}

func TestPartiesStayTogether(t *testing.T) {
	s := New(5, Options{Start: instant(t, "2024-12-20T00:00:00+04:00")})
	for range 5000 {
		first := s.Next()
		for range first.Companions {
			a := s.Next()
			if a.At != first.At || a.Party != first.Party || a.Plate != first.Plate || a.Direction != first.Direction || a.Companions != first.Companions {
				t.Fatalf("%+v\ntravels with\n%+v", a, first)
			}
		}
	}
}

// Whoever comes again is the same person with the same document, and always in the other direction.
func TestReturnees(t *testing.T) {
	s := New(9, Options{Start: instant(t, "2024-12-20T00:00:00+04:00"), List: fictional(t)})
	last := map[uint64]Arrival{}
	numbers := map[string]uint64{}
	back, long := 0, 0
	for range 300_000 {
		a := s.Next()
		p, again := last[a.Person]
		last[a.Person] = a
		if other, ok := numbers[a.Document.Issuer+a.Document.Number]; ok && other != a.Person && !a.Truth.TrueHit {
			t.Fatalf("persons %d and %d bear the same number", other, a.Person)
		}
		numbers[a.Document.Issuer+a.Document.Number] = a.Person
		if !again {
			if !a.Truth.Before.IsZero() {
				t.Fatalf("person %d was here before, and was not", a.Person)
			}
			continue
		}
		back++
		if a.Direction == p.Direction || a.MRZ != p.MRZ || a.Document != p.Document || a.Truth.Before != p.At || p.Truth.TrueHit || p.Truth.Refusable {
			t.Fatalf("%+v\ncame back as\n%+v", p, a)
		}
		if a.At.Sub(p.At) < 4*time.Hour {
			t.Fatalf("person %d was back after %v", a.Person, a.At.Sub(p.At))
		}
		if a.At.Sub(p.At) > maxStay {
			long++
		}
	}
	if share := float64(back) / 300_000; share < .5 || share > .65 {
		t.Errorf("%.3f of all come back", share)
	}
	if long < 20 {
		t.Errorf("%d stayed too long", long)
	}
	if n := len(s.persons.away) + len(s.trucks.away); n > 15_000 {
		t.Errorf("%d parties are remembered; their number ought to settle", n)
	}
}
