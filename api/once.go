package api

import (
	"context"
	"encoding/json"
	"strings"
	"sync"

	"marz"
)

// Once is what an act has to keep in the transaction of its own entries, so that the same request is not carried out a second time, whatever falls in between. Both are digests that only the node can
// make: what a program calls its requests, and what it sends, is in no public part.
type Once struct {
	Operation string
	Key       string // of the idempotency key
	Request   string // of method, address and body
}

// Done is a request that was carried out.
type Done struct {
	Request string
	Answer  json.RawMessage
}

const keyFix = `give a String of 8 to 200 characters that this program has used for no other request, for example "8e03978e-40d5-43e8-bc93-6894a57f9324" with its quotes`

// readKey reads an idempotency key: a String of RFC 8941 §3.3.3, or the same without its quotes, as many programs send it.
func readKey(values []string) (string, error) {
	bad := &marz.Error{Code: marz.Invalid, Op: HeaderKey, Fix: keyFix}
	if len(values) != 1 {
		return "", bad
	}
	s := strings.Trim(values[0], " \t")
	if inner, ok := strings.CutPrefix(s, `"`); ok {
		if s, ok = strings.CutSuffix(inner, `"`); !ok {
			return "", bad
		}
	}
	if len(s) < 8 || len(s) > 200 {
		return "", bad
	}
	for _, c := range []byte(s) {
		if c < 0x21 || c > 0x7e || c == '"' || c == '\\' {
			return "", bad
		}
	}
	return s, nil
}

// working is which acts are in work here, by caller and key.
type working struct {
	mu sync.Mutex
	of map[[2]string]bool
}

func (w *working) begin(caller, key string) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	k := [2]string{caller, key}
	if w.of[k] {
		return false
	}
	if w.of == nil {
		w.of = map[[2]string]bool{}
	}
	w.of[k] = true
	return true
}

func (w *working) end(caller, key string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	delete(w.of, [2]string{caller, key})
}

// once carries an act out, unless it was carried out already: then it gives the answer that it had. Of an act that was refused nothing is kept, since nothing was changed; it is asked anew.
func (s *Server[C]) once(rt *Route[C], r *Request[C]) (any, error) {
	key, err := readKey(r.Header.Values(HeaderKey))
	if err != nil {
		return nil, err
	}
	r.Once = Once{Operation: rt.Name, Key: s.cfg.Digest("idempotency-key", r.Key, key), Request: s.cfg.Digest("request", r.Method, r.URL.RequestURI(), string(r.Body))}
	if !s.working.begin(r.Key, key) {
		return nil, faulty(slugInWork, HeaderKey, "the first request with this key has no answer yet; wait, and send it again")
	}
	defer s.working.end(r.Key, key)
	if answer, err := s.repeated(r.Context(), r); answer != nil || err != nil {
		return answer, err
	}
	answer, err := rt.handle(r)
	if marz.CodeOf(err) == marz.Conflict { // another node of the same journal can have been faster
		if answer, err := s.repeated(r.Context(), r); answer != nil || err != nil {
			return answer, err
		}
	}
	return answer, err
}

// repeated returns the answer that a request had, nil when it was not carried out.
func (s *Server[C]) repeated(ctx context.Context, r *Request[C]) (any, error) {
	done, err := s.cfg.Done(ctx, r.Caller, r.Once.Key)
	if err != nil || done == nil {
		return nil, err
	}
	if done.Request != r.Once.Request {
		return nil, faulty(slugKeyReused, HeaderKey, "this key stands for another request, which was carried out; take a new key")
	}
	return done.Answer, nil
}
