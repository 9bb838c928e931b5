package web

import (
	"encoding/json"
	"errors"
	"net/http"
	"time"

	"marz"
)

// Beat is how often the ticker given to Events should tick. The pages take a silence of four beats for a lost connection, since a cut
// cable says nothing by itself.
const Beat = 500 * time.Millisecond

// patience is how long one write to a page may take before it is given up.
const patience = 10 * time.Second

// Events answers a request with server-sent events (WHATWG HTML §9.2): one of type "live" for each update, and a comment at each
// tick of beat. It returns nil when the request ends, updates is closed, or an update has ended the session; and an error when
// the connection cannot be written to, or the answer cannot be sent bit by bit.
func Events(w http.ResponseWriter, r *http.Request, updates <-chan *Live, beat <-chan time.Time) error {
	h := w.Header()
	h.Set("Content-Type", "text/event-stream; charset=utf-8")
	h.Set("X-Accel-Buffering", "no") // a proxy in between must not hold events back
	s := stream{w: w, c: http.NewResponseController(w)}
	if err := s.send([]byte("retry: 1000\n\n")); err != nil {
		return err
	}
	for {
		select {
		case <-r.Context().Done():
			return nil
		case <-beat:
			if err := s.send([]byte(":\n\n")); err != nil {
				return err
			}
		case live, open := <-updates:
			if !open {
				return nil
			}
			if err := s.live(live); err != nil || live.Ended != "" {
				return err
			}
		}
	}
}

type stream struct {
	w http.ResponseWriter
	c *http.ResponseController
}

func (s stream) live(live *Live) error {
	b, err := json.Marshal(live)
	if err != nil {
		return &marz.Error{Code: marz.Internal, Op: "send live event", Err: err}
	}
	return s.send(append(append([]byte("event: live\ndata: "), b...), "\n\n"...))
}

// send writes and flushes. Its deadline moves with each write, so that a stream has no end of its own and a dead one no life.
func (s stream) send(b []byte) error {
	if err := s.c.SetWriteDeadline(time.Now().Add(patience)); err != nil && !errors.Is(err, http.ErrNotSupported) {
		return &marz.Error{Code: marz.Unavailable, Op: "send live event", Err: err}
	}
	if _, err := s.w.Write(b); err != nil {
		return &marz.Error{Code: marz.Unavailable, Op: "send live event", Err: err}
	}
	if err := s.c.Flush(); err != nil {
		return &marz.Error{Code: marz.Unavailable, Op: "send live event", Err: err}
	}
	return nil
}
