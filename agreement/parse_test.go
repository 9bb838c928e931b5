package agreement

import (
	"fmt"
	"strings"
	"testing"

	"marz"
)

// Several faults are told at once, each with its line.
func TestAllFaultsAtOnce(t *testing.T) {
	text := plain
	for _, i := range []string{"unknown place", "owes who", "non-party", "no title"} {
		for _, c := range refusals {
			if c.name == i {
				text = c.apply(text)
			}
		}
	}
	_, err := read(text)
	for _, want := range []string{"f.toml:2: agreement t:", "f.toml:19: article t/2:", "f.toml:26: article t/3:", "f.toml:36: article t/4:"} {
		if err == nil || strings.Count(err.Error(), want) != 1 {
			t.Errorf("%v, want it to say %q once", err, want)
		}
	}
	values := strings.NewReplacer(`until = "2025-01-01T00:00:00+04:00"`, `until = "2025"`, `from = "2025-01-01T00:00:00+04:00"`, `from = "2026"`, `issued = "2024-01-01T00:00:00Z"`, `issued = 7`).Replace(plain)
	_, err = read(values)
	for _, want := range []string{"f.toml:13: article t/1: until", "f.toml:24: article t/2: from", "f.toml:48: statement 1: issued"} {
		if err == nil || strings.Count(err.Error(), want) != 1 {
			t.Errorf("%v, want it to say %q once", err, want)
		}
	}
}

// Of the same thing said twice, the second is the one that is wrong, in whichever file it is.
func TestTheSecondIsRefused(t *testing.T) {
	a, err := Parse("a.toml", []byte(plain))
	if err != nil {
		t.Fatal(err)
	}
	b, err := Parse("b.toml", []byte("\n\n"+plain))
	if err != nil {
		t.Fatal(err)
	}
	_, err = Check(world, now, a, b)
	for _, want := range []string{"b.toml:4: agreement t: there is already", "b.toml:45: statement of aa-bg on t: one issued at that same instant"} {
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "a.toml") {
			t.Errorf("%v, want it to say %q", err, want)
		}
	}
}

func TestWithdrawnIsForGood(t *testing.T) {
	word := "\n[[statement]]\nby = \"aa-bg\"\nagreement = \"t\"\narticle = \"3\"\nstatus = %q\nfrom = \"2024-01-0%d\"\nissued = \"2024-01-0%d\"\n"
	word = strings.ReplaceAll(word, `%d"`, `%dT00:00:00Z"`)
	_, err := read(plain + fmt.Sprintf(word, "withdrawn", 2, 2) + fmt.Sprintf(word, "active", 3, 3))
	if err == nil || !strings.Contains(err.Error(), "f.toml:65: statement of aa-bg on t/3: it was withdrawn from 2024-01-02T00:00:00.000Z on, which is for good; make a new agreement") {
		t.Error(err)
	}
}

// Dates and instants can stand without quotes, where they say everything.
func TestUnquotedTimes(t *testing.T) {
	text := strings.Replace(plain, `"2020-01-01T00:00:00+04:00"`, "2020-01-01T00:00:00+04:00\nsigned = 2019-12-31", 1)
	r, err := read(text)
	if err != nil {
		t.Fatal(err)
	}
	if ag := r.Agreements()[0]; ag.From != at("2020-01-01T00:00:00+04:00") || ag.Signed.String() != "2019-12-31" {
		t.Errorf("%s, %s", ag.From, ag.Signed)
	}
}

