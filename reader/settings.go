package reader

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"marz"
)

// Bounds of what an adapter keeps.
const (
	MostFrame = 8<<10 + 64 // bytes of one frame: a seal and what stands around it
	MostText  = 1 << 10    // bytes of one frame of text
	mostMark  = 16         // bytes that begin or end a frame
)

// Adapter makes events of the bytes of one device. It belongs to one goroutine.
type Adapter interface {
	// Take takes the next bytes, in whatever pieces they come.
	Take(b []byte) []Event
	// Silent says that nothing came for as long as the device's pause: what is half there ends here.
	Silent() []Event
}

// Settings say how a device frames what it sends. The zero value of each but Adapter is what the adapter has by itself.
type Settings struct {
	Adapter   string `toml:"adapter"`
	Start     Bytes  `toml:"start,omitempty"`     // with which a frame, or a typed line, begins
	End       Bytes  `toml:"end,omitempty"`       // with which it ends
	Separator Bytes  `toml:"separator,omitempty"` // between lines within a frame; none: CR, LF or both
	Check     Check  `toml:"check,omitempty"`     // what stands after the end
	Removed   Bytes  `toml:"removed,omitempty"`   // the frame that says that the document was taken away; none: no frame does
	Error     Bytes  `toml:"error,omitempty"`     // with which a frame begins that reports an error; none: no frame does
	Between   int    `toml:"between,omitzero"`    // so many bytes between two frames are passed over without a word; 0: the adapter's own; below 0: none
	PauseMS   int    `toml:"pause_ms,omitzero"`   // milliseconds of silence after which what is half there ends
	Plain     bool   `toml:"plain,omitempty"`     // of a scanner: it sends no AIM identifiers
}

// kinds are the adapters with what each has by itself.
var kinds = map[string]struct {
	defaults Settings
	make     func(Settings) Adapter
}{
	"wedge":   {Settings{PauseMS: 200}, newWedge},
	"rows":    {Settings{PauseMS: 1000}, newRows},
	"desko":   {Settings{Start: "\x02", End: "\x03", Check: NoCheck, Between: 4, PauseMS: 500}, newFramed},
	"swipe":   {Settings{Start: "\x02", End: "\x03", Check: NoCheck, Between: 2, PauseMS: 1000}, newFramedRows},
	"rte":     {Settings{Start: "\x01", End: "\x03", Check: Unchecked, Between: 2, PauseMS: 500}, newRTE},
	"scanner": {Settings{End: "\r", Check: NoCheck, PauseMS: 100}, newScanner},
}

// Adapters are the names of the adapters, in order.
func Adapters() []string {
	var out []string
	for k := range kinds {
		out = append(out, k)
	}
	slices.Sort(out)
	return out
}

// New makes the adapter of a device.
func New(s Settings) (Adapter, error) {
	s, err := s.complete()
	if err != nil {
		return nil, err
	}
	return kinds[s.Adapter].make(s), nil
}

// Pause is the silence after which Silent has to be called.
func (s Settings) Pause() time.Duration {
	if c, err := s.complete(); err == nil {
		return time.Duration(c.PauseMS) * time.Millisecond
	}
	return 0
}

// complete puts what the adapter has by itself where nothing is set, and refuses what makes no sense.
func (s Settings) complete() (Settings, error) {
	k, ok := kinds[s.Adapter]
	if !ok {
		return s, s.refuse("adapter", "there is no such adapter; choose one of "+strings.Join(Adapters(), ", "))
	}
	d := k.defaults
	for _, f := range []struct{ mine, own *Bytes }{{&s.Start, &d.Start}, {&s.End, &d.End}} {
		if *f.mine == "" {
			*f.mine = *f.own
		}
	}
	if s.Check == "" {
		s.Check = d.Check
	}
	if s.PauseMS == 0 {
		s.PauseMS = d.PauseMS
	}
	if s.Between == 0 {
		s.Between = d.Between
	}
	return s, s.valid()
}

func (s Settings) valid() error {
	for name, b := range map[string]Bytes{"start": s.Start, "end": s.End, "separator": s.Separator, "removed": s.Removed, "error": s.Error} {
		if len(b) > mostMark {
			return s.refuse(name, fmt.Sprintf("it has %d bytes; at most %d are taken", len(b), mostMark))
		}
	}
	typed := s.Adapter == "wedge" || s.Adapter == "rows"
	switch {
	case typed && s.Check != "":
		return s.refuse("check", "lines that are typed have no check")
	case !typed && !slices.Contains(checks, s.Check):
		return s.refuse("check", "choose one of "+strings.Join(names(checks), ", "))
	case !typed && s.Start == s.End:
		return s.refuse("end", "it is the same as start")
	case s.Adapter != "scanner" && s.Plain:
		return s.refuse("plain", "it is of scanners alone")
	case s.Adapter == "scanner" && s.Separator != "":
		return s.refuse("separator", "the lines of what a scanner reads have no separator of their own; set end")
	case s.PauseMS < 10 || s.PauseMS > 10_000:
		return s.refuse("pause_ms", "write 10 to 10000")
	case s.Between > 64:
		return s.refuse("between", "write at most 64")
	}
	return nil
}

func (s Settings) refuse(name, fix string) error {
	return &marz.Error{Code: marz.Invalid, Op: "set up adapter", Subject: fmt.Sprintf("%.20q, %s", s.Adapter, name), Fix: fix}
}

func names(c []Check) []string {
	var out []string
	for _, x := range c {
		out = append(out, string(x))
	}
	return out
}
