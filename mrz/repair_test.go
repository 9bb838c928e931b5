package mrz

import (
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func repaired(t testing.TB, text string) []Candidate {
	t.Helper()
	c, err := Repair(text, testToday)
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	return c
}

func TestValidComesBackAlone(t *testing.T) {
	for _, s := range specimens {
		for _, text := range []string{s.text, strings.ToLower(s.text), strings.ReplaceAll(s.text, "\n", "")} {
			c := repaired(t, text)
			if len(c) != 1 || c[0].Cost != 0 || len(c[0].Changes) != 0 || strings.Join(c[0].Lines, "\n") != s.text {
				t.Errorf("%s: %+v", s.source, c)
			}
		}
	}
}

// Each damage, and the candidates that stand first with what they changed.
func TestRepair(t *testing.T) {
	td3, td1 := specimens[0].text, specimens[1].text
	for _, c := range []struct {
		what, text, want string
		change           Change
	}{
		{"a letter in a date", strings.Replace(td3, "740812", "74O812", 1), td3, Change{2, 16, "O", "0", "digits only"}},
		{"a digit in the issuer", strings.Replace(td3, "P<UTO", "P<UT0", 1), td3, Change{1, 5, "0", "O", "letters only"}},
		{"a digit in a name", strings.Replace(td3, "ERIKSSON", "ERIK5SON", 1), td3, Change{1, 10, "5", "S", "letters only"}},
		{"a digit of the number", strings.Replace(td3, "L898902C3", "L89B902C3", 1), td3, Change{2, 4, "B", "8", "B and 8 look alike"}},
		{"a check digit", strings.Replace(td3, "C36UTO", "C3GUTO", 1), td3, Change{2, 10, "G", "6", "digits only"}},
		{"optional data", strings.Replace(td3, "ZE184226B", "ZE1B4226B", 1), td3, Change{2, 32, "B", "8", "B and 8 look alike"}},
		{"a filler lost at the end", td3[:43] + td3[44:], td3, Change{1, 44, "", "<", "one of several fillers lost"}},
		{"a filler doubled", strings.Replace(td3, "MARIA<", "MARIA<<", 1), td3, Change{1, 26, "<", "", "doubled"}},
		{"a K after the name", strings.Replace(td3, "MARIA<<<<", "MARIA<<<K", 1), td3, Change{1, 29, "K", "<", "K among the fillers after the name"}},
		{"a digit of a date lost", strings.Replace(td3, "7408122", "748122", 1), td3, Change{2, 16, "", "0", "a character lost"}},
		{"a filler by another sign", strings.Replace(td3, "<<ANNA", "«<ANNA", 1), td3, Change{1, 14, "«", "<", "stands for a filler"}},
		{"junk at the end", td3 + "|;", td3, Change{2, 45, "|;", "", "after the end of the line, in no zone"}},
		{"no line ends, one filler lost", strings.Replace(td1, "<\n", "", 1), td1, Change{1, 30, "", "<", "one of several fillers lost"}},
		{"blanks within", strings.Replace(td3, "74O812", " 74O 812", 1), td3, Change{}},
	} {
		got := repaired(t, c.text)
		at := slices.IndexFunc(got, func(o Candidate) bool { return strings.Join(o.Lines, "\n") == c.want })
		if at < 0 || got[at].Cost != got[0].Cost {
			t.Errorf("%s:\n%s\n%s\ngot %+v", c.what, c.text, c.want, got)
			continue
		}
		if c.change != (Change{}) && !slices.Contains(got[at].Changes, c.change) {
			t.Errorf("%s: changes %+v", c.what, got[at].Changes)
		}
	}
}

func TestRepairRefuses(t *testing.T) {
	for what, text := range map[string]string{
		"nothing": "", "short": "P<UTO", "long": strings.Repeat("A", 5000), "noise": strings.Repeat("?", 88),
		"letters": strings.Repeat("A", 88), "zeros": strings.Repeat("0", 90), "not UTF-8": strings.Repeat("\xff", 88),
	} {
		if c, err := Repair(text, testToday); err == nil {
			t.Errorf("%s: %+v", what, c[0])
		}
	}
}

// corrupted replaces n characters that readers mistake by what they take them for.
func corrupted(random *rand.Rand, text string, n int) (string, bool) {
	b := []byte(text)
	var places []int
	for i, c := range b {
		if c != filler && len(confusions[rune(c)]) > 0 {
			places = append(places, i)
		}
	}
	if len(places) < n {
		return "", false
	}
	random.Shuffle(len(places), func(i, j int) { places[i], places[j] = places[j], places[i] })
	for _, i := range places[:n] {
		options := confusions[rune(b[i])]
		b[i] = options[random.IntN(len(options))]
	}
	return string(b), true
}

// How often the zone that was is among the cheapest candidates, how often it is listed at all, and how often nothing shows
// that there was an error. go test ./mrz -run EvaluateRepair -v prints it.
func TestEvaluateRepair(t *testing.T) {
	const trials = 150
	for _, f := range []Format{TD1, TD2, TD3, MRVA, MRVB, FranceID} {
		l := layouts[f]
		for k := 1; k <= 2; k++ {
			random := rand.New(rand.NewPCG(9303, uint64(k)))
			var first, listed, unseen, total, refused, candidates int
			var slowest time.Duration
			for seed := range trials {
				text, err := Write(realistic(l, seed))
				if err != nil {
					t.Fatal(err)
				}
				bad, ok := corrupted(random, text, k)
				if !ok {
					continue
				}
				total++
				start := time.Now()
				got, err := Repair(bad, testToday)
				slowest = max(slowest, time.Since(start))
				if err != nil {
					refused++
					continue
				}
				candidates += len(got)
				at := slices.IndexFunc(got, func(c Candidate) bool { return strings.Join(c.Lines, "\n") == text })
				if at >= 0 {
					listed++
					if got[at].Cost == got[0].Cost {
						first++
					}
				} else if got[0].Cost == 0 {
					unseen++
				}
			}
			t.Logf("%-5s k=%d: of %d zones first %d%%, listed %d%%, error not to be seen %d%%, refused %d%%, %.1f candidates, slowest %v",
				f, k, total, first*100/total, listed*100/total, unseen*100/total, refused*100/total, float64(candidates)/float64(total), slowest)
			if first*100/total < 45 {
				t.Errorf("%s: the original is among the first in %d of %d", f, first, total)
			}
		}
	}
}

// realistic draws a document with names and codes as they are.
func realistic(l *layout, seed int) Document {
	d := rapid.Custom(func(t *rapid.T) Document {
		d := anyDocument(t, l)
		if l.format == FranceID {
			return d
		}
		if digit(d.Code[len(d.Code)-1]) {
			d.Code = d.Code[:1]
		}
		d.Issuer = rapid.SampledFrom(strings.Fields(codes)).Draw(t, "issuer")
		d.Nationality = d.Issuer
		if d.Code+d.Issuer == franceHead {
			d.Code = "I"
		}
		return d
	}).Example(seed)
	return d
}

// No candidate claims a check digit that its own lines contradict, changes are what they say, order and answer are the
// same every time.
func TestCandidatesAreTrue(t *testing.T) {
	for _, l := range layouts {
		rapid.Check(t, func(t *rapid.T) {
			text, err := Write(anyDocument(t, l))
			if err != nil {
				t.Fatal(err)
			}
			random := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 1))
			bad, ok := corrupted(random, text, rapid.IntRange(1, 2).Draw(t, "k"))
			if !ok {
				return
			}
			got, err := Repair(bad, testToday)
			if err != nil {
				return
			}
			if again, _ := Repair(bad, testToday); !reflect.DeepEqual(got, again) {
				t.Fatal("another answer the second time")
			}
			for i, c := range got {
				holds(t, bad, c)
				if i > 0 && c.Cost < got[i-1].Cost {
					t.Fatalf("out of order: %+v", got)
				}
			}
		})
	}
}

