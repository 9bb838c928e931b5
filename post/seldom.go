package post

import (
	"sync"
	"time"

	"marz"
)

// seldom tells the first of many like events a minute from the others. It forgets what is older.
type seldom struct {
	mu   sync.Mutex
	last map[string]marz.Instant
}

func (s *seldom) first(what string, now marz.Instant) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if at, ok := s.last[what]; ok && now.Sub(at) < time.Minute {
		return false
	}
	for w, at := range s.last {
		if now.Sub(at) >= time.Minute {
			delete(s.last, w)
		}
	}
	if s.last == nil {
		s.last = map[string]marz.Instant{}
	}
	s.last[what] = now
	return true
}
