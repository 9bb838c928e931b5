package main

import (
	"bytes"
	"encoding/json"
	"image"
	"image/png"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// What the command says of photographs, by an engine that reads the same zone in each: how the true one reads is for package photo to show.
func TestMrzPhoto(t *testing.T) {
	bin, dir := t.TempDir(), t.TempDir()
	t.Setenv("PATH", bin)
	picture := filepath.Join(dir, "page.png")
	var b bytes.Buffer
	if err := png.Encode(&b, image.NewGray(image.Rect(0, 0, 400, 300))); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(picture, b.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	command := func(args ...string) (int, string, string) {
		var stdout, stderr bytes.Buffer
		code := run(t.Context(), append([]string{"mrz", "photo", "--today", "2025-01-01"}, args...), strings.NewReader(""), &stdout, &stderr)
		return code, stdout.String(), stderr.String()
	}
	if code, _, stderr := command(picture); code != 1 || !strings.Contains(stderr, "install Debian's tesseract-ocr") {
		t.Errorf("without an engine: %d %s", code, stderr)
	}
	engine := func(lines string) {
		script := "#!/bin/sh\nif [ \"$1\" = --list-langs ]; then echo eng; exit; fi\n/bin/cat >/dev/null\n/bin/cat <<'E'\n" + lines + "\nE\n"
		if err := os.WriteFile(filepath.Join(bin, "tesseract"), []byte(script), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	engine("UTOPIA\n\nP<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<\nL898902C36UTO7408122F1204159ZE184226B<<<<<1O")
	code, stdout, stderr := command(picture)
	var got struct {
		Text, Engine string
		Candidates   []struct {
			Lines   []string
			Changes []struct{ From, To string }
		}
	}
	if err := json.Unmarshal([]byte(stdout), &got); err != nil || code != 0 || stderr != "" {
		t.Fatalf("%d %s %s: %v", code, stdout, stderr, err)
	}
	if got.Engine != "tesseract eng" || !strings.HasSuffix(got.Text, "1O") || len(got.Candidates) == 0 || !strings.HasSuffix(got.Candidates[0].Lines[1], "10") || got.Candidates[0].Changes[0].From != "O" {
		t.Errorf("%+v", got)
	}
	engine("A LANDSCAPE")
	if code, stdout, _ := command(picture); code != 1 || !strings.Contains(stdout, `"candidates":[]`) {
		t.Errorf("of a landscape: %d %s", code, stdout)
	}
	if code, _, stderr := command(filepath.Join(dir, "missing.png")); code != 1 || !strings.Contains(stderr, "name a file that can be read") {
		t.Errorf("of a missing file: %d %s", code, stderr)
	}
	if code, _, stderr := command(filepath.Join(bin, "tesseract")); code != 1 || !strings.Contains(stderr, "it is no JPEG or PNG") {
		t.Errorf("of a text: %d %s", code, stderr)
	}
}
