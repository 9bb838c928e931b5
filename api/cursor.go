package api

import (
	"encoding/base64"
	"fmt"
	"strconv"

	"marz"
)

// Bounds of a page.
const (
	DefaultLimit = 100
	MostLimit    = 1000
)

// A cursor is the name of an operation and the seq from which its next page goes on, which no later entry changes. To who uses it it is opaque.
func cursor(operation string, from marz.Seq) string {
	return base64.RawURLEncoding.EncodeToString([]byte(operation + "." + strconv.FormatInt(int64(from), 10)))
}

// Page returns from which seq on the page that is asked for begins, and how many rows it has at most.
func (r *Request[C]) Page() (from marz.Seq, limit int, err error) {
	limit = DefaultLimit
	q := r.URL.Query()
	if s := q.Get("limit"); s != "" {
		if limit, err = strconv.Atoi(s); err != nil || limit < 1 || limit > MostLimit {
			return 0, 0, &marz.Error{Code: marz.Invalid, Op: "limit", Subject: fmt.Sprintf("%.20q", s), Fix: fmt.Sprintf("give a whole number from 1 to %d", MostLimit)}
		}
	}
	if s := q.Get("cursor"); s != "" {
		if from, err = readCursor(r.name, s); err != nil {
			return 0, 0, err
		}
	}
	return from, limit, nil
}

func readCursor(operation, s string) (marz.Seq, error) {
	b, err := base64.RawURLEncoding.Strict().DecodeString(s)
	if err == nil && len(b) > len(operation) {
		n, err := strconv.ParseInt(string(b[len(operation)+1:]), 10, 64)
		if err == nil && n >= 0 && cursor(operation, marz.Seq(n)) == s {
			return marz.Seq(n), nil
		}
	}
	return 0, &marz.Error{Code: marz.Invalid, Op: "cursor", Subject: fmt.Sprintf("%.60q", s), Fix: "give next of an earlier page of the same operation as it stands, or none for the first page"}
}

// Next returns the cursor of the page that begins at a seq.
func (r *Request[C]) Next(from marz.Seq) string { return cursor(r.name, from) }
