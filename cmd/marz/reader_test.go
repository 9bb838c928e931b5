//go:build linux

package main

import (
	"bytes"
	"context"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"marz/internal/pty"
)

const frames = "@ adapter = \"desko\"\ntext \\x02I<UTOD231458907<<<<<<<<<<<<<<<\\r7408122F1204159UTO<<<<<<<<<<<6\\rERIKSSON<<ANNA<MARIA<<<<<<<<<<\\r\\x03\n"

// What is replayed on a line is what the recording has, byte by byte, and recording that line gives it back.
func TestReplayAndRecordOnALine(t *testing.T) {
	file := filepath.Join(t.TempDir(), "card.frames")
	if err := os.WriteFile(file, []byte(frames), 0o600); err != nil {
		t.Fatal(err)
	}
	other, path, err := pty.Open()
	if err != nil {
		t.Skip(err)
	}
	defer other.Close()
	var said bytes.Buffer
	sent := make(chan int, 1)
	go func() {
		sent <- run(t.Context(), []string{"reader", "replay", "--write", path, "--baud", "115200", file}, nil, &said, &said)
	}()
	got := make([]byte, 95)
	if _, err := io.ReadFull(other, got); err != nil || got[0] != 2 || got[94] != 3 || bytes.Count(got, []byte("\r")) != 3 {
		t.Errorf("%q, %v", got, err)
	}
	if code := <-sent; code != 0 {
		t.Fatal(said.String())
	}

	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	r, w := io.Pipe()
	recorded := make(chan int, 1)
	go func() {
		recorded <- run(ctx, []string{"reader", "record", path, "--adapter", "desko"}, nil, w, io.Discard)
		w.Close()
	}()
	head := make([]byte, len("@ adapter = \"desko\"\n")) // the line is open by now
	if _, err := io.ReadFull(r, head); err != nil {
		t.Fatal(err)
	}
	if _, err := other.Write(got); err != nil {
		t.Fatal(err)
	}
	text := string(head)
	for b := make([]byte, 512); !strings.Contains(text, `\x03`); {
		n, err := r.Read(b)
		if err != nil {
			t.Fatal(err)
		}
		text += string(b[:n])
	}
	stop()
	io.Copy(io.Discard, r)
	if code := <-recorded; code != 0 {
		t.Errorf("exit %d", code)
	}
	again := filepath.Join(t.TempDir(), "again.frames")
	if err := os.WriteFile(again, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	var first, second bytes.Buffer
	if run(t.Context(), []string{"reader", "replay", file}, nil, &first, &said) != 0 || run(t.Context(), []string{"reader", "replay", again}, nil, &second, &said) != 0 || first.String() != second.String() || first.Len() == 0 {
		t.Errorf("%s\n%s\n%s", first.String(), second.String(), said.String())
	}
}
