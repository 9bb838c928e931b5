package main

import (
	"fmt"
	"io"
	"os"
	"time"
)

// progress says on stderr how far a long command is: in one line that changes where somebody looks on, and in a line now and then where nobody does.
type progress struct {
	w     io.Writer
	looks bool // it is a terminal
	last  time.Time
	began time.Time
	shown bool
}

// How often it is said.
const (
	progressLook = 200 * time.Millisecond
	progressLog  = 10 * time.Second
)

func newProgress(stderr io.Writer) *progress {
	p := &progress{w: stderr, began: time.Now(), last: time.Now()}
	if f, ok := stderr.(*os.File); ok {
		info, err := f.Stat()
		p.looks = err == nil && info.Mode()&os.ModeCharDevice != 0
	}
	return p
}

// step says how much is done of how much; of 0 is not known.
func (p *progress) step(what string, done, of int64) {
	every := progressLog
	if p.looks {
		every = progressLook
	}
	if time.Since(p.last) < every {
		return
	}
	p.last = time.Now()
	text := fmt.Sprintf("%s: %d", what, done)
	if of > 0 {
		text += fmt.Sprintf(" of %d, %d %%", of, done*100/of)
	}
	if p.looks {
		fmt.Fprintf(p.w, "\r\033[K%s", text)
		p.shown = true
	} else {
		fmt.Fprintln(p.w, text)
	}
}

// end takes the changing line away.
func (p *progress) end() {
	if p.shown {
		fmt.Fprint(p.w, "\r\033[K")
		p.shown = false
	}
}
