package photo

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"flag"
	"hash/crc32"
	"image"
	"image/png"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"marz"
	"marz/mrz"
)

var today = marz.Date{Year: 2025, Month: 1, Day: 1}

// zoneOf writes a zone of an invented person.
func zoneOf(t testing.TB, r *rand.Rand, format mrz.Format) string {
	t.Helper()
	pick := func(from ...string) string { return from[r.IntN(len(from))] }
	code := map[mrz.Format]string{mrz.TD1: "I", mrz.TD2: "I", mrz.TD3: "P", mrz.MRVA: "V", mrz.MRVB: "V"}[format]
	number := ""
	for range 9 {
		number += string(letters[r.IntN(len(letters))])
	}
	text, err := mrz.Write(mrz.Document{Format: format, Code: code, Issuer: "UTO", Nationality: "UTO", Primary: pick("ERIKSSON", "OQUINDO", "ZIBELLI", "KSANADU", "VELIKANOV"), Secondary: pick("ANNA MARIA", "OLGA", "GUIDO BILL", "XENIA K", "ZORVAN"),
		Number: number, Sex: pick("F", "M", "X"), Birth: marz.Date{Year: 1950 + r.IntN(55), Month: 1 + r.IntN(12), Day: 1 + r.IntN(28)}, Expiry: marz.Date{Year: 2025 + r.IntN(9), Month: 1 + r.IntN(12), Day: 1 + r.IntN(28)}})
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(text)
}

