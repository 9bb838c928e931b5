package verify

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"marz"
)

// What signatures say.
const (
	saysArm    = "arm"
	saysDisarm = "disarm"
	saysNow    = "now"
	saysClose  = "close"
)

// transferText is what is signed of a digest (docs/spec/transfer.md).
func transferText(says, id, digest string) string {
	return "marz/transfer/v1\n" + says + " " + id + "\n" + digest + "\n"
}

// sideName says of an authority which side it is.
func (a *actCheck) sideName(id string) string {
	switch id {
	case a.r.From:
		return "the outgoing authority " + id
	case a.r.To:
		return "the incoming authority " + id
	}
	return id
}

// signature checks one signature of a side over a digest, and returns what it is, or nil. The instant is that at which a
// commission must have been in force: that of the entry that holds the signature, or of the execution.
func (a *actCheck) signature(part string, seq int64, s *node, says, digest, of, at string) *ActSignature {
	who := s.str("authority")
	bad := func(format string, args ...any) *ActSignature {
		a.problem(part, seq, format, args...)
		return nil
	}
	switch {
	case s.str("says") != says:
		return bad("it says %s, and must say %s", s.str("says"), says)
	case who != a.r.From && who != a.r.To:
		return bad("%s is neither the outgoing authority %s nor the incoming one %s", who, a.r.From, a.r.To)
	case s.str("digest") != digest:
		return bad("%s signed another digest than that of %s", a.sideName(who), of)
	case (s.get("line") == nil) == (s.get("passkey") == nil):
		return bad("it has not exactly one of a line and a passkey")
	case s.str("officer") != "" && !strings.HasPrefix(s.str("officer"), who+"/"):
		return bad("%s is no officer of %s", s.str("officer"), who)
	}
	found := &ActSignature{Authority: who, Officer: s.str("officer"), Method: "key", Seq: -1}
	signed := transferText(says, a.r.ID, digest)
	if s.get("passkey") == nil {
		k, ok := a.key(who)
		if !ok && a.r.Kind == "qr" { // a code holds no keys
			if !slices.Contains(a.unkeyed, who) {
				a.unkeyed = append(a.unkeyed, who)
			}
			return nil
		}
		if !ok {
			return bad("there is no key to check it with: give that of %s", who)
		}
		if fault := lineSigned(s.str("line"), signed, &k); fault != "" {
			return bad("%s of %s: %s", "the signature", a.sideName(who), fault)
		}
		return found
	}
	found.Method = "passkey"
	site, fault := a.passkey(s, signed, at)
	if fault != "" {
		return bad("the signature of %s: %s", a.sideName(who), fault)
	}
	found.Site = site
	return found
}

// lineSigned returns "" when a signature line is good under a text, and otherwise what is wrong.
func lineSigned(line, signed string, k *verifierKey) string {
	sigs, fault := parseSignatures(line + "\n")
	switch {
	case fault != "" || len(sigs) != 1:
		return "its line is not one signature line of a note"
	case sigs[0].name != k.name:
		return fmt.Sprintf("its line is by %.80q, and not by %s", sigs[0].name, k.name)
	case sigs[0].id != k.id:
		return "its line is by another key of that name"
	case len(sigs[0].bytes) != ed25519.SignatureSize || !ed25519.Verify(k.public, []byte(signed), sigs[0].bytes):
		return "its line is not good: it is under other words, or was altered"
	}
	return ""
}

// office is a commission: an authority's word that a passkey is an officer's, who may sign for it.
type office struct {
	by, officer, place  string
	key                 []byte
	from, until, issued string
	revoked             bool
}

// readCommissions checks the commissions in the act: their form and that the authority has signed them.
func (a *actCheck) readCommissions(doc *node) {
	for i, c := range doc.list("commissions") {
		part := fmt.Sprintf("commissions[%d]", i)
		if i == maxSigned {
			a.problem(part, -1, "there are more than %d", maxSigned)
			return
		}
		canonical := a.strict()
		canonical.canonical = true
		in := canonical.read(part, c.raw, commissionShape)
		if in == nil {
			continue
		}
		body := in.get("commission")
		o := office{by: body.str("by"), officer: body.str("officer"), place: body.str("place"), from: body.str("from"), until: body.str("until"),
			issued: body.str("issued"), revoked: body.is("revoked")}
		o.key, _ = decodeBase64([]byte(body.str("key")))
		bare := append(append([]byte(`{"commission":`), body.raw...), '}')
		sum := sha256.Sum256(bare)
		signed := "marz/register/v1\n" + commissionName(body) + "\n" + b64.EncodeToString(sum[:]) + "\n"
		k, ok := a.key(o.by)
		good := false
		for _, line := range in.list("signatures") {
			good = good || ok && lineSigned(line.text, signed, &k) == ""
		}
		switch {
		case o.by != a.r.From && o.by != a.r.To:
			a.problem(part, -1, "it is by %s, which is neither side", o.by)
		case !strings.HasPrefix(o.officer, o.by+"/"):
			a.problem(part, -1, "%s is no officer of %s", o.officer, o.by)
		case !ok:
			a.problem(part, -1, "there is no key to check it with: give that of %s", o.by)
		case !good:
			a.problem(part, -1, "%s has not signed it, or it was altered", o.by)
		default:
			a.offices = append(a.offices, o)
		}
	}
}

// commissionName is the second line of what is signed of a commission (docs/spec/register.md §2).
func commissionName(c *node) string {
	return "commission " + c.str("by") + " " + c.str("officer") + " " + c.str("place")
}

// evidence is a passkey's signature, decoded.
type evidence struct {
	officer                                              string
	key, digest, nonce, client, authenticator, signature []byte
}

