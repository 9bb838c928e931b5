package inspection

import (
	"strings"
	"testing"

	"marz"
	"marz/mrz"
)

// The places of a correction are named as far as an officer reads them, and counted all.
func TestCorrectionIsSaidInWords(t *testing.T) {
	lines := []string{"P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<", "L898902C36UTO7408122F1204159ZE184226B<<<<<10"}
	d, err := mrz.Parse(strings.Join(lines, "\n"), marz.Date{Year: 2025, Month: 1, Day: 1})
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		taken  Taken
		result marz.Result
		grave  marz.Verdict
		reason string
	}{
		"one": {Taken{Corrected, strings.Join(lines, "")[:87] + "O"}, marz.Successful, marz.Clear, "zone corrected by the officer, 1 character: line 2 place 44 O to 0. The check digits bear it out"},
		"lost and too many": {Taken{Photo, lines[0] + lines[1][1:] + "X"}, marz.Successful, marz.Clear,
			"zone read from a photograph, corrected by the officer, 2 characters: line 2 place 1 L put in, line 2 place 44 X taken out. The check digits bear it out"},
		"of one value": {Taken{Typed, lines[0] + "\n" + strings.Replace(lines[1], "226B", "22GB", 1)}, marz.Undetermined, marz.Attention,
			"zone typed, then corrected by the officer, 1 character: line 2 place 36 G to 6. No check digit bears all of it out: compare with the printed page"},
	} {
		f := checkTaken(c.taken, d, 0)
		if len(f) != 1 || f[0].Result != c.result || f[0].Grave != c.grave || f[0].Reason != c.reason {
			t.Errorf("%s: %+v", name, f)
		}
	}
	f := checkTaken(Taken{Corrected, strings.Repeat("X", 88)}, d, 0)
	if len(f) != 1 || !strings.Contains(f[0].Reason, "88 characters") || !strings.Contains(f[0].Reason, "80 more") || f[0].Grave != marz.Attention {
		t.Errorf("%+v", f)
	}
}
