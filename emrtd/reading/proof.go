package reading

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"marz"
	"marz/emrtd"
	"marz/emrtd/cert"
	"marz/emrtd/lds"
	"marz/emrtd/seal"
	"marz/mrz"
)

// Question is what an officer wants to know of a document, each answered from one or several checks of passive authentication.
type Question string

// The questions, in the order in which one rests on another.
const (
	Read       Question = "chip.read"         // was the chip opened and read to the end
	Signature  Question = "chip.signature"    // is what it says whole, as its signer signed it
	Signer     Question = "chip.signer"       // is that one an issuing state's
	Revocation Question = "chip.revocation"   // and not called back
	Data       Question = "chip.data"         // are the files that were read the signed ones
	Copy       Question = "chip.authenticity" // is this the chip to which they were written
	Zone       Question = "chip.printed-zone" // is it the document in which it lies
	Issuer     Question = "chip.issuer"       // is the signer of the state that the document names
	Defects    Question = "chip.defects"      // does a state know something to be wrong with what its signer signed
	SealSigned Question = "seal.signature"    // is a visible seal whole, and a known signer's
	SealZone   Question = "seal.zone"         // and does it belong to this document
)

// Answer is the answer to one question, in words that hold nothing of the holder.
type Answer struct {
	Question Question
	Result   marz.Result
	Reason   string
}

// Proof is what a reading proves, against what is trusted.
type Proof struct {
	Access  string // how the chip was opened
	Answers []Answer
	Report  *emrtd.Report // passive authentication with every check apart; nil where EF.SOD was not read or cannot be
	// Empty says that nothing is trusted here, State that an issuing authority of the document's state is: then a chip that proves nothing is no ordinary thing.
	Empty, State bool
	Portrait     *lds.Image // of DG2, where it is the one of which EF.SOD has the hash; nil: none
	NoPortrait   string     // why there is none
}

// Prove proves what was read of the document doc, whose zone it is, for the instant at.
func Prove(r *Reading, doc *mrz.Document, trust emrtd.Trust, at marz.Instant) *Proof {
	if trust.CSCAs == nil {
		trust.CSCAs = cert.NewStore()
	}
	p := &Proof{Access: r.Chip.Access, Empty: len(trust.CSCAs.All()) == 0, State: knowsState(trust.CSCAs, doc.Issuer)}
	p.answer(Read, r.Chip.Result, "%s", words(r.Chip))
	p.proveChip(r, trust, at)
	p.takePortrait(r)
	for _, s := range r.Seals {
		p.proveSeal(s, doc, trust, at)
	}
	return p
}

func (p *Proof) answer(q Question, r marz.Result, format string, args ...any) {
	p.Answers = append(p.Answers, Answer{q, r, fmt.Sprintf(format, args...)})
}

// Of returns the answer to a question, and whether it was asked.
func (p *Proof) Of(q Question) (Answer, bool) {
	i := slices.IndexFunc(p.Answers, func(a Answer) bool { return a.Question == q })
	if i < 0 {
		return Answer{}, false
	}
	return p.Answers[i], true
}

// words says what was read, or what the reader says of why it was not.
func words(c Chip) string {
	said := plain(c.Reason)
	if c.Result != marz.Successful {
		return said
	}
	var names []string
	for n := range 16 {
		if _, ok := c.Files[DG(n+1)]; ok {
			names = append(names, fmt.Sprintf("DG%d", n+1))
		}
	}
	s := "opened by " + plain(c.Access) + ", " + strings.Join(names, ", ") + " read"
	if said != "" {
		s += "; " + said
	}
	return s
}

// plain bounds what a reader says, and leaves out what is no text.
func plain(s string) string {
	s = strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || r == '\ufffd' {
			return -1
		}
		return r
	}, s)
	if r := []rune(s); len(r) > 200 {
		return string(r[:200]) + "…"
	}
	return s
}

