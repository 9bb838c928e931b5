package post

import (
	"bytes"
	"context"
	"net/http"
	"strings"
	"testing"

	"marz"
	"marz/mrz"
	"marz/mrz/photo"
)

// sendPicture posts bytes as a picture.
func (c *client) sendPicture(kind string, picture []byte) (int, string) {
	c.t.Helper()
	req, err := http.NewRequestWithContext(c.t.Context(), "POST", c.srv.URL+"/api/lanes/1/photo", bytes.NewReader(picture))
	if err != nil {
		c.t.Fatal(err)
	}
	req.Header.Set("Content-Type", kind)
	req.AddCookie(&http.Cookie{Name: cookieName, Value: c.cookie})
	resp, err := c.srv.Client().Do(req)
	if err != nil {
		c.t.Fatal(err)
	}
	defer resp.Body.Close()
	var b bytes.Buffer
	b.ReadFrom(resp.Body)
	return resp.StatusCode, b.String()
}

// pretend reads in every photograph what it holds as text.
func pretend(_ context.Context, photograph []byte, today marz.Date) (*photo.Reading, error) {
	r := &photo.Reading{Text: string(photograph), Candidates: []mrz.Candidate{}}
	if found, err := mrz.Repair(r.Text, today); err == nil {
		r.Candidates = found
	}
	return r, nil
}

// What is read in a photograph comes back to whoever may inspect, is never taken by itself, and leaves nothing behind.
func TestPhotographIsReadAndNotStored(t *testing.T) {
	tp := newTestPost(t)
	printed := passport(t, "QQSURNAME", "QQGIVEN", "K48213377", nil)
	officer := tp.client(tp.serve(), "ru-bg/2")
	if status, text := officer.sendPicture("image/jpeg", []byte(printed)); status != 404 || !strings.Contains(text, "tesseract-ocr") {
		t.Errorf("at a post without an engine: %d %s", status, text)
	}
	tp.reopen(func(o *Options) { o.Photographs = pretend })
	srv := tp.serve()
	tp.atLane("ru-bg/2", "1")
	officer, other := tp.client(srv, "ru-bg/2"), tp.client(srv, "am-bg/2")
	before := tp.size()
	status, text := officer.sendPicture("image/jpeg", []byte(printed))
	if status != 200 || !strings.Contains(text, `"changes":[]`) || !strings.Contains(text, `"readable":true`) {
		t.Errorf("%d %s", status, text)
	}
	if status, text := officer.sendPicture("image/png", []byte("a landscape")); status != 200 || !strings.Contains(text, `"candidates":[]`) || !strings.Contains(text, "no zone was read") {
		t.Errorf("of a landscape: %d %s", status, text)
	}
	for kind, b := range map[string][]byte{"text/plain": []byte(printed), "image/gif": []byte(printed), "image/jpeg": make([]byte, photo.MostBytes+1)} {
		if status, text := officer.sendPicture(kind, b); status != 400 {
			t.Errorf("%d bytes as %s: %d %s", len(b), kind, status, text)
		}
	}
	if status, _ := other.sendPicture("image/jpeg", []byte(printed)); status != 403 {
		t.Errorf("to who may not inspect: %d", status)
	}
	if n := tp.size() - before; n != 0 {
		t.Errorf("%d entries came of it", n)
	}
}
