package emrtd

import (
	"fmt"
	"slices"
	"strings"

	"marz"
)

// bearing is what a known defect means for the proof of a document's data.
type bearing int

const (
	apartFromProof bearing = iota // it is of another application or of how the chip is read: it is told, and bears on nothing
	doubtful                      // what the checks say may be wrong either way: no statement
	ofGroups                      // doubtful, where one of its data groups was read
	unusable                      // the chip must not be relied on
)

// bearings are those by BSI TR-03129-2 §8.3. A defect of an unknown kind counts by its class: of authentication and of the passport's application the chip is not to be used; of the document in general it should not be (§8.3.3).
var bearings = map[string]bearing{
	SignerRevoked: unusable, SignerReplaced: doubtful, ChipKeyRevoked: doubtful, ActiveKeyRevoked: doubtful, ProtocolFails: apartFromProof, ValidityWrong: doubtful,
	GroupMalformed: ofGroups, ObjectInvalid: doubtful, COMDiffers: apartFromProof, SignerIDWrong: doubtful, CountryWrong: doubtful, NameWrong: doubtful,
	IdentityGroup: apartFromProof, IdentityIntegrity: apartFromProof, IdentityInfo: apartFromProof, IdentityMissing: apartFromProof,
	CardSecurityBad: apartFromProof, ChipSecurityBad: apartFromProof, PowerDown: apartFromProof, SignerMalformed: doubtful, TerminalInfo: apartFromProof, CertMalformed: doubtful,
}

func (k KnownDefect) bearing() bearing {
	if b, ok := bearings[k.Defect]; ok {
		return b
	}
	switch class, _, _ := strings.Cut(bareDefect(k.Defect), "."); class {
	case "1", "2":
		return unusable
	case "3":
		return apartFromProof
	}
	return doubtful
}

// checkDefects asks the defect lists about the signer. A list only ever adds a doubt or a failure: no other check is any better for it.
func (v *inspection) checkDefects() {
	if len(v.trust.Defects) == 0 {
		v.add(CheckDefects, marz.NotSupported, "no defect list was given")
		return
	}
	newest := ""
	for _, l := range v.trust.Defects {
		of := fmt.Sprintf("the defect list of %s of %s", l.Signed.country(), Written(l.Signed.signedAt()))
		newest = of
		for _, k := range l.Of(v.signed.Signer, v.signed.Certificate) {
			k.List = of
			v.report.Known = append(v.report.Known, k)
			v.note(DefectKnown, "signer's certificate", k.Defect+", by "+of)
		}
	}
	v.weighDefects("by " + newest)
}

// weighDefects forms the result of what is known.
func (v *inspection) weighDefects(cleared string) {
	result, reasons := marz.Successful, []string(nil)
	for _, k := range v.report.Known {
		b := k.bearing()
		if b == ofGroups && len(k.Groups) > 0 && !slices.ContainsFunc(k.Groups, func(n int) bool { return v.doc.Groups[n] != nil }) {
			b = apartFromProof
		}
		switch {
		case b == unusable:
			result = marz.Failed
		case b != apartFromProof && result != marz.Failed:
			result = marz.Undetermined
		}
		reasons = append(reasons, k.words())
	}
	switch {
	case len(reasons) > 0:
		v.add(CheckDefects, result, "%s", strings.Join(reasons, "; "))
	case v.signed.Certificate == nil:
		v.add(CheckDefects, marz.Undetermined, "the signer's certificate is missing")
	default:
		v.add(CheckDefects, marz.Successful, "%s", cleared)
	}
}
