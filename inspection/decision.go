package inspection

import (
	"fmt"
	"slices"

	"marz"
)

// Reason is one coded reason for a decision. Codes are public and free of personal data.
type Reason struct {
	Code string
	Text string
}

// Reasons returns what can be given as the reason for a decision, in the order in which screens number them.
func Reasons(d marz.Decision) []Reason {
	switch d {
	case marz.Admit, marz.Depart:
		return passReasons
	case marz.Refuse:
		return refusalReasons
	case marz.Refer, marz.Hold:
		return referReasons
	}
	return nil
}

var passReasons = []Reason{
	{NotThePerson, "Compared: not the person on the list"},
	{"alert-answered", "Alert answered: its owner has no objection"},
	{"document-compared", "Document compared by eye and in order"},
	{"lawful-stay", "Stay is lawful: residence, visa or exemption seen"},
	{"stay-exceeded", "Stay exceeded: recorded, and may go"},
	{"own-national", "Own national: may not be refused"},
	{"asylum-procedure", "Let into the asylum procedure"},
	{"supervisor-ordered", "Ordered by the supervisor"},
}

// refusalReasons follow the lettered grounds of the standard form for refusal of entry, Regulation (EU) 2016/399 Annex V Part B.
var refusalReasons = []Reason{
	{"a-no-valid-document", "A: no valid travel document"},
	{"b-false-document", "B: false, counterfeit or forged travel document"},
	{"c-no-valid-visa", "C: no valid visa or residence permit"},
	{"d-false-visa", "D: false, counterfeit or forged visa or residence permit"},
	{"e-purpose-not-justified", "E: purpose and conditions of stay not justified"},
	{"f-stay-exceeded", "F: has already stayed for as long as is allowed"},
	{"g-no-means", "G: no sufficient means of subsistence"},
	{"h-alert", "H: an alert for the purpose of refusing entry"},
	{"i-threat", "I: threat to public policy, security, health or relations"},
}

var referReasons = []Reason{
	{"same-person", "May be the person on the list"},
	{"cannot-tell", "Cannot be told at the lane"},
	{"document-doubtful", "Document is doubtful"},
	{"stay-exceeded", "Stay exceeded"},
	{"interview", "Interview needed"},
	{"asylum", "Asks for asylum: to the host state's officers"},
}

// WithdrawReasons are those for ending an inspection without a decision.
var WithdrawReasons = []Reason{
	{"scanned-by-mistake", "Scanned by mistake"},
	{"traveller-left", "The traveller stepped back before a decision"},
	{"wrong-lane", "Wrong lane or direction"},
}

// ObjectReasons are those for refusing to concur in another authority's decision.
var ObjectReasons = []Reason{
	{"facts-do-not-bear-it", "The facts shown do not bear this decision"},
	{"other-decision", "Another decision is right"},
	{"own-check-not-ended", "Our own check has not ended"},
	{"not-within-article", "Not a matter for joint decision"},
}

// LookupReasons are those for looking at another authority's hits.
var LookupReasons = []Reason{
	{"comparison", "To compare with the traveller"},
	{"concurrence", "To concur, or not"},
	{"owner-asked", "Its owner asked"},
}

// NotThePerson is the reason with which somebody is let pass because he is not the one on the list. With it he can be cleared.
const NotThePerson = "not-the-same-person"

// ClearReasons are those for clearing a namesake after his crossing.
var ClearReasons = []Reason{
	{NotThePerson, "Compared: not the person on the list"},
	{"owner-says-not", "The owner of the alert says that it is another person"},
	{"second-line", "Second line found that it is another person"},
}

// RevokeReasons are those for taking a clearance back.
var RevokeReasons = []Reason{
	{"cleared-by-mistake", "Cleared by mistake"},
	{"may-be-the-person", "May be the person on the list after all"},
	{"owner-asks", "The owner of the alert asks"},
	{"document-lost", "The document with which he was cleared is lost or stolen"},
}

// LateReasons are those for acknowledging a late hit: what was done about it.
var LateReasons = []Reason{
	{"followed-up", "Followed up: those who have to act know"},
	{"owner-told", "The owner of the alert was told"},
	{"other-person", "Compared: not the person on the list"},
	{"nothing-to-do", "Nothing to be done at this post"},
}

// CheckClearing reports whether the reason can be given for clearing a namesake.
func CheckClearing(code string) error { return checkReason(ClearReasons, "clear namesake", code) }

// CheckRevoking reports whether the reason can be given for taking a clearance back.
func CheckRevoking(code string) error { return checkReason(RevokeReasons, "revoke clearance", code) }

// CheckLate reports whether the reason can be given for acknowledging a late hit.
func CheckLate(code string) error { return checkReason(LateReasons, "acknowledge late hit", code) }

// CheckObjection reports whether the reason can be given for refusing to concur.
func CheckObjection(code string) error { return checkReason(ObjectReasons, "object", code) }

// CheckLookup reports whether the reason can be given for looking at another authority's hits.
func CheckLookup(code string) error { return checkReason(LookupReasons, "look up hits", code) }

// Ordinary reports whether a decision needs one key only: the verdict is clear, nothing hit, and the traveller passes.
// Every other decision needs a reason and a second deliberate act.
func Ordinary(v marz.Verdict, hits int, d marz.Decision) bool {
	return v == marz.Clear && hits == 0 && d.Passes()
}

// CheckReason reports whether the reason can be given for the decision.
func CheckReason(d marz.Decision, code string) error {
	return checkReason(Reasons(d), string(d), code)
}

// CheckWithdrawal reports whether the reason can be given for ending an inspection without a decision.
func CheckWithdrawal(code string) error { return checkReason(WithdrawReasons, "withdraw", code) }

func checkReason(all []Reason, what, code string) error {
	if slices.ContainsFunc(all, func(r Reason) bool { return r.Code == code }) {
		return nil
	}
	var codes []string
	for _, r := range all {
		codes = append(codes, r.Code)
	}
	if code == "" {
		return &marz.Error{Code: marz.Invalid, Op: what, Fix: fmt.Sprintf("this needs a reason; choose one of %v", codes)}
	}
	return &marz.Error{Code: marz.Invalid, Op: what, Fix: fmt.Sprintf("the reason %.40q is not known; choose one of %v", code, codes)}
}
