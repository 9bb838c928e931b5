package pcsc

import (
	"bytes"
	"context"
	"fmt"

	"marz"
)

// Card is the document that lies on a reader, for one program alone until it is closed. It is a chip.Card.
type Card struct {
	reader   string
	line     *line
	handle   uint32
	protocol uint32
}

// Protocols between reader and chip. Contactless chips are reached as T=1.
const (
	protocolT0 = 1
	protocolT1 = 2
)

// What becomes of the document when it is closed: its power goes off, so that nothing stays open on it.
const unpower = 2

// Open begins with the document that lies on a reader.
func (s Service) Open(ctx context.Context, reader string) (*Card, error) {
	if err := validName(reader); err != nil {
		return nil, err
	}
	l, err := s.dial(ctx)
	if err != nil {
		return nil, err
	}
	c := &Card{reader: reader, line: l}
	if err := c.connect(ctx); err != nil {
		l.close()
		return nil, err
	}
	return c, nil
}

func (c *Card) connect(ctx context.Context) error {
	context, err := c.line.establish(ctx)
	if err != nil {
		return err
	}
	const exclusive = 1
	body := bytes.Join([][]byte{words(context), name(c.reader), words(exclusive, protocolT0|protocolT1, 0, 0, 0)}, nil)
	s, err := c.line.ask(ctx, cmdConnect, body, len(body))
	if err != nil {
		return err
	}
	after := s[4+nameSize:]
	if code := code(after.word(4)); code != codeOK {
		return code.failure("open reader", c.reader)
	}
	c.handle, c.protocol = after.word(2), after.word(3)
	return nil
}

// Close ends with the document and takes its power away. It may be called after anything, also after a context has ended.
func (c *Card) Close() error {
	defer c.line.close()
	if c.line.dead != nil { // pcscd does the same for a program that has left
		return nil
	}
	ctx := context.Background() // pcscd answers, or its end does
	s, err := c.line.ask(ctx, cmdDisconnect, words(c.handle, unpower, 0), 12)
	if err != nil {
		return err
	}
	if code := code(s.word(2)); code != codeOK && code != codeNoCard && code != codeRemoved && code != codeReaderMissing {
		return code.failure("close reader", c.reader)
	}
	return nil
}

// Bounds of an answer that comes in pieces.
const mostPieces = 512

// Transmit gives a command to the document and returns the response with its status word. A response that the chip holds ready in pieces (status 61xx) is fetched, and a command whose expected length the chip corrects (6Cxx) is given again (ISO
// 7816-4 §5.3.4), so that the caller has whole responses whatever the reader is.
func (c *Card) Transmit(ctx context.Context, command []byte) ([]byte, error) {
	if c.protocol == protocolT0 {
		command = withoutLe(command)
	}
	answer, err := c.exchange(ctx, command)
	if err == nil && status(answer)>>8 == 0x6c && len(command) >= 4 {
		answer, err = c.exchange(ctx, withLe(command, byte(status(answer))))
	}
	var whole []byte
	for pieces := 0; err == nil && status(answer)>>8 == 0x61; pieces++ {
		if whole = append(whole, answer[:len(answer)-2]...); pieces == mostPieces || len(whole) > mostExchange {
			return nil, fmt.Errorf("the document's answer has more than %d pieces; it is taken for a fault", mostPieces)
		}
		answer, err = c.exchange(ctx, []byte{command[0] & 0x10, 0xc0, 0, 0, byte(status(answer))})
	}
	if err != nil {
		return nil, err
	}
	return append(whole, answer...), nil
}

// status is the status word at the end of a response.
func status(response []byte) uint16 {
	n := len(response)
	return uint16(response[n-2])<<8 | uint16(response[n-1])
}

// withoutLe is a command as T=0 has it: one with data in the short form does not say how much it expects (ISO 7816-3 §12.2).
func withoutLe(command []byte) []byte {
	if len(command) > 5 && command[4] != 0 && len(command) == 5+int(command[4])+1 {
		return command[:len(command)-1]
	}
	return command
}

// withLe is a command in the short form with another expected length. One with data says nothing of it in T=0, and otherwise at its end.
func withLe(command []byte, le byte) []byte {
	switch out := bytes.Clone(command); {
	case len(out) == 4:
		return append(out, le)
	case len(out) == 5, len(out) > 5 && len(out) == 5+int(out[4])+1:
		out[len(out)-1] = le
		return out
	default:
		return out
	}
}

// exchange is one command and its answer.
func (c *Card) exchange(ctx context.Context, command []byte) ([]byte, error) {
	if len(command) < 4 || len(command) > mostExchange {
		return nil, &marz.Error{Code: marz.Invalid, Op: "ask document", Subject: c.reader, Fix: fmt.Sprintf("a command has 4 to %d bytes", mostExchange)}
	}
	const pci = 8 // the size of what stands before data
	head := words(c.handle, c.protocol, pci, uint32(len(command)), 0, 0, mostExchange, 0)
	if err := c.line.send(ctx, cmdTransmit, head, command...); err != nil {
		return nil, err
	}
	s, err := c.line.receive(ctx, len(head))
	if err != nil {
		return nil, err
	}
	if code := code(s.word(7)); code != codeOK {
		return nil, code.failure("ask document", c.reader)
	}
	return c.payload(ctx, s.word(6))
}

// payload reads the response that follows the fixed part of an answer.
func (c *Card) payload(ctx context.Context, n uint32) ([]byte, error) {
	if n > mostExchange {
		return nil, c.line.fail(fmt.Sprintf("the reader %s gives %d bytes, which is no response", c.reader, n))
	}
	out, err := c.line.receive(ctx, int(n))
	if err == nil && n < 2 { // drivers give this for a document that was just lifted
		err = codeComm.failure("ask document", c.reader)
	}
	return out, err
}
