package inspection

import (
	"marz"
	"marz/emrtd"
	"marz/emrtd/reading"
	"marz/mrz"
)

// Evidence is what a reader took of the document beside its zone, and what came of proving it.
type Evidence struct {
	Proof   *reading.Proof
	Version string       // of the certificates against which it was proven; "" when there are none
	Since   marz.Instant // when that version came into force here
}

const (
	chipSource = "chip of the document"
	sealSource = "seal on the document"
)

// checkEvidence turns what was proven of chip and seals into findings. What was not checked is a finding too.
func checkEvidence(in Input) []marz.Finding {
	e := in.Evidence
	if e == nil {
		return []marz.Finding{{Check: string(reading.Read), Result: marz.NotSupported, Grave: marz.Clear, Source: zoneSource, AsOf: in.At,
			Reason: "the zone came without the chip: what the chip says was not checked"}}
	}
	var out []marz.Finding
	for _, a := range e.Proof.Answers {
		f := marz.Finding{Check: string(a.Question), Result: a.Result, Grave: gravity(a, e.Proof, in.Document), Reason: a.Reason, Source: chipSource, AsOf: in.At}
		switch a.Question {
		case reading.Read:
			if f.Result == marz.NotSupported && f.Grave != marz.Clear {
				f.Result = marz.Undetermined
				f.Reason = "no chip was found, and passports of this state have one: lay it down again, look for the sign of the chip"
			}
		case reading.Signer, reading.Revocation, reading.Defects, reading.SealSigned:
			if e.Version != "" {
				f.Source, f.AsOf = "certificates of issuing states "+e.Version, e.Since
			}
		}
		if a.Question == reading.SealZone {
			f.Source = sealSource
		}
		if f.Reason == "" {
			f.Reason = "no reason was given"
		}
		out = append(out, f)
	}
	return out
}

// gravity says how much an answer weighs. A check that was made and failed stops, where no innocent cause is known; what could not be told asks for a look where it could have been expected to be told, and is no more than said
// where the state's certificates are not at hand: then the chip is worth no less than no chip.
func gravity(a reading.Answer, p *reading.Proof, doc *mrz.Document) marz.Verdict {
	switch a.Result {
	case marz.Successful:
		return marz.Clear
	case marz.Failed:
		return failed(a, p)
	case marz.Aborted:
		return marz.Attention
	}
	switch a.Question {
	case reading.Read:
		if a.Result == marz.NotSupported && (!p.State || doc.Code == "" || doc.Code[0] != 'P') {
			return marz.Clear
		}
		return marz.Attention
	case reading.Signature, reading.Data, reading.Defects:
		return marz.Attention
	case reading.Signer:
		if p.State {
			return marz.Attention
		}
	case reading.Copy:
		if a.Result == marz.Undetermined {
			return marz.Attention
		}
	case reading.SealSigned, reading.SealZone:
		return marz.Attention
	}
	return marz.Clear
}

// failed says how much a check weighs that was made and failed.
func failed(a reading.Answer, p *reading.Proof) marz.Verdict {
	switch a.Question {
	case reading.Read:
		return marz.Attention // the zone may have been misread
	case reading.Signer:
		if r := p.Report; r != nil && r.ResultOf(emrtd.CheckSignerSignature) != marz.Failed && r.ResultOf(emrtd.CheckSignerPurpose) != marz.Failed {
			return marz.Attention // a certificate is out of its time, and nothing else is wrong with it
		}
	}
	return marz.Stop
}
