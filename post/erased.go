package post

import (
	"encoding/json"
	"slices"

	"marz"
	"marz/journal"
)

// takenOut are the statements that take out of the state what came from an erased payload: all that rebuilding from the entries would not bring again.
var takenOut = []string{
	`UPDATE s_inspection SET scan = NULL, traveller = NULL WHERE id = ?`,
	`DELETE FROM s_movement WHERE inspection = ?`,
	`UPDATE s_officer SET name = '' WHERE named_by = ?`,
	`DELETE FROM s_passkey WHERE seq = ?`,
	`DELETE FROM s_relieved WHERE seq = ?`,
	`DELETE FROM s_disposition WHERE seq = ?`,
	`DELETE FROM s_adopted WHERE seq = ?`,
	`DELETE FROM s_barred WHERE seq = ?`,
	`DELETE FROM s_cleared WHERE seq = ?`,
	`UPDATE s_hits SET key = '' WHERE seq = ? AND kind = '` + KindFoundHits + `'`,
	`DELETE FROM s_hits WHERE seq = ? AND kind <> '` + KindFoundHits + `'`,
}

// foldErased takes out of the state what came from the erased payloads, and notes what they were.
func foldErased(f *journal.Fold, e journal.Entry, _ []byte) error {
	var er journal.Erased
	if err := e.Read(nil, &er, nil); err != nil {
		return err
	}
	for _, seq := range er.Seqs {
		if err := noteErased(f, e, seq); err != nil {
			return err
		}
		for _, q := range takenOut {
			if err := f.Exec(q, seq); err != nil {
				return err
			}
		}
	}
	return nil
}

func noteErased(f *journal.Fold, by journal.Entry, seq marz.Seq) error {
	var body []byte
	if err := f.QueryRow(`SELECT body FROM entry WHERE seq = ?`, seq).Scan(&body); err != nil {
		return err
	}
	var e journal.Entry
	if err := json.Unmarshal(body, &e); err != nil {
		return err
	}
	r, _, err := recordOf(f, e)
	if err != nil {
		return err
	}
	return f.Exec(`INSERT INTO s_erased (seq, at, by, kind, owners) VALUES (?, ?, ?, ?, ?) ON CONFLICT (seq) DO NOTHING`, seq, by.At, by.Seq, r.kind, joined(slices.Sorted(slices.Values(r.owners))))
}
