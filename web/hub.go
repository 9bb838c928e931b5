package web

import (
	"context"
	"net/http"
	"sync"
	"time"
)

// Hub tells pages that something has changed. It carries no content: a page that wakes asks for the present state, so that a
// slow one can miss steps and never be wrong. The zero Hub is ready.
type Hub struct {
	mu   sync.Mutex
	subs map[chan struct{}]bool
	over bool // the server stops: channels are closed, and new ones are closed at once
}

// Subscribe returns a channel that receives after every change, and the function that ends it.
func (h *Hub) Subscribe() (<-chan struct{}, func()) {
	c := make(chan struct{}, 1)
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.over {
		close(c)
		return c, func() {}
	}
	if h.subs == nil {
		h.subs = map[chan struct{}]bool{}
	}
	h.subs[c] = true
	return c, func() {
		h.mu.Lock()
		defer h.mu.Unlock()
		delete(h.subs, c)
	}
}

// Changed wakes all pages.
func (h *Hub) Changed() {
	h.mu.Lock()
	defer h.mu.Unlock()
	for c := range h.subs {
		select {
		case c <- struct{}{}:
		default: // it has been told already and has not looked yet
		}
	}
}

// Watched reports whether any page is open.
func (h *Hub) Watched() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return len(h.subs) > 0
}

// End tells all pages, and those to come, that there will be no more changes.
func (h *Hub) End() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.over = true
	for c := range h.subs {
		close(c)
		delete(h.subs, c)
	}
}

// Stream answers a request with the present state, at once and after every change, until the request, the node or the session ends. It returns why the page was lost,
// nil when it went by itself.
func (h *Hub) Stream(w http.ResponseWriter, r *http.Request, failed <-chan struct{}, live func(context.Context) (Live, error)) error {
	changed, end := h.Subscribe()
	defer end()
	updates := make(chan *Live)
	ctx, cancel := context.WithCancel(r.Context())
	defer cancel()
	go feed(ctx, changed, failed, live, updates)
	beat := time.NewTicker(Beat)
	defer beat.Stop()
	if err := Events(w, r, updates, beat.C); err != nil && r.Context().Err() == nil {
		return err
	}
	return nil
}

// feed closes updates when the state cannot be read or there will be no more.
func feed(ctx context.Context, changed, failed <-chan struct{}, live func(context.Context) (Live, error), updates chan<- *Live) {
	defer close(updates)
	for {
		now, err := live(ctx)
		if err != nil {
			return
		}
		select {
		case updates <- &now:
		case <-ctx.Done():
			return
		}
		select {
		case _, open := <-changed:
			if !open {
				return
			}
		case <-failed:
			return
		case <-ctx.Done():
			return
		}
	}
}
