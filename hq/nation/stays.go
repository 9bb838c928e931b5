package nation

import (
	"context"
	"database/sql"
	"slices"

	"golang.org/x/mod/sumdb/note"

	"marz"
	"marz/inspection"
	"marz/inspection/stays"
)

// signed maps a digest to a number of which the database's order is that of digests.
func signed(digest uint64) int64   { return int64(digest ^ 1<<63) }
func unsigned(number int64) uint64 { return uint64(number) ^ 1<<63 }

// StaysFile makes the file of stays for the posts: the entries and exits of everybody whose nationality has a limit, at all posts, in the rule's window and one day more, and that somebody was in the state when it began. signer is the headquarters' own.
// The next version is given to posts whole, or as the change that stays.Change makes of the two.
func (x *Index) StaysFile(ctx context.Context, rule inspection.StayRule, now marz.Instant, signer note.Signer) ([]byte, error) {
	if x.Stays.IsZero() || rule.Days == 0 {
		return nil, &marz.Error{Code: marz.Invalid, Op: "make file of stays", Fix: "the headquarters has no key of stays, or the state no limit of stay"}
	}
	h := stays.Header{At: now, KeyID: x.Stays.ID(), Zone: x.Zone.String()}
	before := map[int64]int64{}
	err := x.all(ctx, func(rows *sql.Rows) error {
		var id int64
		var c stays.Covered
		err := rows.Scan(&id, &c.Origin, &c.Before)
		before[id] = int64(c.Before)
		h.Posts = append(h.Posts, c)
		return err
	}, `SELECT id, name, paid FROM n_origin`)
	if err != nil {
		return nil, x.failed("make file of stays", err)
	}
	slices.SortFunc(h.Posts, func(a, b stays.Covered) int { return compareOrigins(a.Origin, b.Origin) })
	first := int(dayOf(now, x.Zone)) - rule.Window
	w := stays.NewWriter(first, false)
	if err := x.eachStay(ctx, rule, before, w.Add); err != nil {
		return nil, x.failed("make file of stays", err)
	}
	return w.Bytes(h, signer)
}

func compareOrigins(a, b marz.Origin) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

// eachStay gives the movements of every person, in order of digests. What was decided after the entry up to which a post counts as covered is left for the next file.
func (x *Index) eachStay(ctx context.Context, rule inspection.StayRule, before map[int64]int64, do func(uint64, []stays.Movement) error) error {
	var who int64
	var moves []stays.Movement
	give := func() error {
		if len(moves) == 0 {
			return nil
		}
		err := do(unsigned(who), moves)
		moves = moves[:0]
		return err
	}
	err := x.all(ctx, func(rows *sql.Rows) error {
		var person, origin, seq int64
		var ended marz.Instant
		var direction int
		var nationality string
		if err := rows.Scan(&person, &origin, &seq, &ended, &direction, &nationality); err != nil {
			return err
		}
		if seq >= before[origin] || slices.Contains(rule.Exempt, nationality) {
			return nil
		}
		if person != who {
			if err := give(); err != nil {
				return err
			}
			who = person
		}
		moves = append(moves, stays.Movement{Day: int(dayOf(ended, x.Zone)), Direction: directions[direction]})
		return nil
	}, `SELECT stay, origin, seq, ended, direction, nationality FROM n_crossing WHERE stay IS NOT NULL AND decision IN (0, 3) ORDER BY stay, ended, origin, id`)
	if err != nil {
		return err
	}
	return give()
}
