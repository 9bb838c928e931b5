package journal

import (
	"fmt"
	"slices"

	"marz"
)

// Erase destroys the private payloads of committed entries, as an entry. The public parts stay, and so does every proof.
func (t *Tx) Erase(d Draft, seqs []marz.Seq, why string) (Entry, error) {
	return t.erase(d, seqs, why, func(seq marz.Seq) error {
		var n int
		if err := t.QueryRow(`SELECT count(*) FROM payload WHERE seq = ?`, seq).Scan(&n); err != nil {
			return &faultError{err}
		}
		if n == 0 {
			return &marz.Error{Code: marz.NotFound, Op: "erase payload", Subject: fmt.Sprintf("of seq %d", seq), Fix: "there is none, or it has been erased already"}
		}
		if err := t.j.exec(`DELETE FROM payload WHERE seq = ?`, seq); err != nil {
			return &faultError{err}
		}
		return nil
	})
}

// Lost says, in the words of an erasure, that payloads are gone that nobody erased: the node's disk was lost, and no mirror had them (Restoring.Commit names them).
// Without it a checker would miss them for ever.
func (t *Tx) Lost(d Draft, seqs []marz.Seq, why string) (Entry, error) {
	erased, err := t.erasedSoFar()
	if err != nil {
		return Entry{}, err
	}
	return t.erase(d, seqs, why, func(seq marz.Seq) error {
		e, err := t.Entry(seq)
		if err != nil {
			return err
		}
		var n int
		if err := t.QueryRow(`SELECT count(*) FROM payload WHERE seq = ?`, seq).Scan(&n); err != nil {
			return &faultError{err}
		}
		if n > 0 || e.Private == "" || erased[int64(seq)] {
			return &marz.Error{Code: marz.Conflict, Op: "note lost payload", Subject: fmt.Sprintf("of seq %d", seq), Fix: "it is there, or there never was one, or it was erased"}
		}
		return nil
	})
}

// erasedSoFar reads all erasures.
func (t *Tx) erasedSoFar() (map[int64]bool, error) {
	rows, err := t.Query(`SELECT body FROM entry WHERE instr(body, ?) > 0`, []byte(`"kind":"`+KindErased+`"`))
	if err != nil {
		return nil, &faultError{err}
	}
	defer rows.Close()
	erased := map[int64]bool{}
	for _, r := range t.j.w.pending {
		for _, seq := range ErasedBy(r.body) {
			erased[seq] = true
		}
	}
	for rows.Next() {
		var body []byte
		if err := rows.Scan(&body); err != nil {
			return nil, &faultError{err}
		}
		for _, seq := range ErasedBy(body) {
			erased[seq] = true
		}
	}
	if err := rows.Err(); err != nil {
		return nil, &faultError{err}
	}
	return erased, nil
}

func (t *Tx) erase(d Draft, seqs []marz.Seq, why string, each func(marz.Seq) error) (Entry, error) {
	if len(seqs) == 0 {
		return Entry{}, &marz.Error{Code: marz.Invalid, Op: "erase payloads", Fix: "no entry is named"}
	}
	seqs = slices.Compact(slices.Sorted(slices.Values(seqs)))
	if err := t.save(); err != nil {
		return Entry{}, err
	}
	for _, s := range seqs {
		if err := each(s); err != nil {
			return Entry{}, err
		}
	}
	t.j.w.erased = true
	d.Kind, d.Public, d.Private = KindErased, Erased{Seqs: seqs, Why: why}, nil
	return t.Append(d)
}
