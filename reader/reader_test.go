package reader

import (
	"bytes"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// specimen zones of ICAO 9303-4, -5 and -6.
const (
	passport = "P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<\nL898902C36UTO7408122F1204159ZE184226B<<<<<10"
	card     = "I<UTOD231458907<<<<<<<<<<<<<<<\n7408122F1204159UTO<<<<<<<<<<<6\nERIKSSON<<ANNA<MARIA<<<<<<<<<<"
)

func recordings(t testing.TB) map[string]*Recording {
	t.Helper()
	paths, err := filepath.Glob("testdata/recordings/*.frames")
	if err != nil || len(paths) == 0 {
		t.Fatalf("no recordings: %v", err)
	}
	out := map[string]*Recording{}
	for _, p := range paths {
		b, err := os.ReadFile(p)
		if err != nil {
			t.Fatal(err)
		}
		r, err := ReadRecording(bytes.NewReader(b), p)
		if err != nil {
			t.Fatal(err)
		}
		out[strings.TrimSuffix(filepath.Base(p), ".frames")] = r
	}
	return out
}

func adapter(t testing.TB, s Settings) Adapter {
	t.Helper()
	a, err := New(s)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func lines(t testing.TB, events []Event) string {
	t.Helper()
	var out bytes.Buffer
	e := json.NewEncoder(&out)
	e.SetEscapeHTML(false)
	for _, x := range events {
		if err := e.Encode(x); err != nil {
			t.Fatal(err)
		}
	}
	return out.String()
}

// Every kept recording gives what is kept beside it, whole or byte by byte. MARZ_UPDATE=1 writes what is kept anew.
func TestRecordings(t *testing.T) {
	seen := map[string]bool{}
	for name, r := range recordings(t) {
		seen[r.Settings.Adapter] = true
		got := lines(t, r.Events(adapter(t, r.Settings), r.Settings.Pause()))
		path := filepath.Join("testdata/recordings", name+".golden")
		if os.Getenv("MARZ_UPDATE") != "" {
			if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(want), got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
		var single Recording
		for _, s := range r.Steps {
			for i := range s.Bytes {
				step := Step{Bytes: s.Bytes[i : i+1]}
				if i == 0 {
					step.Pause = s.Pause
				}
				single.Steps = append(single.Steps, step)
			}
		}
		if got := lines(t, single.Events(adapter(t, r.Settings), r.Settings.Pause())); got != string(want) {
			t.Errorf("%s byte by byte: %s", name, cmp.Diff(string(want), got))
		}
	}
	for _, k := range Adapters() {
		if !seen[k] {
			t.Errorf("no recording of adapter %s", k)
		}
	}
}

// frames says how each adapter's device sends a zone.
var frames = map[string]func(zone string) []byte{
	"wedge": func(z string) []byte { return []byte(strings.ReplaceAll(z, "\n", "\r") + "\r") },
	"rows":  func(z string) []byte { return []byte(strings.ReplaceAll(z, "\n", "\r\n") + "\r\n") },
	"desko": func(z string) []byte { return []byte("\x02" + strings.ReplaceAll(z, "\n", "\r") + "\r\x03") },
	"swipe": func(z string) []byte { return []byte("\x02" + strings.ReplaceAll(z, "\n", "\x03\x02") + "\x03") },
	"rte": func(z string) []byte {
		if strings.Count(z, "\n") < 2 {
			z = "\n" + z
		}
		return []byte("\x01\x66\x00OU\x020" + strings.ReplaceAll(z, "\n", "\r") + "\r\x03\x7f")
	},
	"scanner": func(z string) []byte { return []byte("]o1" + strings.ReplaceAll(z, "\n", "\r") + "\r") },
}

// After any garbage and a silence the next document is read, as it is; and every byte of the garbage is in an event or within a frame's slack.
func TestLawAfterGarbageTheNextDocumentIsRead(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		kind := rapid.SampledFrom(Adapters()).Draw(t, "adapter")
		a, err := New(Settings{Adapter: kind})
		if err != nil {
			t.Fatal(err)
		}
		garbage := rapid.SliceOfN(rapid.OneOf(rapid.Byte(), rapid.SampledFrom([]byte("\x01\x02\x03\r\n]dP<AU0_"))), 0, 300).Draw(t, "garbage")
		a.Take(garbage)
		a.Silent()
		zone := rapid.SampledFrom([]string{passport, card}).Draw(t, "zone")
		got := append(a.Take(frames[kind](zone)), a.Silent()...)
		if !slices.ContainsFunc(got, func(e Event) bool { return e.Kind == Zone && e.Zone == zone && e.Note == "" }) {
			t.Fatalf("%s: %v", kind, got)
		}
	})
}

// A zone that no event calls misread is one that the device sent, letter by letter: nothing is corrected.
func TestLawNothingIsCorrected(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		kind := rapid.SampledFrom(Adapters()).Draw(t, "adapter")
		zone := []byte(rapid.SampledFrom([]string{passport, card}).Draw(t, "zone"))
		for range rapid.IntRange(0, 4).Draw(t, "changes") {
			i := rapid.IntRange(0, len(zone)-1).Draw(t, "at")
			if zone[i] != '\n' {
				zone[i] = rapid.SampledFrom([]byte("ABCXYZ0189<?*")).Draw(t, "to")
			}
		}
		a, err := New(Settings{Adapter: kind})
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range append(a.Take(frames[kind](string(zone))), a.Silent()...) {
			if e.Kind == Zone && e.Zone != string(zone) {
				t.Fatalf("%s: read %q of %q", kind, e.Zone, zone)
			}
		}
	})
}

