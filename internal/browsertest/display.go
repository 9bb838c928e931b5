package browsertest

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"
)

// Display is an X server without a screen (Xvfb), with a keyboard whose keys are pressed by the XTEST extension: below it everything
// is as with a USB keyboard, the keyboard layout above all.
type Display struct {
	Name string // for the environment variable DISPLAY
	t    testing.TB
	xdo  io.WriteCloser
}

// NewDisplay starts an X server on a free display, and the program that presses its keys. Where Xvfb, xdotool or setxkbmap is
// missing the test is skipped, or fails when the environment says CI=true. All end with the test.
func NewDisplay(t testing.TB) *Display {
	t.Helper()
	for _, program := range []string{"Xvfb", "xdotool", "setxkbmap"} {
		if _, err := exec.LookPath(program); err != nil {
			missing(t, program, "install xvfb, xdotool, x11-xkb-utils and xkb-data")
		}
	}
	d := &Display{t: t}
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	// The server writes the number of the display that it found free to file descriptor 3. It ends with its last client, so that
	// nothing stays when the test's process is killed: xdotool, the first client, ends with its input.
	server := exec.Command("Xvfb", "-displayfd", "3", "-screen", "0", "1280x1024x24", "-nolisten", "tcp", "-terminate")
	server.ExtraFiles = []*os.File{w}
	start(t, server)
	w.Close()
	if err := r.SetReadDeadline(time.Now().Add(20 * time.Second)); err != nil {
		t.Fatal(err)
	}
	number, err := bufio.NewReader(r).ReadString('\n')
	if err != nil {
		t.Fatalf("start Xvfb: it named no display: %v", err)
	}
	d.Name = ":" + strings.TrimSpace(number)

	xdo := exec.Command("xdotool", "-")
	xdo.Env = append(os.Environ(), "DISPLAY="+d.Name)
	if d.xdo, err = xdo.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	out, err := xdo.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	start(t, xdo)
	d.command("getdisplaygeometry")
	if line, err := bufio.NewReader(out).ReadString('\n'); err != nil {
		t.Fatalf("start xdotool on display %s: %q: %v", d.Name, line, err)
	}
	d.SetLayout("us")
	return d
}

func start(t testing.TB, cmd *exec.Cmd) {
	t.Helper()
	cmd.Stderr = t.Output()
	if err := cmd.Start(); err != nil {
		t.Fatalf("start %s: %v", cmd.Path, err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait() // killed, as it should be
	})
}

// In makes the display's steps report to a subtest until the subtest ends.
func (d *Display) In(t testing.TB) {
	outer := d.t
	d.t = t
	t.Cleanup(func() { d.t = outer })
}

// SetLayout gives the keyboard a layout by its name in xkeyboard-config, for example "ru". Programs learn of it a moment later.
func (d *Display) SetLayout(name string) {
	d.t.Helper()
	cmd := exec.Command("setxkbmap", "-display", d.Name, "-rules", "evdev", "-model", "pc105", "-layout", name, "-option", "")
	if out, err := cmd.CombinedOutput(); err != nil {
		d.t.Fatalf("set keyboard layout %s: %v: %s", name, err, out)
	}
}

// Type presses and releases keys, one after the other and without a pause, and returns before the last has arrived.
func (d *Display) Type(strokes []Stroke) {
	d.t.Helper()
	var b strings.Builder
	shift := false
	for _, s := range slices.Concat(strokes, []Stroke{{}}) {
		if s.Shift != shift {
			shift = s.Shift
			fmt.Fprintf(&b, "%s --delay 0 %d\n", map[bool]string{true: "keydown", false: "keyup"}[shift], keyOf("ShiftLeft").x)
		}
		if s.Code != "" {
			fmt.Fprintf(&b, "key --delay 0 %d\n", keyOf(s.Code).x)
		}
	}
	d.command(b.String())
}

func (d *Display) command(s string) {
	d.t.Helper()
	if _, err := io.WriteString(d.xdo, s+"\n"); err != nil {
		d.t.Fatalf("xdotool: %v", err)
	}
}
