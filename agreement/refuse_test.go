package agreement

import (
	"fmt"
	"strings"
	"testing"

	"marz"
)

// plain is a file that is accepted; tests change one thing in it. Its lines are counted in what they expect.
const plain = `# [[agreement]] in a comment
[[agreement]]
id = "t"
title = "A treaty"
parties = ["aa-bg", "bb-bg"]
from = "2020-01-01T00:00:00+04:00"

[[agreement.article]] # 8
id = "1"
kind = "control"
authority = "aa-bg"
place = "p"
until = "2025-01-01T00:00:00+04:00"
text = """
[[agreement.article]]
id = "no article"
"""

[[agreement.article]] # 19
id = "2"
kind = "control"
authority = "bb-bg"
place = "p"
from = "2025-01-01T00:00:00+04:00"

[[agreement.article]] # 26
id = "3"
kind = "serve"
authority = "bb-bg"
place = "q"
powers = ["inspect"]
[[agreement.article.while]]
state = "AAA"
bloc = "bloc"

[[agreement.article]] # 36
id = "4"
kind = "obligation"
owes = "aa-bg"
owed = "BBB"
text = "To be paid."

[[statement]] # 43
by = "aa-bg"
agreement = "t"
status = "active"
from = "2024-01-01T00:00:00Z"
issued = "2024-01-01T00:00:00Z"

[[report]] # 50
by = "aa-bg"
article = "t/4"
status = "met"
at = "2024-01-01T00:00:00Z"
evidence = "minutes"
`

// read reads and checks a file as a post does.
func read(text string) (*Register, error) {
	d, err := Parse("f.toml", []byte(text))
	if err != nil {
		return nil, err
	}
	return Check(world, now, d)
}

