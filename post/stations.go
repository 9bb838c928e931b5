package post

import (
	"cmp"
	"context"
	"crypto/sha256"
	"crypto/tls"
	"encoding/hex"
	"encoding/json"
	"io"
	"log/slog"
	"net"
	"net/http"
	"slices"
	"sync"
	"time"

	"marz"
	"marz/emrtd/reading"
	"marz/folder"
	"marz/web"
)

// What a reader is doing, as pages show it.
const (
	readerSilent  = "silent"  // it has not been heard of
	readerReady   = "ready"   // it waits for a document
	readerReading = "reading" // it reads one
	readerRead    = "read"    // what it read waits to be taken
)

// Bounds of what is kept of readers in memory.
const (
	signOfLife   = 30 * time.Second // after which a reader that says nothing is silent
	readingLife  = time.Minute      // for which a reading waits for its lane's page
	mostStations = 64
	keptIDs      = 16 // of readings that were taken, so that one that comes twice is taken once
)

// station is a reader that has called. What it read lies here alone, in memory, until the lane's page has taken it or a minute is over.
type station struct {
	seen    time.Time
	silent  bool // that it fell silent was told
	id      string
	step    string
	done    int
	of      int
	stopped string           // the reading of which the chip is not waited for
	waiting *reading.Reading // the last that came
	came    time.Time
	used    bool // an inspection was opened by it
	taken   []string
}

// stations are the readers that have called. Its methods may be called from any goroutine.
type stations struct {
	mu   sync.Mutex
	wall func() time.Time
	by   map[string]*station
}

func newStations(wall func() time.Time) *stations {
	return &stations{wall: wall, by: map[string]*station{}}
}

// of returns the station of a key, which has been heard of just now. When there are too many, the one that was heard of least recently of those that never read anything gives way: whoever calls with many keys pushes no
// reader out that is at work.
func (s *stations) of(key string) *station {
	st := s.by[key]
	if st == nil {
		if len(s.by) >= mostStations {
			delete(s.by, s.idlest())
		}
		st = &station{}
		s.by[key] = st
	}
	st.seen, st.silent = s.wall(), false
	return st
}

func (s *stations) idlest() (key string) {
	for k, st := range s.by {
		if len(st.taken) == 0 && st.id == "" && (key == "" || st.seen.Before(s.by[key].seen)) {
			key = k
		}
	}
	return key
}

// hear notes a sign of life, and reports whether that is news.
func (s *stations) hear(key string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	old := s.by[key]
	news := old == nil || old.silent
	s.of(key)
	return news
}

// keys returns the keys of all stations that have called lately.
func (s *stations) keys() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []string
	for k, st := range s.by {
		if s.wall().Sub(st.seen) < signOfLife {
			out = append(out, k)
		}
	}
	slices.Sort(out)
	return out
}

// state says what a reader is doing.
func (s *stations) state(key string) web.LaneReader {
	s.mu.Lock()
	defer s.mu.Unlock()
	st, now := s.by[key], s.wall()
	switch {
	case st == nil || now.Sub(st.seen) >= signOfLife:
		return web.LaneReader{State: readerSilent}
	case st.waiting != nil && !st.used && now.Sub(st.came) < readingLife:
		return web.LaneReader{State: readerRead, Reading: st.waiting.ID}
	case st.id != "":
		return web.LaneReader{State: readerReading, Reading: st.id, Step: st.step, Done: st.done, Of: st.of}
	}
	return web.LaneReader{State: readerReady}
}

// fellSilent reports whether a station has fallen silent since it was last asked, or what it read has waited for too long. What waited is forgotten.
func (s *stations) fellSilent() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	now, news := s.wall(), false
	for _, st := range s.by {
		if !st.silent && now.Sub(st.seen) >= signOfLife {
			st.silent, st.id, news = true, "", true
		}
		if st.waiting != nil && now.Sub(st.came) >= readingLife {
			st.waiting, news = nil, news || !st.used
		}
	}
	return news
}

// progress notes how far a reading has come. It reports whether the chip is still waited for, and whether pages have something new to show.
func (s *stations) progress(key, id, step string, done, of int) (stop, news bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	st := s.of(key)
	tenth := func(done, of int) int { return 10 * done / max(of, 1) }
	news = st.id != id || st.step != step || tenth(st.done, st.of) != tenth(done, of)
	st.id, st.step, st.done, st.of = id, step, done, of
	return st.stopped == id, news
}

