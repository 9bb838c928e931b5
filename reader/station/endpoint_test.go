//go:build linux

package station

import (
	"bytes"
	"encoding/json"
	"image/png"
	"net/http"
	"strings"
	"testing"

	"github.com/makiuchi-d/gozxing"
	"github.com/makiuchi-d/gozxing/qrcode"

	"marz/emrtd/reading"
)

// No web page in the booth's browser can speak for a reader, and nobody without the token.
func TestWebPagesAreRefused(t *testing.T) {
	b := open(t, boothOptions{})
	zone := `{"zone":"` + strings.ReplaceAll(passport, "\n", `\n`) + `"}`
	header := func(name, value string) func(*http.Request) {
		return func(r *http.Request) { r.Header.Set(name, value) }
	}
	for what, c := range map[string]struct {
		change func(*http.Request)
		status int
	}{
		"an origin":               {header("Origin", "https://agarak.example"), 403},
		"no origin":               {header("Origin", "null"), 403},
		"the endpoint's own page": {header("Origin", "http://"+b.address), 403},
		"a page's fetch":          {header("Sec-Fetch-Site", "same-site"), 403},
		"a typed address":         {header("Sec-Fetch-Site", "none"), 403},
		"a name rebound":          {func(r *http.Request) { r.Host = "evil.example:" + r.URL.Port() }, 403},
		"another port":            {func(r *http.Request) { r.Host = "localhost:1" }, 403},
		"no token":                {func(r *http.Request) { r.Header.Del("Authorization") }, 401},
		"a wrong token":           {header("Authorization", "Bearer "+strings.Repeat("A", len(b.token))), 401},
		"a form's type":           {header("Content-Type", "text/plain"), 400},
	} {
		if status, text := b.ask("POST", "/zone", "application/json", zone, c.change); status != c.status || !strings.Contains(text, `"code":"`) {
			t.Errorf("%s: %d %s", what, status, text)
		}
	}
	if status, _ := b.ask("GET", "/status", "", "", header("Origin", "https://agarak.example")); status != 403 {
		t.Errorf("status for a page: %d", status)
	}
	for _, path := range []string{"/status", "/"} {
		status, text := b.ask("GET", path, "", "", header("Sec-Fetch-Site", "none"), func(r *http.Request) { r.Header.Del("Authorization") })
		if status != 200 || !strings.Contains(text, b.Fingerprint()) || strings.Contains(text, b.token) {
			t.Errorf("%s: %d %s", path, status, text)
		}
	}
	b.none()
	if status, text := b.ask("POST", "/zone", "application/json; charset=utf-8", zone, func(r *http.Request) { r.Host = "localhost:" + r.URL.Port() }); status != 200 || text != "{\"note\":\"\"}\n" {
		t.Error(status, text)
	}
	if r := b.got(); r.Zone != passport || r.Source != "service on this machine" {
		t.Error(r)
	}
}

func TestEndpointRefuses(t *testing.T) {
	b := open(t, boothOptions{})
	for _, c := range []struct{ path, body, want string }{
		{"/zone", `{"zone":"P<UTO"}`, "no zone"},
		{"/zone", `{"zone":""}`, "no zone is in it"},
		{"/zone", `{"mrz":""}`, "not the JSON"},
		{"/zone", `{"zone":""}{}`, "not the JSON"},
		{"/zone", `{"zone":"` + strings.Repeat("A", 5000) + `"}`, "more than 4096 bytes"},
		{"/zone", `{"zone":"` + strings.ReplaceAll(passport+"\n"+passport, "\n", `\n`) + `"}`, "one zone"},
		{"/zone", `{"zone":"` + strings.ReplaceAll(passport, "\n", `\n`) + `","source":"` + strings.Repeat("A", 201) + `"}`, "200 bytes"},
		{"/seal", `{"data":""}`, "a seal has 1 to 8192 bytes"},
		{"/seal", `{"data":"é"}`, "not the JSON"},
		{"/fault", `[]`, "not the JSON"},
		{"/reading", `{"id":"short"}`, "16 to 64 characters"},
		{"/reading", `{}`, "16 to 64 characters"},
	} {
		if status, text := b.ask("POST", c.path, "application/json", c.body); status != 400 || !strings.Contains(text, c.want) || !strings.Contains(text, `"code":"invalid"`) {
			t.Errorf("%s %.40s: %d %s", c.path, c.body, status, text)
		}
	}
	if status, text := b.ask("POST", "/seal", "image/png", "no picture"); status != 400 || !strings.Contains(text, "no picture") {
		t.Error(status, text)
	}
	b.none()
}

func TestWholeReadings(t *testing.T) {
	b := open(t, boothOptions{})
	whole := reading.Reading{ID: "abcdefghijklmnopqrstuv", Zone: card, Source: "a vendor's service", Chip: reading.Chip{Result: "successful", Access: "BAC", Files: map[reading.FileName][]byte{reading.DG(1): []byte("x")}}}
	text, err := json.Marshal(whole)
	if err != nil {
		t.Fatal(err)
	}
	if status, answer := b.ask("POST", "/reading", "application/json", string(text)); status != 200 || answer != "{\"lane\":\"1\"}\n" {
		t.Error(status, answer)
	}
	if r := b.got(); r.ID != whole.ID || r.Zone != card || r.Source != whole.Source || r.Chip.Access != "BAC" {
		t.Error(r)
	}
	b.post.set(func() {
		b.post.fail = func(w http.ResponseWriter, path string) bool {
			return path == "/reading" && refuse(w, 403, "forbidden", "no")
		}
	})
	if status, answer := b.ask("POST", "/reading", "application/json", string(text)); status != 403 || !strings.Contains(answer, `"code":"forbidden"`) {
		t.Error(status, answer)
	}
	if status, answer := b.ask("POST", "/fault", "application/json", `{"error":"lamp\u0007","source":"a vendor's service"}`); status != 200 {
		t.Error(status, answer)
	}
	b.terminal.until(t, `*** a vendor's service: lamp\x07`, 1)
}

// The seal in a picture is its bytes.
func TestSealFromAPicture(t *testing.T) {
	b := open(t, boothOptions{frames: "seal_before_ms = 0"})
	code, err := qrcode.NewQRCodeWriter().Encode("HC1:SPECIMEN", gozxing.BarcodeFormat_QR_CODE, 300, 300, nil)
	if err != nil {
		t.Fatal(err)
	}
	var picture bytes.Buffer
	if err := png.Encode(&picture, code); err != nil {
		t.Fatal(err)
	}
	if status, text := b.ask("POST", "/seal", "image/png", picture.String()); status != 200 {
		t.Fatal(status, text)
	}
	if r := b.got(); len(r.Seals) != 1 || string(r.Seals[0]) != "HC1:SPECIMEN" {
		t.Errorf("%q", r.Seals)
	}
}
