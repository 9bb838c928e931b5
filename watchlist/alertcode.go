package watchlist

import (
	"encoding/binary"
	"encoding/hex"
	"errors"

	"marz"
)

// An alert lies in an index as its fields in the order of the type, without their names: strings and lists with their length before
// them, numbers as varints. Lists of millions have to lie in a booth.

// encodeAlert appends an alert.
func encodeAlert(b []byte, a *Alert) []byte {
	b = putText(b, string(a.ID))
	b = putText(b, string(a.Kind))
	b = putText(b, string(a.Owner))
	b = putVersion(b, a.Version)
	b = binary.AppendUvarint(b, uint64(len(a.Names)))
	for _, n := range a.Names {
		b = putText(putText(b, n.Text), string(n.Kind))
	}
	b = binary.AppendUvarint(b, uint64(len(a.Births)))
	for _, d := range a.Births {
		circa := uint64(0)
		if d.Circa {
			circa = 1
		}
		b = binary.AppendUvarint(b, uint64(packDate(d.From)))
		b = binary.AppendUvarint(b, uint64(packDate(d.To)))
		b = binary.AppendUvarint(b, circa)
	}
	b = putTexts(b, a.Birthplaces)
	b = putTexts(b, a.Nationalities)
	b = putText(b, a.Sex)
	b = putNumbers(b, a.Documents)
	b = putNumbers(b, a.Vehicles)
	b = putTexts(b, a.Addresses)
	return putText(b, a.Why)
}

// known are texts that most alerts have; they are written as their place.
var known = []string{"", "person", "organisation", "vessel", "aircraft", "document", "vehicle", "primary", "alias", "weak-alias", "native-script", "passport"}

var knownAt = func() map[string]int {
	m := map[string]int{}
	for i, s := range known {
		m[s] = i
	}
	return m
}()

func putText(b []byte, s string) []byte {
	if i, ok := knownAt[s]; ok {
		return binary.AppendUvarint(b, uint64(i))
	}
	return append(binary.AppendUvarint(b, uint64(len(s)+len(known))), s...)
}

func putTexts(b []byte, list []string) []byte {
	b = binary.AppendUvarint(b, uint64(len(list)))
	for _, s := range list {
		b = putText(b, s)
	}
	return b
}

func putNumbers(b []byte, list []Number) []byte {
	b = binary.AppendUvarint(b, uint64(len(list)))
	for _, n := range list {
		b = putText(putText(putText(b, n.Number), n.Country), n.Type)
	}
	return b
}

// putVersion writes the usual 16 hexadecimal digits as eight bytes.
func putVersion(b []byte, version string) []byte {
	if raw, err := hex.DecodeString(version); err == nil && len(raw) == 8 && hex.EncodeToString(raw) == version {
		return append(append(b, 1), raw...)
	}
	return putText(append(b, 0), version)
}

var errAlert = errors.New("an alert in the list cannot be read")

// alertReader reads an alert's fields. After something that cannot be read, all that follows is empty and bad is set.
type alertReader struct {
	b   []byte
	bad bool
}

func (r *alertReader) number() uint64 {
	n, size := binary.Uvarint(r.b)
	if size <= 0 {
		r.b, r.bad = nil, true
		return 0
	}
	r.b = r.b[size:]
	return n
}

func (r *alertReader) take(n uint64) []byte {
	if n > uint64(len(r.b)) {
		r.b, r.bad = nil, true
		return nil
	}
	out := r.b[:n]
	r.b = r.b[n:]
	return out
}

func (r *alertReader) text() string {
	n := r.number()
	if n < uint64(len(known)) {
		return known[n]
	}
	return string(r.take(n - uint64(len(known))))
}

// many reads a list of things, each of which has a byte at least.
func many[T any](r *alertReader, one func() T) []T {
	n := r.length()
	if n == 0 {
		return nil
	}
	out := make([]T, 0, min(n, 64))
	for i := uint64(0); i < n && !r.bad; i++ {
		out = append(out, one())
	}
	return out
}

// passAlert reads an alert without keeping anything but its ID, which lies in the reader's bytes.
func (r *alertReader) passAlert() (id string) {
	id = r.pass()
	r.pass()
	r.pass()
	if flag := r.take(1); len(flag) == 1 && flag[0] == 1 {
		r.take(8)
	} else {
		r.pass()
	}
	r.passMany(2)
	for n := r.length(); n > 0 && !r.bad; n-- {
		r.date()
		r.date()
		r.number()
	}
	r.passMany(1)
	r.passMany(1)
	r.pass()
	r.passMany(3)
	r.passMany(3)
	r.passMany(1)
	r.pass()
	return id
}

// pass reads a text in place.
func (r *alertReader) pass() string {
	n := r.number()
	if n < uint64(len(known)) {
		return known[n]
	}
	return view(r.take(n - uint64(len(known))))
}

// length reads how many things follow, each of which has a byte at least.
func (r *alertReader) length() uint64 {
	n := r.number()
	if n > uint64(len(r.b)) {
		r.b, r.bad = nil, true
		return 0
	}
	return n
}

func (r *alertReader) passMany(each uint64) {
	for n := r.length() * each; n > 0 && !r.bad; n-- {
		r.pass()
	}
}

func (r *alertReader) version() string {
	if flag := r.take(1); len(flag) == 1 && flag[0] == 1 {
		return hex.EncodeToString(r.take(8))
	}
	return r.text()
}

func (r *alertReader) date() marz.Date {
	n := r.number()
	if n > 1<<23 {
		r.bad = true
	}
	return unpackDate(uint32(n))
}

// decodeAlert reads an alert.
func decodeAlert(b []byte) (Alert, error) {
	r := &alertReader{b: b}
	pair := func() Number { return Number{r.text(), r.text(), r.text()} }
	a := Alert{
		ID: marz.AlertID(r.text()), Kind: Kind(r.text()), Owner: marz.AuthorityID(r.text()), Version: r.version(),
		Names:         many(r, func() Name { return Name{r.text(), NameKind(r.text())} }),
		Births:        many(r, func() Birth { return Birth{r.date(), r.date(), r.number() == 1} }),
		Birthplaces:   many(r, r.text),
		Nationalities: many(r, r.text),
		Sex:           r.text(),
		Documents:     many(r, pair),
		Vehicles:      many(r, pair),
		Addresses:     many(r, r.text),
		Why:           r.text(),
	}
	if r.bad || len(r.b) != 0 {
		return Alert{}, errAlert
	}
	return a, nil
}