func find(t testing.TB) *Reader {
	t.Helper()
	r, err := Find(t.Context())
	if marz.CodeOf(err) == marz.NotFound {
		t.Skip("skipped: ", err)
	}
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// specimen is that of ICAO 9303-4 Appendix A.
const specimen = "P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<\nL898902C36UTO7408122F1204159ZE184226B<<<<<10"

// first reports whether a zone is among the likeliest candidates.
func first(r *Reading, zone string) bool {
	return slices.ContainsFunc(r.Candidates, func(c mrz.Candidate) bool {
		return c.Cost == r.Candidates[0].Cost && strings.Join(c.Lines, "\n") == zone
	})
}

// A photograph that was taken with care is read, however it is turned, in a shadow, and with the camera not quite straight.
func TestReadOrdinaryPhotographs(t *testing.T) {
	reader := find(t)
	for name, change := range map[string]func(*shot){
		"plain":          func(*shot) {},
		"upside down":    func(s *shot) { s.turn = 2 },
		"on its side":    func(s *shot) { s.turn = 3 },
		"in a shadow":    func(s *shot) { s.shadow = .5 },
		"slanting":       func(s *shot) { s.slant = -4 },
		"aslant, noisy":  func(s *shot) { s.tilt, s.noise = .06, 10 },
		"other typeface": func(s *shot) { s.ocrB = false },
	} {
		t.Run(name, func(t *testing.T) {
			s := ordinary(7)
			change(&s)
			got, err := reader.Read(t.Context(), s.take(t, specimen), today)
			if err != nil {
				t.Fatal(err)
			}
			if !first(got, specimen) {
				t.Errorf("read was\n%s\nand what is printed is not among the likeliest of %d candidates", got.Text, len(got.Candidates))
			}
		})
	}
}

func TestReadEveryFormat(t *testing.T) {
	reader := find(t)
	for _, zone := range []string{
		"I<UTOD231458907<<<<<<<<<<<<<<<\n7408122F1204159UTO<<<<<<<<<<<6\nERIKSSON<<ANNA<MARIA<<<<<<<<<<",
		"I<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<\nD231458907UTO7408122F1204159<<<<<<<6",
		"V<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<\nL8988901C4XXX4009078F96121096ZE184226B<<<<<<",
	} {
		got, err := reader.Read(t.Context(), ordinary(3).take(t, zone), today)
		if err != nil {
			t.Fatal(err)
		}
		if !first(got, zone) {
			t.Errorf("read was\n%s\nof\n%s", got.Text, zone)
		}
	}
}

// In a photograph of something else no zone is found, and that is no error.
func TestReadWhatIsNoZone(t *testing.T) {
	reader := find(t)
	got, err := reader.Read(t.Context(), ordinary(1).take(t, ""), today)
	if err != nil || len(got.Candidates) != 0 {
		t.Errorf("%+v, %v", got, err)
	}
}

func TestReadRefuses(t *testing.T) {
	r := &Reader{path: "/nonexistent"}
	wide := pngOf(t, image.NewGray(image.Rect(0, 0, mostSide+1, 50)))
	whole := pngOf(t, image.NewGray(image.Rect(0, 0, 300, 300)))
	for name, b := range map[string][]byte{
		"nothing": nil, "text": []byte("P<UTO"), "a GIF": []byte("GIF89a\x40\x01\xc8\x00\x00\x00\x00;"), "too wide": wide,
		"too many bytes": append(whole, make([]byte, MostBytes)...), "cut short": whole[:len(whole)-40], "too small": pngOf(t, image.NewGray(image.Rect(0, 0, 20, 20))),
		"a bomb": enlarged(whole, 11_000, 11_000),
	} {
		if _, err := r.Read(t.Context(), b, today); marz.CodeOf(err) != marz.Invalid {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func pngOf(t testing.TB, img image.Image) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, img); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// enlarged is a PNG whose head says another size than it has.
func enlarged(b []byte, w, h uint32) []byte {
	b = bytes.Clone(b)
	binary.BigEndian.PutUint32(b[16:], w)
	binary.BigEndian.PutUint32(b[20:], h)
	binary.BigEndian.PutUint32(b[29:], crc32.ChecksumIEEE(b[12:29]))
	return b
}

func TestFindSaysWhatToInstall(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	_, err := Find(t.Context())
	if marz.CodeOf(err) != marz.NotFound || !strings.Contains(err.Error(), "install Debian's tesseract-ocr") {
		t.Error(err)
	}
}

// engine is a program in the place of the true one.
func engine(t *testing.T, script string) *Reader {
	t.Helper()
	path := filepath.Join(t.TempDir(), program)
	if err := os.WriteFile(path, []byte("#!/bin/sh\n"+script+"\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	return &Reader{path: path, model: "eng"}
}

// Whatever the engine does, it is bounded, and its fault is told apart from the photograph's.
func TestEngineIsBounded(t *testing.T) {
	photograph := ordinary(1).take(t, specimen)
	if _, err := engine(t, "cat >/dev/null; while :; do echo AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA; done").Read(t.Context(), photograph, today); marz.CodeOf(err) != marz.Invalid {
		t.Errorf("of a flood: %v", err)
	}
	if _, err := engine(t, "exit 3").Read(t.Context(), photograph, today); marz.CodeOf(err) != marz.Internal {
		t.Errorf("of a program that fails: %v", err)
	}
	ctx, stop := context.WithCancel(t.Context())
	stop()
	if _, err := engine(t, "cat").Read(ctx, photograph, today); !errors.Is(err, context.Canceled) {
		t.Errorf("of what nobody waits for: %v", err)
	}
	secret := engine(t, `cat >/dev/null; echo "$MARZ_SECRET$HOME"`)
	t.Setenv("MARZ_SECRET", "QQ")
	t.Setenv("HOME", "/QQ")
	if lines, err := secret.lines(t.Context(), newPicture(1, 1), 6, letters); err != nil || len(lines) != 0 {
		t.Errorf("the program is told of this one's environment: %q, %v", lines, err)
	}
}

// Which places hold fillers is found without an engine.
func TestFillersAreFound(t *testing.T) {
	for seed := range uint64(6) {
		s := ordinary(seed)
		s.ocrB = s.ocrB && seed%2 == 0
		s.slant, s.tilt, s.noise = float64(seed)-3, .01*float64(seed)-.03, 2*float64(seed)
		p, err := decode(s.take(t, specimen))
		if err != nil {
			t.Fatal(err)
		}
		v := viewOf(p)
		if len(v.blocks) == 0 {
			t.Errorf("%+v: no lines found", s)
			continue
		}
		for i, line := range strings.Split(specimen, "\n") {
			for k, filler := range v.blocks[0][i].fillers {
				if filler != (line[k] == '<') {
					t.Errorf("%+v: line %d place %d, which is %c, is taken for a filler: %v", s, i+1, k+1, line[k], filler)
				}
			}
		}
	}
}

func TestZoneIn(t *testing.T) {
	lines := strings.Split(specimen, "\n")
	got := zoneIn([]string{"PASSPORT", strings.Replace(lines[0], "<<<<<", "<<<", 1) + "", lines[1] + "<"})
	if len(got) != 2 || got[0] != lines[0] || len(got[1]) != 44 {
		t.Errorf("%q", got)
	}
	if got := zoneIn([]string{"PASSPORT", lines[0]}); got != nil {
		t.Errorf("of one line: %q", got)
	}
}

var photographs = flag.Int("photographs", 0, "how many photographs TestEvaluate draws of each kind")

// TestEvaluate measures how often what is printed is among the likeliest candidates, and listed at all: docs/mrz.md has the figures.
func TestEvaluate(t *testing.T) {
	if *photographs == 0 {
		t.Skip("skipped: go test ./mrz/photo -run Evaluate -v -args -photographs 100")
	}
	reader := find(t)
	t.Log("read by ", reader.Engine())
	for _, kind := range []struct {
		name string
		shot func(*rand.Rand) shot
		ocrB bool
	}{
		{"with care, OCR-B", func(r *rand.Rand) shot { return ordinary(r.Uint64()) }, true},
		{"at a booth, OCR-B", random, true},
		{"at a booth, other typeface", random, false},
	} {
		t.Run(kind.name, func(t *testing.T) { evaluate(t, reader, kind.shot, kind.ocrB) })
	}
}

func evaluate(t *testing.T, reader *Reader, shoot func(*rand.Rand) shot, inOCRB bool) {
	r := rand.New(rand.NewPCG(9303, 3))
	firsts, listed, unseen, none := 0, 0, 0, 0
	for i := range *photographs {
		s := shoot(r)
		if inOCRB && !s.ocrB {
			t.Fatal("install fonts-ocr-b")
		}
		s.ocrB = inOCRB
		zone := zoneOf(t, r, []mrz.Format{mrz.TD3, mrz.TD1, mrz.TD2, mrz.TD3, mrz.MRVA, mrz.TD3}[i%6])
		got, err := reader.Read(t.Context(), s.take(t, zone), today)
		if marz.CodeOf(err) == marz.Unavailable {
			none++ // it took too long
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		switch {
		case first(got, zone):
			firsts++
			listed++
		case slices.ContainsFunc(got.Candidates, func(c mrz.Candidate) bool { return strings.Join(c.Lines, "\n") == zone }):
			listed++
		case len(got.Candidates) == 1 && got.Candidates[0].Cost == 0:
			unseen++
		case len(got.Candidates) == 0:
			none++
		}
	}
	t.Logf("of %d photographs %d first, %d listed, %d read wrongly without a fault, %d without a candidate", *photographs, firsts, listed, unseen, none)
}

// Whatever is sent as a photograph is refused or looked at, and nothing else.
func FuzzDecode(f *testing.F) {
	f.Add(pngOf(f, image.NewGray(image.Rect(0, 0, 120, 60))))
	s := ordinary(1)
	s.pitch = 6
	f.Add(s.take(f, specimen))
	f.Fuzz(func(t *testing.T, b []byte) {
		if c, _, err := image.DecodeConfig(bytes.NewReader(b)); err == nil && c.Width*c.Height > 1<<18 {
			t.Skip() // as large ones only take longer
		}
		p, err := decode(b)
		if err != nil {
			return
		}
		for _, v := range views(p) {
			for _, block := range v.blocks {
				v.bare(block, 1)
			}
			for _, a := range v.zones {
				v.part(a, scale(a))
			}
		}
	})
}
