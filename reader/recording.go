package reader

import (
	"bufio"
	"encoding/hex"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/BurntSushi/toml"

	"marz"
)

// Recording is what a device sent, with its pauses, in text that can be read and written by hand (docs/readers.md, "Recorded frames"). Lines are
//
//	# a comment
//	@ adapter = "desko"     a setting of the device, as in reader.toml
//	pause 120               milliseconds of silence before what follows
//	text \x02P<UTO…\r       bytes, as Unescape reads them
//	hex 02 50 3c            bytes in hexadecimal
type Recording struct {
	Settings Settings // as the recording has them; Adapter is "" where it does not say
	Steps    []Step
}

// Step is some bytes, and the silence before them.
type Step struct {
	Pause time.Duration
	Bytes []byte
}

// mostRecording bounds a recording, and its longest pause.
const (
	mostRecording = 4 << 20
	mostPause     = time.Minute
)

// ReadRecording reads a recording. name stands in its errors.
func ReadRecording(r io.Reader, name string) (*Recording, error) {
	var rec Recording
	var settings strings.Builder
	var pause time.Duration
	lines, size := bufio.NewScanner(r), 0
	lines.Buffer(nil, mostRecording)
	for n := 1; lines.Scan(); n++ {
		line := strings.TrimSuffix(lines.Text(), "\r")
		at := fmt.Sprintf("%s:%d", name, n)
		word, rest, _ := strings.Cut(line, " ")
		if strings.HasPrefix(line, "#") {
			continue
		}
		switch word {
		case "":
		case "@":
			settings.WriteString(rest + "\n")
		case "pause":
			ms, err := strconv.Atoi(rest)
			if err != nil || ms < 0 || time.Duration(ms)*time.Millisecond > mostPause {
				return nil, badRecording(at, "write pause and milliseconds, at most 60000")
			}
			pause += time.Duration(ms) * time.Millisecond
		case "text", "hex":
			b, err := stepBytes(word, rest)
			if err != nil {
				return nil, badRecording(at, err.Error())
			}
			if size += len(b); size > mostRecording {
				return nil, badRecording(at, "the recording has more than 4 MB; cut it")
			}
			rec.Steps = append(rec.Steps, Step{pause, b})
			pause = 0
		default:
			return nil, badRecording(at, "a line begins with text, hex, pause, @ or #")
		}
	}
	if err := lines.Err(); err != nil {
		return nil, &marz.Error{Code: marz.Invalid, Op: "read recording", Subject: name, Err: err}
	}
	if pause > 0 {
		rec.Steps = append(rec.Steps, Step{Pause: pause})
	}
	return &rec, rec.set(settings.String(), name)
}

func stepBytes(word, rest string) ([]byte, error) {
	if word == "hex" {
		return hex.DecodeString(strings.ReplaceAll(rest, " ", ""))
	}
	s, err := Unescape(rest)
	return []byte(s), err
}

func (r *Recording) set(text, name string) error {
	if text == "" {
		return nil
	}
	meta, err := toml.Decode(text, &r.Settings)
	if err != nil {
		return badRecording(name, "its settings (@) are not TOML: "+err.Error())
	}
	if odd := meta.Undecoded(); len(odd) > 0 {
		return badRecording(name, "there is no setting "+odd[0].String())
	}
	return nil
}

func badRecording(at, fix string) error {
	return &marz.Error{Code: marz.Invalid, Op: "read recording", Subject: at, Fix: fix}
}

// Write writes a step as lines of a recording: one for the silence where there was any, and one for the bytes, as text where nearly all of them can be typed.
func (s Step) Write(w io.Writer) error {
	if ms := s.Pause.Milliseconds(); ms > 0 {
		if _, err := fmt.Fprintf(w, "pause %d\n", ms); err != nil {
			return err
		}
	}
	if len(s.Bytes) == 0 {
		return nil
	}
	odd := 0
	for _, c := range s.Bytes {
		if c > '~' || c < ' ' && c != '\r' && c != '\n' {
			odd++
		}
	}
	line := "text " + Escape(s.Bytes)
	if odd*4 > len(s.Bytes) {
		line = fmt.Sprintf("hex % x", s.Bytes)
	}
	_, err := fmt.Fprintln(w, line)
	return err
}

// Events plays a recording to an adapter whose pause is given, without waiting, and returns what it makes of it. The device is silent at the end.
func (r *Recording) Events(a Adapter, pause time.Duration) []Event {
	var out []Event
	for _, s := range r.Steps {
		if s.Pause >= pause {
			out = append(out, a.Silent()...)
		}
		out = append(out, a.Take(s.Bytes)...)
	}
	return append(out, a.Silent()...)
}

// Header writes the settings of a device as the first lines of a recording.
func (s Settings) Header(w io.Writer) error {
	var text strings.Builder
	if err := toml.NewEncoder(&text).Encode(s); err != nil {
		return err
	}
	for line := range strings.Lines(text.String()) {
		if _, err := io.WriteString(w, "@ "+line); err != nil {
			return err
		}
	}
	return nil
}

// Record writes what a device sends as a recording, each piece as it comes, until the device is gone. now is the time since any instant. What it writes is what the documents say: record specimens alone.
func Record(device io.Reader, w io.Writer, now func() time.Duration) error {
	b := make([]byte, MostText)
	for last := now(); ; {
		n, err := device.Read(b)
		at := now()
		if n > 0 {
			if err := (Step{min(at-last, mostPause), b[:n]}).Write(w); err != nil {
				return err
			}
			last = at
		}
		if err != nil {
			return err
		}
	}
}