// In inline tables the line of what holds them is named.
func TestInlineTables(t *testing.T) {
	const head = "\n[[agreement]]\nid = \"t\"\ntitle = \"A\"\nparties = [\n  \"aa-bg\", # ]\n]\nfrom = \"2020-01-01T00:00:00Z\"\n"
	for text, want := range map[string]string{
		head + "article = [ { id = \"1\", kind = \"serve\", authority = \"aa-bg\", place = \"nowhere\" } ]\n":                              "f.toml:9: article t/1: the place",
		head + "article = [\n {id = \"1\", kind = \"serve\", authority = \"aa-bg\", place = \"p\"},\n {id = \"2\", kind = \"rule\"},\n]\n": "f.toml:9: article t/2: the kind",
		head + "article = [ { id = \"1\", kind = \"serve\", authority = \"aa-bg\", place = \"p\", from = \"2020\" } ]\n":                   "f.toml:9: article t/1: from",
		head + "article = [ { id = \"1\", kind = \"serve\", authority = \"aa-bg\", place = \"p\", form = \"2020\" } ]\n":                   "f.toml:9: agreement t: the key",
		"agreement = [ { id = \"t\", title = \"A\", parties = [\"aa-bg\"], article = [ { id = \"1\", kind = \"rule\" } ] } ]\n":            "f.toml:1: article t/1: the kind",
		head + "title2 = \"\"\"\n[[agreement]]\nid = \"u\"\n\"\"\"\"\"\n[[agreement.article]]\nid = \"1\"\n":                               "f.toml:9: agreement t: the key",
		head + "source = '''\n[[agreement]]\nid = \"u\"\n'''\n[[\"agreement\".article]]\n\"id\" = '1'\nkind = 'rule'\n":                    "f.toml:13: article t/1: the kind",
		head + "[[ agreement . article ]] # ]]\nid = \"1\"\nkind = \"rule\"\n":                                                             "f.toml:9: article t/1: the kind",
		head + "[[agreement.article]]\nid = \"1\"\nkind = \"observe\"\nauthority = \"aa-bg\"\nplace = \"p\"\nwhile = [\n {bloc = 3} ]\n":   "f.toml:14: article t/1: bloc",
	} {
		if _, err := read(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s\n%v, want it to say %q", text, err, want)
		}
	}
}

func TestHugeFiles(t *testing.T) {
	long := strings.Repeat("x", 1_000_000)
	for name, text := range map[string]string{
		"file":     strings.Repeat("#\n", maxFile),
		"depth":    "agreement = " + strings.Repeat("[", 1_000_000),
		"tables":   "agreement = " + strings.Repeat("{a=", 1_000_000),
		"text":     strings.Replace(plain, `"To be paid."`, `"`+long+`"`, 1),
		"id":       strings.Replace(plain, `"t"`, `"`+long+`"`, 1),
		"party":    strings.Replace(plain, `"bb-bg"`, `"`+long+`"`, 1),
		"kind":     strings.Replace(plain, `"serve"`, `"`+long+`"`, 1),
		"instant":  strings.Replace(plain, `"2020-01-01T00:00:00+04:00"`, `"`+long+`"`, 1),
		"key":      strings.Replace(plain, "title =", long+" = 1\ntitle =", 1),
		"by":       strings.Replace(plain, "by = \"aa-bg\"", "by = \""+long+"\"", 1),
		"subject":  strings.Replace(plain, "agreement = \"t\"", "agreement = \""+long+"\"", 1),
		"report":   strings.Replace(plain, "\"t/4\"", "\""+long+"\"", 1),
		"articles": plain[:strings.Index(plain, "[[statement]]")] + strings.Repeat("[[agreement.article]]\nid = \"9\"\n", 2000),
	} {
		_, err := read(text)
		if marz.CodeOf(err) != marz.Invalid || len(err.Error()) > 2000 {
			t.Errorf("%s: %.300v", name, err)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add(plain)
	f.Add(agarak)
	for _, c := range refusals {
		f.Add(c.apply(plain))
	}
	f.Add("agreement = [ { id = \"t\", article = [ {}, { while = [ {} ] } ] } ]\n[[statement]]\n[[report]]\n")
	f.Add("[[agreement]]\r\n[[agreement.article]]\r\nid = '''\r\n[[agreement]]'''\r\n")
	f.Add("[agreement]\n[[\"\"]]\n[]\nx = [[[\n]]]\n\"\" = 1\n")
	f.Fuzz(func(t *testing.T, text string) {
		d, err := Parse("f.toml", []byte(text))
		if err == nil {
			_, err = Check(world, now, d)
		}
		if err == nil {
			return
		}
		if marz.CodeOf(err) != marz.Invalid || !strings.Contains(err.Error(), "f.toml") {
			t.Fatalf("%v", err)
		}
	})
}
