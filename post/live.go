package post

import "sync"

// hub tells pages that something has changed. It carries no content: a page that wakes asks for the present state, so that a
// slow one can miss steps and never be wrong.
type hub struct {
	mu   sync.Mutex
	subs map[chan struct{}]bool
	over bool // the server stops: channels are closed, and new ones are closed at once
}

// subscribe returns a channel that receives after every change, and the function that ends it.
func (h *hub) subscribe() (<-chan struct{}, func()) {
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

func (h *hub) changed() {
	h.mu.Lock()
	defer h.mu.Unlock()
	for c := range h.subs {
		select {
		case c <- struct{}{}:
		default: // it has been told already and has not looked yet
		}
	}
}

// end tells all pages, and those to come, that there will be no more changes.
func (h *hub) end() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.over = true
	for c := range h.subs {
		close(c)
		delete(h.subs, c)
	}
}
