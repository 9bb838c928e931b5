//go:build linux

package station

import (
	"context"
	"crypto/rand"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"marz"
	"marz/emrtd/chip"
	"marz/emrtd/reading"
	"marz/emrtd/specimen"
	"marz/internal/pty"
)

// antenna reads a chip in memory, as one that lies on a reader. Its documents may be changed between two readings.
type antenna struct {
	document *specimen.Document
	hold     chan struct{} // where it is not nil, the tenth command waits until it is closed
}

func (a *antenna) Read(ctx context.Context, zone string, progress Progress) reading.Chip {
	a.document.Chip.Reset()
	return reading.ReadChip(ctx, &held{Card: a.document.Chip, hold: a.hold}, reading.Options{Zone: zone, Progress: func(f reading.FileName, done, of int) { progress(string(f), done, of) }})
}

// held is a chip that waits at a command.
type held struct {
	chip.Card
	hold chan struct{}
	n    int
}

func (h *held) Transmit(ctx context.Context, command []byte) ([]byte, error) {
	if h.n++; h.n == 10 && h.hold != nil {
		select {
		case <-h.hold:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	return h.Card.Transmit(ctx, command)
}

func document(t testing.TB) *specimen.Document {
	t.Helper()
	d, err := specimen.Make(specimen.Profile{}, rand.Reader, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// booth is a station at work: a reader on a pseudo-terminal, a post, a terminal.
type booth struct {
	*Station
	t        testing.TB
	post     *fakePost
	terminal *terminal
	reader   *os.File // the reader's end of the line
	address  string   // of the endpoint
	end      func()
}

type boothOptions struct {
	chip   ChipReader
	frames string        // what stands in reader.toml beside the post
	short  time.Duration // patience with the post
	change func(*fakePost)
	ca     []byte // in place of the post's
	stays  bool   // the test does not run it
}

func open(t testing.TB, o boothOptions) *booth {
	t.Helper()
	b := &booth{t: t, post: startPost(t), terminal: newTerminal()}
	dir := filepath.Join(t.TempDir(), "station")
	ca := b.post.ca
	if o.ca != nil {
		ca = o.ca
	}
	fingerprint, err := Init(Setup{Dir: dir, Post: b.post.address(), CA: ca, Random: rand.Reader, Now: time.Now()})
	if err != nil {
		t.Fatal(err)
	}
	b.post.accepted = fingerprint
	if o.change != nil {
		o.change(b.post)
	}
	var path string
	if b.reader, path, err = pty.Open(); err != nil {
		t.Skip(err)
	}
	t.Cleanup(func() { b.reader.Close() })
	link := filepath.Join(t.TempDir(), "reader")
	if err := os.Symlink(path, link); err != nil {
		t.Fatal(err)
	}
	config := "post = '" + b.post.address() + "'\nlisten = '127.0.0.1:0'\n" + o.frames + "\n[[device]]\nname = 'passports'\npath = '" + link + "'\nframes = { adapter = 'desko', pause_ms = 20 }\n"
	if err := os.WriteFile(filepath.Join(dir, configFile), []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	if b.Station, err = Open(Options{Dir: dir, Chip: o.chip, Terminal: b.terminal, Random: rand.Reader}); err != nil {
		t.Fatal(err)
	}
	b.times = times{patience: 30 * time.Second, attempt: 10 * time.Second, retry: time.Millisecond, beat: 20 * time.Millisecond, poll: 10 * time.Millisecond, again: 5 * time.Millisecond, chip: 30 * time.Second}
	if o.short > 0 {
		b.times.patience = o.short
	}
	if !o.stays {
		b.start()
	}
	return b
}

// start runs the station until the test ends, and waits until its reader and its post are there.
func (b *booth) start() {
	b.t.Helper()
	ctx, stop := context.WithCancel(context.Background())
	ready, ended := make(chan net.Addr, 1), make(chan error, 1)
	go func() { ended <- b.Run(ctx, func(a net.Addr) { ready <- a }) }()
	b.end = func() {
		stop()
		if err := <-ended; err != nil {
			b.t.Error(err)
		}
		ended <- nil
		if text := b.terminal.String(); strings.Contains(text, "ERIKSSON") || strings.Contains(text, "898902C3") || strings.Contains(text, "740812") {
			b.t.Errorf("the terminal says who the holder is:\n%s", text)
		}
	}
	b.t.Cleanup(b.end)
	b.address = (<-ready).String()
	b.terminal.until(b.t, "passports: ", 1)
}

// scan has the reader send a zone.
func (b *booth) scan(zone string) {
	b.t.Helper()
	b.send("\x1e\x02" + strings.ReplaceAll(zone, "\n", "\r") + "\r\x03\x1f")
}

func (b *booth) send(bytes string) {
	b.t.Helper()
	if _, err := b.reader.WriteString(bytes); err != nil {
		b.t.Fatal(err)
	}
}

// got waits for the next reading at the post.
func (b *booth) got() *reading.Reading {
	b.t.Helper()
	select {
	case r := <-b.post.told:
		return r
	case <-time.After(30 * time.Second):
		b.t.Fatalf("no reading at the post; the terminal:\n%s", b.terminal)
		return nil
	}
}

// none says that no further reading came.
func (b *booth) none() {
	b.t.Helper()
	select {
	case r := <-b.post.told:
		b.t.Fatalf("one reading too many: %v, %d seals", r, len(r.Seals))
	default:
	}
}

// ask makes a request to the endpoint as a service would, and returns status and answer.
func (b *booth) ask(method, path, kind, body string, change ...func(*http.Request)) (int, string) {
	b.t.Helper()
	r, err := http.NewRequest(method, "http://"+b.address+path, strings.NewReader(body))
	if err != nil {
		b.t.Fatal(err)
	}
	r.Header.Set("Content-Type", kind)
	r.Header.Set("Authorization", "Bearer "+b.token)
	for _, c := range change {
		c(r)
	}
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		b.t.Fatal(err)
	}
	defer resp.Body.Close()
	var text strings.Builder
	if _, err := io.Copy(&text, resp.Body); err != nil {
		b.t.Fatal(err)
	}
	return resp.StatusCode, text.String()
}

// result is the chip's result and reason.
func result(r *reading.Reading) (marz.Result, string) { return r.Chip.Result, r.Chip.Reason }
