package verify

import (
	"crypto/sha256"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// grace is by how much an instant may have gone by when a key is turned for it, and how late an execution may come and still be on time.
const grace = 5 * time.Minute

const instantForm = "2006-01-02T15:04:05.000Z"

func graceAfter(at string) string { return instantTime(at).Add(grace).Format(instantForm) }

// doubtful returns what the node's clock showed, and whether it is in doubt: another source shows nothing or differs by more than the tolerance, in
// milliseconds, or there is none.
func doubtful(clocks []*node, tolerance int64) (own string, doubt bool) {
	for _, c := range clocks {
		if c.str("source") == "node" && c.str("fault") == "" && own == "" {
			own = c.str("at")
		}
	}
	doubt = own == "" || len(clocks) < 2
	for _, c := range clocks {
		if !doubt && c.str("source") != "node" {
			doubt = !shows(c) || !within(c.str("at"), own, tolerance)
		}
	}
	return own, doubt
}

func shows(c *node) bool { return c.str("at") != "" && c.str("fault") == "" }

// within reports whether two instants differ by no more than the tolerance.
func within(a, b string, tolerance int64) bool {
	return instantTime(a).Sub(instantTime(b)).Abs().Milliseconds() <= tolerance
}

// agreeing reports whether two sources of time that agree with each other show an instant or a later one.
func agreeing(clocks []*node, instant string, tolerance int64) bool {
	for i, c := range clocks {
		for _, d := range clocks[:i] {
			if shows(c) && shows(d) && c.str("at") >= instant && d.str("at") >= instant && c.str("source") != d.str("source") &&
				within(c.str("at"), d.str("at"), tolerance) {
				return true
			}
		}
	}
	return false
}

// instantTime reads what isInstant has found to be one.
func instantTime(s string) time.Time {
	t, _ := time.Parse(instantForm, s)
	return t
}

// instrument takes down what the report says of the instrument, and checks what it says of itself.
func (a *actCheck) instrument() {
	r, p := a.r, a.plan
	r.ID, r.Article, r.Place, r.From, r.To = p.str("id"), p.str("article"), p.str("place"), p.str("from"), p.str("to")
	r.Lanes = append(r.Lanes, p.strs("lanes")...)
	r.Instant, r.Origin = p.str("at"), a.ins.str("origin")
	bad := func(part, format string, args ...any) { a.problem("instrument."+part, -1, format, args...) }
	if v := a.ins.num("v"); v != 1 {
		bad("v", "it is of version %d, and this checker knows 1", v)
	}
	if r.From == r.To {
		bad("plan.to", "it is the outgoing authority too")
	}
	if !strings.HasPrefix(r.ID, r.Place+"-") {
		bad("plan.id", "it does not begin with the place")
	}
	for i, c := range a.ins.list("readiness") {
		if c.str("state") == "missing" {
			bad(fmt.Sprintf("readiness[%d]", i), "it is missing, and bars arming")
		}
	}
	a.inventory(bad)
	d := a.ins.get("dispositions")
	if d.num("alerts") != d.num("adopted")+d.num("returned")+d.num("lapsed") {
		bad("dispositions", "adopted, returned and lapsed are not all alerts together")
	}
}

// inventory checks that what both sides count by hand is there, and takes down where they differ.
func (a *actCheck) inventory(bad func(string, string, ...any)) {
	has := map[string]bool{}
	for i, l := range a.ins.list("inventory") {
		what := l.str("what")
		if has[what] {
			bad(fmt.Sprintf("inventory[%d]", i), "%.40q stands twice", what)
		}
		has[what] = true
		out, in, only, measured := l.num("outgoing"), l.num("incoming"), l.str("only"), l.is("measured")
		part := fmt.Sprintf("inventory[%d]", i)
		switch {
		case measured && (out != in || only != ""):
			bad(part, "the node measured it, and both sides see what it measured")
		case only == "" && out != in:
			a.r.Lines = append(a.r.Lines, ActLine{what, out, in})
		case only == "":
		case only != a.r.To:
			bad(part, "the incoming authority has not counted it")
		case a.plan.get("unilateral") == nil:
			bad(part, "the outgoing authority has not counted it, and the plan never allows the other side to act alone")
		default:
			a.note("the outgoing authority did not count %q; the incoming one counted %d", what, in)
		}
	}
	for _, what := range []string{"people-held", "documents-held", "stamps", "seals", "keys", "consumables"} {
		if !has[what] {
			bad("inventory", "it has no line %s", what)
		}
	}
}

// core is what closing signatures are over (docs/spec/transfer.md).
func (a *actCheck) core() string {
	list := func(all []string) string { return or(strings.Join(all, ","), "-") }
	r := a.r
	return strings.Join([]string{"marz/act/v1", r.ID + " " + r.Place + " " + list(r.Lanes), r.From + " " + r.To, r.Instant + " " + r.Executed,
		r.Origin + " " + strconv.FormatInt(r.Seq, 10), r.Digest, strconv.FormatInt(r.Size, 10) + " " + r.Root, list(r.Cases), ""}, "\n")
}

// closed checks the signatures over the core.
func (a *actCheck) closed(doc *node) {
	if a.r.Seq < 0 || a.r.Size == 0 {
		return // there is no core; why, is told
	}
	sum := sha256.Sum256([]byte(a.core()))
	a.r.Core = b64.EncodeToString(sum[:])
	a.signed("closed", doc, saysClose, a.r.Core, "the act's core", a.r.Executed, &a.r.Closed)
}

// signed checks a list of signatures that no entry holds.
func (a *actCheck) signed(list string, doc *node, says, over, of, at string, into *[]ActSignature) {
	sides := map[string]bool{}
	for i, s := range doc.list(list) {
		part := fmt.Sprintf("%s[%d]", list, i)
		if i == maxSigned {
			a.problem(part, -1, "there are more than %d", maxSigned)
			return
		}
		who := s.str("authority")
		found := a.signature(part, -1, s, says, over, of, at)
		if found != nil && sides[who] {
			a.problem(part, -1, "%s signed twice", a.sideName(who))
		} else if found != nil {
			sides[who] = true
			*into = append(*into, *found)
		}
	}
}

// code checks the text of the code that is printed on an act: a core with signatures and a head.
func (a *actCheck) code(value []byte) {
	doc := a.strict().read("", value, codeShape)
	if doc == nil || !a.readCore(doc.str("core")) {
		return
	}
	size, root := a.r.Size, a.r.Root
	a.r.Node = a.node.text
	a.checkHead(doc.str("head"))
	if a.head.size > 0 && (a.head.size != size || a.r.Root != root || a.head.origin != a.r.Origin) {
		a.problem("head", -1, "it is not the head that the core names")
	}
	sum := sha256.Sum256([]byte(doc.str("core")))
	a.r.Core = b64.EncodeToString(sum[:])
	a.signed("armed", doc, saysArm, a.r.Digest, "the instrument", a.r.Executed, &a.r.Armed)
	a.signed("closed", doc, saysClose, a.r.Core, "the act's core", a.r.Executed, &a.r.Closed)
}

// readCore reads the text of a core and reports whether it is one.
func (a *actCheck) readCore(core string) bool {
	bad := func(what string) bool {
		a.problem("core", -1, "%s", what)
		return false
	}
	lines := strings.Split(core, "\n")
	if len(lines) != 9 || lines[0] != "marz/act/v1" || lines[8] != "" {
		return bad("it is not the eight lines of a core, which begin with marz/act/v1")
	}
	list := func(s string) []string {
		if s == "-" {
			return []string{}
		}
		return strings.Split(s, ",")
	}
	words := make([][]string, 8)
	for i, n := range []int{1, 3, 2, 2, 2, 1, 2, 1} {
		if words[i] = strings.Split(lines[i], " "); len(words[i]) != n {
			return bad(fmt.Sprintf("its line %d has %d words, and must have %d", i+1, len(words[i]), n))
		}
	}
	r := a.r
	r.ID, r.Place, r.Lanes, r.From, r.To = words[1][0], words[1][1], list(words[1][2]), words[2][0], words[2][1]
	r.Instant, r.Executed, r.Origin, r.Digest, r.Root, r.Cases = words[3][0], words[3][1], words[4][0], words[5][0], words[6][1], list(words[7][0])
	var ok, is bool
	r.Seq, ok = decimal([]byte(words[4][1]))
	r.Size, is = decimal([]byte(words[6][0]))
	switch {
	case !transferID.is([]byte(r.ID)) || !isName([]byte(r.Place)) || !isName([]byte(r.From)) || !isName([]byte(r.To)) || !isOrigin([]byte(r.Origin)):
		return bad("a name in it is not well formed")
	case !isInstant([]byte(r.Instant)) || !isInstant([]byte(r.Executed)):
		return bad("its line 4 is not two instants")
	case !isBase64Digest([]byte(r.Digest)) || !isBase64Digest([]byte(r.Root)):
		return bad("a digest in it is not 32 bytes in base64")
	case !ok || !is || r.Seq >= r.Size:
		return bad("the entry that it names is not before the end of its head")
	case a.core() != core:
		return bad("it is not written as a core is")
	}
	return true
}