// holds checks a candidate against the text that was read, which has the lengths of its format.
func holds(t interface{ Fatalf(string, ...any) }, read string, c Candidate) {
	d, err := Parse(strings.Join(c.Lines, "\n"), testToday)
	if err != nil {
		t.Fatalf("a candidate that cannot be read: %v", err)
	}
	for _, check := range d.Checks {
		if check.OK != slices.Contains(c.Agree, check.Field) || check.OK == slices.Contains(c.Disagree, check.Field) {
			t.Fatalf("%s is %v and claimed otherwise: %+v", check.Field, check.OK, c)
		}
	}
	was := []byte(strings.ReplaceAll(read, "\n", ""))
	for _, ch := range c.Changes {
		at := (ch.Line-1)*len(c.Lines[0]) + ch.Column - 1
		if string(was[at]) != ch.From {
			t.Fatalf("change %+v: there stood %c", ch, was[at])
		}
		was[at] = ch.To[0]
	}
	if string(was) != strings.Join(c.Lines, "") {
		t.Fatalf("the changes %+v do not lead to %v", c.Changes, c.Lines)
	}
}

func FuzzRepair(f *testing.F) {
	for _, s := range specimens {
		f.Add(s.text)
		f.Add(strings.Replace(s.text, "1", "I", 2))
		f.Add(s.text[:20] + s.text[21:])
		f.Add(s.text[:50] + "O" + s.text[50:])
	}
	f.Fuzz(func(t *testing.T, text string) {
		got, err := Repair(text, testToday)
		if (err == nil) == (len(got) == 0) || len(got) > mostCandidates {
			t.Fatalf("%d candidates, %v", len(got), err)
		}
		for _, c := range got {
			if _, err := Parse(strings.Join(c.Lines, "\n"), testToday); err != nil {
				t.Fatalf("%v: %+v", err, c)
			}
		}
	})
}
