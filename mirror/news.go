package mirror

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"marz"
	"marz/journal"
)

// headTag is a head's entity tag (RFC 9110 §8.8.3): what it says, and not by whom else it is signed.
func headTag(h journal.Head) string {
	sum := sha256.Sum256(fmt.Appendf(nil, "%d\n%x", h.Size, h.Root[:]))
	return `"` + hex.EncodeToString(sum[:]) + `"`
}

// mostWait is how long a request is held at most that waits for news.
const mostWait = time.Minute

// waitWanted reads how long the client prefers to wait (RFC 7240 §4.3).
func waitWanted(h http.Header) time.Duration {
	for _, line := range h.Values("Prefer") {
		for part := range strings.SplitSeq(line, ",") {
			text, ok := strings.CutPrefix(strings.TrimSpace(part), "wait=")
			if n, err := strconv.Atoi(text); ok && err == nil && n > 0 {
				return min(time.Duration(n)*time.Second, mostWait)
			}
		}
	}
	return 0
}

// news has requests wait for a journal's next head. While any waits, one goroutine asks the store for all of them; so that thousands that wait cost the database one question in a while.
type news struct {
	r *Receiver

	mu      sync.Mutex
	waiting int
	of      map[marz.Origin]*waiters
	by      map[string]int // how many of them are each client's
}

// mostWaiting is how many requests of one client wait at once.
const mostWaiting = 4

// waiters are the requests that wait for one journal. Those fields are news.mu's.
type waiters struct {
	many    int
	size    int64         // as last seen; -1: not yet
	changed chan struct{} // closed when another is seen
	msg     []byte        // the head that was seen, with the mirror's cosignature where there is one
}

// join begins to wait. nil: there are too many.
func (n *news) join(c *call, o *known) *waiters {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.waiting >= n.r.cfg.Waiting || n.by[c.client] >= mostWaiting {
		return nil
	}
	n.waiting++
	n.by[c.client]++
	w := n.of[o.Name]
	if w == nil {
		w = &waiters{size: -1, changed: make(chan struct{})}
		n.of[o.Name] = w
		go n.look(o, w)
	}
	w.many++
	return w
}

func (n *news) leave(c *call, w *waiters) {
	n.mu.Lock()
	defer n.mu.Unlock()
	w.many--
	n.waiting--
	if n.by[c.client]--; n.by[c.client] == 0 {
		delete(n.by, c.client)
	}
}

// look asks the store until nobody waits any more.
func (n *news) look(o *known, w *waiters) {
	ctx := context.Background()
	for {
		st, err := n.r.cfg.Store.State(ctx, o.Name)
		if err == nil && st.Size != w.size {
			var msg []byte
			if msg, err = n.r.cfg.Store.Head(ctx, o.Name); err == nil {
				n.mu.Lock()
				w.size, w.msg = st.Size, msg
				close(w.changed)
				w.changed = make(chan struct{})
				n.mu.Unlock()
			}
		}
		if err != nil && marz.CodeOf(err) != marz.NotFound {
			n.r.cfg.Log.Error("the store cannot be asked for news", "origin", o.Name, "err", err)
		}
		<-n.r.cfg.After(n.r.cfg.Look)
		n.mu.Lock()
		if w.many == 0 {
			delete(n.of, o.Name)
			n.mu.Unlock()
			return
		}
		n.mu.Unlock()
	}
}

// wait waits until the head is another than the one of a tag, and returns it; nil: none came in time, or nobody may wait.
func (n *news) wait(c *call, o *known, tag string, d time.Duration) ([]byte, error) {
	w := n.join(c, o)
	if w == nil {
		return nil, nil
	}
	defer n.leave(c, w)
	end := n.r.cfg.After(d)
	for {
		n.mu.Lock()
		msg, changed := w.msg, w.changed
		n.mu.Unlock()
		if msg != nil {
			head, err := openHead(msg, o.Name, o.verifier)
			if err != nil || headTag(head) != tag {
				return msg, err
			}
		}
		select {
		case <-changed:
		case <-end:
			return nil, nil
		case <-c.ctx.Done():
			return nil, nil
		}
	}
}

// giveCheckpoint gives the newest head, with the mirror's cosignature where it is of a journal that is mirrored. It is not given again to who names it, and he can wait for the next.
func (r *Receiver) giveCheckpoint(c *call) error {
	o, _, err := r.reader(c)
	if err != nil {
		return err
	}
	msg, err := r.cfg.Store.Head(c.ctx, o.Name)
	if err != nil {
		return err
	}
	head, err := openHead(msg, o.Name, o.verifier)
	if err != nil {
		return err
	}
	if tag := c.q.Header.Get("If-None-Match"); tag == headTag(head) {
		msg = nil
		if d := waitWanted(c.q.Header); d > 0 && r.cfg.After != nil {
			r.leave(c.client) // who waits takes no place
			msg, err = r.news.wait(c, o, tag, d)
			r.again(c.client)
		}
		if err != nil {
			return err
		}
		if msg == nil {
			c.w.Header().Set("ETag", tag)
			c.w.WriteHeader(http.StatusNotModified)
			return nil
		}
		if head, err = openHead(msg, o.Name, o.verifier); err != nil {
			return err
		}
	}
	c.w.Header().Set("ETag", headTag(head))
	return c.answer(http.StatusOK, "text/plain; charset=utf-8", string(msg))
}
