package pcsc

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"os"
	"time"

	"marz"
)

// Commands of the protocol.
const (
	cmdEstablish   = 0x01
	cmdConnect     = 0x04
	cmdDisconnect  = 0x06
	cmdTransmit    = 0x09
	cmdControl     = 0x0a
	cmdWaitChange  = 0x13
	cmdVersion     = 0x11
	cmdReaderState = 0x12
)

// The version of the protocol, and the sizes of its structures. All numbers are of 32 bits in the machine's own order: both sides are on one machine.
const (
	versionMajor = 4
	versionMinor = 4
	nameSize     = 128
	atrSize      = 33
	stateSize    = nameSize + 3*4 + atrSize + 3 + 2*4
	mostReaders  = 16
	mostExchange = 4 + 3 + 65536 + 3 + 2 // a command or response of extended length
)

var order = binary.NativeEndian

// line is one connection to pcscd.
type line struct {
	conn net.Conn
	dead error // what broke it
}

// dial connects and agrees on the version.
func dial(ctx context.Context, socket string) (*line, error) {
	conn, err := (&net.Dialer{}).DialContext(ctx, "unix", socket)
	if err != nil {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		return nil, unreachable(socket, err)
	}
	l := &line{conn: conn}
	v, err := l.ask(ctx, cmdVersion, words(versionMajor, versionMinor, 0), 12)
	if err == nil && code(v.word(2)) != codeOK {
		err = code(v.word(2)).failure("reach pcscd", socket)
	}
	if err != nil {
		conn.Close()
		return nil, err
	}
	return l, nil
}

func (l *line) close() { l.conn.Close() }

// structure is an answer of pcscd, of 32-bit words for the most part.
type structure []byte

// word is the n-th word.
func (s structure) word(n int) uint32 { return order.Uint32(s[4*n:]) }

// words writes words.
func words(w ...uint32) []byte {
	var out []byte
	for _, n := range w {
		out = order.AppendUint32(out, n)
	}
	return out
}

// name writes a reader's name into its field.
func name(s string) []byte { return append([]byte(s), make([]byte, nameSize-len(s))...) }

// ask sends a command and reads the fixed part of its answer. When the context ends before the answer has come, the line is of no use any more: the answer to this command could be taken for that to the next.
func (l *line) ask(ctx context.Context, command uint32, body []byte, answer int) (structure, error) {
	if err := l.send(ctx, command, body); err != nil {
		return nil, err
	}
	return l.receive(ctx, answer)
}

// send sends a command; more follows it, outside of its length, in the commands that have data.
func (l *line) send(ctx context.Context, command uint32, body []byte, more ...byte) error {
	return l.during(ctx, func() error {
		_, err := l.conn.Write(bytes.Join([][]byte{words(uint32(len(body)), command), body, more}, nil))
		return err
	})
}

func (l *line) receive(ctx context.Context, n int) (structure, error) {
	out := make(structure, n)
	err := l.during(ctx, func() error {
		_, err := io.ReadFull(l.conn, out)
		return err
	})
	return out, err
}

// during does something on the line that ends when the context does.
func (l *line) during(ctx context.Context, do func() error) error {
	if l.dead != nil {
		return l.dead
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	stop := context.AfterFunc(ctx, func() { l.conn.SetDeadline(time.Unix(1, 0)) })
	err := do()
	if !stop() && err == nil { // the context ended just as the answer came
		err = os.ErrDeadlineExceeded
	}
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		l.fail("what was asked before was called off; open the reader again")
		return ctx.Err()
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, net.ErrClosed):
		l.dead = &marz.Error{Code: marz.Unavailable, Op: "ask pcscd", Fix: "it ended; start it again (systemctl restart pcscd.socket pcscd)", Err: ErrNotRunning}
	default:
		l.dead = &marz.Error{Code: marz.Unavailable, Op: "ask pcscd", Fix: "start it again (systemctl restart pcscd.socket pcscd)", Err: err}
	}
	return l.dead
}

// fail ends the line: what comes next on it cannot be told from what is left.
func (l *line) fail(fix string) error {
	l.dead = &marz.Error{Code: marz.Unavailable, Op: "ask pcscd", Fix: fix}
	return l.dead
}

// establish begins a context, which holds the handles of cards.
func (l *line) establish(ctx context.Context) (uint32, error) {
	const system = 2
	s, err := l.ask(ctx, cmdEstablish, words(system, 0, 0), 12)
	if err != nil {
		return 0, err
	}
	if c := code(s.word(2)); c != codeOK {
		return 0, c.failure("begin with pcscd", "")
	}
	return s.word(1), nil
}

// states reads the array of all readers' states, which is the answer to two commands.
func (l *line) states(ctx context.Context, command uint32) ([]Reader, error) {
	s, err := l.ask(ctx, command, nil, mostReaders*stateSize)
	if err != nil {
		return nil, err
	}
	var out []Reader
	for i := range mostReaders {
		if r := readState(s[i*stateSize : (i+1)*stateSize]); r.Name != "" {
			out = append(out, r)
		}
	}
	return out, nil
}

// readState reads one reader's state. One without a name is an empty place. A document whose answer to reset is not there yet, which pcscd writes as a length that none has, does not count as one.
func readState(b structure) Reader {
	const (
		present = 0x0004
		mute    = 0x0200
	)
	text, _, _ := bytes.Cut(b[:nameSize], []byte{0})
	after := b[nameSize:]
	state, n := after.word(1), order.Uint32(after[12+atrSize+3:])
	r := Reader{Name: string(text), Document: state&present != 0 && state&mute == 0 && n <= atrSize, event: after.word(0)}
	if r.Document {
		r.ATR = bytes.Clone(after[12 : 12+n])
	}
	return r
}
