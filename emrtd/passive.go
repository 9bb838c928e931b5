package emrtd

import (
	"encoding/hex"
	"fmt"
	"slices"
	"time"

	"marz"
	"marz/emrtd/cert"
	"marz/emrtd/der"
)

// TrustStatus is what BSI TR-03135-1 §5.6.4.3.6 says of a signer's certificate.
type TrustStatus string

// The values of trust.
const (
	Trusted      TrustStatus = "trusted"
	NotTrusted   TrustStatus = "not-trusted"
	TrustUnknown TrustStatus = "undetermined"
)

// Integrity is what BSI TR-03135-1 §5.6.4.4.2 says of one data group.
type Integrity string

// The values of integrity.
const (
	Identical      Integrity = "identical"
	NotIdentical   Integrity = "not-identical"
	Present        Integrity = "present"         // EF.SOD has its hash, and it was not read
	NotPresent     Integrity = "not-present"     // it was given, and EF.SOD has no hash of it: nobody answers for it
	NonConformance Integrity = "non-conformance" // the hash could not be made
)

// The checks, named by what they look at.
const (
	CheckObjectHash      = "security-object.hash"      // BSI TR-03135-1 §5.6.4.2.2, table 5.29
	CheckObjectSignature = "security-object.signature" // table 5.30
	CheckSignerSignature = "signer.signature"          // §5.6.4.3.3: the signer follows from a trusted CSCA
	CheckSignerPurpose   = "signer.purpose"            // ICAO 9303-12 §7.1.1.3: the signer's certificate is one for documents
	CheckSignerValidity  = "signer.validity"           // §5.6.4.3.4, table 5.36
	CheckCSCAValidity    = "csca.validity"             // table 5.35
	CheckRevocation      = "signer.revocation"         // §5.6.4.3.5
	CheckDefects         = "signer.defects"            // BSI TR-03129-2 §8: a state knows something to be wrong with what this signer signed
	CheckGroups          = "groups.integrity"          // §5.6.4.4.2, table 5.41
	CheckCOM             = "com.consistency"           // §5.6.4.4.1
	CheckSignerState     = "issuing-state.signer"      // §5.6.4.5: EF.DG1 against the signer's issuer
	CheckCSCAState       = "issuing-state.csca"        // the same against the CSCA's own name
	CheckZone            = "zone.comparison"           // §5.7.2: EF.DG1 against the printed zone
	CheckChip            = "chip.authenticity"         // §5.6.4.1: not part of passive authentication
)

// apart are checks that do not bear on the result of passive authentication: TR-03135-1 has them elsewhere.
var apart = []string{CheckCOM, CheckZone, CheckChip}

// What passive authentication reports beside its checks.
const (
	DocumentTypeUnlisted der.Name = "document-type-not-listed"    // the signer's certificate is for other documents, ICAO 9303-12 §7.1.1.6
	IssuedOutsidePeriod  der.Name = "issued-outside-key-period"   // the CSCA's private key was not in its period of use
	RevocationSkipped    der.Name = "revocation-list-passed-over" // a list of this issuer that could not be relied on
	DefectKnown          der.Name = "known-defect"                // by a defect list
	ZoneDefect           der.Name = "zone-defect"                 // of the zone in EF.DG1, by package mrz; the detail names it and quotes nothing
	AuthorityKeyMissing  der.Name = "authority-key-id-missing"    // the signer's certificate does not name its issuer's key, ICAO 9303-12 §7.1.1, table 5
	UsageMissing         der.Name = "key-usage-missing"           // of the signer's certificate, the same
	UsageNotCritical     der.Name = "key-usage-not-critical"      // the same
)

// Check is one check of a document and its result. Reason is in words and free of the holder's data.
type Check struct {
	Check  string      `json:"check"`
	Result marz.Result `json:"result"`
	Reason string      `json:"reason,omitempty"`
}

// GroupCheck is the integrity of one data group. Hash is what EF.SOD says.
type GroupCheck struct {
	Group     int       `json:"group"`
	Integrity Integrity `json:"integrity"`
	Hash      string    `json:"hash,omitempty"`
	Computed  string    `json:"computed,omitempty"` // where it differs
}

// Trust is what a document is checked against. CSCAs are trusted; Signers are only where to find a signer's certificate that the document does not carry.
type Trust struct {
	CSCAs   *cert.Store
	Signers *cert.Store
	CRLs    []*cert.CRL
	Defects []*DefectList
}

// Document is what was read of a document. Groups holds the whole files EF.DG1 to EF.DG16; COM and Zone may be absent.
type Document struct {
	SOD    []byte
	COM    []byte
	Groups map[int][]byte
	Zone   string // the printed zone, as a reader gave it
}

