package trust

import (
	"cmp"
	"slices"

	"marz/emrtd"
	"marz/emrtd/cert"
)

// Change is what differs between two versions. Certificates are those of issuing authorities, each side in the order of country and fingerprint.
type Change struct {
	Added, Removed []*cert.Certificate
	Changed        []Renewal
	Same           int
	Signers        Count // certificates of document signers
	Files          []FileChange
}

// Renewal is a certificate of the same name and key in the place of another.
type Renewal struct{ Old, New *cert.Certificate }

// Count says how many are new and how many are gone.
type Count struct{ Added, Removed int }

// FileChange is a file in the place of another; one side is nil where it is new or gone.
type FileChange struct{ Old, New *File }

func change(a, b emrtd.Trust, before, after []File) Change {
	var c Change
	c.Added, c.Removed, c.Same = compare(a.CSCAs, b.CSCAs)
	c.pair()
	added, removed, _ := compare(a.Signers, b.Signers)
	c.Signers = Count{len(added), len(removed)}
	c.Files = fileChanges(before, after)
	return c
}

func compare(a, b *cert.Store) (added, removed []*cert.Certificate, same int) {
	in := func(s *cert.Store, c *cert.Certificate) bool {
		if s == nil {
			return false
		}
		_, ok := s.Has(c)
		return ok
	}
	all := func(s *cert.Store) []*cert.Certificate {
		if s == nil {
			return nil
		}
		return s.All()
	}
	for _, c := range all(b) {
		if in(a, c) {
			same++
		} else {
			added = append(added, c)
		}
	}
	for _, c := range all(a) {
		if !in(b, c) {
			removed = append(removed, c)
		}
	}
	slices.SortFunc(added, byCountry)
	slices.SortFunc(removed, byCountry)
	return added, removed, same
}

func byCountry(x, y *cert.Certificate) int {
	return cmp.Or(cmp.Compare(x.Subject.Country(), y.Subject.Country()), cmp.Compare(x.Fingerprint(), y.Fingerprint()))
}

// pair takes out of what is new and gone each certificate that took the place of one of its name and key.
func (c *Change) pair() {
	c.Added = slices.DeleteFunc(c.Added, func(n *cert.Certificate) bool {
		i := slices.IndexFunc(c.Removed, func(o *cert.Certificate) bool {
			return o.Subject.Same(n.Subject) && string(o.Key.Bits) == string(n.Key.Bits)
		})
		if i < 0 {
			return false
		}
		c.Changed = append(c.Changed, Renewal{c.Removed[i], n})
		c.Removed = slices.Delete(c.Removed, i, i+1)
		return true
	})
}

func fileChanges(before, after []File) []FileChange {
	var out []FileChange
	for _, f := range after {
		i := slices.IndexFunc(before, func(o File) bool { return same(o, f) })
		switch {
		case i < 0:
			out = append(out, FileChange{New: &f})
		case before[i].SHA256 != f.SHA256:
			out = append(out, FileChange{&before[i], &f})
		}
	}
	for _, f := range before {
		if !slices.ContainsFunc(after, func(o File) bool { return same(o, f) }) {
			out = append(out, FileChange{Old: &f})
		}
	}
	return out
}
