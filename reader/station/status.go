package station

import (
	"fmt"
	"io"
	"sync"
)

// Status is what the station says of itself: GET /status. Nothing of it is about a document's holder.
type Status struct {
	Post        string                  `json:"post"`        // its address
	PostID      string                  `json:"post_id"`     // what it calls itself
	Says        string                  `json:"says_lane"`   // at which lane the station says it is
	Lane        string                  `json:"lane"`        // at which the post has it
	Accepted    bool                    `json:"accepted"`    // by a supervisor of the post
	Fingerprint string                  `json:"fingerprint"` // of this station's key
	Line        string                  `json:"line"`        // "up", "cut", or "never up"
	Why         string                  `json:"why"`         // it is not up
	Now         string                  `json:"now"`         // what it is doing
	Last        string                  `json:"last"`        // what became of the last reading
	Handed      int                     `json:"handed"`      // readings that the post took, since the start
	Lost        int                     `json:"lost"`        // readings that were dropped
	Chip        string                  `json:"chip"`        // by which reader chips are read
	Devices     map[string]DeviceStatus `json:"devices"`
}

// DeviceStatus is how a device stands.
type DeviceStatus struct {
	Adapter string `json:"adapter"`
	State   string `json:"state"`   // "open", or why not
	Zones   int    `json:"zones"`   // read
	Codes   int    `json:"codes"`   // read
	Dropped int    `json:"dropped"` // bytes
	Note    string `json:"note"`    // why the last were
}

// board keeps the status and tells the terminal. Its methods may be called from any goroutine.
type board struct {
	mu       sync.Mutex
	status   Status
	terminal io.Writer
}

// set changes the status.
func (b *board) set(change func(*Status)) {
	b.mu.Lock()
	defer b.mu.Unlock()
	change(&b.status)
}

// device changes the status of a device.
func (b *board) device(name string, change func(*DeviceStatus)) {
	b.set(func(s *Status) {
		d := s.Devices[name]
		change(&d)
		s.Devices[name] = d
	})
}

// Status is a copy of the status.
func (b *board) Status() Status {
	b.mu.Lock()
	defer b.mu.Unlock()
	s := b.status
	s.Devices = map[string]DeviceStatus{}
	for k, v := range b.status.Devices {
		s.Devices[k] = v
	}
	return s
}

// say writes a line to the terminal.
func (b *board) say(format string, args ...any) {
	b.mu.Lock()
	defer b.mu.Unlock()
	fmt.Fprintf(b.terminal, format+"\n", args...)
}

// shout writes a line that nobody overlooks, with the terminal's bell.
func (b *board) shout(format string, args ...any) {
	b.say("\a*** "+format, args...)
}
