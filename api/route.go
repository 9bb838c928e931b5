package api

import (
	"net/http"
	"reflect"

	"marz"
)

// Prefix is under which address all operations are.
const Prefix = "/api/v1"

// Headers that programs send.
const (
	HeaderKey       = "Idempotency-Key" // draft-ietf-httpapi-idempotency-key-header: a String of RFC 8941
	HeaderReason    = "Marz-Reason"     // why a person's record is read: a code
	HeaderNote      = "Marz-Note"       // a file number or remark beside the reason
	HeaderAuthority = "Marz-Authority"  // for which authority the program acts, where several have accepted it
)

// Request is a program's request on its way to a handler. C is who a program is to the node.
type Request[C any] struct {
	*http.Request
	Caller C
	Key    string // hex SHA-256 of the public key of its certificate
	Body   []byte
	Once   Once // of an act
	name   string
}

// Param is a value in the address or in a header.
type Param struct {
	Name, In string // "path", "query" or "header"
	Type     string // "string", "integer" or "date-time"
	Required bool
	Doc      string
}

// Route is one operation: what stands in the document, and what answers it. Routes are made by the functions of table.go alone.
type Route[C any] struct {
	Method, Path string // the path is below Prefix
	Name         string
	Summary, Doc string
	Action       marz.Action // for which a program has to be accepted, and that an article has to give its authority; "": any program that shows a certificate
	Params       []Param
	Takes        string // Content-Type of the body; "": there is none
	Limit        int64  // bytes of the body
	Gives        string // Content-Type of the answer; "": JSON
	Answer       reflect.Type
	Acts         bool // it changes something: Idempotency-Key is required
	Reads        bool // it gives what is about a person: Marz-Reason is required

	handle func(*Request[C]) (any, error)
}

// answers sets what answers a route.
func answers[C, T any](rt Route[C], do func(*Request[C]) (T, error)) Route[C] {
	rt.Answer = reflect.TypeFor[T]()
	rt.handle = func(r *Request[C]) (any, error) { return do(r) }
	return rt
}

// params are all values that a request of the route may have.
func (rt *Route[C]) params() []Param {
	out := rt.Params
	if rt.Acts {
		out = append(out[:len(out):len(out)], Param{HeaderKey, "header", "string", true, "What the program calls this request: a String of RFC 8941 of 8 to 200 characters, drawn by chance, for example \"8e03978e-40d5-43e8-bc93-6894a57f9324\" with its quotes. " +
			"The same request with the same key is carried out once and gives the same answer, for 30 days."})
	}
	if rt.Reads {
		out = append(out[:len(out):len(out)],
			Param{HeaderReason, "header", "string", true, "Why the record is read: query-by-traveller, second-line, supervision, alert-owner or correction. It stands in the entry."},
			Param{HeaderNote, "header", "string", false, "A file number or remark. It stands beside the log with the entry's personal data."})
	}
	if rt.Action != "" {
		out = append(out[:len(out):len(out)], Param{HeaderAuthority, "header", "string", false, "For which authority the program acts, where several have accepted the same key."})
	}
	return out
}