// stop lets the reading of a chip end.
func (s *stations) stop(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, st := range s.by {
		if st.id == id {
			st.stopped = id
		}
	}
}

// put holds a reading for its lane's page. One that came before is not taken anew.
func (s *stations) put(key string, r *reading.Reading) {
	s.mu.Lock()
	defer s.mu.Unlock()
	st := s.of(key)
	st.id, st.step, st.done, st.of = "", "", 0, 0
	if slices.Contains(st.taken, r.ID) {
		return
	}
	st.taken = append(st.taken, r.ID)
	if len(st.taken) > keptIDs {
		st.taken = st.taken[1:]
	}
	st.waiting, st.came, st.used = r, s.wall(), false
}

// waits returns a reading that came from one of some stations, and from which.
func (s *stations) waits(keys []string, id string) (*reading.Reading, string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, key := range keys {
		if st := s.by[key]; st != nil && st.waiting != nil && st.waiting.ID == id && s.wall().Sub(st.came) < readingLife {
			return st.waiting, key
		}
	}
	return nil, ""
}

// use notes that a reading was taken, or refused by the lane: it waits no longer. It is kept a while for the other officer at the lane.
func (s *stations) use(key, id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if st := s.by[key]; st != nil && st.waiting != nil && st.waiting.ID == id {
		st.used = true
	}
}

// forget drops what a station has read, once its acceptance has ended.
func (s *stations) forget(key string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if st := s.by[key]; st != nil {
		st.waiting, st.id = nil, ""
	}
}

// ExerciseReader is the key under which an exercise's supervisors accept the invented reader of a lane.
func ExerciseReader(lane marz.LaneID) string {
	sum := sha256.Sum256([]byte("the exercise's reader at lane " + lane))
	return hex.EncodeToString(sum[:])
}

// exerciseTraveller lets the next traveller of an exercise come to a lane: his document is read by the lane's reader, which hands it over, or where there is none his zone is returned, to be typed.
func (p *Post) exerciseTraveller(ctx context.Context, l marz.Lane) (text string) {
	text = p.opts.Demo(l)
	if p.opts.Read == nil {
		return text
	}
	if _, err := p.stationLane(ExerciseReader(l.ID)); err != nil {
		return text
	}
	p.stations.put(ExerciseReader(l.ID), p.opts.Read(ctx, text))
	p.live.Changed()
	return ""
}

// hearExercise is the sign of life of an exercise's readers.
func (p *Post) hearExercise() {
	if p.opts.Read == nil {
		return
	}
	for _, l := range p.post.Lanes {
		p.stations.hear(ExerciseReader(l.ID))
	}
}

// stationServer serves readers, over mutual TLS and on an address of their own.
func (p *Post) stationServer(certs *folder.Certificates) (*http.Server, net.Listener, error) {
	ln, err := net.Listen("tcp", p.config.Readers)
	if err != nil {
		return nil, nil, &marz.Error{Code: marz.Unavailable, Op: "listen for readers on", Subject: p.config.Readers, Fix: "choose another address: readers in " + configFile + " of the data folder", Err: err}
	}
	return &http.Server{
		Handler:           p.stationHandler(),
		TLSConfig:         &tls.Config{GetCertificate: certs.Get, MinVersion: tls.VersionTLS13, ClientAuth: tls.RequireAnyClientCert},
		ReadHeaderTimeout: 10 * time.Second,
		ReadTimeout:       time.Minute,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    16 << 10,
		ErrorLog:          slog.NewLogLogger(p.opts.Log.Handler(), slog.LevelDebug),
	}, ln, nil
}

// stationHandler are the endpoints of readers (docs/readers.md). Whoever connects is known by his key; what he may, by who accepted it.
func (p *Post) stationHandler() http.Handler {
	mux := http.NewServeMux()
	handle := func(pattern string, do func(http.ResponseWriter, *http.Request, string) (any, error)) {
		mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
			key, err := stationKey(r)
			var answer any
			if err == nil {
				if p.stations.hear(key) {
					p.live.Changed()
				}
				answer, err = do(w, r, key)
			}
			if err != nil {
				if marz.CodeOf(err) == marz.Internal {
					p.opts.Log.Error("a reader's request failed", "path", r.Pattern, "err", err)
				}
				web.WriteError(w, r, err)
				return
			}
			web.WriteJSON(w, http.StatusOK, answer)
		})
	}
	handle("GET /station", p.stationState)
	handle("POST /progress", p.stationProgress)
	handle("POST /reading", p.stationReading)
	return mux
}

