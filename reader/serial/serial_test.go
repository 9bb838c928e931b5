//go:build linux

package serial

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"marz"
	"marz/internal/pty"
)

// Every byte passes both ways as it is, whatever a terminal would make of it.
func TestBytesPassAsTheyAre(t *testing.T) {
	other, path, err := pty.Open()
	if err != nil {
		t.Skip(err)
	}
	defer other.Close()
	line, err := Open(path, Settings{Baud: 115200, Parity: "even", Bits: 8, Stop: 2})
	if err != nil {
		t.Fatal(err)
	}
	defer line.Close()
	var all [256]byte
	for i := range all {
		all[i] = byte(i)
	}
	for _, way := range []struct{ from, to *os.File }{{other, line}, {line, other}} {
		if _, err := way.from.Write(all[:]); err != nil {
			t.Fatal(err)
		}
		got := make([]byte, len(all))
		if _, err := io.ReadFull(way.to, got); err != nil || !bytes.Equal(got, all[:]) {
			t.Errorf("%x, %v", got, err)
		}
	}
}

func TestSettingsReachTheLine(t *testing.T) {
	other, path, err := pty.Open()
	if err != nil {
		t.Skip(err)
	}
	defer other.Close()
	for _, c := range []struct {
		s   Settings
		set uint32
	}{
		{Settings{Baud: 19200, Bits: 7, Parity: "odd"}, unix.B19200 | unix.PARENB | unix.PARODD},
		{Settings{Baud: 1200, Stop: 2, Flow: "hardware"}, unix.B1200 | unix.CSTOPB | unix.CRTSCTS},
		{Settings{}, unix.B9600},
	} {
		line, err := Open(path, c.s)
		if err != nil {
			t.Fatal(err)
		}
		got, err := unix.IoctlGetTermios(int(line.Fd()), unix.TCGETS)
		if err != nil {
			t.Fatal(err)
		}
		const of = unix.CBAUD | unix.CSTOPB | unix.CRTSCTS | unix.PARODD
		if got.Cflag&of != c.set&of || got.Lflag&(unix.ECHO|unix.ICANON) != 0 || got.Iflag&unix.ICRNL != 0 {
			t.Errorf("%+v: control %o, local %o", c.s, got.Cflag, got.Lflag)
		}
		line.Close()
	}
}

// A read that waits ends when the line is closed, and when the device is unplugged.
func TestReadsEnd(t *testing.T) {
	for _, what := range []string{"closed", "unplugged"} {
		other, path, err := pty.Open()
		if err != nil {
			t.Skip(err)
		}
		line, err := Open(path, Settings{})
		if err != nil {
			t.Fatal(err)
		}
		ended := make(chan error)
		go func() {
			_, err := line.Read(make([]byte, 1))
			ended <- err
		}()
		if what == "closed" {
			line.Close()
		} else {
			other.Close()
		}
		if err := <-ended; err == nil {
			t.Errorf("%s: no error", what)
		}
		line.Close()
		other.Close()
	}
}

func TestPipesAreLines(t *testing.T) {
	path := filepath.Join(t.TempDir(), "pipe")
	if err := unix.Mkfifo(path, 0o600); err != nil {
		t.Fatal(err)
	}
	line, err := Open(path, Settings{})
	if err != nil {
		t.Fatal(err)
	}
	defer line.Close()
	if err := os.WriteFile(path, []byte("zone\r"), 0o600); err != nil {
		t.Fatal(err)
	}
	got := make([]byte, 5)
	if _, err := io.ReadFull(line, got); err != nil || string(got) != "zone\r" {
		t.Errorf("%q, %v", got, err)
	}
}

func TestRefused(t *testing.T) {
	for want, s := range map[string]Settings{"none of": {Baud: 9601}, "7 or 8": {Bits: 6}, "none, even or odd": {Parity: "mark"}, "1 or 2": {Stop: 3}, "hardware": {Flow: "dtr"}} {
		if _, err := Open("/dev/null", s); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%+v: %v", s, err)
		}
	}
	if _, err := Open(filepath.Join(t.TempDir(), "none"), Settings{}); marz.CodeOf(err) != marz.Unavailable || !strings.Contains(err.Error(), "plug the device in") {
		t.Error(err)
	}
}
