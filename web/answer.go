package web

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"strings"

	"marz"
)

// Status returns the HTTP status of an error, and 200 for none. It is the only place where codes become statuses.
func Status(err error) int {
	if err == nil {
		return http.StatusOK
	}
	switch marz.CodeOf(err) {
	case marz.Invalid:
		return http.StatusBadRequest
	case marz.NotFound:
		return http.StatusNotFound
	case marz.Conflict:
		return http.StatusConflict
	case marz.Unauthenticated:
		return http.StatusUnauthorized
	case marz.Forbidden:
		return http.StatusForbidden
	case marz.Unavailable:
		return http.StatusServiceUnavailable
	}
	return http.StatusInternalServerError
}

// WriteJSON writes v as JSON with the status. A v that cannot be written becomes a 500, since nothing has been sent by then.
func WriteJSON(w http.ResponseWriter, status int, v any) {
	var b bytes.Buffer
	if err := json.NewEncoder(&b).Encode(v); err != nil {
		status = http.StatusInternalServerError
		b.Reset()
		b.WriteString(`{"error":"The post could not write its answer. Tell the supervisor.","code":"internal"}` + "\n")
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(status)
	_, _ = w.Write(b.Bytes()) // whoever asked may have gone
}

// WriteError answers with an error in words: as the error page to a browser that asked for a page, and as JSON to everybody else. An
// internal error says nothing about its cause, which belongs in the log.
func WriteError(w http.ResponseWriter, r *http.Request, err error) {
	WriteErrorPage(w, r, &Page{}, err)
}

// WriteErrorPage is WriteError with the page's header, so that an officer who is signed in can go on. It changes p.
func WriteErrorPage(w http.ResponseWriter, r *http.Request, p *Page, err error) {
	status, message := Status(err), message(err)
	if wantsPage(r) {
		p.Title, p.Body = http.StatusText(status), ErrorBody{Status: status, Message: message}
		if Render(w, r, status, "error", p) == nil {
			return
		}
	}
	WriteJSON(w, status, map[string]string{"error": message, "code": marz.CodeOf(err).String()})
}

// message returns an error in words for an officer, without its cause.
func message(err error) string {
	e, ok := errors.AsType[*marz.Error](err)
	if !ok || e.Code == marz.Internal {
		return "The post had a fault and did not do this. Tell the supervisor: the post's log says more."
	}
	return capital((&marz.Error{Op: e.Op, Subject: e.Subject, Fix: e.Fix}).Error())
}

func wantsPage(r *http.Request) bool {
	if r.Method != http.MethodGet && r.Method != http.MethodHead || strings.HasPrefix(r.URL.Path, "/api/") {
		return false
	}
	return strings.Contains(r.Header.Get("Accept"), "text/html")
}

// ReadJSON reads the request's body, which must be one JSON value of at most limit bytes with no field that into lacks, sent as
// application/json. Errors are Invalid and say what would be right; they never quote the body, which may hold personal data.
func ReadJSON(w http.ResponseWriter, r *http.Request, into any, limit int64) error {
	kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || kind != "application/json" {
		return invalid(r, "send it with Content-Type: application/json")
	}
	d := json.NewDecoder(http.MaxBytesReader(w, r.Body, limit))
	d.DisallowUnknownFields()
	if err := d.Decode(into); err != nil {
		return invalid(r, decodeFix(err))
	}
	if _, err := d.Token(); err != io.EOF {
		if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
			return invalid(r, decodeFix(err))
		}
		return invalid(r, "send one JSON value and nothing after it")
	}
	return nil
}

func invalid(r *http.Request, fix string) error {
	return &marz.Error{Code: marz.Invalid, Op: "read request", Subject: r.URL.Path, Fix: fix}
}

func decodeFix(err error) string {
	if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return "it is too long: send less"
	}
	if e, ok := errors.AsType[*json.UnmarshalTypeError](err); ok && e.Field != "" {
		return "the field " + e.Field + " is not of the right type"
	}
	if strings.Contains(err.Error(), "unknown field") {
		return "it has a field that is not known here: reload the page"
	}
	return "it is not the JSON that is expected here: reload the page"
}
