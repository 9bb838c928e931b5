package marz

import "fmt"

// Direction is the way a traveller crosses, seen from the state whose post it is.
type Direction string

// The two directions.
const (
	EntryDirection Direction = "entry"
	ExitDirection  Direction = "exit"
)

// Validate reports whether d is one of the two directions.
func (d Direction) Validate() error {
	if d != EntryDirection && d != ExitDirection {
		return &Error{Code: Invalid, Op: "direction", Subject: fmt.Sprintf("%.20q", string(d)), Fix: "use entry or exit"}
	}
	return nil
}

// Result is the five-valued result of one check, after BSI TR-03135-1.
type Result string

// The results of a check. Only Successful and Failed are statements about the traveller or document; the other three
// say that no statement could be made.
const (
	Successful   Result = "successful"
	Failed       Result = "failed"
	Undetermined Result = "undetermined" // the check ran and could not tell
	NotSupported Result = "not-supported"
	Aborted      Result = "aborted" // the check did not run to its end
)

// Verdict is the advice that follows from all findings. It is never a decision.
type Verdict string

// The verdicts, in rising order of gravity.
const (
	Clear     Verdict = "clear"
	Attention Verdict = "attention"
	Stop      Verdict = "stop"
)

// Rank orders verdicts: Clear 0, Attention 1, Stop 2. An unknown verdict ranks as Stop.
func (v Verdict) Rank() int {
	switch v {
	case Clear:
		return 0
	case Attention:
		return 1
	}
	return 2
}

// Finding is one check's result with its reason, what it looked at and how old that was. Code, Result, Source and Age
// are free of personal data and stand in public entries; Reason may quote the document and stays private.
type Finding struct {
	Check  string  `json:"check"`            // for example "document.expiry"
	Result Result  `json:"result"`           //
	Grave  Verdict `json:"grave"`            // the verdict that this finding alone leads to
	Reason string  `json:"reason,omitempty"` // in words for the officer; private
	Source string  `json:"source,omitempty"` // what it looked at, for example "list ofac-sdn 2026-02-27"
	AsOf   Instant `json:"as_of,omitempty"`  // when the source was last brought up to date
}

// Decision is what the officer decides about a traveller. A machine never makes one.
type Decision string

// The decisions. Admit, Refuse and Refer are made on entry; Depart and Hold on exit.
const (
	Admit  Decision = "admit"
	Refuse Decision = "refuse"
	Refer  Decision = "refer" // to second line
	Depart Decision = "depart"
	Hold   Decision = "hold"
)

// Validate reports whether the decision exists and can be made in the direction.
func (d Decision) Validate(dir Direction) error {
	for _, v := range Decisions(dir) {
		if d == v {
			return nil
		}
	}
	return &Error{Code: Invalid, Op: "decision", Subject: fmt.Sprintf("%.20q", string(d)),
		Fix: fmt.Sprintf("on %s use one of %v", dir, Decisions(dir))}
}

// Decisions returns the decisions that can be made in a direction, in the order in which screens show them.
func Decisions(dir Direction) []Decision {
	if dir == ExitDirection {
		return []Decision{Depart, Hold}
	}
	return []Decision{Admit, Refuse, Refer}
}

// Passes reports whether the decision lets the traveller cross.
func (d Decision) Passes() bool { return d == Admit || d == Depart }
