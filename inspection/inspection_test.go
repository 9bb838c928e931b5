package inspection

import (
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"marz"
	"marz/mrz"
	"marz/watchlist"
)

func instant(s string) marz.Instant {
	i, err := marz.ParseInstant(s)
	if err != nil {
		panic(err)
	}
	return i
}

// sound returns an input with nothing wrong in it.
func sound() Input {
	return Input{
		Document: &mrz.Document{Format: mrz.TD3, Issuer: "IRN", Nationality: "IRN", Expiry: marz.Date{Year: 2030, Month: 1, Day: 1},
			Checks: []mrz.Check{{Field: "number", OK: true}}},
		Direction: marz.EntryDirection, At: instant("2025-01-01T12:00:00+04:00"), Zone: time.FixedZone("", 4*3600),
		Answer: watchlist.Answer{Lists: []watchlist.ListVersion{{Name: "l"}}},
		Lists:  []ListAge{{ID: "l", Version: "1", Loaded: instant("2025-01-01T00:00:00Z")}},
		Stay:   StayRule{Days: 180, Window: 365, Exempt: []string{"ARM"}},
	}
}

func find(t *testing.T, fs []marz.Finding, check string) marz.Finding {
	t.Helper()
	i := slices.IndexFunc(fs, func(f marz.Finding) bool { return f.Check == check })
	if i < 0 {
		t.Fatalf("no finding %s in %+v", check, fs)
	}
	return fs[i]
}

func TestFindings(t *testing.T) {
	for name, c := range map[string]struct {
		change  func(*Input)
		check   string
		result  marz.Result
		verdict marz.Verdict
	}{
		"sound":         {func(*Input) {}, CheckLists, marz.Successful, marz.Clear},
		"expired":       {func(in *Input) { in.Document.Expiry = marz.Date{Year: 2024, Month: 12, Day: 31} }, CheckExpiry, marz.Failed, marz.Attention},
		"expires today": {func(in *Input) { in.Document.Expiry = marz.Date{Year: 2025, Month: 1, Day: 1} }, CheckExpiry, marz.Successful, marz.Clear},
		"no expiry":     {func(in *Input) { in.Document.Expiry = marz.Date{Year: 2030} }, CheckExpiry, marz.Undetermined, marz.Attention},
		"check digit":   {func(in *Input) { in.Document.Checks[0].OK = false }, CheckDigits, marz.Failed, marz.Attention},
		"no end": {func(in *Input) {
			in.Document.Expiry, in.Document.ExpiryDoubt = marz.Date{Year: 1999, Month: 1, Day: 1}, true
		}, CheckExpiry, marz.Undetermined, marz.Attention},
		"defect":      {func(in *Input) { in.Document.Defects = []string{mrz.DefectSex} }, CheckFields, marz.Failed, marz.Attention},
		"issuer":      {func(in *Input) { in.Document.Issuer = "QQQ" }, CheckIssuer, marz.Failed, marz.Attention},
		"nationality": {func(in *Input) { in.Document.Nationality = "" }, CheckNationality, marz.Failed, marz.Attention},
		"stateless":   {func(in *Input) { in.Document.Nationality = "XXA" }, CheckNationality, marz.Successful, marz.Clear},
		"weak hit": {func(in *Input) {
			in.Answer.Hits = []watchlist.Hit{{Kind: watchlist.ByName, Score: watchlist.Threshold}}
		}, CheckLists, marz.Failed, marz.Attention},
		"strong hit": {func(in *Input) {
			in.Answer.Hits = []watchlist.Hit{{Kind: watchlist.ByName, Score: watchlist.Threshold + 8}}
		}, CheckLists, marz.Failed, marz.Stop},
		"document hit": {func(in *Input) {
			in.Answer.Hits = []watchlist.Hit{{Kind: watchlist.ByDocument, Score: watchlist.Threshold}}
		}, CheckLists, marz.Failed, marz.Stop},
		"no list":        {func(in *Input) { in.Answer.Lists, in.Lists[0].Loaded = nil, 0 }, CheckLists, marz.Undetermined, marz.Attention},
		"list missing":   {func(in *Input) { in.Lists = append(in.Lists, ListAge{ID: "m"}) }, CheckListsLoaded, marz.Failed, marz.Attention},
		"set up without": {func(in *Input) { in.Answer.Lists, in.Lists = nil, nil }, CheckLists, marz.NotSupported, marz.Clear},
		"list refused":   {func(in *Input) { in.Lists[0].Refused = true }, CheckListsLoaded, marz.Undetermined, marz.Clear},
		"clock":          {func(in *Input) { in.ClockLate = true }, CheckClock, marz.Undetermined, marz.Attention},
		"stayed long": {func(in *Input) {
			in.Direction, in.History = marz.ExitDirection, []Movement{{instant("2024-01-05T12:00:00+04:00"), marz.EntryDirection}}
		}, CheckStayDays, marz.Failed, marz.Attention},
		"exempt": {func(in *Input) {
			in.Document.Nationality = "ARM"
			in.Direction, in.History = marz.ExitDirection, []Movement{{instant("2024-01-05T12:00:00+04:00"), marz.EntryDirection}}
		}, CheckStayDays, marz.Successful, marz.Clear},
		"exit unknown": {func(in *Input) { in.Direction = marz.ExitDirection }, CheckStayDays, marz.Undetermined, marz.Clear},
		"no rule":      {func(in *Input) { in.Stay = StayRule{} }, CheckStayDays, marz.NotSupported, marz.Clear},
	} {
		in := sound()
		c.change(&in)
		fs, verdict := Inspect(in)
		f := find(t, fs, c.check)
		if c.check == CheckListsLoaded && len(in.Lists) > 1 {
			f = fs[0]
		}
		if f.Result != c.result || verdict != c.verdict || fs[0].Grave != verdict || f.Reason == "" {
			t.Errorf("%s: %s %+v, want %s %s", name, verdict, f, c.verdict, c.result)
		}
	}
}