// passkey checks the evidence in a signature over a text (passkey/DESIGN.md), and that the authority has commissioned the officer with that key, which the
// code that is printed cannot tell. It returns the site where the passkey was used.
func (a *actCheck) passkey(s *node, signed, at string) (site, fault string) {
	ev := evidenceOf(s.get("passkey"))
	if ev.officer != s.str("officer") {
		return "", "its passkey is that of another officer than it names"
	}
	if a.r.Kind == "qr" { // commissions are in the act alone
		if !slices.Contains(a.unnamed, ev.officer) {
			a.unnamed = append(a.unnamed, ev.officer)
		}
	} else if fault := a.commissioned(ev.officer, s.str("authority"), ev.key, at); fault != "" {
		return "", fault
	}
	return ev.check(sha256.Sum256([]byte(signed)))
}

// commissioned returns "" when a good commission of the authority names the officer's key for the place, and is in force at the instant. Of several of one key the one that
// was issued last goes before the others, from its own beginning on.
func (a *actCheck) commissioned(officer, authority string, key []byte, at string) string {
	fault := fmt.Sprintf("no commission of %s in the act is of officer %s", authority, officer)
	var last office
	for _, o := range a.offices {
		switch {
		case o.officer != officer || o.by != authority || last.officer != "" && last.issued > o.issued:
		case !bytes.Equal(o.key, key):
			fault = fmt.Sprintf("its passkey is not the one that %s commissioned officer %s with", authority, officer)
		case o.place != a.r.Place:
			fault = fmt.Sprintf("officer %s is commissioned for another place", officer)
		case at < o.from:
			fault = fmt.Sprintf("the commission of officer %s is from %s on, and not in force at %s", officer, o.from, at)
		default:
			last = o
		}
	}
	switch {
	case last.officer == "":
		return fault
	case last.revoked:
		return fmt.Sprintf("the commission of officer %s was revoked from %s on, and is not in force at %s", officer, last.from, at)
	case last.until == "" || at >= last.until:
		return fmt.Sprintf("the commission of officer %s has no end or one that is past, %s, and is not in force at %s", officer, last.until, at)
	}
	return ""
}

// check holds evidence to passkey/DESIGN.md, all but whose key it is. The site is what the browser said where it was; that it is the passkey's own site
// follows from the authenticator's data, which name its host.
func (ev *evidence) check(want digest) (site, fault string) {
	if !bytes.Equal(ev.digest, want[:]) {
		return "", "its passkey signed another digest than that of the text"
	}
	client, fault := wellFormed(ev.client)
	if fault != "" || client[0] != '{' {
		return "", "its client data are not an object of JSON"
	}
	challenge := sha256.Sum256(append(append([]byte("marz passkey assertion v1\n"), ev.nonce...), ev.digest...))
	kind, _ := stringOf(member(client, "type"))
	said, _ := stringOf(member(client, "challenge"))
	site, _ = stringOf(member(client, "origin"))
	cross := member(client, "crossOrigin")
	const present, verified = 0x01, 0x04
	switch auth := ev.authenticator; {
	case kind != "webauthn.get":
		return "", "its client data are not of an assertion"
	case said != base64.RawURLEncoding.EncodeToString(challenge[:]):
		return "", "its client data answer another challenge"
	case cross != nil && string(cross) != "false":
		return "", "it was made within a page of another site"
	case len(auth) < 37 || len(auth) > 37 && auth[32]&0xc0 == 0:
		return "", "its authenticator data have a wrong length"
	case auth[32]&present == 0 || auth[32]&verified == 0:
		return "", "its authenticator did not verify who was there"
	case !ofSite(site, digest(auth[:32])):
		return "", "its passkey is of another site than the one where it was used"
	}
	k, fault := parseCOSE(ev.key)
	if fault != "" {
		return "", "the key of its passkey: " + fault
	}
	sum := sha256.Sum256(ev.client)
	if !k.verify(append(bytes.Clone(ev.authenticator), sum[:]...), ev.signature) {
		return "", "its passkey's signature is not good: it is under something else, or was altered"
	}
	return site, ""
}

// ofSite reports whether the hash is that of the origin's host or of a domain above it (WebAuthn Level 3 §5.1.3, step 8).
func ofSite(origin string, hash digest) bool {
	u, err := url.Parse(origin)
	if err != nil || u.Scheme != "https" && u.Hostname() != "localhost" && !strings.HasSuffix(u.Hostname(), ".localhost") {
		return false
	}
	host := u.Hostname()
	for host != "" {
		if sha256.Sum256([]byte(host)) == hash {
			return true
		}
		_, host, _ = strings.Cut(host, ".")
	}
	return false
}

// Evidence reports whether the evidence of a passkey, as JSON, is good under a text, by the rules by which an act is checked. A node asks it of what it takes: what the checker of the act
// would refuse must not turn a key.
func Evidence(raw []byte, signed string) error {
	fault := ""
	r := &reading{fault: func(path, what string) { fault = or(fault, or(path, "it")+": "+what) }}
	p := r.read("", raw, evidenceShape)
	if p != nil && fault == "" {
		_, fault = evidenceOf(p).check(sha256.Sum256([]byte(signed)))
	}
	if fault != "" {
		return unreadable(marz.Invalid, "passkey evidence", fault, nil)
	}
	return nil
}

func evidenceOf(p *node) *evidence {
	get := func(name string) []byte { b, _ := decodeBase64([]byte(p.str(name))); return b }
	return &evidence{officer: p.str("officer"), key: get("key"), digest: get("digest"), nonce: get("nonce"), client: get("client"),
		authenticator: get("authenticator"), signature: get("signature")}
}
