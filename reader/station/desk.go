package station

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"marz"
	"marz/emrtd/reading"
	"marz/reader"
)

// desk joins what readers say into readings. It belongs to the goroutine of run.
type desk struct {
	s      *Station
	open   *work       // the document that is being read
	next   *input      // a zone of another one that came meanwhile
	seals  [][]byte    // that came before the zone of their document
	from   string      // which reader the seals came from
	ready  *delivery   // is whole, and waits for the one before it
	out    *delivery   // is being handed over
	loose  *time.Timer // runs while seals wait for a zone
	after  *time.Timer // runs while a zone waits for seals
	chips  chan reading.Chip
	handed chan outcome
}

// work is the reading of one document.
type work struct {
	reading *reading.Reading
	stop    context.CancelCauseFunc // ends the reading of the chip; nil where none is read
}

// delivery is a reading on its way to the post.
type delivery struct {
	reading *reading.Reading
	heard   chan<- outcome // hears what became of it; nil: nobody asked
}

// outcome is what became of a reading.
type outcome struct {
	lane marz.LaneID
	err  error
}

// Why a chip's reading was ended.
var (
	errStopped = errors.New("the officer did not wait for the chip")
	errOther   = errors.New("another document was laid down")
	errLong    = errors.New("the chip took too long")
)

func newDesk(s *Station) *desk {
	d := &desk{s: s, chips: make(chan reading.Chip), handed: make(chan outcome), loose: time.NewTimer(time.Hour), after: time.NewTimer(time.Hour)}
	d.loose.Stop()
	d.after.Stop()
	return d
}

// run owns the desk until the context ends. When inputs is closed it ends as soon as nothing is under way.
func (d *desk) run(ctx context.Context, inputs <-chan input, whole <-chan delivery) {
	for inputs != nil || d.busy() {
		select {
		case <-ctx.Done():
			return
		case in, ok := <-inputs:
			if !ok {
				inputs = nil
				break
			}
			d.take(ctx, in)
		case w := <-whole:
			d.takeWhole(ctx, w)
		case c := <-d.chips:
			d.open.reading.Chip = c
			d.finish(ctx)
		case <-d.after.C:
			d.finish(ctx)
		case <-d.loose.C:
			d.sealsAlone(ctx)
		case o := <-d.handed:
			d.done(ctx, o)
		}
	}
}

func (d *desk) busy() bool {
	return d.open != nil || d.next != nil || d.ready != nil || d.out != nil || len(d.seals) > 0
}

func (d *desk) take(ctx context.Context, in input) {
	switch in.event.Kind {
	case reader.Zone:
		d.zone(ctx, in)
	case reader.Code:
		d.code(in)
	case reader.Removed:
		d.removed(ctx)
	case reader.Fault:
		d.s.board.shout("%s: %s", in.source, in.event.Note)
	}
}

// zone begins a reading. The same zone again is the same document; another one breaks off what is being read, and is next.
func (d *desk) zone(ctx context.Context, in input) {
	switch {
	case d.open == nil:
		d.begin(ctx, in)
	case d.open.reading.Zone == in.event.Zone:
	case d.open.stop != nil:
		d.next = &in
		d.open.stop(errOther)
	default:
		d.finish(ctx)
		d.begin(ctx, in)
	}
}

func (d *desk) begin(ctx context.Context, in input) {
	r := &reading.Reading{ID: d.s.drawID(), Zone: in.event.Zone, Source: in.source, Seals: d.seals}
	d.seals = nil
	d.loose.Stop()
	d.open = &work{reading: r}
	d.s.board.set(func(s *Status) { s.Now = "a zone was read" })
	switch {
	case d.s.Chip != nil:
		d.readChip(ctx)
	case d.s.Config.SealAfterMS > 0:
		r.Chip = reading.Chip{Result: marz.NotSupported, Reason: "the station has no reader for chips"}
		d.after.Reset(ms(d.s.Config.SealAfterMS))
		go d.s.line.tell(ctx, step{ID: r.ID, Step: "zone"}) // what comes of it matters only where a chip can be stopped
	default:
		r.Chip = reading.Chip{Result: marz.NotSupported, Reason: "the station has no reader for chips"}
		d.finish(ctx)
	}
}

// readChip has the chip read beside the desk, and the officer told how far it is.
func (d *desk) readChip(ctx context.Context) {
	r := d.open.reading
	limit, ended := context.WithTimeoutCause(ctx, d.s.times.chip, errLong)
	sub, stop := context.WithCancelCause(limit)
	d.open.stop = stop
	p := newProgress(r.ID)
	go d.s.report(sub, p, func() { stop(errStopped) })
	go func() {
		defer ended()
		c := d.s.Chip.Read(sub, r.Zone, p.set)
		if c.Result == marz.Aborted && context.Cause(sub) != nil && ctx.Err() == nil {
			c.Reason = context.Cause(sub).Error()
		}
		stop(nil)
		select {
		case d.chips <- c:
		case <-ctx.Done():
		}
	}()
}