func TestPlainIsAccepted(t *testing.T) {
	for name, text := range map[string]string{"plain": plain, "CRLF": strings.ReplaceAll(plain, "\n", "\r\n")} {
		if _, err := read(text); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// change is one thing changed in plain: of the part from its nth line on, the first old becomes new.
type change struct {
	name     string
	line     int
	old, new string
	at       int    // the line that the fault names; 0: the file alone
	want     string // what it says
}

func (c change) apply(text string) string {
	lines := strings.SplitAfterN(text, "\n", c.line+1)
	head, tail := strings.Join(lines[:c.line], ""), lines[c.line]
	return head + strings.Replace(tail, c.old, c.new, 1)
}

var refusals = []change{
	{"two controllers", 18, `"2025-01-01T00:00:00+04:00"`, `"2024-12-31T00:00:00+04:00"`, 19, "article t/2: two would control p"},
	{"gap", 18, `"2025-01-01T00:00:00+04:00"`, `"2025-01-01T00:00:01+04:00"`, 19, "article t/2: a gap: nobody would control p"},
	{"open end missing", 18, `from = "2025-01-01T00:00:00+04:00"`, "from = \"2025-01-01T00:00:00+04:00\"\nuntil = \"2026-01-01T00:00:00+04:00\"", 19, "leave the end open"},
	{"transfer from who does not control", 18, "kind = \"control\"\nauthority = \"bb-bg\"\nplace = \"p\"\nfrom", "kind = \"transfer\"\nauthority = \"bb-bg\"\nto = \"aa-bg\"\nplace = \"p\"\nat", 19, "from bb-bg"},
	{"transfer of nothing", 18, "kind = \"control\"\nauthority = \"bb-bg\"\nplace = \"p\"\nfrom", "kind = \"transfer\"\nauthority = \"bb-bg\"\nto = \"aa-bg\"\nplace = \"q\"\nat", 19, "no article gives it to bb-bg before"},
	{"transfer twice dated", 18, "kind = \"control\"\nauthority = \"bb-bg\"\nplace = \"p\"\nfrom", "kind = \"transfer\"\nauthority = \"aa-bg\"\nto = \"bb-bg\"\nplace = \"p\"\nby = \"2024-01-01T00:00:00Z\"\nat", 19, "either at"},
	{"unknown authority", 2, `"bb-bg"]`, `"xx-bg"]`, 2, `agreement t: the party "xx-bg" is not an authority that is known here`},
	{"non-party", 18, `"bb-bg"`, `"cc-bg"`, 19, `article t/2: "cc-bg" is not a party`},
	{"unknown place", 26, `"q"`, `"nowhere"`, 26, `article t/3: the place "nowhere" is not a post or section`},
	{"unknown bloc", 26, `"bloc"`, `"nato"`, 26, `article t/3: it depends on the bloc "nato"`},
	{"unknown state", 26, `"AAA"`, `"Aaa"`, 26, `article t/3: it depends on the state "Aaa"`},
	{"no zone", 18, `00+04:00`, `00`, 24, `article t/2: from: instant "2025-01-01T00:00:00": write it as RFC 3339 with its offset`},
	{"local datetime", 18, `"2025-01-01T00:00:00+04:00"`, `2025-01-01T00:00:00`, 24, `article t/2: from: instant "2025-01-01T00:00:00": write it as RFC 3339 with its offset`},
	{"local date", 1, `"2020-01-01T00:00:00+04:00"`, `2020-01-01`, 6, `agreement t: from: instant "2020-01-01": write it as RFC 3339 with its offset`},
	{"local time", 42, `"2024-01-01T00:00:00Z"`, `00:00:00`, 47, `statement 1: from: instant "00:00:00": write`},
	{"epoch", 7, `"2025-01-01T00:00:00+04:00"`, `"1970-01-01T04:00:00+04:00"`, 13, "article t/1: until: instant \"1970-01-01T04:00:00+04:00\": in Marz this instant stands for none"},
	{"year 10000", 7, `"2025-01-01T00:00:00+04:00"`, `"9999-12-31T23:59:59-04:00"`, 13, "article t/1: until"},
	{"unknown key of an agreement", 1, `from =`, `since =`, 6, `agreement t: the key "agreement.since" is not known`},
	{"known elsewhere", 1, `from =`, `place = "p"` + "\n" + `from =`, 6, `agreement t: the key "agreement.place"`},
	{"unknown key of an article", 26, `powers =`, `power =`, 31, `article t/3: the key "agreement.article.power" is not known`},
	{"unknown key of a condition", 26, `bloc =`, `block =`, 34, `article t/3: the key "agreement.article.while.block" is not known`},
	{"unknown key of a statement", 42, `status =`, `place =`, 46, `statement 1: the key "statement.place" is not known`},
	{"capitals", 26, `powers =`, `Powers =`, 31, `article t/3: the key "agreement.article.Powers" is not known`},
	{"unknown table", 42, `[[statement]]`, `[[statements]]`, 43, `the key "statements" is not known`},
	{"one bracket", 49, `[[report]]`, `[report]`, 50, "[[report]], in two brackets"},
	{"number for text", 18, `"2"`, `2`, 20, "article t/2: id is a number; write text in quotes"},
	{"text for list", 26, `["inspect"]`, `"inspect"`, 31, `article t/3: powers is text; write a list, […]`},
	{"list for text", 26, `"q"`, `["q"]`, 30, `article t/3: place is a list; write text in quotes`},
	{"number for an instant", 18, `"2025-01-01T00:00:00+04:00"`, `2025`, 24, `article t/2: from: instant "2025": write it in quotes`},
	{"text for true", 1, `from =`, "reconstruction = \"yes\"\nfrom =", 6, "agreement t: reconstruction is text; write true or false"},
	{"duration", 26, `powers =`, "fresh = \"3 days\"\npowers =", 31, `article t/3: fresh: duration "3 days": write hours or minutes`},
	{"no duration", 26, `powers =`, "fresh = \"-72h\"\npowers =", 31, `article t/3: fresh`},
	{"syntax", 18, `id = "2"`, `id = `, 20, "f.toml:20"},
	{"unclosed", 7, "\"\"\"\n\n", "\n\n", 0, "f.toml:"},
	{"unknown kind", 26, `"serve"`, `"rule"`, 26, `article t/3: the kind "rule" is not known; use one of: control, serve`},
	{"power", 26, `"inspect"`, `"reign"`, 26, `article t/3: the power "reign" is not known; use some of: inspect`},
	{"needs", 26, "authority = \"bb-bg\"\n", "", 26, "article t/3: an article of kind serve needs authority"},
	{"takes", 26, `powers = ["inspect"]`, `what = ["records"]`, 26, "article t/3: an article of kind serve has no what"},
	{"powers of control", 18, `place =`, "powers = [\"inspect\"]\nplace =", 19, "article t/2: an article of kind control has no powers"},
	{"place and places", 26, `place = "q"`, "place = \"q\"\nplaces = [\"p\"]", 26, "both place and places"},
	{"a place twice", 26, `place = "q"`, `places = ["q", "q"]`, 26, "place q is named twice"},
	{"a party twice", 1, `"bb-bg"`, `"aa-bg", "bb-bg"`, 2, "the party aa-bg is named twice"},
	{"no title", 1, `"A treaty"`, `""`, 2, "agreement t: it has no title"},
	{"no parties", 1, `["aa-bg", "bb-bg"]`, `[]`, 2, "agreement t: it names no parties"},
	{"ends before", 1, `from =`, "until = \"2019-01-01T00:00:00Z\"\nfrom =", 2, "agreement t: it ends before it begins"},
	{"article after the end", 1, `from =`, "until = \"2024-01-01T00:00:00Z\"\nfrom =", 20, "article t/2: it would begin at"},
	{"since when", 1, "from = \"2020-01-01T00:00:00+04:00\"\n", "", 7, "article t/1: it does not say from when"},
	{"same article", 26, `"3"`, `"2"`, 26, "article t/2: two articles have this id"},
	{"odd id", 1, `"t"`, `"t/1"`, 2, `an agreement's id is`},
	{"odd article", 18, `"2"`, `"two one"`, 19, `an article's id is`},
	{"the name of the house", 1, `"t"`, `"marz"`, 2, "this name is kept"},
	{"owes to himself", 35, `"BBB"`, `"aa-bg"`, 36, "article t/4: aa-bg is on both sides"},
	{"owes who", 35, `"BBB"`, `"ZZZ"`, 36, `article t/4: "ZZZ" is no authority, state or bloc`},
	{"statement by non-party", 42, `"aa-bg"`, `"cc-bg"`, 43, "statement of cc-bg on t: cc-bg is not a party"},
	{"statement by nobody", 42, `"aa-bg"`, `"xx"`, 43, `"xx" is not an authority`},
	{"statement on nothing", 42, `"t"`, `"u"`, 43, "no such agreement is recorded"},
	{"statement on no article", 42, `status =`, "article = \"9\"\nstatus =", 43, "no such article"},
	{"suspended control", 42, `status = "active"`, "article = \"1\"\nstatus = \"suspended\"", 43, "statement of aa-bg on t/1: it says who controls a place"},
	{"status", 42, `"active"`, `"asleep"`, 43, `the status "asleep" is not known; use active, suspended or withdrawn`},
	{"two subjects", 42, `status =`, "bloc = \"bloc\"\nstate = \"AAA\"\nstatus =", 43, "it is about an agreement, or about a bloc and a state"},
	{"of another state", 42, `agreement = "t"`, "bloc = \"bloc\"\nstate = \"BBB\"", 43, "aa-bg is an authority of AAA and cannot speak for"},
	{"unknown bloc of a statement", 42, `agreement = "t"`, "bloc = \"nato\"\nstate = \"AAA\"", 43, `the bloc "nato" is not known`},
	{"not issued", 42, "issued = \"2024-01-01T00:00:00Z\"\n", "", 43, "when it was issued"},
	{"issued to come", 42, "issued = \"2024", "issued = \"2044", 43, "still to come"},
	{"expired before", 42, "issued =", "expires = \"2023-01-01T00:00:00Z\"\nissued =", 43, "it expires at"},
	{"report by debtor", 49, `"met"`, `"waived"`, 50, "report of aa-bg on t/4: only who is owed a thing can waive it"},
	{"no evidence", 49, "evidence = \"minutes\"\n", "", 50, "where the evidence is"},
	{"report on service", 49, `"t/4"`, `"t/3"`, 50, "there is no such obligation"},
	{"report by nobody", 49, `"aa-bg"`, `"cc-bg"`, 50, "neither owes it nor is owed it"},
}

func TestRefusals(t *testing.T) {
	for _, c := range refusals {
		text := c.apply(plain)
		if text == plain {
			t.Errorf("%s: nothing was changed", c.name)
			continue
		}
		for ending, text := range map[string]string{"LF": text, "CRLF": strings.ReplaceAll(text, "\n", "\r\n")} {
			_, err := read(text)
			if err == nil || marz.CodeOf(err) != marz.Invalid || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), "f.toml") {
				t.Errorf("%s, %s: %v, want it to say %q", c.name, ending, err, c.want)
				continue
			}
			named := false
			for _, line := range strings.Split(err.Error(), "\n") {
				named = named || strings.Contains(line, c.want) && strings.Contains(line, fmt.Sprintf("f.toml:%d: ", c.at))
			}
			if c.at > 0 && !named {
				t.Errorf("%s, %s: %v, want line %d", c.name, ending, err, c.at)
			}
		}
	}
}

// A refusal says whether an agreement or one of its articles is meant.
func TestRefusalNamesItsKind(t *testing.T) {
	for want, err := range map[string]error{
		"check agreement a: x": refuse("a", "", "x"), "check article a/1: x": refuse("a", "1", "x"), "check article a/2: x": refuse("a/2", "", "x")} {
		if err.Error() != want {
			t.Errorf("%q, want %q", err, want)
		}
	}
}
