package pcsc

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"io"
	"net"
	"path/filepath"
	"strings"
	"testing"

	"marz"
)

// pretender is a pcscd with one reader on which lies a document that answers what a script says: a command's bytes and the response's, in hex.
type pretender struct {
	protocol uint32
	script   [][2]string
	says     code // of a command that the script does not have
	said     []string
}

// serve answers one connection until it ends.
func (p *pretender) serve(conn net.Conn) {
	defer conn.Close()
	for {
		head := make(structure, 8)
		if _, err := io.ReadFull(conn, head); err != nil {
			return
		}
		body := make(structure, head.word(0))
		if _, err := io.ReadFull(conn, body); err != nil {
			return
		}
		var answer []byte
		switch head.word(1) {
		case cmdVersion, cmdDisconnect:
			answer = body
		case cmdEstablish:
			answer = words(2, 7, 0)
		case cmdConnect:
			answer = bytes.Join([][]byte{body[:4+nameSize+8], words(9, p.protocol, 0)}, nil)
		case cmdTransmit:
			command := make([]byte, body.word(3))
			if _, err := io.ReadFull(conn, command); err != nil {
				return
			}
			answer = p.transmit(command)
		}
		if _, err := conn.Write(answer); err != nil {
			return
		}
	}
}

func (p *pretender) transmit(command []byte) []byte {
	said := hex.EncodeToString(command)
	p.said = append(p.said, said)
	if len(p.script) == 0 || p.script[0][0] != said {
		return words(9, p.protocol, 8, 0, 0, 0, 0, uint32(p.says))
	}
	out, _ := hex.DecodeString(p.script[0][1])
	p.script = p.script[1:]
	return append(words(9, p.protocol, 8, uint32(len(command)), 0, 0, uint32(len(out)), 0), out...)
}

// pretend opens a card at a pretender.
func pretend(t testing.TB, p *pretender) *Card {
	t.Helper()
	socket := filepath.Join(t.TempDir(), "s")
	l, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go p.serve(conn)
		}
	}()
	c, err := Service{Socket: socket}.Open(t.Context(), "A reader")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

// Responses in pieces and corrected lengths are brought together, over either protocol.
func TestPieces(t *testing.T) {
	for what, c := range map[string]struct {
		protocol      uint32
		command, want string
		script        [][2]string
	}{
		"whole":                      {protocolT1, "00b0000004", "010203049000", [][2]string{{"00b0000004", "010203049000"}}},
		"in pieces":                  {protocolT1, "00b0000000", "01020304059000", [][2]string{{"00b0000000", "01026102"}, {"00c0000002", "03046101"}, {"00c0000001", "059000"}}},
		"another length":             {protocolT1, "00b0000004", "01029000", [][2]string{{"00b0000004", "6c02"}, {"00b0000002", "01029000"}}},
		"another length, with data":  {protocolT1, "0022000001aa00", "019000", [][2]string{{"0022000001aa00", "6c01"}, {"0022000001aa01", "019000"}}},
		"T=0 without Le":             {protocolT0, "0022000001aa00", "019000", [][2]string{{"0022000001aa", "6101"}, {"00c0000001", "019000"}}},
		"T=0, nothing expected":      {protocolT0, "0022000001aa", "9000", [][2]string{{"0022000001aa", "9000"}}},
		"T=0, no data":               {protocolT0, "00b0000004", "01029000", [][2]string{{"00b0000004", "6c02"}, {"00b0000002", "01029000"}}},
		"chained, the class is kept": {protocolT1, "1086000000", "017c00", [][2]string{{"1086000000", "6101"}, {"10c0000001", "017c00"}}},
	} {
		card := pretend(t, &pretender{protocol: c.protocol, script: c.script})
		command, _ := hex.DecodeString(c.command)
		got, err := card.Transmit(t.Context(), command)
		if err != nil || hex.EncodeToString(got) != c.want {
			t.Errorf("%s: %x, %v", what, got, err)
		}
	}
}