// Report is the outcome of passive authentication. Result is that of BSI TR-03135-1 table 5.22 over the checks that bear on it; the others, EF.COM, the printed
// zone and the chip itself, stand beside it.
type Report struct {
	At      marz.Instant  `json:"at"` // the instant that validity was asked for
	Result  marz.Result   `json:"result"`
	Trust   TrustStatus   `json:"trust"`
	Checks  []Check       `json:"checks"`
	Groups  []GroupCheck  `json:"groups"`
	Object  *ObjectWords  `json:"security_object,omitempty"`
	Signer  *CertWords    `json:"signer,omitempty"`
	CSCA    *CertWords    `json:"csca,omitempty"`
	Known   []KnownDefect `json:"known_defects,omitempty"` // of the series of documents, by defect lists
	Defects []der.Defect  `json:"defects"`
}

// ObjectWords says what kind of security object a document has.
type ObjectWords struct {
	Version    int    `json:"version"`
	LDSVersion string `json:"lds_version,omitempty"`
	Hash       string `json:"hash"`
	Signature  string `json:"signature"`
}

// CertWords says which certificate one is.
type CertWords struct {
	Subject     string   `json:"subject"`
	Issuer      string   `json:"issuer"`
	Serial      string   `json:"serial"`
	Key         string   `json:"key"`
	From        string   `json:"from"` // the instants of its validity, "" where unreadable
	Until       string   `json:"until"`
	Fingerprint string   `json:"sha256"`
	Source      []string `json:"source,omitempty"` // where it comes from
}

// Written is a certificate's time as instants are written, "" for one that could not be read.
func Written(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format("2006-01-02T15:04:05.000Z")
}

func certWords(c *cert.Certificate, source []string) *CertWords {
	w := &CertWords{Subject: c.Subject.String(), Issuer: c.Issuer.String(), Serial: c.Serial.Text(16), Key: c.Key.Name(), From: Written(c.NotBefore), Until: Written(c.NotAfter),
		Fingerprint: c.Fingerprint(), Source: source}
	if c.Key.Explicit {
		w.Key += " (written out)"
	}
	return w
}

// inspection is passive authentication under way.
type inspection struct {
	trust  Trust
	doc    Document
	at     marz.Instant
	file   string // whose signature it is, for example "EF.SOD"
	object *SecurityObject
	signed SignatureCheck
	chain  cert.Chain
	zone   zone
	report *Report
}

// Verify makes passive authentication of a document, for the instant at. It is an error only when EF.SOD cannot be read at all.
func Verify(doc Document, trust Trust, at marz.Instant) (*Report, error) {
	object, err := ParseSecurityObject(doc.SOD)
	if err != nil {
		return nil, err
	}
	if trust.CSCAs == nil {
		trust.CSCAs = cert.NewStore()
	}
	v := &inspection{trust: trust, doc: doc, at: at, file: "EF.SOD", object: object, report: &Report{At: at, Groups: []GroupCheck{}, Defects: object.Defects}}
	v.checkObject()
	v.checkSigner()
	v.checkValidity()
	v.checkRevocation()
	v.checkGroups()
	v.checkDefects()
	v.checkCOM()
	v.checkZone()
	v.checkState()
	v.add(CheckChip, marz.NotSupported, "not part of passive authentication: a copied chip is not found out by it")
	v.conclude()
	return v.report, nil
}

func (v *inspection) add(check string, r marz.Result, format string, args ...any) {
	v.report.Checks = append(v.report.Checks, Check{check, r, fmt.Sprintf(format, args...)})
}

func (v *inspection) note(n der.Name, in, detail string) {
	v.report.Defects = append(v.report.Defects, der.Defect{Name: n, In: in, Offset: -1, Detail: detail})
}

// ResultOf returns the result of a check, "" for one that the report does not have.
func (r *Report) ResultOf(check string) marz.Result {
	for _, c := range r.Checks {
		if c.Check == check {
			return c.Result
		}
	}
	return ""
}

