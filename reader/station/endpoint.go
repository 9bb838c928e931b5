package station

import (
	"context"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net"
	"net/http"
	"strings"
	"time"

	"marz"
	"marz/emrtd/barcode"
	"marz/emrtd/reading"
	"marz/reader"
)

// mostPicture bounds a picture of a seal.
const mostPicture = 8 << 20

// endpoint is where services on this machine speak for their readers.
type endpoint struct {
	s      *Station
	hosts  []string // by which it may be addressed
	inputs chan<- input
	whole  chan<- delivery
}

// serve serves the endpoint until the context ends.
func (s *Station) serve(ctx context.Context, l net.Listener, inputs chan<- input, whole chan<- delivery) error {
	_, port, err := net.SplitHostPort(l.Addr().String())
	if err != nil {
		return err
	}
	e := &endpoint{s: s, inputs: inputs, whole: whole, hosts: []string{"127.0.0.1:" + port, "localhost:" + port, "[::1]:" + port, l.Addr().String()}}
	server := &http.Server{Handler: e.handler(), ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 30 * time.Second, MaxHeaderBytes: 16 << 10, BaseContext: func(net.Listener) context.Context { return ctx }}
	go func() {
		<-ctx.Done()
		server.Close()
	}()
	if err := server.Serve(l); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

func (e *endpoint) handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /status", e.status)
	mux.HandleFunc("GET /{$}", e.page)
	for path, f := range map[string]func(*http.Request) (any, error){"/zone": e.zone, "/seal": e.seal, "/removed": e.removed, "/fault": e.fault, "/reading": e.reading} {
		mux.HandleFunc("POST "+path, func(w http.ResponseWriter, r *http.Request) {
			answer, err := any(nil), e.allowed(r)
			if err == nil {
				answer, err = f(r)
			}
			reply(w, answer, err)
		})
	}
	return e.guard(mux)
}

// guard refuses whatever comes from a web page: by the name that it calls (a page whose host was rebound to this machine), and by what browsers add to the requests of pages.
func (e *endpoint) guard(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		known := false
		for _, h := range e.hosts {
			known = known || strings.EqualFold(r.Host, h)
		}
		fetch := r.Header.Get("Sec-Fetch-Site")
		if !known || r.Header.Get("Origin") != "" || fetch != "" && (fetch != "none" || r.Method != http.MethodGet) {
			reply(w, nil, &marz.Error{Code: marz.Forbidden, Op: "endpoint", Fix: "this endpoint is for services on this machine, by its address, and not for web pages"})
			return
		}
		next.ServeHTTP(w, r)
	})
}

// allowed asks for the token that lies in the station's folder.
func (e *endpoint) allowed(r *http.Request) error {
	given, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	if !ok || subtle.ConstantTimeCompare([]byte(given), []byte(e.s.token)) != 1 {
		return &marz.Error{Code: marz.Unauthenticated, Op: "endpoint", Fix: `send header "Authorization: Bearer " and what stands in file token of the station's folder`}
	}
	return nil
}

// statuses are the HTTP statuses of the errors that the endpoint gives.
var statuses = map[marz.Code]int{marz.Invalid: 400, marz.Unauthenticated: 401, marz.Forbidden: 403, marz.NotFound: 404, marz.Conflict: 409, marz.Unavailable: 503}

func reply(w http.ResponseWriter, answer any, err error) {
	h := w.Header()
	h.Set("Content-Type", "application/json")
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	if err != nil {
		status, ok := statuses[marz.CodeOf(err)]
		if !ok {
			status = http.StatusInternalServerError
		}
		w.WriteHeader(status)
		answer = map[string]string{"error": err.Error(), "code": marz.CodeOf(err).String()}
	}
	_ = json.NewEncoder(w).Encode(answer) // who has gone hears nothing
}

func (e *endpoint) status(w http.ResponseWriter, _ *http.Request) { reply(w, e.s.Status(), nil) }

// page is the status in a few lines, for whoever opens the address.
func (e *endpoint) page(w http.ResponseWriter, _ *http.Request) {
	s := e.s.Status()
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	fmt.Fprintf(w, "line to post %s: %s %s\naccepted: %v, lane %s\nnow: %s\nlast: %s\nfingerprint: %s\n", s.Post, s.Line, s.Why, s.Accepted, s.Lane, s.Now, s.Last, s.Fingerprint)
	for name, d := range s.Devices {
		fmt.Fprintf(w, "%s: %s\n", name, d.State)
	}
}

func invalid(fix string) error {
	return &marz.Error{Code: marz.Invalid, Op: "endpoint", Fix: fix}
}

