package station

import (
	"context"
	"io"
	"time"

	"marz/reader"
	"marz/reader/serial"
)

// input is what one device, or a service on the machine, said.
type input struct {
	source string // in words, for the reading
	event  reader.Event
}

// again is how long to wait before a device that is not there is looked for once more.
const again = time.Second

// follow reads a device until the context ends, and opens it anew when it was unplugged.
func (s *Station) follow(ctx context.Context, d *Device, to chan<- input) {
	told := ""
	for ctx.Err() == nil {
		port, err := serial.Open(d.Path, d.Settings)
		if err == nil {
			s.board.say("%s: %s is open", d.Name, d.Path)
			s.board.device(d.Name, func(x *DeviceStatus) { x.State = "open" })
			err = s.listen(ctx, d, port, to)
			told = ""
		}
		if ctx.Err() != nil {
			return
		}
		s.board.device(d.Name, func(x *DeviceStatus) { x.State = err.Error() })
		if err.Error() != told {
			told = err.Error()
			s.board.shout("%s: %v", d.Name, err)
		}
		wait(ctx, s.times.again)
	}
}

// wait waits, or until the context ends.
func wait(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-ctx.Done():
	}
}

// listen makes inputs of what a device sends, until it is gone or the context ends.
func (s *Station) listen(ctx context.Context, d *Device, port io.ReadCloser, to chan<- input) error {
	ctx, done := context.WithCancel(ctx)
	defer done()
	chunks, failed := make(chan []byte), make(chan error, 1)
	go func() {
		failed <- pump(ctx, port, chunks)
	}()
	defer port.Close()
	err := s.adapt(ctx, d, chunks, failed, to)
	return err
}

// pump reads chunks until the port ends.
func pump(ctx context.Context, port io.Reader, chunks chan<- []byte) error {
	for {
		b := make([]byte, 1<<10)
		n, err := port.Read(b)
		if n > 0 {
			select {
			case chunks <- b[:n]:
			case <-ctx.Done():
				return ctx.Err()
			}
		}
		if err != nil {
			return err
		}
	}
}

// adapt feeds chunks to the device's adapter, and tells it when the device was silent.
func (s *Station) adapt(ctx context.Context, d *Device, chunks <-chan []byte, failed <-chan error, to chan<- input) error {
	a, err := reader.New(d.Adapter)
	if err != nil {
		return err
	}
	pause := d.Adapter.Pause()
	silence := time.NewTimer(pause)
	defer silence.Stop()
	for {
		var events []reader.Event
		select {
		case <-ctx.Done():
			return ctx.Err()
		case err = <-failed:
			events = a.Silent()
		case b := <-chunks:
			events = a.Take(b)
			silence.Reset(pause)
		case <-silence.C:
			events = a.Silent()
		}
		for _, e := range events {
			s.note(d.Name, e)
			select {
			case to <- input{d.source(), e}:
			case <-ctx.Done():
				return ctx.Err()
			}
		}
		if err != nil {
			return err
		}
	}
}

// source is the device in words, for the reading.
func (d *Device) source() string {
	s := d.Name + " (" + d.Adapter.Adapter + " frames on " + d.Path + ")"
	return s[:min(len(s), 200)]
}

// note keeps count of what a device said, and says what it dropped.
func (s *Station) note(device string, e reader.Event) {
	s.board.device(device, func(d *DeviceStatus) {
		switch e.Kind {
		case reader.Zone:
			d.Zones++
		case reader.Code:
			d.Codes++
		case reader.Dropped:
			d.Dropped, d.Note = d.Dropped+e.Bytes, e.Note
		}
	})
	s.board.say("%s: %v", device, e)
}
