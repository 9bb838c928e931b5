package verify

import (
	"context"
	"fmt"
	"runtime"
	"sync"
)

// headBatch is how many heads are read ahead, so that their signatures can be checked side by side: that is most of the
// work on a journal with few entries a commit.
const headBatch = 256

// storedHead is a head with what was found out about it alone.
type storedHead struct {
	row    int64 // the size under which it is stored
	head   head
	fault  string // "" when it is well formed and signed
	signed bool   // its text can be relied upon
}

// headQueue gives the heads of a source in order, checked one by one.
type headQueue struct {
	src  source
	c    *checker
	all  []storedHead
	at   int
	done bool
}

// peek returns the next head, or nil after the last.
func (q *headQueue) peek() *storedHead {
	if q.at == len(q.all) && !q.done {
		q.fill()
	}
	if q.at == len(q.all) {
		return nil
	}
	return &q.all[q.at]
}

func (q *headQueue) fill() {
	q.all, q.at = q.all[:0], 0
	for len(q.all) < headBatch {
		size, note, ok := q.src.head()
		if !ok {
			q.done = true
			break
		}
		h, fault := parseHead(note)
		q.all = append(q.all, storedHead{row: size, head: h, fault: fault})
	}
	key := q.c.key
	workers := min(runtime.GOMAXPROCS(0), len(q.all))
	var group sync.WaitGroup
	for w := range workers {
		group.Go(func() {
			for i := w; i < len(q.all); i += workers {
				q.all[i].check(&key)
			}
		})
	}
	group.Wait()
}

// check completes what can be said of the head alone.
func (s *storedHead) check(key *verifierKey) {
	switch {
	case s.fault != "":
		return
	case key.text == "":
		s.fault = "there is no key to check it with"
		return
	}
	if s.fault = s.head.signedBy(key); s.fault != "" {
		return
	}
	s.signed = true
	if s.head.size != s.row {
		s.fault = fmt.Sprintf("it is stored as that of size %d, and says %d", s.row, s.head.size)
	}
}

// judge holds all heads up to a size against the trees. The tree has that size, or entries are missing.
func (c *checker) judge(ctx context.Context, size int64) error {
	for n := 1; ; n++ {
		h := c.queue.peek()
		if h == nil || h.row > size {
			return nil
		}
		if n%headBatch == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		c.meet(h)
		c.queue.at++
	}
}

// meet takes one head into account.
func (c *checker) meet(h *storedHead) {
	c.r.Heads++
	first := c.covered // the first entry that this head covers and the one before does not
	if h.row <= c.covered {
		c.r.problem(max(h.row, 0), "the head of size %d stands after that of size %d", h.row, c.covered)
		first = max(h.row, 0)
	}
	c.covered = max(c.covered, min(h.row, maxSeq))
	if h.fault != "" {
		c.r.problem(first, "head of size %d: %s", h.row, h.fault)
	}
	if !h.signed {
		return
	}
	c.contradiction(&c.last, &h.head, first)
	if c.watch != nil && c.watch.size == h.head.size {
		c.watched = h.head
	}
	c.last = h.head
	if h.head.size > c.r.Size {
		c.r.setNewest(&h.head)
	}
	if !c.broken && h.head.size == c.bodies.size && h.head.size == h.row {
		c.weigh(&h.head, first)
	}
}

// contradiction tells when two signed heads of one size have different roots.
func (c *checker) contradiction(a, b *head, first int64) {
	if a.size == b.size && a.root != b.root {
		c.r.problem(first, "two heads of size %d are signed and have different roots: two histories were signed", a.size)
	}
}

// weigh compares a signed head with the trees. Where bodies and stored hashes differ, the head tells which of the two is
// what was signed, and both trees go on from that one (docs/spec/journal.md §6).
func (c *checker) weigh(h *head, first int64) {
	bodies := c.bodies.root() == h.root
	switch {
	case bodies && !c.forked:
		c.unmet = false
		return
	case bodies:
		c.told(fmt.Sprintf("its stored leaf hash was altered: its body is what the head of size %d signed", h.size))
		c.forked, c.unmet = false, false
		return
	case c.forked && c.stored.root() == h.root:
		c.told(fmt.Sprintf("its body was altered: its stored leaf hash is what the head of size %d signed", h.size))
		c.bodies.set(&c.stored)
		c.forked, c.unmet = false, false
		return
	}
	if !c.unmet {
		if len(c.doubt) > 0 {
			first = c.doubt[0]
		} else if seq, ok := c.r.between(first, h.size); ok {
			first = seq
		}
		c.r.problem(first, "head of size %d: it is signed, and its root is not that of the entries before it: more than one "+
			"thing was altered, or another history was signed", h.size)
	}
	c.unmet = true
	c.settle(fmt.Sprintf("the head of size %d meets neither", h.size))
}

// told reports what a head has found out about each entry in doubt.
func (c *checker) told(what string) {
	for _, seq := range c.doubt {
		c.r.problem(seq, "%s", what)
	}
	c.r.ProblemCount += c.doubts - int64(len(c.doubt))
	c.doubt, c.doubts = c.doubt[:0], 0
}

// settle reports the entries in doubt for which no head can tell which of the two was altered.
func (c *checker) settle(why string) {
	c.told("its body does not have the hash that is stored for it, and " + why)
}