// A document that never ends its answer is taken for a fault; one that answers nothing, and codes, are errors that say what to do; a line that was called off is not used again.
func TestFaults(t *testing.T) {
	endless := &pretender{protocol: protocolT1}
	endless.script = append(endless.script, [2]string{"00b00000", "016101"})
	for range mostPieces + 2 {
		endless.script = append(endless.script, [2]string{"00c0000001", "016101"})
	}
	if _, err := pretend(t, endless).Transmit(t.Context(), []byte{0, 0xb0, 0, 0}); err == nil || !strings.Contains(err.Error(), "pieces") {
		t.Error(err)
	}
	if _, err := pretend(t, &pretender{protocol: protocolT1, script: [][2]string{{"00b00000", ""}}}).Transmit(t.Context(), []byte{0, 0xb0, 0, 0}); err == nil || !strings.Contains(err.Error(), "lay it down again") {
		t.Error(err)
	}
	for c, want := range map[code]error{codeRemoved: ErrLifted, codeReset: ErrLifted, codeReaderMissing: ErrReaderGone, codeSharing: ErrInUse, codeServiceStopped: ErrNotRunning} {
		if _, err := pretend(t, &pretender{protocol: protocolT1, says: c}).Transmit(t.Context(), []byte{0, 0xb0, 0, 0}); !errors.Is(err, want) {
			t.Errorf("%08X: %v", uint32(c), err)
		}
	}
	card := pretend(t, &pretender{protocol: protocolT1, says: 0x8010ffff})
	if _, err := card.Transmit(t.Context(), []byte{0}); marz.CodeOf(err) != marz.Invalid {
		t.Errorf("no command: %v", err)
	}
	if _, err := card.Transmit(t.Context(), []byte{0, 0xb0, 0, 0}); err == nil || !strings.Contains(err.Error(), "8010FFFF") {
		t.Errorf("a code that is not known: %v", err)
	}
	ctx, off := context.WithCancel(t.Context())
	off()
	if _, err := card.Transmit(ctx, []byte{0, 0xb0, 0, 0}); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

// What is called off while pcscd is silent ends at once, and the line is not used again.
func TestCalledOffInTheMiddle(t *testing.T) {
	here, there := net.Pipe()
	defer there.Close()
	c := &Card{reader: "A reader", line: &line{conn: here}, protocol: protocolT1}
	ctx, off := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() {
		_, err := c.Transmit(ctx, []byte{0, 0xb0, 0, 0})
		ended <- err
	}()
	if _, err := io.ReadFull(there, make([]byte, 8+32+4)); err != nil { // it has asked, and waits
		t.Fatal(err)
	}
	off()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	if _, err := c.Transmit(t.Context(), []byte{0, 0xb0, 0, 0}); err == nil || !strings.Contains(err.Error(), "called off") {
		t.Errorf("afterwards: %v", err)
	}
	if err := c.Close(); err != nil {
		t.Error(err)
	}
}

// FuzzStates: whatever pcscd writes of a reader and its driver of its properties, no panic, and nothing out of bounds.
func FuzzStates(f *testing.F) {
	state := bytes.Join([][]byte{name("A reader"), words(1, 0x14, 0), sampleATR, make([]byte, atrSize-len(sampleATR)+3), words(uint32(len(sampleATR)), 2)}, nil)
	f.Add(state)
	f.Add(append(bytes.Clone(state[:len(state)-8]), words(34, 0)...))
	f.Add([]byte{0x0a, 4, 0, 0, 1, 0, 0x0a, 9})
	f.Fuzz(func(t *testing.T, b []byte) {
		if n := mostData(b); n < 256 || n > 65536 {
			t.Errorf("%d bytes", n)
		}
		if len(b) != stateSize {
			return
		}
		if r := readState(b); len(r.Name) > nameSize || len(r.ATR) > atrSize || !r.Document && r.ATR != nil {
			t.Errorf("%+v", r)
		}
	})
}

// sampleATR is an answer to reset of a contactless chip without historical bytes.
var sampleATR = []byte{0x3b, 0x80, 0x80, 0x01, 0x01}
