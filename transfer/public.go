package transfer

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"marz"
)

// Limits of what entries hold.
const (
	maxText   = 240       // bytes of a text
	maxLines  = 64        // lines of the inventory, checks of readiness, readings, lanes
	maxCount  = 1_000_000 // of one thing
	maxAlerts = 100_000_000
	maxBehind = 60 * 60 * 1000 // milliseconds, of a tolerance
)

// Added begins the name of a line of the inventory that the commanders add to Countable, for example "other-radios".
const Added = "other-"

var (
	namePattern    = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,62}$`)
	idPattern      = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,62}-[1-9][0-9]{0,8}$`)
	checkPattern   = regexp.MustCompile(`^[a-z0-9][a-z0-9./:-]{0,62}$`)
	listPattern    = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9./_-]{0,127}$`)
	articlePattern = regexp.MustCompile(`^[A-Za-z0-9._-]{1,100}/[A-Za-z0-9._-]{1,100}$`)

	dispositions = map[string]bool{"offered": true, "adopted": false, "declined": false, "returned": true, "lapsed": true} // whether the outgoing side says it
	destroyable  = []string{"lists", "hits"}
	says         = map[string]string{KindArmed: SaysArm, KindDisarmed: SaysDisarm, KindClock: SaysNow, KindCancelled: SaysCancel, KindClosed: SaysClose}
)

// Validate reports whether the id is well formed: a place, a hyphen and a number.
func (id ID) Validate() error {
	if !idPattern.MatchString(string(id)) {
		return &marz.Error{Code: marz.Invalid, Op: "transfer id", Subject: fmt.Sprintf("%.40q", string(id)), Fix: "write it as place-number, for example agarak-1"}
	}
	return nil
}

// public is the public part of an entry of a transfer.
type public interface {
	of() ID
	check() error // whether it is well formed, whatever the state
}

// presented is a Presented with what it presents.
type presented struct {
	Presented
	instrument *Instrument
}

// signed is a Signed of one kind.
type signed struct {
	Signed
	kind string
}

func (p *Opened) of() ID    { return p.Plan.ID }
func (p *Counted) of() ID   { return p.ID }
func (p *Disposed) of() ID  { return p.ID }
func (p *Presented) of() ID { return p.ID }
func (p *Signed) of() ID    { return p.ID }
func (p *Declared) of() ID  { return p.ID }
func (p *Execution) of() ID { return p.ID }
func (p *Destroyed) of() ID { return p.ID }

// read reads the public part of an entry, strictly.
func read(kind string, raw json.RawMessage) (public, error) {
	var p public
	switch kind {
	case KindOpened, KindPostponed:
		p = new(Opened)
	case KindCounted:
		p = new(Counted)
	case KindDisposed:
		p = new(Disposed)
	case KindPresented:
		p = new(presented)
	case KindArmed, KindDisarmed, KindClock, KindCancelled, KindClosed:
		p = &signed{kind: kind}
	case KindRefused:
		p = new(Declared)
	case KindExecuted:
		p = new(Execution)
	case KindDestroyed:
		p = new(Destroyed)
	default:
		return nil, refuse(marz.Invalid, kind, "", "there is no such kind of entry of a transfer")
	}
	if err := strict(raw, p); err != nil {
		return nil, &marz.Error{Code: marz.Invalid, Op: kind, Fix: "its public part is not of this kind", Err: err}
	}
	if err := p.of().Validate(); err != nil {
		return nil, err
	}
	if err := p.check(); err != nil {
		return nil, refuse(marz.Invalid, kind, p.of(), err.Error())
	}
	return p, nil
}

// strict reads JSON that has no member that the type has not, and nothing behind it.
func strict(raw []byte, v any) error {
	d := json.NewDecoder(bytes.NewReader(raw))
	d.DisallowUnknownFields()
	if err := d.Decode(v); err != nil {
		return err
	}
	if _, err := d.Token(); err != io.EOF {
		return fmt.Errorf("something follows it")
	}
	return nil
}

// marshal writes JSON as the journal does: no HTML escapes, no end of line.
func marshal(v any) ([]byte, error) {
	var b bytes.Buffer
	j := json.NewEncoder(&b)
	j.SetEscapeHTML(false)
	if err := j.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}

// encode writes what holds no JSON of others, and so can always be written.
func encode(v any) []byte {
	b, err := marshal(v)
	if err != nil {
		panic(err)
	}
	return b
}

// fault is what is wrong with a public part; read says of what.
func fault(format string, args ...any) error { return fmt.Errorf(format, args...) }

// first returns the first fault.
func first(faults ...error) error {
	for _, err := range faults {
		if err != nil {
			return err
		}
	}
	return nil
}

func (p *Opened) check() error { return first(p.Plan.check(), code(p.Why)) }

func (p *Plan) check() error {
	switch {
	case !strings.HasPrefix(string(p.ID), string(p.Place)+"-") || strings.Contains(string(p.ID[len(p.Place)+1:]), "-"):
		return fault("%s is no id of a transfer of %.40q; it is the place, a hyphen and a number", p.ID, p.Place)
	case !articlePattern.MatchString(string(p.Article)):
		return fault("%.60q names no article; write agreement/article", p.Article)
	case p.From == p.To:
		return fault("%.40q would hand over to itself", p.From)
	case p.At == 0 || p.Agreed == 0:
		return fault("it names no instant, or no instant of the article")
	case p.Clock != BySources && p.Clock != ByCommanders:
		return fault("there is no rule of clocks %.40q; there are %q and %q", p.Clock, BySources, ByCommanders)
	case p.Tolerance < 1 || p.Tolerance > maxBehind:
		return fault("a tolerance of %d ms cannot be; it is 1 to %d", p.Tolerance, maxBehind)
	case p.Unilateral != 0 && p.Unilateral < p.Agreed:
		return fault("the incoming authority could act alone from %s, before the article's instant %s", p.Unilateral, p.Agreed)
	case len(p.Lanes) > maxLines:
		return fault("it names %d lanes; at most %d can be", len(p.Lanes), maxLines)
	}
	for i, l := range p.Lanes {
		if l.Validate() != nil || slices.Contains(p.Lanes[:i], l) {
			return fault("%.40q is no lane's id, or stands there twice", l)
		}
	}
	return first(destroys(p.Destroy), p.Place.Validate(), p.From.Validate(), p.To.Validate())
}

func (p *Counted) check() error {
	switch {
	case !countable(p.What):
		return fault("%.40q is no line of the inventory; lines are %s and what begins with %q", p.What, strings.Join(Countable, ", "), Added)
	case p.Count < 0 || p.Count > maxCount:
		return fault("%d of %s cannot be counted; a count is 0 to %d", p.Count, p.What, maxCount)
	}
	return nil
}

// countable reports whether a line of the inventory is counted by hand.
func countable(what string) bool {
	return slices.Contains(Countable, what) || strings.HasPrefix(what, Added) && len(what) > len(Added) && namePattern.MatchString(what)
}

func (p *Disposed) check() error {
	_, known := dispositions[p.Disposition]
	switch {
	case !listPattern.MatchString(string(p.List)):
		return fault("%.40q is no list's id", p.List)
	case !known:
		return fault("there is no disposition %.40q; there are offered, adopted, declined, returned and lapsed", p.Disposition)
	case p.Alerts < 1 || p.Alerts > maxAlerts:
		return fault("it is about %d alerts; it has to be about 1 at least", p.Alerts)
	}
	return nil
}

func (p *presented) check() error {
	i, err := ParseInstrument(p.Instrument)
	switch {
	case err != nil:
		return err
	case i.Plan.ID != p.ID:
		return fault("the instrument is of %s", i.Plan.ID)
	case DigestOf(p.Instrument) != p.Digest:
		return fault("the digest is not that of the instrument, %s", DigestOf(p.Instrument))
	}
	p.instrument = i
	return nil
}

func (p *signed) check() error {
	need := p.kind == KindArmed || p.kind == KindClock || p.kind == KindClosed
	if p.kind != KindClock && len(p.Clocks) > 0 {
		return fault("clocks stand in entries of kind %s alone", KindClock)
	}
	if len(p.Clocks) > 0 && !slices.ContainsFunc(p.Clocks, func(r Reading) bool { return r.Source == SourceNode }) {
		return fault("what the node's clock shows is not among its clocks")
	}
	if err := first(digest(p.Digest), code(p.Why), readings(p.Clocks)); err != nil || p.Signature == nil && !need {
		return err
	}
	s := p.Signature
	switch {
	case s == nil:
		return fault("it is not signed")
	case s.Says != says[p.kind]:
		return fault("the signature says %.20q and not %q", s.Says, says[p.kind])
	case s.Digest != p.Digest:
		return fault("the signature is over another digest")
	}
	return s.check()
}

func (p *Declared) check() error {
	if p.Why == "" {
		return fault("it does not say why")
	}
	return code(p.Why)
}

func (p *Execution) check() error {
	switch {
	case p.Open < 0 || p.Crossings < 0:
		return fault("fewer than no inspections or crossings cannot be")
	case len(p.Lanes) > maxLines || len(p.Mirrors) > maxLines || len(p.Ends) > maxLines || len(p.Frees) > maxLines:
		return fault("it has more than %d lines of one kind", maxLines)
	}
	faults := []error{digest(p.Digest), readings(p.Clocks), destroys(p.Destroys)}
	for _, a := range slices.Concat(p.Ends, p.Frees) {
		faults = append(faults, a.Validate())
	}
	for i, m := range p.Mirrors {
		if m.Size < 0 || m.Missing < 0 || slices.ContainsFunc(p.Mirrors[:i], func(n Mirror) bool { return n.Authority == m.Authority }) {
			return fault("what it says of the mirror of %.40q cannot be", m.Authority)
		}
		faults = append(faults, m.Authority.Validate())
	}
	return first(faults...)
}

func (p *Destroyed) check() error {
	if len(p.What) == 0 {
		return fault("it names nothing that was destroyed")
	}
	return first(destroys(p.What), p.Of.Validate())
}

func destroys(what []string) error {
	for i, w := range what {
		if !slices.Contains(destroyable, w) || slices.Contains(what[:i], w) {
			return fault("%.40q cannot be destroyed, or stands there twice; what can be is %s", w, strings.Join(destroyable, " and "))
		}
	}
	return nil
}

func readings(all []Reading) error {
	if len(all) > maxLines {
		return fault("it has %d readings; at most %d can be", len(all), maxLines)
	}
	for i, r := range all {
		if !checkPattern.MatchString(r.Source) || slices.ContainsFunc(all[:i], func(o Reading) bool { return o.Source == r.Source }) {
			return fault("%.40q is no name of a source of time, or stands there twice", r.Source)
		}
		if err := text("the fault of "+r.Source, r.Fault); err != nil {
			return err
		}
	}
	return nil
}

// code holds a reason to its form. It is no free text, since public parts name nobody.
func code(why string) error {
	if why != "" && !namePattern.MatchString(why) {
		return fault("%.40q is no code of a reason; it is 1 to 63 lower-case letters, digits and hyphens", why)
	}
	return nil
}

func text(what, s string) error {
	if len(s) > maxText || !utf8.ValidString(s) || strings.ContainsFunc(s, unicode.IsControl) {
		return fault("%s is too long (%d bytes; at most %d) or has characters that cannot be shown", what, len(s), maxText)
	}
	return nil
}

// Shown makes a text of others fit for a public part: what cannot be shown is a space, and what is too long is cut. So no source of time and no long name bars an instrument or an execution.
func Shown(s string) string {
	s = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(s, "\uFFFD"))
	const more = "…"
	if len(s) <= maxText {
		return s
	}
	end := maxText - len(more)
	for !utf8.RuneStart(s[end]) {
		end--
	}
	return s[:end] + more
}

// digest reports whether a text is 32 bytes in base64, written the one way in which they can be.
func digest(s string) error {
	b, err := base64.StdEncoding.Strict().DecodeString(s)
	if err != nil || len(b) != sha256.Size || base64.StdEncoding.EncodeToString(b) != s {
		return fault("%.60q is no digest; it is the base64 of 32 bytes", s)
	}
	return nil
}

// refuse makes the error of an entry that may not be appended.
func refuse(c marz.Code, kind string, id ID, fix string) error {
	return &marz.Error{Code: c, Op: kind, Subject: string(id), Fix: fix}
}