// code adds a seal. Linear codes hold no seals.
func (d *desk) code(in input) {
	e := in.event
	if len(e.Symbol) == 3 && !strings.ContainsRune("dQz", rune(e.Symbol[1])) {
		d.s.board.say("%s: a code of kind %s is no seal and was left", in.source, e.Symbol)
		return
	}
	to := &d.seals
	if d.open != nil {
		to = &d.open.reading.Seals
	}
	for _, have := range *to {
		if bytes.Equal(have, e.Data) {
			return
		}
	}
	if len(*to) == reading.MostSeals || len(e.Data) > reading.MostSeal {
		d.s.board.shout("%s: a seal was dropped; a reading has at most %d, of at most %d bytes", in.source, reading.MostSeals, reading.MostSeal)
		return
	}
	*to = append(*to, e.Data)
	if d.open == nil {
		d.from = in.source
		d.loose.Reset(ms(d.s.Config.SealBeforeMS))
	}
}

// removed ends waiting for more of a document. A chip that is being read is asked on: its reader knows better whether the document is there.
func (d *desk) removed(ctx context.Context) {
	if d.open != nil && d.open.stop == nil {
		d.finish(ctx)
	}
	d.sealsAlone(ctx)
}

// sealsAlone makes a reading of seals for which no zone came.
func (d *desk) sealsAlone(ctx context.Context) {
	d.loose.Stop()
	if len(d.seals) == 0 || d.open != nil {
		return
	}
	r := &reading.Reading{ID: d.s.drawID(), Source: d.from, Seals: d.seals, Chip: reading.Chip{Result: marz.Undetermined, Reason: "no zone was read by which a chip would open"}}
	d.seals = nil
	d.queue(ctx, delivery{reading: r})
}

// finish hands on what was read, and begins the document that waited.
func (d *desk) finish(ctx context.Context) {
	d.after.Stop()
	w := d.open
	d.open = nil
	d.queue(ctx, delivery{reading: w.reading})
	if next := d.next; next != nil {
		d.next = nil
		d.begin(ctx, *next)
	}
}

// takeWhole takes a reading that a service made by itself.
func (d *desk) takeWhole(ctx context.Context, w delivery) {
	if d.ready != nil {
		w.heard <- outcome{err: &marz.Error{Code: marz.Conflict, Op: "take reading", Fix: "another one waits for the line to the post; try again later"}}
		return
	}
	d.queue(ctx, w)
}

// queue hands a reading over, or has it wait for the one that is being handed over. There is room for one: an older one that waits is dropped.
func (d *desk) queue(ctx context.Context, w delivery) {
	if d.out == nil {
		d.out = &w
		go d.s.deliver(ctx, w.reading, d.handed)
		return
	}
	if d.ready != nil {
		d.lost(*d.ready, &marz.Error{Code: marz.Unavailable, Op: "hand reading over", Fix: "it waited for the line to the post while another document was read"})
	}
	d.ready = &w
}

// done takes what became of a reading.
func (d *desk) done(ctx context.Context, o outcome) {
	w := d.out
	d.out = nil
	if o.err != nil {
		d.lost(*w, o.err)
	} else {
		d.s.board.say("handed over to lane %s", o.lane)
		d.s.board.set(func(s *Status) {
			s.Now, s.Last, s.Handed = "", fmt.Sprintf("handed over to lane %s", o.lane), s.Handed+1
		})
		w.tell(o)
	}
	if next := d.ready; next != nil {
		d.ready = nil
		d.queue(ctx, *next)
	}
}

// lost says that a reading is gone.
func (d *desk) lost(w delivery, err error) {
	d.s.board.shout("NOT HANDED OVER, AND DROPPED: READ THE DOCUMENT AGAIN. %v", err)
	d.s.board.set(func(s *Status) {
		s.Now, s.Last, s.Lost = "", "dropped; read the document again: "+err.Error(), s.Lost+1
	})
	w.tell(outcome{err: err})
}

func (w *delivery) tell(o outcome) {
	if w.heard != nil {
		w.heard <- o
	}
}

// drawID draws the name of a reading.
func (s *Station) drawID() string {
	b := make([]byte, 18)
	if _, err := io.ReadFull(s.Random, b); err != nil {
		panic("station: no random bytes: " + err.Error())
	}
	return base64.RawURLEncoding.EncodeToString(b)
}
