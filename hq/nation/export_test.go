package nation

import (
	"strings"

	"marz/inspection/stays"
)

// What tests and benchmarks see of the tables.
var (
	Tables             = tables
	CrossingIndexNames = []string{"n_by_person", "n_by_document", "n_open", "n_not_passed", "n_by_day"}
	CrossingIndexes    = crossingIndexes()
)

// CrossingColumns are the columns of n_crossing in the order of values.
const CrossingColumns = crossingColumns

func crossingIndexes() (out []string) {
	for s := range strings.SplitSeq(schema, ";") {
		if s = strings.TrimSpace(s); strings.HasPrefix(s, "CREATE INDEX") && strings.Contains(s, " ON n_crossing ") {
			out = append(out, s)
		}
	}
	return out
}

// FoldBy makes the index fold so many entries in a transaction.
func (x *Index) FoldBy(n int64) { x.batch = n }

// Digests are those of a person and his document, as they stand in a row.
func (x *Index) Digests(p stays.Person, issuer, number string) (person, document, stay int64) {
	return x.personOf(p), x.documentOf(issuer, number), signed(x.Stays.Digest(p))
}
