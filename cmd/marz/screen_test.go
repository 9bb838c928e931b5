package main

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"strings"
	"testing"
	"time"

	"marz/watchlist"
)

func specimens(t *testing.T) *watchlist.Set {
	t.Helper()
	s := watchlist.New(time.Now)
	l := &watchlist.List{ID: "a", Alerts: []watchlist.Alert{{ID: "1", Names: []watchlist.Name{{Text: "Erika Specimen", Kind: watchlist.Primary}}}}}
	if err := s.Replace(l); err != nil {
		t.Fatal(err)
	}
	return s
}

// A program that waits for each answer before it asks again gets it, and an interrupt ends the command at once.
func TestScreenTalks(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	questions, ask := io.Pipe()
	answers, answer := io.Pipe()
	done := make(chan error, 1)
	set := specimens(t)
	go func() { done <- screenLines(ctx, set, questions, answer) }()
	r := bufio.NewReader(answers)
	for range 3 {
		if _, err := io.WriteString(ask, `{"id":"q","names":["Specimen Erika"]}`+"\n"); err != nil {
			t.Fatal(err)
		}
		if line, err := r.ReadString('\n'); err != nil || !strings.HasPrefix(line, `{"id":"q","hits":[{"alert":"1"`) {
			t.Fatalf("%q, %v", line, err)
		}
	}
	cancel()
	if err := <-done; err == nil {
		t.Error("an interrupted command ends as if it had answered all")
	}
	ask.Close()
}

// A line beyond the bound is an error of its own, and the next line is read.
func TestScreenLongLine(t *testing.T) {
	in := io.MultiReader(strings.NewReader(`{"id":"`), strings.NewReader(strings.Repeat("x", 3*maxQuery)), strings.NewReader("\"}\n{\"id\":\"2\"}"))
	var out bytes.Buffer
	err := screenLines(t.Context(), specimens(t), in, &out)
	lines := strings.Split(out.String(), "\n")
	if exitCode(err, io.Discard) != 1 || len(lines) != 3 ||
		lines[0] != `{"error":"query: the line is longer than 1048576 bytes","line":1}` || !strings.HasPrefix(lines[1], `{"id":"2","hits":[]`) {
		t.Errorf("%v and %q", err, lines)
	}
}
