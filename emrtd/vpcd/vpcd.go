// Package vpcd puts a chip in memory on the virtual reader of Debian's package vsmartcard-vpcd, so that any program that speaks PC/SC reads it as it reads a document of paper and silicon.
//
// It owns the protocol between vpcd and a chip: over TCP, each message with its length in two bytes before it; a message of one byte switches power or asks for the answer to reset, and all others are commands. vpcd asks for the answer to reset several
// times a second, to see whether the chip is still there.
//
// Nothing protects this protocol: vpcd listens at every address of its machine, and whoever reaches it can lay a chip on its reader. It belongs on machines for tests.
package vpcd

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"syscall"
	"time"

	"marz"
	"marz/emrtd/chip"
)

// DefaultAddress is where vpcd waits for a chip as Debian installs it: the first of its two slots; the second has the next port.
const DefaultAddress = "localhost:35963"

// What vpcd asks in a message of one byte.
const (
	powerOff    = 0
	powerOn     = 1
	reset       = 2
	answerReset = 4
)

// mostMessage is the longest message, so that responses of more than 65533 bytes of data cannot pass.
const mostMessage = 0xffff

// ATR is an answer to reset as readers make it for a contactless chip (PC/SC part 3 §3.1.3.2.3), with card capabilities among its historical bytes (ISO 7816-4 §12.1.1): whether it takes commands of extended length.
func ATR(extended bool) []byte {
	out := []byte{0x3b, 0x85, 0x80, 0x01, 0x80, 0x73, 0x80, 0x01, 0x00, 0}
	if extended {
		out[8] = 0x40
	}
	for _, b := range out[1:9] {
		out[9] ^= b
	}
	return out
}

// Chip is a chip in memory. Reset is what switching its power does.
type Chip interface {
	chip.Card
	Reset()
}

// Dial reaches vpcd.
func Dial(ctx context.Context, address string) (net.Conn, error) {
	conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", address)
	if err != nil {
		e := &marz.Error{Code: marz.Unavailable, Op: "reach vpcd", Subject: address, Err: err}
		if errors.Is(err, syscall.ECONNREFUSED) {
			e.Fix = "install it (apt-get install vsmartcard-vpcd pcscd) and start pcscd, which brings vpcd with it (systemctl restart pcscd)"
		}
		return nil, e
	}
	return conn, nil
}

// Serve lays a chip with its answer to reset on the reader behind a connection, and closes the connection when it is lifted. It ends when the context does, without an error; when vpcd ends; and with a *Lifted when the chip does not answer a command, as one that was lifted.
func Serve(ctx context.Context, conn net.Conn, c Chip, atr []byte) error {
	defer conn.Close()
	stop := context.AfterFunc(ctx, func() { conn.SetDeadline(time.Unix(1, 0)) })
	defer stop()
	for {
		acknowledge(conn)
		message, err := receive(conn)
		if err == nil {
			var answer []byte
			if answer, err = do(ctx, c, atr, message); err == nil && answer != nil {
				err = send(conn, answer)
			}
		}
		switch {
		case err == nil:
		case ctx.Err() != nil:
			return nil
		case errors.Is(err, io.EOF), errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE):
			return &marz.Error{Code: marz.Unavailable, Op: "lay chip on virtual reader", Fix: "vpcd has ended, or another chip took the place", Err: err}
		default:
			return err
		}
	}
}

// Lifted says that the chip did not answer, so that its reader sees it gone.
type Lifted struct{ Err error }

func (e *Lifted) Error() string { return fmt.Sprintf("the chip was lifted: %v", e.Err) }

func (e *Lifted) Unwrap() error { return e.Err }

// do does what a message says, and returns the answer, nil for none.
func do(ctx context.Context, c Chip, atr, message []byte) ([]byte, error) {
	if len(message) != 1 {
		answer, err := c.Transmit(ctx, message)
		if err != nil {
			return nil, &Lifted{err}
		}
		if len(answer) > mostMessage {
			answer = []byte{0x67, 0} // wrong length: it cannot be sent
		}
		return answer, nil
	}
	switch message[0] {
	case powerOff, powerOn, reset:
		c.Reset()
		return nil, nil
	case answerReset:
		return atr, nil
	}
	return nil, fmt.Errorf("vpcd asks %02X, which is not known", message[0])
}

func receive(conn io.Reader) ([]byte, error) {
	var head [2]byte
	if _, err := io.ReadFull(conn, head[:]); err != nil {
		return nil, err
	}
	out := make([]byte, binary.BigEndian.Uint16(head[:]))
	_, err := io.ReadFull(conn, out)
	return out, err
}

// send writes a message at once, so that it is one packet.
func send(conn io.Writer, b []byte) error {
	_, err := conn.Write(append(binary.BigEndian.AppendUint16(make([]byte, 0, 2+len(b)), uint16(len(b))), b...))
	return err
}
