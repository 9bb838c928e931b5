package inspection

import (
	"slices"
	"testing"

	"marz"
	"marz/emrtd"
	"marz/emrtd/reading"
	"marz/mrz"
)

// TestGravityOfProof: what was found false stops, what could not be told asks for a look where it could be expected to be told, and nothing that was not checked is silent.
func TestGravityOfProof(t *testing.T) {
	known := &reading.Proof{State: true, Report: &emrtd.Report{}}
	unknown := &reading.Proof{Report: &emrtd.Report{}}
	expired := &reading.Proof{State: true, Report: &emrtd.Report{Checks: []emrtd.Check{{Check: emrtd.CheckSignerSignature, Result: marz.Successful}, {Check: emrtd.CheckSignerPurpose, Result: marz.Successful}, {Check: emrtd.CheckSignerValidity, Result: marz.Failed}}}}
	forged := &reading.Proof{State: true, Report: &emrtd.Report{Checks: []emrtd.Check{{Check: emrtd.CheckSignerSignature, Result: marz.Failed}}}}
	passport, card := &mrz.Document{Code: "P"}, &mrz.Document{Code: "ID"}
	for name, c := range map[string]struct {
		question reading.Question
		result   marz.Result
		proof    *reading.Proof
		doc      *mrz.Document
		want     marz.Verdict
	}{
		"good":                                   {reading.Signature, marz.Successful, known, passport, marz.Clear},
		"a wrong signature":                      {reading.Signature, marz.Failed, known, passport, marz.Stop},
		"a signature of an unknown kind":         {reading.Signature, marz.Undetermined, known, passport, marz.Attention},
		"a signer of nobody":                     {reading.Signer, marz.Failed, forged, passport, marz.Stop},
		"a signer out of his time":               {reading.Signer, marz.Failed, expired, passport, marz.Attention},
		"a state that is known, not this one":    {reading.Signer, marz.Undetermined, known, passport, marz.Attention},
		"a state of which nothing is known":      {reading.Signer, marz.Undetermined, unknown, passport, marz.Clear},
		"a revoked signer":                       {reading.Revocation, marz.Failed, known, passport, marz.Stop},
		"no list of revocations":                 {reading.Revocation, marz.Undetermined, known, passport, marz.Clear},
		"a changed file":                         {reading.Data, marz.Failed, known, passport, marz.Stop},
		"a file kept back":                       {reading.Data, marz.Undetermined, known, passport, marz.Attention},
		"a copy":                                 {reading.Copy, marz.Failed, known, passport, marz.Stop},
		"a chip that cannot show it":             {reading.Copy, marz.NotSupported, known, passport, marz.Clear},
		"a chip that was not asked":              {reading.Copy, marz.Undetermined, known, passport, marz.Attention},
		"another zone":                           {reading.Zone, marz.Failed, known, passport, marz.Stop},
		"another state":                          {reading.Issuer, marz.Failed, known, passport, marz.Stop},
		"a chip that did not open":               {reading.Read, marz.Failed, known, passport, marz.Attention},
		"a document that was lifted":             {reading.Read, marz.Aborted, known, passport, marz.Attention},
		"no chip in a passport that has one":     {reading.Read, marz.NotSupported, known, passport, marz.Attention},
		"no chip in a card":                      {reading.Read, marz.NotSupported, known, card, marz.Clear},
		"no chip, of a state nothing is known":   {reading.Read, marz.NotSupported, unknown, passport, marz.Clear},
		"a signer whose documents have a defect": {reading.Defects, marz.Undetermined, known, passport, marz.Attention},
		"a signer who must not be relied on":     {reading.Defects, marz.Failed, known, passport, marz.Stop},
		"a false seal":                           {reading.SealSigned, marz.Failed, known, passport, marz.Stop},
		"a seal of nobody who is known":          {reading.SealSigned, marz.Undetermined, known, passport, marz.Attention},
		"another's seal":                         {reading.SealZone, marz.Failed, known, passport, marz.Stop},
	} {
		p := *c.proof
		p.Answers = []reading.Answer{{Question: c.question, Result: c.result}}
		f := checkEvidence(Input{Document: c.doc, At: 1000, Evidence: &Evidence{Proof: &p, Version: "v1", Since: 10}})
		if len(f) != 1 || f[0].Grave != c.want || f[0].Check != string(c.question) || f[0].Reason == "" || f[0].Source == "" || f[0].AsOf == 0 {
			t.Errorf("%s: %+v, want %s", name, f, c.want)
		}
		if signer := c.question == reading.Signer || c.question == reading.Revocation || c.question == reading.Defects || c.question == reading.SealSigned; signer != (f[0].AsOf == 10) {
			t.Errorf("%s says the age of other things: %+v", name, f[0])
		}
	}
	f := checkEvidence(Input{Document: passport, At: 1000})
	if len(f) != 1 || f[0].Result != marz.NotSupported || f[0].Grave != marz.Clear {
		t.Errorf("without a reader of chips: %+v", f)
	}
}

// TestProofCountsInTheVerdict: the gravest of the chip's findings is the verdict.
func TestProofCountsInTheVerdict(t *testing.T) {
	in := sound()
	in.Evidence = &Evidence{Proof: &reading.Proof{State: true, Answers: []reading.Answer{{Question: reading.Read, Result: marz.Successful, Reason: "read"}, {Question: reading.Copy, Result: marz.Failed, Reason: "a copy"}}}}
	findings, verdict := Inspect(in)
	if verdict != marz.Stop || findings[0].Check != string(reading.Copy) {
		t.Errorf("%s, %+v", verdict, findings[0])
	}
	if !slices.ContainsFunc(findings, func(f marz.Finding) bool { return f.Check == string(reading.Read) && f.Grave == marz.Clear }) {
		t.Error("what was read is not said")
	}
}