// checkObject checks the digest of the security object's content and the signature over it.
func (v *inspection) checkObject() {
	v.signed = v.object.Signed.Verify(v.trust.Signers)
	v.report.Defects = append(v.report.Defects, der.Within("signature", v.signed.Defects)...)
	hash := v.object.HashOID
	if v.object.Hash != 0 {
		hash = v.object.Hash.String()
	}
	v.report.Object = &ObjectWords{Version: v.object.Version, LDSVersion: v.object.LDSVersion, Hash: hash}
	if s := v.signed.Signer; s != nil {
		v.report.Object.Signature = s.Algorithm.String()
	}
	err := v.signed.Err
	if err == nil {
		v.add(CheckObjectHash, marz.Successful, "")
		v.add(CheckObjectSignature, marz.Successful, "")
		return
	}
	switch err.Reason {
	case DigestWrong:
		v.add(CheckObjectHash, marz.Failed, "%v", err)
		v.add(CheckObjectSignature, marz.Undetermined, "the content is not the one that was signed, so that its signature says nothing")
	case SignerMissing, cert.AlgorithmUnsupported:
		v.add(CheckObjectHash, marz.Undetermined, "%v", err)
		v.add(CheckObjectSignature, marz.Undetermined, "%v", err)
	case AttributesMalformed, ContentTypeDiffers, NotSigned:
		v.add(CheckObjectHash, marz.Failed, "%v", err)
		v.add(CheckObjectSignature, marz.Failed, "%v", err)
	default: // the digest was compared before the signature
		v.add(CheckObjectHash, marz.Successful, "")
		v.add(CheckObjectSignature, marz.Failed, "%v", err)
	}
}

// checkSigner goes from the signer to a trusted CSCA.
func (v *inspection) checkSigner() {
	v.report.Trust = TrustUnknown
	signer := v.signed.Certificate
	if signer == nil {
		v.add(CheckSignerSignature, marz.Undetermined, "the signer's certificate is missing")
		v.add(CheckSignerPurpose, marz.Undetermined, "the signer's certificate is missing")
		return
	}
	source := []string{v.file}
	if !v.signed.Carried {
		source = v.trust.Signers.From(signer)
		v.report.Defects = append(v.report.Defects, der.Within("signer's certificate", signer.Defects)...)
	}
	v.report.Signer = certWords(signer, source)
	v.chain = signer.Chain(v.trust.CSCAs, nil)
	v.chain.Trusted = v.validTwin(v.chain.Trusted)
	v.noteChain(signer)
	err := v.chain.Err()
	switch {
	case len(v.chain.Steps) == 0:
		err = &cert.SignatureError{Reason: cert.KeyUsage, Detail: "a document's signer stands among the issuing authorities"}
		v.report.Trust = NotTrusted
		v.add(CheckSignerSignature, marz.Failed, "%v", err)
	case err == nil:
		v.report.Trust = Trusted
		v.add(CheckSignerSignature, marz.Successful, "")
	case err.Reason == cert.IssuerMissing || err.Reason == cert.AlgorithmUnsupported:
		v.add(CheckSignerSignature, marz.Undetermined, "%v", err)
	default:
		v.report.Trust = NotTrusted
		v.add(CheckSignerSignature, marz.Failed, "%v", err)
	}
	v.checkPurpose(signer)
}

// validTwin is the certificate of a trusted key by which it is judged: where several certificates say the same name and key (an authority's own and links to it), one that is valid at the instant.
func (v *inspection) validTwin(csca *cert.Certificate) *cert.Certificate {
	if csca == nil {
		return nil
	}
	for _, c := range append([]*cert.Certificate{csca}, v.trust.CSCAs.Twins(csca)...) {
		if valid, _ := c.ValidAt(v.at.Time()); valid {
			return c
		}
	}
	return csca
}

func (v *inspection) noteChain(signer *cert.Certificate) {
	for _, s := range v.chain.Steps {
		v.report.Defects = append(v.report.Defects, der.Within("signer's certificate", s.Defects)...)
	}
	v.report.Defects = append(v.report.Defects, unusedCertificates(v.object.Signed, signer, v.chain, v.trust.CSCAs)...)
	csca := v.chain.Trusted
	if csca == nil {
		return
	}
	v.report.CSCA = certWords(csca, v.trust.CSCAs.From(csca))
	v.report.Defects = append(v.report.Defects, der.Within("CSCA's certificate", csca.Defects)...)
	from, until := csca.UsageFrom, csca.UsageUntil
	if at := signer.NotBefore; !at.IsZero() && (!from.IsZero() && at.Before(from) || !until.IsZero() && at.After(until)) {
		v.note(IssuedOutsidePeriod, "signer's certificate", "")
	}
}