func knowsState(store *cert.Store, state string) bool {
	return slices.ContainsFunc(store.All(), func(c *cert.Certificate) bool {
		same, known := emrtd.SameCountry(state, c.Subject.Country())
		return same && known
	})
}

// proveChip makes passive authentication and puts its checks to the questions.
func (p *Proof) proveChip(r *Reading, trust emrtd.Trust, at marz.Instant) {
	files := r.Chip.Files
	if files[SOD] == nil {
		if len(files) > 0 && r.Chip.Result == marz.Successful {
			p.answer(Signature, marz.Failed, "the chip has no EF.SOD: nobody answers for what it says")
		}
		return
	}
	doc := emrtd.Document{SOD: files[SOD], COM: files[COM], Zone: r.Zone, Groups: map[int][]byte{}}
	for n := 1; n <= 16; n++ {
		if b := files[DG(n)]; b != nil {
			doc.Groups[n] = b
		}
	}
	report, err := emrtd.Verify(doc, trust, at)
	if err != nil {
		p.answer(Signature, marz.Failed, "EF.SOD cannot be read: %v", err)
		return
	}
	p.Report = report
	p.fold(Signature, emrtd.CheckObjectHash, emrtd.CheckObjectSignature)
	if p.Empty {
		p.answer(Signer, marz.NotSupported, "no certificates of issuing states are at hand, so that nobody is known")
	} else {
		p.fold(Signer, emrtd.CheckSignerSignature, emrtd.CheckSignerPurpose, emrtd.CheckSignerValidity, emrtd.CheckCSCAValidity)
		p.fold(Revocation, emrtd.CheckRevocation)
	}
	if report.ResultOf(emrtd.CheckDefects) != marz.NotSupported {
		p.fold(Defects, emrtd.CheckDefects)
	}
	p.proveData(report, hidesWays(files[CardAccess], files[DG(14)]))
	p.proveCopy(r.Chip, trust, at)
	p.fold(Zone, emrtd.CheckZone)
	if !p.Empty {
		p.fold(Issuer, emrtd.CheckSignerState, emrtd.CheckCSCAState)
	}
}

// weight orders results: what is worse stands for all.
var weight = []marz.Result{marz.Successful, marz.NotSupported, marz.Undetermined, marz.Aborted, marz.Failed}

// fold answers a question by the worst of some checks.
func (p *Proof) fold(q Question, checks ...string) {
	worst := Answer{Question: q, Result: marz.Successful}
	for _, name := range checks {
		for _, c := range p.Report.Checks {
			if c.Check != name {
				continue
			}
			if slices.Index(weight, c.Result) > slices.Index(weight, worst.Result) {
				worst.Result, worst.Reason = c.Result, c.Reason
			}
			if worst.Reason == "" && c.Result == worst.Result {
				worst.Reason = c.Reason
			}
		}
	}
	if worst.Reason == "" {
		worst.Reason = good(q)
	}
	p.Answers = append(p.Answers, worst)
}

// good says what it means that a question is answered with yes.
func good(q Question) string {
	switch q {
	case Signature:
		return "the signature over the chip's data is right"
	case Signer:
		return "the signer follows from an issuing authority that is trusted"
	case Revocation:
		return "the signer is not revoked"
	case Defects:
		return "no state knows a defect of what this signer signed"
	case Zone:
		return "the printed zone is the one on the chip"
	case Issuer:
		return "the signer is of the state that the document names"
	}
	return ""
}

// guarded are the groups with fingers and irises, which open to those alone whom the issuing state lets in: that they were not read is ordinary.
var guarded = []int{3, 4}

