package agreement

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/mod/sumdb/note"

	"marz"
)

// Instrument is one agreement, statement, report or commission with the signatures under it. It is what nodes exchange and what the journal keeps.
type Instrument struct {
	Agreement  *Agreement  `json:"agreement,omitempty"`
	Statement  *Statement  `json:"statement,omitempty"`
	Report     *Report     `json:"report,omitempty"`
	Commission *Commission `json:"commission,omitempty"`
	Signatures []string    `json:"signatures,omitempty"` // lines of a C2SP signed-note, without the line's end
}

// Instruments returns what a document holds, unsigned.
func (d *Document) Instruments() []Instrument {
	var out []Instrument
	for _, e := range d.Events() {
		out = append(out, e.Instrument())
	}
	return out
}

// Event returns the instrument as a history takes it.
func (i *Instrument) Event() Event {
	return Event{Agreement: i.Agreement, Statement: i.Statement, Report: i.Report, Commission: i.Commission}
}

// Instrument returns what the event says, unsigned.
func (e Event) Instrument() Instrument {
	return Instrument{Agreement: e.Agreement, Statement: e.Statement, Report: e.Report, Commission: e.Commission}
}

// Name says what the instrument is, in the words of its signed text.
func (i *Instrument) Name() string {
	switch {
	case i.Agreement != nil:
		return "agreement " + i.Agreement.ID
	case i.Statement != nil:
		return "statement " + string(i.Statement.By) + " " + i.Statement.subject()
	case i.Report != nil:
		return "report " + string(i.Report.By) + " " + string(i.Report.Article)
	case i.Commission != nil:
		return "commission " + string(i.Commission.By) + " " + string(i.Commission.Officer) + " " + string(i.Commission.Place)
	}
	return "nothing"
}

// Signers returns whose signatures it needs: an agreement's parties, or who speaks.
func (i *Instrument) Signers() []marz.AuthorityID {
	switch {
	case i.Agreement != nil:
		return i.Agreement.Parties
	case i.Statement != nil:
		return []marz.AuthorityID{i.Statement.By}
	case i.Report != nil:
		return []marz.AuthorityID{i.Report.By}
	case i.Commission != nil:
		return []marz.AuthorityID{i.Commission.By}
	}
	return nil
}

// signedText is the text of the note: what it is, and the SHA-256 of its JSON without signatures, as docs/spec/register.md has it.
func (i *Instrument) signedText() string {
	return fmt.Sprintf("marz/register/v1\n%s\n%s\n", i.Name(), i.Digest())
}

// Digest is the SHA-256 of the instrument's JSON without signatures, in base64: two that say the same have the same.
func (i *Instrument) Digest() string {
	plain := *i
	plain.Signatures = nil
	sum := sha256.Sum256(encode(plain))
	return base64.StdEncoding.EncodeToString(sum[:])
}

