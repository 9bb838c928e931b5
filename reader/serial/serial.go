// Package serial opens the lines on which readers talk: serial ports, those that USB devices bring, and whatever else stands in the file system and is read byte by byte, such as a pipe.
//
// It owns the settings of the line and promises that bytes come as they are sent: no echo, no line editing, no translation of CR and LF.
package serial

import (
	"fmt"
	"slices"

	"marz"
)

// Settings are those of a serial line. The zero value of each is 9600 baud, 8 bits, no parity, 1 stop bit, no flow control.
type Settings struct {
	Baud   int    `toml:"baud,omitempty"`
	Bits   int    `toml:"bits,omitempty"`   // 7 or 8
	Parity string `toml:"parity,omitempty"` // none, even, odd
	Stop   int    `toml:"stop,omitempty"`   // 1 or 2
	Flow   string `toml:"flow,omitempty"`   // none, hardware (RTS and CTS), software (XON and XOFF)
}

// Bauds are the speeds that can be set.
var Bauds = []int{1200, 2400, 4800, 9600, 19200, 38400, 57600, 115200, 230400, 460800}

// Complete puts the values of a usual line where nothing is set, and refuses what no line has.
func (s Settings) Complete() (Settings, error) {
	if s.Baud == 0 {
		s.Baud = 9600
	}
	if s.Bits == 0 {
		s.Bits = 8
	}
	if s.Parity == "" {
		s.Parity = "none"
	}
	if s.Stop == 0 {
		s.Stop = 1
	}
	if s.Flow == "" {
		s.Flow = "none"
	}
	switch {
	case !slices.Contains(Bauds, s.Baud):
		return s, refuse("baud", fmt.Sprintf("%d is none of %d", s.Baud, Bauds))
	case s.Bits != 7 && s.Bits != 8:
		return s, refuse("bits", "write 7 or 8")
	case !slices.Contains([]string{"none", "even", "odd"}, s.Parity):
		return s, refuse("parity", "write none, even or odd")
	case s.Stop != 1 && s.Stop != 2:
		return s, refuse("stop", "write 1 or 2")
	case !slices.Contains([]string{"none", "hardware", "software"}, s.Flow):
		return s, refuse("flow", "write none, hardware or software")
	}
	return s, nil
}

func refuse(what, fix string) error {
	return &marz.Error{Code: marz.Invalid, Op: "set up line", Subject: what, Fix: fix}
}
