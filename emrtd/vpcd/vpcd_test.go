package vpcd

import (
	"bytes"
	"context"
	"errors"
	"net"
	"strings"
	"testing"

	"marz"
)

// deck is a chip that says what it was given, and can be lifted.
type deck struct {
	resets int
	answer []byte
	lifted bool
}

func (d *deck) Reset() { d.resets++ }

func (d *deck) Transmit(_ context.Context, command []byte) ([]byte, error) {
	if d.lifted {
		return nil, errors.New("gone")
	}
	if d.answer != nil {
		return d.answer, nil
	}
	return append(command, 0x90, 0), nil
}

// Power, reset and answer to reset are what vpcd asks in one byte; everything else is a command.
func TestProtocol(t *testing.T) {
	here, there := net.Pipe()
	d := &deck{}
	ended := make(chan error, 1)
	go func() { ended <- Serve(t.Context(), here, d, ATR(true)) }()
	ask := func(b ...byte) []byte {
		t.Helper()
		if err := send(there, b); err != nil {
			t.Fatal(err)
		}
		answer, err := receive(there)
		if err != nil {
			t.Fatal(err)
		}
		return answer
	}
	for _, b := range []byte{powerOn, reset, powerOff} {
		if err := send(there, []byte{b}); err != nil {
			t.Fatal(err)
		}
	}
	if got := ask(answerReset); !bytes.Equal(got, []byte{0x3b, 0x85, 0x80, 0x01, 0x80, 0x73, 0x80, 0x01, 0x40, 0x36}) || d.resets != 3 {
		t.Errorf("%X after %d resets", got, d.resets)
	}
	long := append([]byte{0, 0x88, 0, 0, 0, 0x7f, 0}, make([]byte, 0x7f00)...)
	if got := ask(long...); !bytes.Equal(got, append(long, 0x90, 0)) {
		t.Errorf("%d bytes came back", len(got))
	}
	d.answer = make([]byte, 70000)
	if got := ask(0, 0xb0, 0, 0); !bytes.Equal(got, []byte{0x67, 0}) {
		t.Errorf("what is too long for the protocol: %d bytes", len(got))
	}
	d.lifted = true
	if err := send(there, []byte{0, 0xb0, 0, 0}); err != nil {
		t.Fatal(err)
	}
	if err := <-ended; !errors.As(err, new(*Lifted)) {
		t.Error(err)
	}
	if _, err := receive(there); err == nil {
		t.Error("the reader does not see that the chip is lifted")
	}
}

// It ends with its context without an error, and with vpcd's end or a question that is none with one.
func TestEnds(t *testing.T) {
	here, there := net.Pipe()
	ctx, off := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- Serve(ctx, here, &deck{}, ATR(false)) }()
	off()
	if err := <-ended; err != nil {
		t.Errorf("called off: %v", err)
	}
	there.Close()
	here, there = net.Pipe()
	go func() { ended <- Serve(t.Context(), here, &deck{}, ATR(false)) }()
	there.Close()
	if err := <-ended; marz.CodeOf(err) != marz.Unavailable {
		t.Errorf("vpcd ended: %v", err)
	}
	here, there = net.Pipe()
	go func() { ended <- Serve(t.Context(), here, &deck{}, ATR(false)) }()
	if err := send(there, []byte{9}); err != nil {
		t.Fatal(err)
	}
	if err := <-ended; err == nil || !strings.Contains(err.Error(), "asks 09") {
		t.Error(err)
	}
	l, err := net.Listen("tcp", "localhost:0")
	if err != nil {
		t.Fatal(err)
	}
	l.Close()
	if _, err := Dial(t.Context(), l.Addr().String()); err == nil || !strings.Contains(err.Error(), "vsmartcard-vpcd") {
		t.Errorf("nobody there: %v", err)
	}
}
