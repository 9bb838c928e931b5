package photo

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"slices"
	"strings"
	"time"

	"marz"
)

// program is Debian's name of the engine.
const program = "tesseract"

// models are what the engine may have been taught, the best for zones first. Debian ships eng, general English; ocrb and mrz are names under which models of the zone's typeface are passed on.
var models = []string{"ocrb", "mrz", "eng"}

// Letters and digits, and what stands for nothing: no more is asked for.
const (
	letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
	filler  = "<"
)

const (
	mostOutput = 64 << 10         // bytes that are read of one answer
	patience   = 20 * time.Second // for one photograph
	waitDelay  = 2 * time.Second  // for a program that does not end when it is told to
)

// Reader reads zones in photographs with an engine that is installed on this machine. Its methods may be called from any goroutine; each call runs the program anew, on one processor.
type Reader struct {
	path  string
	model string
}

// Find looks for the engine. The error is NotFound and says what to install where there is none, or none that was taught anything of use.
func Find(ctx context.Context) (*Reader, error) {
	path, err := exec.LookPath(program)
	if err != nil {
		return nil, missing(program + " is not installed")
	}
	r := &Reader{path: path}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	out, err := r.run(ctx, nil, "--list-langs")
	if err != nil {
		return nil, err
	}
	known := strings.Fields(out)
	for _, m := range models {
		if slices.Contains(known, m) {
			r.model = m
			return r, nil
		}
	}
	return nil, missing(program + " has none of the models " + strings.Join(models, ", "))
}

func missing(what string) error {
	return &marz.Error{Code: marz.NotFound, Op: "read photograph", Fix: what + ": install Debian's tesseract-ocr, or type the zone"}
}

// Engine names what reads, for example "tesseract eng".
func (r *Reader) Engine() string { return program + " " + r.model }

// lines returns what the engine reads in a picture, line by line and without blanks. mode is its page segmentation: 6 for a block of lines, 7 for one line.
func (r *Reader) lines(ctx context.Context, p picture, mode int, whitelist string) ([]string, error) {
	out, err := r.run(ctx, pgm(p), "stdin", "stdout", "-l", r.model, "--psm", fmt.Sprint(mode), "-c", "tessedit_char_whitelist="+whitelist, "-c", "load_system_dawg=0", "-c", "load_freq_dawg=0")
	if err != nil {
		return nil, err
	}
	var lines []string
	for line := range strings.Lines(out) {
		if line = strings.Join(strings.Fields(line), ""); line != "" {
			lines = append(lines, line)
		}
	}
	return lines, nil
}

// run runs the program to its end, with no shell, nothing of this program's environment but where programs are, and as much of its output as is bounded.
func (r *Reader) run(ctx context.Context, in []byte, args ...string) (string, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	c := exec.CommandContext(ctx, r.path, args...)
	c.Env = []string{"PATH=/usr/bin:/bin", "LC_ALL=C.UTF-8", "OMP_THREAD_LIMIT=1"}
	c.Stdin = bytes.NewReader(in)
	c.WaitDelay = waitDelay
	out, err := c.StdoutPipe()
	if err != nil {
		return "", &marz.Error{Op: "run " + program, Err: err}
	}
	if err := c.Start(); err != nil {
		return "", &marz.Error{Op: "run " + program, Err: err}
	}
	text, err := io.ReadAll(io.LimitReader(out, mostOutput+1))
	if err != nil || len(text) > mostOutput {
		cancel()
	}
	waited := c.Wait()
	switch {
	case errors.Is(ctx.Err(), context.DeadlineExceeded):
		return "", &marz.Error{Code: marz.Unavailable, Op: "read photograph", Fix: fmt.Sprintf("%s took longer than %v: type the zone", program, patience)}
	case len(text) > mostOutput:
		return "", &marz.Error{Code: marz.Invalid, Op: "read photograph", Fix: "there is far more in it than a zone: take only the lower part of the page"}
	case err != nil || waited != nil:
		return "", &marz.Error{Op: "run " + program, Err: cause(ctx, err, waited)}
	}
	return string(text), nil
}

// cause is why a run failed: first that nobody waits for it any more.
func cause(ctx context.Context, errs ...error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// pgm writes a picture as a portable greymap, the plainest form that the engine takes.
func pgm(p picture) []byte {
	return append(fmt.Appendf(nil, "P5 %d %d 255\n", p.w, p.h), p.pix...)
}
