package api

import (
	"encoding/base64"
	"strconv"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"marz"
	"marz/journal"
)

// EntryOf is the public part of an entry as programs are told it.
func EntryOf(e journal.Entry) Entry {
	return Entry{Seq: e.Seq, At: e.At, Kind: e.Kind, Officer: e.Officer, Authority: e.Authority, Under: e.Under, Policy: e.Policy, Public: e.Public, Private: e.Private}
}

// BodyOf is an entry with the bytes that are hashed.
func BodyOf(e journal.Entry, body []byte) EntryBody {
	leaf := tlog.RecordHash(body)
	return EntryBody{Entry: EntryOf(e), Body: string(body), Leaf: base64.StdEncoding.EncodeToString(leaf[:])}
}

// HeadOf is a head of a journal of a name and a key.
func HeadOf(origin marz.Origin, key string, h journal.Head) Head {
	return Head{Origin: origin, Key: key, Size: h.Size, Root: base64.StdEncoding.EncodeToString(h.Root[:]), Note: string(h.Note)}
}

// Entries gives the page of entries that is asked for. read returns at most so many from a seq on, in rising order.
func (r *Request[C]) Entries(read func(from marz.Seq, limit int) ([]journal.Entry, error)) (out EntryPage, err error) {
	from, limit, err := r.Page()
	if err != nil {
		return out, err
	}
	entries, err := read(from, limit+1)
	if err != nil {
		return out, err
	}
	entries, out.PageEnd = RowEnd(r, entries, limit, from, func(e journal.Entry) marz.Seq { return e.Seq })
	for _, e := range entries {
		out.Entries = append(out.Entries, EntryOf(e))
	}
	return out, nil
}

// Seq reads the seq in the address.
func (r *Request[C]) Seq() (marz.Seq, error) {
	n, err := strconv.ParseInt(r.PathValue("seq"), 10, 64)
	if err != nil || n < 0 {
		return 0, &marz.Error{Code: marz.Invalid, Op: "read request", Subject: strconv.Quote(r.PathValue("seq")), Fix: "give a whole number from 0 on"}
	}
	return marz.Seq(n), nil
}

// Instant reads an instant of the query.
func (r *Request[C]) Instant(name string, absent marz.Instant) (marz.Instant, error) {
	s := r.URL.Query().Get(name)
	if s == "" {
		return absent, nil
	}
	return marz.ParseInstant(s)
}

// mostCounted is the longest time that is counted at once.
const mostCounted = 31 * 24 * time.Hour

// Hours reads over which hours is counted: from begins one, and the last begins before until.
func (r *Request[C]) Hours(now marz.Instant) (from, until marz.Instant, err error) {
	if until, err = r.Instant("until", now); err != nil {
		return 0, 0, err
	}
	if from, err = r.Instant("from", until.Add(-24*time.Hour)); err != nil {
		return 0, 0, err
	}
	from = marz.InstantOf(from.Time().Truncate(time.Hour))
	if d := until.Sub(from); d < 0 || d > mostCounted+time.Hour {
		return 0, 0, &marz.Error{Code: marz.Invalid, Op: "count crossings", Fix: "until comes at most 31 days after from, and not before it; ask for part after part"}
	}
	return from, until, nil
}
