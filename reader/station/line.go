package station

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"marz"
	"marz/emrtd/reading"
)

// line is the connection to the post. Its methods may be called from any goroutine.
type line struct {
	base    string
	lane    marz.LaneID
	http    *http.Client
	attempt time.Duration // how long one request may take
}

// known is the post's answer to GET /station.
type known struct {
	Post        string      `json:"post"`
	Lane        marz.LaneID `json:"lane"`
	Accepted    bool        `json:"accepted"`
	Fingerprint string      `json:"fingerprint"`
}

// step is what POST /progress says.
type step struct {
	ID   string `json:"id"`
	Step string `json:"step"`
	Done int    `json:"done"`
	Of   int    `json:"of"`
}

// mostAnswer bounds what the post may answer.
const mostAnswer = 64 << 10

func newLine(c *Config, id *identity, attempt time.Duration) *line {
	// HTTP/1.1 alone: a request that takes too long closes its connection, so that a line that swallows everything is not used again.
	t := &http.Transport{TLSClientConfig: id.tls, TLSNextProto: map[string]func(string, *tls.Conn) http.RoundTripper{}, MaxIdleConnsPerHost: 4, TLSHandshakeTimeout: attempt, IdleConnTimeout: time.Minute}
	refuse := func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &line{base: "https://" + c.Post, lane: c.Lane, http: &http.Client{Transport: t, CheckRedirect: refuse}, attempt: attempt}
}

// ask asks who the post takes this station for.
func (l *line) ask(ctx context.Context) (known, error) {
	var k known
	return k, l.call(ctx, http.MethodGet, "/station", nil, &k)
}

// tell says how far a reading is, and reports whether the officer wants it to stop.
func (l *line) tell(ctx context.Context, s step) (stop bool, err error) {
	var answer struct {
		Stop bool `json:"stop"`
	}
	b, err := json.Marshal(s)
	if err != nil {
		return false, err
	}
	return answer.Stop, l.call(ctx, http.MethodPost, "/progress", b, &answer)
}

// hand hands a reading over, and returns the lane whose page has it. b is its JSON.
func (l *line) hand(ctx context.Context, b []byte) (marz.LaneID, error) {
	var answer struct {
		Lane marz.LaneID `json:"lane"`
	}
	return answer.Lane, l.call(ctx, http.MethodPost, "/reading", b, &answer)
}

// encode makes the JSON of a reading, and holds it to what the post takes.
func encode(r *reading.Reading) ([]byte, error) {
	b, err := json.Marshal(r)
	if err != nil {
		return nil, err
	}
	_, err = reading.Parse(b)
	return b, err
}

// call makes one request. Its error is *marz.Error: Unavailable when the post was not reached or says so itself, and trying again may help; else what the post answered.
func (l *line) call(ctx context.Context, method, path string, body []byte, answer any) error {
	ctx, done := context.WithTimeout(ctx, l.attempt)
	defer done()
	r, err := http.NewRequestWithContext(ctx, method, l.base+path, bytes.NewReader(body))
	if err != nil {
		return err
	}
	if body != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	if l.lane != "" {
		r.Header.Set("Marz-Lane", string(l.lane)) // where the station says it is
	}
	resp, err := l.http.Do(r)
	if err != nil {
		return &marz.Error{Code: marz.Unavailable, Op: "reach post", Subject: r.URL.Host, Err: cause(err)}
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(io.LimitReader(resp.Body, mostAnswer))
	if err != nil {
		return &marz.Error{Code: marz.Unavailable, Op: "hear post", Subject: r.URL.Host, Err: cause(err)}
	}
	if resp.StatusCode != http.StatusOK {
		return refused(path, resp.StatusCode, b)
	}
	if err := json.Unmarshal(b, answer); err != nil {
		return &marz.Error{Code: marz.Internal, Op: "understand post", Subject: path, Fix: "its answer is not that of a listener for stations; look at post in reader.toml"}
	}
	return nil
}

// cause is a transport's error without the address of the request, which stands beside it.
func cause(err error) error {
	if errors.Is(err, context.DeadlineExceeded) {
		return errors.New("no answer in time")
	}
	for {
		inner := errors.Unwrap(err)
		if inner == nil {
			return err
		}
		if _, ok := errors.AsType[*tls.CertificateVerificationError](err); ok {
			return fmt.Errorf("its certificate is not by the CA of this station, or for another name: %w", inner)
		}
		err = inner
	}
}

// statusCodes maps the post's words to those of Marz (package web maps them the other way).
var statusCodes = map[string]marz.Code{"invalid": marz.Invalid, "not found": marz.NotFound, "conflict": marz.Conflict, "unauthenticated": marz.Unauthenticated, "forbidden": marz.Forbidden, "unavailable": marz.Unavailable}

// refused makes the error of an answer other than 200.
func refused(path string, status int, body []byte) error {
	var said struct {
		Error string `json:"error"`
		Code  string `json:"code"`
	}
	_ = json.Unmarshal(body, &said) // an answer that is no JSON says nothing but its status
	code, ok := statusCodes[said.Code]
	if !ok {
		code = map[int]marz.Code{400: marz.Invalid, 401: marz.Unauthenticated, 403: marz.Forbidden, 404: marz.NotFound, 409: marz.Conflict, 502: marz.Unavailable, 503: marz.Unavailable, 504: marz.Unavailable}[status]
	}
	text := strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return ' '
		}
		return r
	}, said.Error)
	if len(text) > 300 {
		text = strings.ToValidUTF8(text[:300], "") + "…"
	}
	if text == "" {
		text = fmt.Sprintf("it answers %d and no more", status)
	}
	return &marz.Error{Code: code, Op: "post", Subject: path, Fix: text}
}
