package api

import (
	"bytes"
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strings"

	"marz"
	"marz/web"
)

// Problem is an error as problem+json (RFC 9457 §3).
type Problem struct {
	Type   string `json:"type" doc:"Which kind of problem this is: an address on the page of this interface that explains it."`
	Title  string `json:"title" doc:"The kind in words; the same each time."`
	Status int    `json:"status" doc:"The HTTP status."`
	Detail string `json:"detail" doc:"What was being done, to what, and what to do. It holds nothing about a person."`
}

// kind is a kind of problem.
type kind struct {
	Slug   string
	Status int
	Title  string
	About  string
}

// kinds are all of them. The first ones are the codes of marz.Error, whose statuses package web knows; the others are what HTTP and idempotency keys need beside them.
var kinds = []kind{
	ofCode(marz.Invalid, "The request is not well formed", "Correct it as the detail says. Nothing was changed."),
	ofCode(marz.NotFound, "There is no such thing", "It is not there, or never was."),
	ofCode(marz.Conflict, "It cannot be done in the present state", "Look at the present state, and decide again."),
	ofCode(marz.Unauthenticated, "No certificate was shown", "Connect with the program's own TLS client certificate."),
	ofCode(marz.Forbidden, "It is not allowed", "No supervisor has accepted the program for this, or no article in force gives it to its authority. The detail says which."),
	ofCode(marz.Unavailable, "The node has stopped or is stopping", "Try again later. What was answered before is kept."),
	ofCode(marz.Internal, "The node had a fault", "Its log says more. Whether an act was carried out is found out by sending it again with the same key."),
	{slugKeyReused, http.StatusUnprocessableEntity, "The idempotency key was used for another request", "A key belongs to one request. Take a new one for a new request."},
	{slugInWork, http.StatusConflict, "The request with this idempotency key is still in work", "Wait, and send it again with the same key: the answer is that of the first."},
	{slugTooLarge, http.StatusRequestEntityTooLarge, "The body is too large", "Send it in parts."},
	{slugMediaType, http.StatusUnsupportedMediaType, "The body is not of a type that is taken here", "Send it with the Content-Type that the operation names, without a Content-Encoding."},
	{slugMethod, http.StatusMethodNotAllowed, "The method is not one of this address", "The header Allow names those that are."},
	{slugTooMany, http.StatusTooManyRequests, "Too many requests are in work", "Wait for the answers to some. The lanes of the post come first."},
}

func ofCode(c marz.Code, title, about string) kind {
	return kind{slugOf(c), web.Status(&marz.Error{Code: c}), title, about}
}

func slugOf(c marz.Code) string { return strings.ReplaceAll(c.String(), " ", "-") }

const (
	slugKeyReused = "key-reused"
	slugInWork    = "key-in-work"
	slugTooLarge  = "too-large"
	slugMediaType = "media-type"
	slugMethod    = "method"
	slugTooMany   = "too-many"
)

// fault is an error that is one of HTTP's and no code of marz.Error.
type fault struct {
	slug string
	err  *marz.Error
}

func (f *fault) Error() string { return f.err.Error() }
func (f *fault) Unwrap() error { return f.err }

func faulty(slug, subject, fix string) error {
	return &fault{slug, &marz.Error{Code: marz.Invalid, Op: "request", Subject: subject, Fix: fix}}
}

// kindOf is the one mapping of errors to kinds of problems.
func kindOf(err error) kind {
	slug := slugOf(marz.CodeOf(err))
	if f, ok := errors.AsType[*fault](err); ok {
		slug = f.slug
	}
	i := slices.IndexFunc(kinds, func(k kind) bool { return k.Slug == slug })
	if i < 0 {
		panic("api: a code has no kind of problem: " + slug)
	}
	return kinds[i]
}

// problemOf says an error in words, without its cause, which belongs in the log.
func problemOf(err error) Problem {
	k := kindOf(err)
	p := Problem{Type: Prefix + "/#" + k.Slug, Title: k.Title, Status: k.Status, Detail: "The node had a fault and did not answer this. Its log says more."}
	if e, ok := errors.AsType[*marz.Error](err); ok && k.Slug != "internal" {
		p.Detail = (&marz.Error{Op: e.Op, Subject: e.Subject, Fix: e.Fix}).Error()
	}
	return p
}

func writeProblem(w http.ResponseWriter, err error) {
	p := problemOf(err)
	h := w.Header()
	h.Set("Content-Type", "application/problem+json")
	h.Del("ETag")
	if p.Status == http.StatusTooManyRequests || p.Status == http.StatusServiceUnavailable {
		h.Set("Retry-After", "2")
	}
	b, err := encode(p)
	if err != nil {
		panic("api: a problem always has JSON: " + err.Error())
	}
	w.WriteHeader(p.Status)
	_, _ = w.Write(b) // whoever asked may have gone
}

// encode writes JSON as the journal does: compact, without escapes for HTML, so that an answer that was kept in an entry is the same bytes when it is given again.
func encode(v any) ([]byte, error) {
	var b bytes.Buffer
	j := json.NewEncoder(&b)
	j.SetEscapeHTML(false)
	if err := j.Encode(v); err != nil {
		return nil, &marz.Error{Op: "write answer", Err: err}
	}
	return b.Bytes(), nil
}