// encode writes JSON as the journal does: no HTML escapes, no end of line.
func encode(v any) []byte {
	var b bytes.Buffer
	j := json.NewEncoder(&b)
	j.SetEscapeHTML(false)
	if err := j.Encode(v); err != nil { // plain data
		panic(err)
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n"))
}

// NewKey draws the key of an authority: the secret half signs, the other stands in the scenario and in posts' journals.
func NewKey(random io.Reader, id marz.AuthorityID) (signer, verifier string, err error) {
	if err := id.Validate(); err != nil {
		return "", "", err
	}
	return note.GenerateKey(random, string(id))
}

// Sign adds an authority's signature. Signing again changes nothing.
func (i *Instrument) Sign(signer string) error {
	s, err := note.NewSigner(strings.TrimSpace(signer))
	if err != nil {
		return &marz.Error{Code: marz.Invalid, Op: "sign", Subject: i.Name(), Fix: "this is no authority's secret key; it begins with PRIVATE+KEY+"}
	}
	if !slices.Contains(i.Signers(), marz.AuthorityID(s.Name())) {
		return &marz.Error{Code: marz.Invalid, Op: "sign", Subject: i.Name(), Fix: fmt.Sprintf("%s does not sign this; %s does", s.Name(), words(i.Signers()))}
	}
	if name := i.Name(); !utf8.ValidString(name) || strings.ContainsFunc(name, unicode.IsControl) {
		return &marz.Error{Code: marz.Invalid, Op: "sign", Subject: fmt.Sprintf("%.60q", name), Fix: "it has characters that cannot be signed; correct its ids"}
	}
	signed, err := note.Sign(&note.Note{Text: i.signedText()}, s)
	if err != nil {
		return &marz.Error{Op: "sign", Subject: i.Name(), Err: err}
	}
	line := strings.TrimSpace(string(signed[len(i.signedText()):]))
	if !slices.Contains(i.Signatures, line) {
		i.Signatures = append(i.Signatures, line)
	}
	return nil
}

// Signed returns the authorities whose signatures under the instrument are good.
func (i *Instrument) Signed(g *Ground) []marz.AuthorityID {
	who, _ := i.signed(g)
	return who
}

// Bare returns the instrument with one good signature of each who signed it, and without what anybody could have written beside them.
func (i *Instrument) Bare(g *Ground) Instrument {
	out := *i
	_, out.Signatures = i.signed(g)
	return out
}

// signed returns whose signatures are good, with the first good line of each. It looks at each line once at most.
func (i *Instrument) signed(g *Ground) (who []marz.AuthorityID, lines []string) {
	text := i.signedText()
	for n, id := range i.Signers() {
		if slices.Contains(i.Signers()[:n], id) {
			continue
		}
		a, _ := g.Authority(id)
		v, err := note.NewVerifier(a.Key)
		if err != nil || v.Name() != string(id) {
			continue
		}
		if k := slices.IndexFunc(i.Signatures, func(line string) bool { return good(text, line, v) }); k >= 0 {
			who, lines = append(who, id), append(lines, i.Signatures[k])
		}
	}
	return who, lines
}

// good reports whether one line is a good signature under the text. Each line is looked at alone, so that a bad one beside it, which anybody can add, takes
// nothing from a good one.
func good(text, line string, v note.Verifier) bool {
	if !strings.HasPrefix(line, "— "+v.Name()+" ") || strings.Contains(line, "\n") {
		return false
	}
	if _, err := base64.StdEncoding.Strict().DecodeString(line[strings.LastIndexByte(line, ' ')+1:]); err != nil {
		return false // note.Open takes more forms of one signature than who checks an act offline
	}
	n, err := note.Open([]byte(text+"\n"+line+"\n"), note.VerifierList(v))
	return err == nil && n.Text == text && len(n.Sigs) == 1
}

// CheckSignatures reports whose signatures are missing or not good, all of them.
func (i *Instrument) CheckSignatures(g *Ground) error {
	bad := func(fix string) error {
		return &marz.Error{Code: marz.Invalid, Op: "check signatures", Subject: fmt.Sprintf("%.200s", i.Name()), Fix: fix}
	}
	if len(i.Signers()) == 0 {
		return bad("nobody is to sign it; an instrument is an agreement with parties, a statement, a report or a commission")
	}
	if n := len(i.Signers()); n > maxParties { // before they are looked at: anybody can send an agreement that nobody signed
		return bad(fmt.Sprintf("it names %d parties; at most %d can be", n, maxParties))
	}
	if len(i.Signatures) > maxSignatures {
		return bad(fmt.Sprintf("it has %d signatures; at most %d can be", len(i.Signatures), maxSignatures))
	}
	signed := i.Signed(g)
	var faults []error
	for _, id := range i.Signers() {
		if !slices.Contains(signed, id) {
			faults = append(faults, bad(i.unsigned(g, id)))
		}
	}
	return join(faults)
}

// maxSignatures bounds how long checking takes.
const maxSignatures = 2 * maxParties

// unsigned says why there is no good signature of an authority.
func (i *Instrument) unsigned(g *Ground, id marz.AuthorityID) string {
	a, ok := g.Authority(id)
	if !ok {
		return fmt.Sprintf("its party %.40q is not an authority that is known here", id)
	}
	if a.Key == "" {
		return fmt.Sprintf("the key of %s is not known here, so that its signature cannot be checked; add key to the authority in the scenario", id)
	}
	v, err := note.NewVerifier(a.Key)
	switch {
	case err != nil:
		return fmt.Sprintf("the key of %s that is known here is not well formed; correct it in the scenario", id)
	case v.Name() != string(id):
		return fmt.Sprintf("the key that is known here for %s is that of %.40q; correct it in the scenario", id, v.Name())
	case slices.ContainsFunc(i.Signatures, func(s string) bool { return strings.HasPrefix(s, "— "+string(id)+" ") }):
		return fmt.Sprintf("the signature of %s is not good: it is under other words, or by another key; let %s sign this text", id, id)
	}
	return fmt.Sprintf("%s has not signed it", id)
}

// signedFile is the form in which instruments are exchanged.
type signedFile struct {
	V           int          `json:"v"`
	Instruments []Instrument `json:"instruments"`
}

// EncodeSigned writes instruments with their signatures as a file.
func EncodeSigned(all []Instrument) []byte {
	b, err := json.MarshalIndent(signedFile{1, all}, "", "  ")
	if err != nil { // plain data
		panic(err)
	}
	return append(b, '\n')
}

// ParseSigned reads a file of signed instruments, strictly: a member that is unknown, written in capitals or given twice is refused, since another reader
// might take it for something else than what was signed.
func ParseSigned(name string, data []byte) ([]Instrument, error) {
	var f signedFile
	bad := func(fix string, err error) error {
		return &marz.Error{Code: marz.Invalid, Op: "read", Subject: name, Fix: fix, Err: err}
	}
	if len(data) > maxFile {
		return nil, bad(fmt.Sprintf("it has %d bytes; a file of signed instruments has at most %d, so divide it", len(data), maxFile), nil)
	}
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	if err := d.Decode(&f); err != nil {
		return nil, bad("it is not a file of signed instruments; marz register sign makes one from TOML, and marz authority commission one of a commission", err)
	}
	if _, err := d.Token(); err != io.EOF {
		return nil, bad("something follows the instruments; remove it", nil)
	}
	if member := oddMember(json.NewDecoder(bytes.NewReader(data))); member != "" {
		return nil, bad(fmt.Sprintf("the member %.40q is given twice in one object, or not written in small letters; let marz register sign make the file anew", member), nil)
	}
	switch {
	case f.V != 1:
		return nil, bad(fmt.Sprintf("its version is %d; this program knows 1", f.V), nil)
	case len(f.Instruments) == 0:
		return nil, bad("it holds no instruments", nil)
	}
	for i := range f.Instruments {
		if f.Instruments[i].count() != 1 {
			return nil, bad(fmt.Sprintf("instrument %d holds not exactly one of agreement, statement, report and commission", i+1), nil)
		}
	}
	return f.Instruments, nil
}

// count is how many things the instrument holds.
func (i *Instrument) count() (n int) {
	for _, has := range []bool{i.Agreement != nil, i.Statement != nil, i.Report != nil, i.Commission != nil} {
		if has {
			n++
		}
	}
	return n
}

// oddMember returns the first name of a member that its object has twice or that has other than small letters, in JSON that is well formed, or "".
func oddMember(d *json.Decoder) string {
	var open []map[string]bool // the names in each object that is open; nil for an array
	name := false              // the next token is one
	for {
		t, err := d.Token()
		if err != nil {
			return ""
		}
		if s, ok := t.(string); ok && name {
			names := open[len(open)-1]
			if names[s] || strings.ContainsFunc(s, func(r rune) bool { return r < 'a' || r > 'z' }) {
				return s
			}
			names[s], name = true, false
			continue
		}
		switch t {
		case json.Delim('{'):
			open = append(open, map[string]bool{})
		case json.Delim('['):
			open = append(open, nil)
		case json.Delim('}'), json.Delim(']'):
			open = open[:len(open)-1]
		}
		name = len(open) > 0 && open[len(open)-1] != nil
	}
}