// checkPurpose: a state's CSCA issues certificates for other ends too, lists and visible seals. None of them may sign a document.
func (v *inspection) checkPurpose(signer *cert.Certificate) {
	switch {
	case !signer.HasUsage:
		v.note(UsageMissing, "signer's certificate", "")
	case !signer.UsageCritical:
		v.note(UsageNotCritical, "signer's certificate", "")
	}
	if len(signer.AuthorityID.KeyID) == 0 {
		v.note(AuthorityKeyMissing, "signer's certificate", "")
	}
	switch {
	case signer.CA():
		v.add(CheckSignerPurpose, marz.Failed, "the signer's certificate is an issuing authority's")
	case !signer.May("digitalSignature"):
		v.add(CheckSignerPurpose, marz.Failed, "the signer's key may not sign")
	case len(signer.Purposes) > 0:
		v.add(CheckSignerPurpose, marz.Failed, "the signer's certificate is for something else: %v", signer.Purposes)
	default:
		v.add(CheckSignerPurpose, marz.Successful, "")
	}
}

func (v *inspection) checkValidity() {
	v.validity(CheckSignerValidity, "the signer's", v.signed.Certificate)
	v.validity(CheckCSCAValidity, "the CSCA's", v.chain.Trusted)
}

func (v *inspection) validity(check, whose string, c *cert.Certificate) {
	if c == nil {
		v.add(check, marz.Undetermined, "%s certificate is missing", whose)
		return
	}
	valid, known := c.ValidAt(v.at.Time())
	switch {
	case !known:
		v.add(check, marz.Undetermined, "%s certificate has no validity that can be read", whose)
	case !valid:
		v.add(check, marz.Failed, "%s certificate is valid from %v until %v", whose, Written(c.NotBefore), Written(c.NotAfter))
	default:
		v.add(check, marz.Successful, "")
	}
}

// checkGroups compares the hash of each data group that was read.
func (v *inspection) checkGroups() {
	numbers := v.object.Numbers()
	for n := range v.doc.Groups {
		if !slices.Contains(numbers, n) {
			numbers = append(numbers, n)
		}
	}
	slices.Sort(numbers)
	count := map[Integrity]int{}
	for _, n := range numbers {
		g := v.group(n)
		count[g.Integrity]++
		v.report.Groups = append(v.report.Groups, g)
	}
	switch {
	case count[NotIdentical] > 0 || count[NotPresent] > 0:
		v.add(CheckGroups, marz.Failed, "%d data groups are not the signed ones, %d are not signed at all", count[NotIdentical], count[NotPresent])
	case count[Identical] == len(numbers) && len(numbers) > 0:
		v.add(CheckGroups, marz.Successful, "")
	default:
		v.add(CheckGroups, marz.Undetermined, "%d data groups were compared and are the signed ones; %d were not read, %d could not be compared", count[Identical], count[Present], count[NonConformance])
	}
}

func (v *inspection) group(n int) GroupCheck {
	want, signed := v.object.Groups[n]
	content, read := v.doc.Groups[n]
	g := GroupCheck{Group: n, Hash: hex.EncodeToString(want)}
	switch {
	case !signed:
		g.Integrity = NotPresent
	case !read:
		g.Integrity = Present
	case v.object.Hash == 0 || !v.object.Hash.Available():
		g.Integrity = NonConformance
	default:
		h := v.object.Hash.New()
		h.Write(content)
		sum := h.Sum(nil)
		g.Integrity = Identical
		if !slices.Equal(sum, want) {
			g.Integrity, g.Computed = NotIdentical, hex.EncodeToString(sum)
		}
	}
	return g
}

// checkCOM compares the list of data groups that nobody signs with that which is signed.
func (v *inspection) checkCOM() {
	if v.doc.COM == nil {
		v.add(CheckCOM, marz.NotSupported, "EF.COM was not read")
		return
	}
	listed, err := ParseCOM(v.doc.COM)
	if err != nil {
		v.add(CheckCOM, marz.Failed, "%v", err)
		return
	}
	slices.Sort(listed)
	if signed := v.object.Numbers(); !slices.Equal(slices.Compact(listed), signed) {
		v.add(CheckCOM, marz.Failed, "EF.COM lists %v, EF.SOD has %v", listed, signed)
		return
	}
	v.add(CheckCOM, marz.Successful, "")
}

// conclude forms the result (BSI TR-03135-1 table 5.22).
func (v *inspection) conclude() {
	r := marz.Successful
	for _, c := range v.report.Checks {
		switch {
		case slices.Contains(apart, c.Check) || r == marz.Failed:
		case c.Check == CheckDefects && c.Result == marz.NotSupported: // no list was given: most posts have none
		case c.Result == marz.Failed:
			r = marz.Failed
		case c.Result != marz.Successful:
			r = marz.Undetermined
		}
	}
	v.report.Result = r
	if v.report.Defects == nil {
		v.report.Defects = []der.Defect{}
	}
}