// proveData says whether what was read is what was signed (BSI TR-03135-1 §5.6.4.4). EF.COM and EF.CardAccess, which nobody signs, are told when they say less than what is signed.
func (p *Proof) proveData(report *emrtd.Report, hides bool) {
	var same, other, unread, cannot []string
	for _, g := range report.Groups {
		name := fmt.Sprintf("DG%d", g.Group)
		switch g.Integrity {
		case emrtd.Identical:
			same = append(same, name)
		case emrtd.NotIdentical:
			other = append(other, name)
		case emrtd.NotPresent:
			other = append(other, name+" (not signed at all)")
		case emrtd.NonConformance:
			cannot = append(cannot, name)
		default:
			if !slices.Contains(guarded, g.Group) {
				unread = append(unread, name)
			}
		}
	}
	switch {
	case len(other) > 0:
		p.answer(Data, marz.Failed, "not as it was signed: %s", strings.Join(other, ", "))
	case len(cannot) > 0:
		p.answer(Data, marz.Undetermined, "signed with a hash that cannot be made here: %s", strings.Join(cannot, ", "))
	case report.ResultOf(emrtd.CheckCOM) == marz.Failed:
		p.answer(Data, marz.Undetermined, "the chip's list of its files (EF.COM) is not the signed one: files may be kept back")
	case hides && slices.Contains(same, "DG14"):
		p.answer(Data, marz.Undetermined, "the chip offers less than its state signed (EF.CardAccess against DG14): it may have been opened by a weaker way than it has")
	case len(unread) > 0:
		p.answer(Data, marz.Undetermined, "signed, and not read: %s", strings.Join(unread, ", "))
	case len(same) == 0:
		p.answer(Data, marz.Undetermined, "no file of the holder's was read")
	default:
		p.answer(Data, marz.Successful, "as they were signed: %s", strings.Join(same, ", "))
	}
}

// identical reports whether a data group is shown to be the signed one.
func (p *Proof) identical(n int) bool {
	return slices.ContainsFunc(p.Report.Groups, func(g emrtd.GroupCheck) bool { return g.Group == n && g.Integrity == emrtd.Identical })
}

// signed reports whether EF.SOD has a hash of a data group.
func (p *Proof) signed(n int) bool {
	return slices.ContainsFunc(p.Report.Groups, func(g emrtd.GroupCheck) bool { return g.Group == n && g.Integrity != emrtd.NotPresent })
}

// proveCopy says whether the chip has the secret that belongs to its document. A key counts that lies in a file which is shown to be the signed one.
func (p *Proof) proveCopy(c Chip, trust emrtd.Trust, at marz.Instant) {
	asked := []struct {
		Asked
		by     string
		signed bool // its key is the one that was signed
	}{
		{c.Auth, "chip authentication", p.identical(14)},
		{c.Map, "PACE with chip authentication mapping", c.Map.Result == marz.Successful && p.cardSecurity(c, trust, at)},
		{c.Active, "active authentication", p.identical(15)},
	}
	for _, a := range asked {
		if a.Result == marz.Failed {
			p.answer(Copy, marz.Failed, "%s: %s", a.by, plain(a.Reason))
			return
		}
	}
	for _, a := range asked {
		if a.Result == marz.Successful && a.signed {
			p.answer(Copy, marz.Successful, "the chip has the secret of its document (%s)", a.by)
			return
		}
	}
	for _, a := range asked {
		if a.Result != "" && a.Result != marz.NotSupported {
			p.answer(Copy, marz.Undetermined, "%s: %s", a.by, plain(cmp.Or(a.Reason, "its key is not shown to be the signed one")))
			return
		}
	}
	if p.signed(14) || p.signed(15) {
		p.answer(Copy, marz.Undetermined, "%s", plain(cmp.Or(c.Auth.Reason, c.Active.Reason, "the chip may be able to show that it is no copy, and was not asked")))
		return
	}
	p.answer(Copy, marz.NotSupported, "this document's chip has no secret by which it could show that it is no copy")
}

// cardSecurity reports whether the state signed EF.CardSecurity, in which the key of the mapping lies.
func (p *Proof) cardSecurity(c Chip, trust emrtd.Trust, at marz.Instant) bool {
	var dg1 []byte
	if p.identical(1) {
		dg1 = c.Files[DG(1)]
	}
	r, err := emrtd.VerifyCardSecurity(c.Files[CardSecurity], dg1, trust, at)
	return err == nil && r.Result != marz.Failed && r.Trust == emrtd.Trusted && r.ResultOf(emrtd.CheckObjectSignature) == marz.Successful
}