func TestUsedDays(t *testing.T) {
	zone := time.FixedZone("", 4*3600)
	in, out := marz.EntryDirection, marz.ExitDirection
	m := func(s string, d marz.Direction) Movement { return Movement{instant(s + "T12:00:00+04:00"), d} }
	r := StayRule{Days: 90, Window: 180}
	at := instant("2025-01-01T12:00:00+04:00")
	for name, c := range map[string]struct {
		history []Movement
		days    int
		gap     bool
	}{
		"nothing":                 {nil, 0, false},
		"a visit":                 {[]Movement{m("2024-12-01", in), m("2024-12-10", out)}, 10, false},
		"one day":                 {[]Movement{m("2024-12-01", in), m("2024-12-01", out)}, 1, false},
		"two visits share a day":  {[]Movement{m("2024-12-01", in), m("2024-12-02", out), m("2024-12-02", in), m("2024-12-03", out)}, 3, false},
		"still here":              {[]Movement{m("2024-12-23", in)}, 10, false},
		"before the window":       {[]Movement{m("2024-01-01", in), m("2024-02-01", out)}, 0, false},
		"into the window":         {[]Movement{m("2024-01-01", in), m("2024-07-07", out)}, 2, false},
		"the whole window":        {[]Movement{m("2023-01-01", in)}, 180, false},
		"exit without an entry":   {[]Movement{m("2024-12-10", out)}, 1, true},
		"entry twice":             {[]Movement{m("2024-12-01", in), m("2024-12-05", in), m("2024-12-06", out)}, 6, true},
		"night between two zones": {[]Movement{{instant("2024-12-31T20:30:00Z"), in}}, 1, false},
	} {
		if days, gap := r.Used(c.history, at, zone); days != c.days || gap != c.gap {
			t.Errorf("%s: %d %v, want %d %v", name, days, gap, c.days, c.gap)
		}
	}
}

// The count equals a naive one, day by day, for any well-formed history.
func TestUsedAgainstCountingDays(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		start := instant("2024-01-01T06:00:00Z")
		var history []Movement
		present := map[int]bool{}
		day := 0
		inside := false
		for range rapid.IntRange(0, 12).Draw(t, "crossings") {
			next := day + rapid.IntRange(0, 40).Draw(t, "days")
			if inside {
				for d := day; d <= next; d++ {
					present[d] = true
				}
				history = append(history, Movement{start.Add(time.Duration(next)*24*time.Hour + time.Hour), marz.ExitDirection})
			} else {
				present[next] = true
				history = append(history, Movement{start.Add(time.Duration(next) * 24 * time.Hour), marz.EntryDirection})
			}
			inside, day = !inside, next
		}
		today := day + rapid.IntRange(0, 100).Draw(t, "after")
		if inside {
			for d := day; d <= today; d++ {
				present[d] = true
			}
		}
		window := rapid.IntRange(1, 400).Draw(t, "window")
		want := 0
		for d := today - window + 1; d <= today; d++ {
			if present[d] {
				want++
			}
		}
		got, gap := StayRule{Days: 1, Window: window}.Used(history, start.Add(time.Duration(today)*24*time.Hour+2*time.Hour), time.UTC)
		if got != want || gap {
			t.Fatalf("%d days, want %d (gap %v)", got, want, gap)
		}
	})
}

func TestStayRuleValidate(t *testing.T) {
	for r, ok := range map[ruleKey]bool{{0, 0}: true, {90, 180}: true, {0, 5}: false, {181, 180}: false, {-1, 3}: false, {1, 100_000}: false} {
		if err := (StayRule{Days: r.days, Window: r.window}).Validate(); (err == nil) != ok {
			t.Errorf("%+v: %v", r, err)
		}
	}
}

// ruleKey makes a rule comparable.
type ruleKey struct{ days, window int }

func TestWhatIsOrdinary(t *testing.T) {
	for _, d := range []marz.Decision{marz.Admit, marz.Depart, marz.Refuse, marz.Refer, marz.Hold} {
		for _, v := range []marz.Verdict{marz.Clear, marz.Attention, marz.Stop, "nonsense"} {
			for hits := range 2 {
				want := v == marz.Clear && hits == 0 && (d == marz.Admit || d == marz.Depart)
				if Ordinary(v, hits, d) != want {
					t.Errorf("%s %d hits %s", v, hits, d)
				}
			}
		}
		if len(Reasons(d)) == 0 || len(Reasons(d)) > 9 {
			t.Errorf("%s has %d reasons; the keys are 1 to 9", d, len(Reasons(d)))
		}
		if CheckReason(d, "") == nil || CheckReason(d, "because") == nil || CheckReason(d, Reasons(d)[0].Code) != nil {
			t.Errorf("reasons of %s", d)
		}
	}
}
