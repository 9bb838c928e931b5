package pcsc

import (
	"context"
	"encoding/binary"
)

// Codes of the features that a reader may have (PC/SC part 10 §2).
const (
	featureRequest = 0x42000000 + 3400
	tlvProperties  = 0x12
	maxAPDUData    = 0x0a // dwMaxAPDUDataSize
)

// MostData is how many bytes of data a command or response may have at this reader: 65536 where it takes all lengths, 256 where it takes the short ones only or does not say. What the chip takes is another matter.
func (c *Card) MostData(ctx context.Context) (int, error) {
	list, err := c.control(ctx, featureRequest, nil)
	if err != nil || list == nil {
		return 256, err
	}
	for ; len(list) >= 6 && list[1] == 4; list = list[6:] {
		if list[0] != tlvProperties {
			continue
		}
		properties, err := c.control(ctx, binary.BigEndian.Uint32(list[2:]), nil)
		if err != nil {
			return 256, err
		}
		return mostData(properties), nil
	}
	return 256, nil
}

// mostData finds dwMaxAPDUDataSize among properties: tag, length, value in little endian. 0 says short ones only.
func mostData(b []byte) int {
	for len(b) >= 2 && len(b) >= 2+int(b[1]) {
		value := b[2 : 2+int(b[1])]
		if b[0] == maxAPDUData && len(value) == 4 {
			return int(max(256, min(65536, binary.LittleEndian.Uint32(value))))
		}
		b = b[2+int(b[1]):]
	}
	return 256
}

// control asks the reader's driver. nil without an error: it does not know the question.
func (c *Card) control(ctx context.Context, what uint32, data []byte) ([]byte, error) {
	const most = 264
	head := words(c.handle, what, uint32(len(data)), most, 0, 0)
	if err := c.line.send(ctx, cmdControl, head, data...); err != nil {
		return nil, err
	}
	s, err := c.line.receive(ctx, len(head))
	if err != nil {
		return nil, err
	}
	if code(s.word(5)) != codeOK {
		return nil, nil
	}
	n := s.word(4)
	if n > most {
		return nil, c.line.fail("the reader's driver gives more than was asked for")
	}
	return c.line.receive(ctx, int(n))
}