// Proven reports whether what the chip says is whole, and signed by whom the issuing state trusts.
func (p *Proof) Proven() bool {
	for _, q := range []Question{Signature, Signer, Data} {
		if a, ok := p.Of(q); !ok || a.Result != marz.Successful {
			return false
		}
	}
	revoked, _ := p.Of(Revocation)
	return revoked.Result != marz.Failed
}

// takePortrait takes the portrait out of DG2, where its hash is the one in EF.SOD.
func (p *Proof) takePortrait(r *Reading) {
	file := r.Chip.Files[DG(2)]
	switch {
	case file == nil:
		p.NoPortrait = "DG2 was not read"
		return
	case p.Report == nil || !p.identical(2):
		p.NoPortrait = "DG2 is not shown to be as it was signed"
		return
	}
	dg2, err := lds.ReadDG2(file)
	switch {
	case err != nil:
		p.NoPortrait = "DG2 cannot be read"
	case len(dg2.Portraits) == 0:
		p.NoPortrait = "DG2 holds no portrait"
	default:
		p.Portrait = &dg2.Portraits[0]
	}
}

// proveSeal proves one visible seal (ICAO 9303-13; VDS-NC) by the signers and authorities that are trusted, and compares it with the document.
func (p *Proof) proveSeal(b []byte, doc *mrz.Document, trust emrtd.Trust, at marz.Instant) {
	given := trust.CSCAs.All()
	if trust.Signers != nil {
		given = append(slices.Clone(given), trust.Signers.All()...)
	}
	if n, err := seal.ParseNC(b); err == nil {
		p.sealVerdict(n.Verify(given))
		return
	}
	s, err := seal.Parse(b)
	if err != nil {
		p.answer(SealSigned, marz.Undetermined, "a code on the document is no seal that can be read")
		return
	}
	p.sealVerdict(s.Verify(given))
	p.sealZone(s.Zone(), doc, at)
}

func (p *Proof) sealVerdict(v seal.Verdict) {
	why := plain(v.Why)
	switch v.Result {
	case seal.Valid:
		p.answer(SealSigned, marz.Successful, "the seal is whole; %s", cmp.Or(plain(v.Trusted), "its signer is trusted"))
	case seal.Invalid, seal.SignerOther:
		p.answer(SealSigned, marz.Failed, "%s", cmp.Or(why, "the seal is not what its signer signed"))
	default:
		p.answer(SealSigned, marz.Undetermined, "%s", cmp.Or(why, "nobody is known who could have signed the seal"))
	}
}

// sealZone compares the zone in a seal with the document's: whole where both are of one format, else by the person, since a visa has a zone and a number of its own.
func (p *Proof) sealZone(text string, doc *mrz.Document, at marz.Instant) {
	if text == "" {
		return
	}
	s, err := mrz.Parse(text, marz.DateOf(at.Time()))
	if err != nil {
		p.answer(SealZone, marz.Undetermined, "the zone in the seal cannot be read")
		return
	}
	type pair struct{ name, a, b string }
	compared := []pair{{"nationality", s.Nationality, doc.Nationality}, {"date of birth", s.Birth.String(), doc.Birth.String()}, {"sex", s.Sex, doc.Sex}}
	if s.Format == doc.Format && s.Code == doc.Code {
		compared = append(compared, pair{"name", s.Primary + "<" + s.Secondary, doc.Primary + "<" + doc.Secondary}, pair{"number", s.Number, doc.Number}, pair{"date of expiry", s.Expiry.String(), doc.Expiry.String()})
	}
	var differ []string
	for _, c := range compared {
		if c.a != c.b {
			differ = append(differ, c.name)
		}
	}
	if len(differ) > 0 {
		p.answer(SealZone, marz.Failed, "the seal is another document's: %s", strings.Join(differ, ", "))
		return
	}
	p.answer(SealZone, marz.Successful, "the seal belongs to this document's holder")
}
