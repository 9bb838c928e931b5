package chip

import (
	"context"
	"errors"
	"fmt"
)

// Card is a chip, or a way to one: it takes a command and returns the response with its status word. An error says that nothing came back: the document was lifted, the reader is gone.
type Card interface {
	Transmit(ctx context.Context, command []byte) (response []byte, err error)
}

// Bounds of commands (ISO 7816-4 §5.1).
const (
	shortData = 255
	shortLe   = 256
	MostData  = 65535
	MostLe    = 65536
)

// Command is a command APDU (ISO 7816-4 §5.1).
type Command struct {
	CLA, INS, P1, P2 byte
	Data             []byte
	Le               int // how many bytes are expected at most; 0: none
}

// Bytes writes a command in the short form if it fits, and in the extended one otherwise.
func (c Command) Bytes() ([]byte, error) {
	if len(c.Data) > MostData || c.Le < 0 || c.Le > MostLe {
		return nil, fmt.Errorf("a command has at most %d bytes of data and expects at most %d", MostData, MostLe)
	}
	out := []byte{c.CLA, c.INS, c.P1, c.P2}
	if len(c.Data) <= shortData && c.Le <= shortLe {
		if len(c.Data) > 0 {
			out = append(append(out, byte(len(c.Data))), c.Data...)
		}
		if c.Le > 0 {
			out = append(out, byte(c.Le)) // 256 is 0
		}
		return out, nil
	}
	out = append(out, 0)
	if len(c.Data) > 0 {
		out = append(append(out, byte(len(c.Data)>>8), byte(len(c.Data))), c.Data...)
	}
	if c.Le > 0 {
		out = append(out, byte(c.Le>>8), byte(c.Le)) // 65536 is 0
	}
	return out, nil
}

var errCommand = errors.New("it is no command of ISO 7816-4")

// ParseCommand reads a command in any of its forms.
func ParseCommand(b []byte) (Command, error) {
	if len(b) < 4 {
		return Command{}, errCommand
	}
	c := Command{CLA: b[0], INS: b[1], P1: b[2], P2: b[3]}
	b = b[4:]
	extended := len(b) >= 3 && b[0] == 0
	if extended {
		b = b[1:]
	}
	width := 1
	if extended {
		width = 2
	}
	if len(b) > width { // a length and data
		n := length(b[:width])
		if n == 0 || len(b) < width+n {
			return Command{}, errCommand
		}
		c.Data, b = b[width:width+n], b[width+n:]
	}
	switch len(b) {
	case 0:
	case width:
		if c.Le = length(b); c.Le == 0 {
			c.Le = 1 << (8 * width)
		}
	default:
		return Command{}, errCommand
	}
	return c, nil
}

func length(b []byte) int {
	n := 0
	for _, c := range b {
		n = n<<8 | int(c)
	}
	return n
}

// Status is a status word (ISO 7816-4 §5.6).
type Status uint16

// Status words that matter here.
const (
	OK               Status = 0x9000
	EndOfFile        Status = 0x6282
	WrongLength      Status = 0x6700
	SMMissing        Status = 0x6987
	SMIncorrect      Status = 0x6988
	NotSatisfied     Status = 0x6982
	NotAllowed       Status = 0x6986
	WrongData        Status = 0x6A80
	NotFound         Status = 0x6A82
	WrongP1P2        Status = 0x6A86
	NoReference      Status = 0x6A88
	OutsideFile      Status = 0x6B00
	NotSupported     Status = 0x6D00
	ClassUnsupported Status = 0x6E00
	NotVerified      Status = 0x6300
)

// Refused is the answer of a chip that does not do what it is asked.
type Refused struct {
	Command string // in words
	Status  Status
	Lost    bool // the chip said so outside of the protected channel, which it has given up
}

func (e *Refused) Error() string {
	return fmt.Sprintf("the chip refused to %s (status %04X)", e.Command, uint16(e.Status))
}

// Response is a response APDU.
type Response struct {
	Data   []byte
	Status Status
}

// Bytes writes a response.
func (r Response) Bytes() []byte {
	return append(append(make([]byte, 0, len(r.Data)+2), r.Data...), byte(r.Status>>8), byte(r.Status))
}

func parseResponse(b []byte) (Response, error) {
	if len(b) < 2 || len(b) > MostLe+2 {
		return Response{}, fmt.Errorf("the chip answered with %d bytes, which is no response", len(b))
	}
	n := len(b) - 2
	return Response{b[:n:n], Status(b[n])<<8 | Status(b[n+1])}, nil
}
