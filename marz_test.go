package marz

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestInstantHasOneWrittenForm(t *testing.T) {
	for in, want := range map[string]string{
		"2025-01-01T00:00:00+04:00":      "2024-12-31T20:00:00.000Z",
		"2024-12-31T20:00:00.1239Z":      "2024-12-31T20:00:00.123Z",
		"1992-09-30T00:00:00.000+03:00":  "1992-09-29T21:00:00.000Z",
		"2024-12-31T23:59:59.999999999Z": "2024-12-31T23:59:59.999Z",
	} {
		i, err := ParseInstant(in)
		if err != nil || i.String() != want || len(i.String()) != 24 {
			t.Errorf("%s: %s, %v", in, i, err)
		}
	}
	for _, bad := range []string{"", "2025-01-01", "2025-01-01T00:00:00", "2025-13-01T00:00:00Z", "tomorrow", strings.Repeat("x", 1000)} {
		if _, err := ParseInstant(bad); CodeOf(err) != Invalid || len(err.Error()) > 300 {
			t.Errorf("%.20q: %v", bad, err)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		i := Instant(rapid.Int64Range(1, 4102444800000).Draw(t, "i"))
		var back Instant
		b, err := json.Marshal(i)
		if err == nil {
			err = json.Unmarshal(b, &back)
		}
		if err != nil || back != i {
			t.Fatalf("%d became %d (%v)", i, back, err)
		}
		if j := i.Add(time.Hour); j.Sub(i) != time.Hour {
			t.Fatalf("an hour became %v", j.Sub(i))
		}
	})
}

// A date can stand in a calendar exactly when Go's own does not move it.
func TestDateValid(t *testing.T) {
	for year := 1890; year <= 2110; year++ {
		for month := 1; month <= 12; month++ {
			for day := 28; day <= 31; day++ {
				want := time.Date(year, time.Month(month), day, 0, 0, 0, 0, time.UTC).Day() == day
				if d := (Date{year, month, day}); d.Valid() != want {
					t.Errorf("%v: valid %v", d, d.Valid())
				}
			}
		}
	}
	if !(Date{0, 2, 29}).Valid() || (Date{0, 2, 30}).Valid() {
		t.Error("29 February of an unknown year can be, the 30th cannot")
	}
}

func TestDate(t *testing.T) {
	for in, want := range map[string]Date{
		"": {}, "1971": {Year: 1971}, "1971-03": {1971, 3, 0}, "1971-03-04": {1971, 3, 4}, "1971-XX-04": {1971, 0, 4}, "XXXX-02-29": {0, 2, 29}, "1971-00-00": {Year: 1971}, "2024-02-29": {2024, 2, 29},
	} {
		if d, err := ParseDate(in); err != nil || d != want {
			t.Errorf("%q: %+v, %v", in, d, err)
		}
	}
	for _, bad := range []string{"71", "1971-3-4", "2023-02-29", "1971-13-01", "1971-02-30", "19x1", "1971/03/04", "1971-03-04T00:00:00Z", "-971-03-04"} {
		if d, err := ParseDate(bad); CodeOf(err) != Invalid {
			t.Errorf("%q: %+v, %v", bad, d, err)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		d := Date{rapid.IntRange(0, 9999).Draw(t, "y"), rapid.IntRange(0, 13).Draw(t, "m"), rapid.IntRange(0, 32).Draw(t, "d")}
		back, err := ParseDate(d.String())
		if (err == nil) != d.Valid() || err == nil && back != d {
			t.Fatalf("%+v (valid %v) became %+v, %v", d, d.Valid(), back, err)
		}
	})
	if (Date{2024, 12, 31}).Compare(Date{2025, 1, 1}) != -1 || (Date{2025, 1, 1}).Compare(Date{2025, 1, 1}) != 0 || (Date{2025, 1, 2}).Compare(Date{2025, 1, 1}) != 1 {
		t.Error("the order of dates")
	}
}

func TestIdentifiers(t *testing.T) {
	for _, ok := range []OfficerID{"am-bg/0107", "ru-bg/1"} {
		if err := ok.Validate(); err != nil || ok.Authority() != AuthorityID(ok[:5]) {
			t.Errorf("%s: %v, authority %q", ok, err, ok.Authority())
		}
	}
	for _, bad := range []OfficerID{"", "0107", "am-bg/", "/1", "am-bg/1/2", "AM/1", "am bg/1", "am-bg/1\n"} {
		if CodeOf(bad.Validate()) != Invalid {
			t.Errorf("%q is taken", bad)
		}
	}
	for _, bad := range []Origin{"", "A", "a b", "a+b", "-a", Origin(strings.Repeat("a", 300))} {
		if CodeOf(bad.Validate()) != Invalid {
			t.Errorf("%q is taken", bad)
		}
	}
}

func TestDecisionsBelongToTheirDirection(t *testing.T) {
	for _, dir := range []Direction{EntryDirection, ExitDirection} {
		for _, d := range []Decision{Admit, Refuse, Refer, Depart, Hold, "wave"} {
			want := dir == EntryDirection && (d == Admit || d == Refuse || d == Refer) || dir == ExitDirection && (d == Depart || d == Hold)
			if (d.Validate(dir) == nil) != want {
				t.Errorf("%s on %s", d, dir)
			}
		}
	}
	if Clear.Rank() >= Attention.Rank() || Attention.Rank() >= Stop.Rank() || Verdict("nonsense").Rank() != Stop.Rank() {
		t.Error("the order of verdicts")
	}
}

func TestErrors(t *testing.T) {
	cause := errors.New("cause")
	err := fmt.Errorf("outer: %w", &Error{Code: Conflict, Op: "decide", Subject: "inspection 7", Fix: "it is decided", Err: cause})
	if CodeOf(err) != Conflict || !errors.Is(err, cause) || err.Error() != "outer: decide inspection 7: it is decided: cause" {
		t.Error(err)
	}
	if CodeOf(cause) != Internal || Code(99).String() != "code 99" || Forbidden.String() != "forbidden" {
		t.Error("codes")
	}
}