// body reads a request of one of some types, up to a bound. It says which type it is.
func body(r *http.Request, most int64, types ...string) ([]byte, string, error) {
	kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	known := false
	for _, t := range types {
		known = known || err == nil && kind == t
	}
	if !known {
		return nil, "", invalid("set Content-Type to " + strings.Join(types, " or "))
	}
	b, err := io.ReadAll(io.LimitReader(r.Body, most+1))
	switch {
	case err != nil:
		return nil, "", invalid("the request was cut off")
	case int64(len(b)) > most:
		return nil, "", invalid(fmt.Sprintf("the request has more than %d bytes", most))
	}
	return b, kind, nil
}

// object reads a JSON object whose fields are all known.
func object(r *http.Request, most int64, into any) error {
	b, _, err := body(r, most, "application/json")
	if err != nil {
		return err
	}
	d := json.NewDecoder(strings.NewReader(string(b)))
	d.DisallowUnknownFields()
	if err := d.Decode(into); err != nil || d.More() {
		return invalid("the request is not the JSON that docs/readers.md has")
	}
	return nil
}

// send gives an event to the desk.
func (e *endpoint) send(r *http.Request, source string, event reader.Event) error {
	if source == "" {
		source = "service on this machine"
	}
	if len(source) > 200 {
		return invalid("source has more than 200 bytes")
	}
	select {
	case e.inputs <- input{source, event}:
		return nil
	case <-r.Context().Done():
		return &marz.Error{Code: marz.Unavailable, Op: "endpoint", Fix: "the station is ending"}
	}
}

// zone takes the lines of a zone, and holds them to what a typed zone is held to.
func (e *endpoint) zone(r *http.Request) (any, error) {
	var q struct{ Zone, Source string }
	if err := object(r, 4<<10, &q); err != nil {
		return nil, err
	}
	a, err := reader.New(reader.Settings{Adapter: "wedge"})
	if err != nil {
		return nil, err
	}
	var zones []reader.Event
	why := "no zone is in it"
	for _, x := range append(a.Take([]byte(q.Zone)), a.Silent()...) {
		if x.Kind == reader.Zone {
			zones = append(zones, x)
		} else {
			why = x.Note
		}
	}
	if len(zones) != 1 {
		return nil, invalid("zone has to be the lines of one zone: " + why)
	}
	return map[string]string{"note": zones[0].Note}, e.send(r, q.Source, zones[0])
}

// seal takes the bytes of a barcode, or a picture with one.
func (e *endpoint) seal(r *http.Request) (any, error) {
	b, kind, err := body(r, mostPicture, "application/json", "application/octet-stream", "image/png", "image/jpeg")
	if err != nil {
		return nil, err
	}
	var q struct {
		Data           []byte
		Symbol, Source string
	}
	switch kind {
	case "application/octet-stream":
		q.Data = b
	case "image/png", "image/jpeg":
		if q.Data, err = barcode.Read(b); err != nil {
			return nil, invalid(err.Error())
		}
	default:
		if json.Unmarshal(b, &q) != nil {
			return nil, invalid("the request is not the JSON that docs/readers.md has")
		}
	}
	if len(q.Data) == 0 || len(q.Data) > reading.MostSeal || len(q.Symbol) > 3 {
		return nil, invalid(fmt.Sprintf("a seal has 1 to %d bytes, and symbol is an AIM identifier of 3 characters or none", reading.MostSeal))
	}
	return map[string]int{"bytes": len(q.Data)}, e.send(r, q.Source, reader.Event{Kind: reader.Code, Symbol: q.Symbol, Data: q.Data})
}

func (e *endpoint) removed(r *http.Request) (any, error) {
	var q struct{ Source string }
	if err := object(r, 1<<10, &q); err != nil {
		return nil, err
	}
	return struct{}{}, e.send(r, q.Source, reader.Event{Kind: reader.Removed})
}

func (e *endpoint) fault(r *http.Request) (any, error) {
	var q struct{ Error, Source string }
	if err := object(r, 1<<10, &q); err != nil {
		return nil, err
	}
	return struct{}{}, e.send(r, q.Source, reader.Event{Kind: reader.Fault, Note: reader.Escape([]byte(q.Error))})
}

// reading takes a whole reading and answers when the post has it or it was dropped.
func (e *endpoint) reading(r *http.Request) (any, error) {
	b, _, err := body(r, reading.MostBytes, "application/json")
	if err != nil {
		return nil, err
	}
	whole, err := reading.Parse(b)
	if err != nil {
		return nil, err
	}
	heard := make(chan outcome, 1)
	select {
	case e.whole <- delivery{whole, heard}:
	case <-r.Context().Done():
		return nil, &marz.Error{Code: marz.Unavailable, Op: "endpoint", Fix: "the station is ending"}
	}
	select {
	case o := <-heard:
		return map[string]marz.LaneID{"lane": o.lane}, o.err
	case <-r.Context().Done():
		return nil, &marz.Error{Code: marz.Unavailable, Op: "endpoint", Fix: "the station is ending"}
	}
}
