package reader

import "bytes"

// framer takes frames out of a stream of bytes: what stands between start and end, where the check after it is right.
type framer struct {
	start, end []byte
	check      Check
	most       int // bytes of one frame
	blind      int // so many bytes after the start are content, whatever they are
	between    int // so many bytes between frames need no word

	inside  bool   // a frame has begun
	waiting bool   // its end has come, and its check is due
	buf     []byte // of the frame, its end with it; outside of frames the last bytes, which may begin a start
	outside int    // bytes passed over since the last frame
}

// take takes one byte. frame gets the content of a frame that is whole, which is its own no longer than the call.
func (f *framer) take(c byte, frame func(content []byte) []Event) []Event {
	switch {
	case f.waiting:
		return f.finish(c, frame)
	case !f.inside:
		return f.look(c)
	}
	f.buf = append(f.buf, c)
	if len(f.buf) <= f.blind {
		return nil
	}
	switch {
	case bytes.HasSuffix(f.buf[f.blind:], f.start):
		n := len(f.buf)
		f.buf = f.buf[:0]
		return dropped(n, "a frame was cut off by the beginning of another one")
	case bytes.HasSuffix(f.buf[f.blind:], f.end):
		if f.check != NoCheck {
			f.waiting = true
			return nil
		}
		return f.emit(frame)
	case len(f.buf) > f.most:
		n := f.reset()
		return dropped(n, "a frame had no end")
	}
	return nil
}

// look looks for the start of a frame.
func (f *framer) look(c byte) []Event {
	f.buf = append(f.buf, c)
	if !bytes.HasSuffix(f.buf, f.start) {
		if len(f.buf) >= len(f.start) {
			f.outside += len(f.buf) - len(f.start) + 1
			f.buf = append(f.buf[:0], f.buf[len(f.buf)-len(f.start)+1:]...)
		}
		return nil
	}
	f.outside += len(f.buf) - len(f.start)
	f.inside, f.buf = true, f.buf[:0]
	return f.gap()
}

// gap says what was passed over outside of frames.
func (f *framer) gap() []Event {
	n := f.outside
	f.outside = 0
	if n <= f.between {
		return nil
	}
	return dropped(n, "they stood outside of any frame")
}

// finish compares the check. Where it is wrong the byte may begin the next frame, since it may be the check that was lost.
func (f *framer) finish(c byte, frame func([]byte) []Event) []Event {
	content := f.buf[:len(f.buf)-len(f.end)]
	if f.check.right(f.start, content, f.end, c) {
		return f.emit(frame)
	}
	n := len(f.start) + f.reset()
	return append(dropped(n, "the check of a frame is wrong"), f.look(c)...)
}

func (f *framer) emit(frame func([]byte) []Event) []Event {
	content := f.buf[:len(f.buf)-len(f.end)]
	out := frame(content)
	f.reset()
	return out
}

// reset forgets the frame and returns how many bytes it had.
func (f *framer) reset() int {
	n := len(f.buf)
	f.inside, f.waiting, f.buf = false, false, f.buf[:0]
	return n
}

// silent drops what is half there.
func (f *framer) silent() []Event {
	if f.inside {
		return dropped(len(f.start)+f.reset(), "a frame was cut off by silence")
	}
	f.outside += f.reset()
	return f.gap()
}

// splitter takes lines out of a stream of bytes. A line ends with CR, LF, another byte of ends, or what is set; empty lines are none.
type splitter struct {
	ends   string // bytes each of which ends a line
	suffix []byte // bytes that together end it; may be none
	most   int
	buf    []byte
	over   int // bytes of a line that became too long
}

// take takes one byte and gives line each line that is whole.
func (s *splitter) take(c byte, line func([]byte) []Event) []Event {
	s.buf = append(s.buf, c)
	switch {
	case bytes.IndexByte([]byte(s.ends), c) >= 0:
		return s.end(s.buf[:len(s.buf)-1], line)
	case len(s.suffix) > 0 && bytes.HasSuffix(s.buf, s.suffix):
		return s.end(s.buf[:len(s.buf)-len(s.suffix)], line)
	case len(s.buf) > s.most:
		s.over += len(s.buf)
		s.buf = s.buf[:0]
	}
	return nil
}

func (s *splitter) end(content []byte, line func([]byte) []Event) []Event {
	over := s.over
	s.over, s.buf = 0, s.buf[:0]
	switch {
	case over > 0:
		return dropped(over+len(content), "a line had no end")
	case len(content) == 0:
		return nil
	}
	return line(content)
}

// silent ends the line that is half there.
func (s *splitter) silent(line func([]byte) []Event) []Event { return s.end(s.buf, line) }
