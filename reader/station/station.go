package station

import (
	"context"
	"errors"
	"io"
	"net"
	"sync"
	"time"

	"marz"
	"marz/reader"
)

// Options are what a station needs from outside.
type Options struct {
	Dir      string
	Chip     ChipReader // nil: no chip is read
	ChipName string     // of the reader for chips, for the status
	Terminal io.Writer  // where it says what happens; nothing of a document's holder
	Random   io.Reader
}

// times are how long things may take.
type times struct {
	patience time.Duration // for handing one reading over
	attempt  time.Duration // for one request
	retry    time.Duration // between two tries
	beat     time.Duration // between two signs of life
	poll     time.Duration // between two words on how far a chip is
	again    time.Duration // between two looks for a device
	chip     time.Duration // for reading a chip
}

var usualTimes = times{patience: 20 * time.Second, attempt: 6 * time.Second, retry: 500 * time.Millisecond, beat: 10 * time.Second, poll: time.Second, again: again, chip: time.Minute}

// Station is the program beside the browser.
type Station struct {
	Options
	Config      *Config
	fingerprint string
	token       string
	line        *line
	board       *board
	times       times
}

// Open opens the station of a folder. Nothing runs yet.
func Open(o Options) (*Station, error) {
	c, err := ReadConfig(o.Dir)
	if err != nil {
		return nil, err
	}
	id, err := readIdentity(o.Dir, c.Name)
	if err != nil {
		return nil, err
	}
	s := &Station{Options: o, Config: c, fingerprint: id.fingerprint, token: id.token, times: usualTimes}
	s.line = newLine(c, id, s.times.attempt)
	chip := o.ChipName
	if o.Chip == nil {
		chip = "none"
	}
	s.board = &board{terminal: o.Terminal, status: Status{Post: c.Post, Says: string(c.Lane), Fingerprint: id.fingerprint, Line: "never up", Chip: chip, Devices: map[string]DeviceStatus{}}}
	for _, d := range c.Devices {
		s.board.status.Devices[d.Name] = DeviceStatus{Adapter: d.Adapter.Adapter, State: "not opened yet"}
	}
	return s, nil
}

// Fingerprint is that of the station's key.
func (s *Station) Fingerprint() string { return s.fingerprint }

// Status is how the station stands.
func (s *Station) Status() Status { return s.board.Status() }

// Run runs the station until the context ends. ready, which may be nil, hears the address of the endpoint, nil where there is none.
func (s *Station) Run(ctx context.Context, ready func(net.Addr)) error {
	ctx, stop := context.WithCancel(ctx)
	var all sync.WaitGroup
	defer all.Wait()
	defer stop()
	inputs, whole := make(chan input), make(chan delivery)
	var address net.Addr
	failed := make(chan error, 1)
	if s.Config.Listen != "" {
		l, err := net.Listen("tcp", s.Config.Listen)
		if err != nil {
			return &marz.Error{Code: marz.Unavailable, Op: "open endpoint", Subject: s.Config.Listen, Fix: "another program has the port; set listen in reader.toml", Err: err}
		}
		address = l.Addr()
		all.Go(func() { failed <- s.serve(ctx, l, inputs, whole) })
	}
	all.Go(func() { s.live(ctx) })
	for i := range s.Config.Devices {
		all.Go(func() { s.follow(ctx, &s.Config.Devices[i], inputs) })
	}
	s.board.say("fingerprint %s", s.fingerprint)
	if ready != nil {
		ready(address)
	}
	ended := make(chan struct{})
	all.Go(func() {
		newDesk(s).run(ctx, inputs, whole)
		close(ended)
	})
	select {
	case err := <-failed:
		return err
	case <-ended:
		return nil
	}
}

// Play runs the station with a recording in place of a device's line, and nothing else, until what came of it is handed over or dropped. Its error says that something was dropped.
func (s *Station) Play(ctx context.Context, device string, r *reader.Recording) error {
	d, err := s.Config.Device(device)
	if err != nil {
		return err
	}
	ctx, stop := context.WithCancel(ctx)
	var all sync.WaitGroup
	defer all.Wait()
	defer stop()
	inputs := make(chan input)
	all.Go(func() { s.live(ctx) })
	all.Go(func() {
		defer close(inputs)
		chunks, over := make(chan []byte), make(chan error, 1)
		go func() { over <- play(ctx, r, chunks) }()
		if err := s.adapt(ctx, d, chunks, over, inputs); err != nil && !errors.Is(err, io.EOF) {
			s.board.shout("%v", err)
		}
	})
	newDesk(s).run(ctx, inputs, nil)
	if st := s.board.Status(); st.Lost > 0 {
		return &marz.Error{Code: marz.Unavailable, Op: "replay", Subject: d.Name, Fix: "a reading was not handed over: " + st.Last}
	}
	return ctx.Err()
}

// play sends a recording with its pauses, and ends with io.EOF.
func play(ctx context.Context, r *reader.Recording, chunks chan<- []byte) error {
	for _, step := range r.Steps {
		wait(ctx, step.Pause)
		select {
		case chunks <- step.Bytes:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return io.EOF
}
