package reader

import (
	"bytes"
	"fmt"
	"strings"
)

// typed is the adapter of lines that come without frames.
type typed struct {
	settings Settings
	split    splitter
	zone     gatherer
}

// newWedge makes the adapter of text that a reader types, as a keyboard would (a "keyboard wedge"), when it comes as a stream: from a converter, a virtual serial port, a terminal. Each line ends with CR, LF, both, or Tab, the last one with silence as well.
// Programmers' manuals of scanners have a prefix and a suffix of free choice (Zebra and Honeywell "Prefix/Suffix"; Datalogic QD2100, "Data Editing"; Hand Held Products 3220, "Preamble, Postamble"): a line may begin with Start and end with End, and needs neither.
func newWedge(s Settings) Adapter {
	return &typed{settings: s, split: splitter{ends: "\r\n\t", suffix: []byte(s.End), most: MostText}}
}

// newRows makes the adapter of readers that send each line of the zone by itself, ended by CR, LF or both, as soon as it is read. OCR decoders do so: "Each row is read separately and only one row may be issued" (Code Corporation, Interface Configuration Document, §12.5.1). The pause
// between rows is a setting.
func newRows(s Settings) Adapter {
	return &typed{settings: s, split: splitter{ends: "\r\n", suffix: []byte(s.End), most: MostText}}
}

func (a *typed) Take(b []byte) []Event {
	var out []Event
	for _, c := range b {
		out = append(out, a.split.take(c, a.line)...)
	}
	return out
}

func (a *typed) Silent() []Event { return append(a.split.silent(a.line), a.zone.end()...) }

func (a *typed) line(b []byte) []Event {
	if e := a.settings.word(b); e != nil {
		return append(a.zone.end(), *e)
	}
	return a.zone.line(string(bytes.TrimPrefix(b, []byte(a.settings.Start))))
}

// word is the event of a frame that is one of the device's own words, nil for all others.
func (s *Settings) word(b []byte) *Event {
	switch {
	case s.Removed != "" && string(b) == string(s.Removed):
		return &Event{Kind: Removed}
	case s.Error != "" && bytes.HasPrefix(b, []byte(s.Error)):
		return &Event{Kind: Fault, Note: fmt.Sprintf("the device reports an error: %s", Escape(b[:min(len(b), 32)]))}
	}
	return nil
}

// framed is the adapter of frames with a start and an end.
type framed struct {
	settings Settings
	frames   framer
	zone     gatherer
	rows     bool                           // a frame has one line of the zone, and the next frame the next one
	open     func([]byte) ([]byte, []Event) // takes away what stands around the lines; may be nil
}

// newFramed makes the adapter of DESKO's frames: STX, two or three lines of 7 to 44 characters with CR after each, ETX; bytes that name the device stand before STX and after ETX. So has it DESKO's protocol description for CUTE systems (no. 7 000 310 001, release 2.12, §1.1 and §1.4).
// The values of those bytes, and how characters stand that could not be read, could not be confirmed: up to 4 bytes between frames are passed over without a word (Between), and Start and End can have them. A check is none by that description; other devices have one, so that it can be set.
func newFramed(s Settings) Adapter {
	return &framed{settings: s, frames: s.framer(MostText)}
}

// newFramedRows makes the adapter of readers through which the document is drawn, and which send each line in a frame of its own, with pauses between. No public document of a vendor was found that has exactly this: start, end, check and pause are settings; STX and ETX are what MSR and OCR readers of that time
// agree on (UIC MSR112 Programmer's Manual, §3; Hand Held Products 3220, "STX/ETX Control").
func newFramedRows(s Settings) Adapter {
	return &framed{settings: s, frames: s.framer(MostText), rows: true}
}

// newRTE makes the adapter of 3M's (later Gemalto's, Thales's) RTE readers, protocol "RTE Native": SOH, two bytes of length, "OU", STX, a flag, three lines with CR after each, ETX, BCC (3M RTE6701-OEM Integration Manual, §9.1.1). Lines that were not found are empty and come first; short lines are filled up with "_" to 30 or 44 characters, so that a TD2 zone has eight of them.
//
// Two things could not be confirmed: what the length counts, and over which bytes BCC goes. The length is passed over, ETX ends the block, and Check says how BCC is made; as long as it is not set BCC is not looked at. The flag has no meaning here.
func newRTE(s Settings) Adapter {
	a := &framed{settings: s, frames: s.framer(MostText), open: openRTE}
	a.frames.blind = 2
	return a
}

func openRTE(b []byte) ([]byte, []Event) {
	const head = 6 // two bytes of length, "OU", STX, flag
	if len(b) < head || string(b[2:5]) != "OU\x02" {
		return nil, dropped(len(b), "a block is none of the optical reader")
	}
	var out []byte
	for line := range bytes.SplitSeq(b[head:], []byte("\r")) {
		out = append(append(out, bytes.TrimRight(line, "_")...), '\r')
	}
	return out, nil
}

func (s *Settings) framer(most int) framer {
	return framer{start: []byte(s.Start), end: []byte(s.End), check: s.Check, most: most, between: max(0, s.Between)}
}

func (a *framed) Take(b []byte) []Event {
	var out []Event
	for _, c := range b {
		out = append(out, a.frames.take(c, a.frame)...)
	}
	return out
}

func (a *framed) Silent() []Event { return append(a.frames.silent(), a.zone.end()...) }

// frame takes the content of one frame.
func (a *framed) frame(b []byte) []Event {
	if e := a.settings.word(b); e != nil {
		return append(a.zone.end(), *e)
	}
	if a.open != nil {
		inner, out := a.open(b)
		if inner == nil {
			return out
		}
		b = inner
	}
	var out []Event
	for _, line := range a.settings.lines(string(b)) {
		out = append(out, a.zone.line(line)...)
	}
	if a.rows {
		return out
	}
	return append(out, a.zone.end()...)
}

// lines are the lines of a frame.
func (s *Settings) lines(content string) []string {
	if s.Separator != "" {
		return strings.Split(content, string(s.Separator))
	}
	return strings.FieldsFunc(content, func(r rune) bool { return r == '\r' || r == '\n' })
}
