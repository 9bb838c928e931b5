package watchlist

import (
	"cmp"
	"iter"
	"slices"

	"marz"
)

// Change is what leads from one version of a list to another. An alert that is put takes the place of one with the same ID. What is dropped goes first, so that an alert in both is put.
type Change struct {
	List   marz.ListID
	From   string       // the version that it leads from; empty: from any
	To     string       // the version that it leads to
	Loaded marz.Instant // when it was brought to this node, or made
	Put    []Alert
	Drop   []marz.AlertID
	Notes  []string // what the importer did not find or could not read, in words without personal data
}

// Diff returns the change that leads from some alerts to others. An alert has changed when its version has. The caller says of which list, and from which version to which.
func Diff(old, new iter.Seq[Alert]) *Change {
	c := &Change{}
	was := map[marz.AlertID]string{}
	for a := range old {
		was[a.ID] = a.Version
	}
	for a := range new {
		if version, ok := was[a.ID]; !ok || version != a.Version {
			c.Put = append(c.Put, a)
		}
		delete(was, a.ID)
	}
	for id := range was {
		c.Drop = append(c.Drop, id)
	}
	slices.Sort(c.Drop)
	c.Put = inOrder(c.Put)
	return c
}

// check reports whether a change can be one of a list.
func (c *Change) check() error {
	bad := func(fix string) error {
		return &marz.Error{Code: marz.Invalid, Op: "change list", Subject: string(c.List), Fix: fix}
	}
	if c.List == "" || c.To == "" {
		return bad("the change does not say of which list it is, or to which version it leads")
	}
	if len(c.Put)+len(c.Drop) > maxAlerts {
		return bad("it is too large for a change; build the list anew")
	}
	seen := make(map[marz.AlertID]bool, len(c.Put))
	for i := range c.Put {
		id := c.Put[i].ID
		if id == "" {
			return bad("an alert in the change has no ID")
		}
		if seen[id] {
			return bad("an alert is put twice")
		}
		seen[id] = true
	}
	return nil
}

// merged returns the alerts of a list in order without those of a change, and with what it puts.
func (c *Change) merged(since []Alert) []Alert {
	gone := make(map[marz.AlertID]bool, len(c.Put)+len(c.Drop))
	for i := range c.Put {
		gone[c.Put[i].ID] = true
	}
	for _, id := range c.Drop {
		gone[id] = true
	}
	out := make([]Alert, 0, len(since)+len(c.Put))
	for i := range since {
		if !gone[since[i].ID] {
			out = append(out, since[i])
		}
	}
	for _, a := range c.Put {
		if a.Version == "" {
			a.Version = a.digest()
		}
		out = append(out, a)
	}
	slices.SortFunc(out, func(a, b Alert) int { return cmp.Compare(a.ID, b.ID) })
	return out
}
