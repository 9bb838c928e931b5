package reader

import "fmt"

// Kind is what an event says.
type Kind string

// The kinds of events.
const (
	Zone    Kind = "zone"    // a printed zone was read
	Code    Kind = "code"    // a barcode was read
	Removed Kind = "removed" // the document was taken away
	Fault   Kind = "fault"   // the device reports an error
	Dropped Kind = "dropped" // bytes were passed over
)

// Event is one thing that a device said.
type Event struct {
	Kind   Kind   `json:"kind"`
	Zone   string `json:"zone,omitempty"`   // its lines as read, apart by \n
	Symbol string `json:"symbol,omitempty"` // the AIM identifier of a barcode, for example "]d2"; "" where the scanner sends none
	Data   []byte `json:"data,omitempty"`   // what the barcode holds
	Bytes  int    `json:"bytes,omitempty"`  // how many were dropped
	Note   string `json:"note,omitempty"`   // in words, without what the document says: why bytes were dropped, what is wrong with a zone that is no document as it was read, which error
}

// String says what happened and nothing of what was read.
func (e Event) String() string {
	s := string(e.Kind)
	switch e.Kind {
	case Zone:
		s += fmt.Sprintf(" of %d bytes", len(e.Zone))
	case Code:
		s += fmt.Sprintf(" %s of %d bytes", e.Symbol, len(e.Data))
	case Dropped:
		s += fmt.Sprintf(" %d bytes", e.Bytes)
	}
	if e.Note != "" {
		s += ": " + e.Note
	}
	return s
}

// GoString is String, so that no format prints what was read.
func (e Event) GoString() string { return e.String() }

func dropped(n int, why string) []Event {
	if n == 0 {
		return nil
	}
	return []Event{{Kind: Dropped, Bytes: n, Note: why}}
}