// Whatever comes and however much, an adapter keeps little of it, and says of all of it that it was dropped.
func TestBoundedMemory(t *testing.T) {
	for _, kind := range Adapters() {
		for _, piece := range []string{"A", "\x02A", "\x01xxOU\x02A", "]d1A", "P<UTO\r", "\x00\xff"} {
			a := adapter(t, Settings{Adapter: kind})
			chunk := bytes.Repeat([]byte(piece), 8<<10/len(piece))
			var before, after runtime.MemStats
			runtime.GC()
			runtime.ReadMemStats(&before)
			n := 0
			for range 100 {
				for _, e := range a.Take(chunk) {
					n += e.Bytes
				}
			}
			runtime.GC()
			runtime.ReadMemStats(&after)
			if after.HeapAlloc > before.HeapAlloc+128<<10 {
				t.Errorf("%s, %q: %d bytes kept", kind, piece, after.HeapAlloc-before.HeapAlloc)
			}
			for _, e := range a.Silent() {
				n += e.Bytes
			}
			if n < len(chunk)*100/4 {
				t.Errorf("%s, %q: only %d bytes of %d are said to be dropped", kind, piece, n, len(chunk)*100)
			}
			runtime.KeepAlive(a)
		}
	}
}

func TestEventsSayNothingOfTheHolder(t *testing.T) {
	for _, e := range []Event{{Kind: Zone, Zone: passport}, {Kind: Code, Symbol: "]d1", Data: []byte("ERIKSSON")}} {
		if s := e.String() + e.GoString(); strings.Contains(s, "ERIKSSON") || !strings.Contains(s, string(e.Kind)) {
			t.Errorf("%s", s)
		}
	}
}

func TestSettingsAreRefused(t *testing.T) {
	for _, c := range []struct {
		s    Settings
		want string
	}{
		{Settings{}, "there is no such adapter; choose one of desko, rows, rte, scanner, swipe, wedge"},
		{Settings{Adapter: "desko", Check: "crc"}, "choose one of none, unchecked, xor"},
		{Settings{Adapter: "wedge", Check: XOR}, "lines that are typed have no check"},
		{Settings{Adapter: "desko", Start: "\x03"}, "it is the same as start"},
		{Settings{Adapter: "desko", Plain: true}, "it is of scanners alone"},
		{Settings{Adapter: "scanner", Separator: "\r"}, "set end"},
		{Settings{Adapter: "rows", PauseMS: 5}, "write 10 to 10000"},
		{Settings{Adapter: "rows", End: "12345678901234567"}, "at most 16"},
		{Settings{Adapter: "desko", Between: 65}, "at most 64"},
	} {
		if _, err := New(c.s); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%+v: %v", c.s, err)
		}
	}
}

func TestRecordingsAreRefused(t *testing.T) {
	for text, want := range map[string]string{
		"texts a":       "x:1: a line begins with text, hex, pause, @ or #",
		"\npause -1":    "x:2: write pause and milliseconds",
		"pause 1000000": "at most 60000",
		`text \q`:       `\\q`,
		`text \x0`:      `two hexadecimal digits`,
		`text \`:        `two hexadecimal digits`,
		"hex 0":         "odd length",
		"@ adaptor = 1": "there is no setting adaptor",
		"@ adapter":     "not TOML",
	} {
		if _, err := ReadRecording(strings.NewReader(text), "x"); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v", text, err)
		}
	}
}

// What is written as a recording is read as it was.
func TestLawRecordingsAreReadAsWritten(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := Step{Bytes: rapid.SliceOfN(rapid.Byte(), 1, 80).Draw(t, "bytes")}
		var out strings.Builder
		if err := want.Write(&out); err != nil {
			t.Fatal(err)
		}
		got, err := ReadRecording(strings.NewReader(out.String()), "x")
		if err != nil || len(got.Steps) != 1 || !bytes.Equal(got.Steps[0].Bytes, want.Bytes) {
			t.Fatalf("%s: %v, %v", out.String(), got, err)
		}
	})
}

// A device that is recorded gives a recording with its settings and pauses.
func TestRecord(t *testing.T) {
	pieces := []string{"P<UTO", "<<\r"}
	times := []time.Duration{0, 120 * time.Millisecond, 125 * time.Millisecond, 0}
	device := readerFunc(func(b []byte) (int, error) {
		if len(pieces) == 0 {
			return 0, io.EOF
		}
		n := copy(b, pieces[0])
		pieces = pieces[1:]
		return n, nil
	})
	var out strings.Builder
	if err := (Settings{Adapter: "rows", Start: "\x02", PauseMS: 300}).Header(&out); err != nil {
		t.Fatal(err)
	}
	now := func() time.Duration { x := times[0]; times = times[1:]; return x }
	if err := Record(device, &out, now); err != io.EOF {
		t.Fatal(err)
	}
	const want = "@ adapter = \"rows\"\n@ start = \"\\\\x02\"\n@ pause_ms = 300\npause 120\ntext P<UTO\npause 5\ntext <<\\r\n"
	if out.String() != want {
		t.Errorf("%s", cmp.Diff(want, out.String()))
	}
	r, err := ReadRecording(strings.NewReader(out.String()), "x")
	if err != nil || r.Settings != (Settings{Adapter: "rows", Start: "\x02", PauseMS: 300}) || len(r.Steps) != 2 || r.Steps[0].Pause != 120*time.Millisecond {
		t.Errorf("%+v, %v", r, err)
	}
}

type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(b []byte) (int, error) { return f(b) }