// stationKey returns the fingerprint of the client's public key: TLS has shown that he holds the private one.
func stationKey(r *http.Request) (string, error) {
	key := folder.ClientKey(r)
	if key == "" {
		return "", &marz.Error{Code: marz.Unauthenticated, Op: "reader", Fix: "connect with the reader's own certificate"}
	}
	return key, nil
}

func (p *Post) stationState(_ http.ResponseWriter, _ *http.Request, key string) (any, error) {
	held, err := readAccepted(p.journal.State(), `WHERE key = ?`, key)
	answer := struct {
		Post        marz.PostID `json:"post"`
		Lane        marz.LaneID `json:"lane,omitempty"`
		Accepted    bool        `json:"accepted"`
		Fingerprint string      `json:"fingerprint"`
	}{Post: p.post.ID, Fingerprint: key}
	if len(held) > 0 {
		answer.Lane, answer.Accepted = held[0].lane, true
	}
	return answer, err
}

// stationLane returns the lane for which a reader is accepted by an authority that sits there, and refuses otherwise.
func (p *Post) stationLane(key string) (marz.LaneID, error) {
	held, err := readAccepted(p.journal.State(), `WHERE key = ?`, key)
	if err != nil {
		return "", err
	}
	for _, a := range held {
		l, err := p.lane(p.journal.State(), a.lane)
		if err != nil {
			return "", err
		}
		if l.seat(a.authority) != nil {
			return a.lane, nil
		}
	}
	if len(held) > 0 {
		return "", &marz.Error{Code: marz.Conflict, Op: "reader", Subject: "at lane " + string(held[0].lane), Fix: "no officer of an authority that has accepted this reader sits there; take the lane first"}
	}
	return "", &marz.Error{Code: marz.Forbidden, Op: "reader", Subject: key[:16] + "…", Fix: "no supervisor has accepted this reader; compare its fingerprint on the page Readers and accept it"}
}

func (p *Post) stationProgress(w http.ResponseWriter, r *http.Request, key string) (any, error) {
	lane, err := p.stationLane(key)
	if err != nil {
		return nil, err
	}
	var in struct {
		ID   string `json:"id"`
		Step string `json:"step"`
		Done int    `json:"done"`
		Of   int    `json:"of"`
	}
	if err := readStation(w, r, &in, 4<<10); err != nil {
		return nil, err
	}
	if len(in.ID) > 64 || len(in.Step) > 40 || in.Done < 0 || in.Of < 0 {
		return nil, &marz.Error{Code: marz.Invalid, Op: "progress", Fix: "give id, step, done and of as docs/readers.md has them"}
	}
	stop, news := p.stations.progress(key, in.ID, in.Step, in.Done, in.Of)
	if news {
		p.live.Changed()
	}
	return map[string]any{"stop": stop, "lane": lane}, nil
}

func (p *Post) stationReading(w http.ResponseWriter, r *http.Request, key string) (any, error) {
	lane, err := p.stationLane(key)
	if err != nil {
		return nil, err
	}
	b, err := io.ReadAll(http.MaxBytesReader(w, r.Body, reading.MostBytes))
	if err != nil {
		return nil, &marz.Error{Code: marz.Invalid, Op: "take reading", Fix: "it did not come whole, or is larger than a reading is; send it again"}
	}
	taken, err := reading.Parse(b)
	if err != nil {
		return nil, err
	}
	p.stations.put(key, taken)
	p.live.Changed()
	return map[string]any{"lane": lane}, nil
}

func readStation(w http.ResponseWriter, r *http.Request, into any, most int64) error {
	b, err := io.ReadAll(http.MaxBytesReader(w, r.Body, most))
	if err == nil {
		err = json.Unmarshal(b, into)
	}
	if err != nil {
		return &marz.Error{Code: marz.Invalid, Op: cmp.Or(r.Pattern, "reader"), Fix: "send JSON as docs/readers.md has it"}
	}
	return nil
}
