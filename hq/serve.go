package hq

import (
	"context"
	"crypto/tls"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"

	"marz"
	"marz/api"
	"marz/folder"
)

// tick is how often a node looks at what other nodes have recorded, beside every request of a browser.
const tick = time.Second

// stopping is how long requests under way may take when the node stops.
const stopping = 5 * time.Second

// pushing is how long one request of a node may take: 32 packages over a line of 2 kB/s.
const pushing = time.Hour

// Serve serves browsers, nodes and the folder's owner until ctx ends, or the journal or the database has stopped: then it returns why. ready is called with the two addresses
// once it listens.
func (h *HQ) Serve(ctx context.Context, ready func(browsers, nodes net.Addr)) error {
	servers, err := h.listen()
	if err != nil {
		return err
	}
	served := make(chan error, len(servers))
	var running sync.WaitGroup
	for _, s := range servers {
		running.Go(func() { served <- s.serve() })
	}
	if ready != nil {
		ready(servers[0].ln.Addr(), servers[1].ln.Addr())
	}
	beside, end := context.WithCancel(ctx)
	running.Go(func() { h.foldIndex(beside) })
	running.Go(func() { h.retain(beside) })
	running.Go(func() { h.giveStays(beside) })
	err = h.watch(ctx, served)
	end()
	h.live.End()
	for _, s := range servers {
		s.stop()
	}
	running.Wait()
	return err
}

// server is one listener with what answers on it.
type server struct {
	*http.Server
	ln net.Listener
}

func (s server) serve() error {
	if s.TLSConfig == nil {
		return s.Serve(s.ln)
	}
	return s.ServeTLS(s.ln, "", "")
}

// stop lets requests under way end, and cuts those that do not.
func (s server) stop() {
	ctx, cancel := context.WithTimeout(context.Background(), stopping)
	defer cancel()
	if err := s.Shutdown(ctx); err != nil {
		s.Close()
	}
}

// listen opens all listeners or none: for browsers, for nodes, and the folder's socket.
func (h *HQ) listen() (all []server, err error) {
	defer func() {
		if err != nil {
			for _, s := range all {
				s.ln.Close()
			}
		}
	}()
	certs := &folder.Certificates{Dir: h.opts.Dir, Host: h.config.Host, Wall: h.opts.Wall, Log: h.opts.Log}
	if _, err := certs.Get(nil); err != nil {
		return nil, err
	}
	browsers := h.server(h.Handler(), &tls.Config{GetCertificate: certs.Get, MinVersion: tls.VersionTLS12})
	nodes := h.server(h.NodesHandler(), &tls.Config{Certificates: []tls.Certificate{h.nodesTLS}, MinVersion: tls.VersionTLS12, ClientAuth: tls.RequestClientCert})
	nodes.ReadTimeout, nodes.WriteTimeout = pushing, pushing
	for _, s := range []struct {
		*http.Server
		name, address string
	}{{browsers, "listen", h.config.Listen}, {nodes, "nodes", h.config.Nodes}} {
		ln, err := net.Listen("tcp", s.address)
		if err != nil {
			return all, &marz.Error{Code: marz.Unavailable, Op: "listen on", Subject: s.address, Fix: "choose another address: " + s.name + " in " + configFile + " of the data folder", Err: err}
		}
		all = append(all, server{s.Server, ln})
	}
	if all, err = h.listenForPrograms(all, certs); err != nil {
		return all, err
	}
	ln, err := h.listenSocket()
	if err != nil {
		return all, err
	}
	return append(all, server{h.server(h.commandHandler(), nil), ln}), nil
}

// listenForPrograms opens the listeners for other programs and for monitoring, where hq.toml names an address.
func (h *HQ) listenForPrograms(all []server, certs *folder.Certificates) ([]server, error) {
	if h.config.API != "" {
		s, ln, err := api.ListenPrograms(h.config.API, configFile, certs, h.apiHandler(), h.opts.Log)
		if err != nil {
			return all, err
		}
		all = append(all, server{s, ln})
	}
	if h.config.Metrics != "" {
		s, ln, err := api.ListenMonitoring(h.config.Metrics, configFile, h.metrics.handler(), http.HandlerFunc(h.healthz), h.opts.Log)
		if err != nil {
			return all, err
		}
		all = append(all, server{s, ln})
	}
	return all, nil
}

func (h *HQ) server(handler http.Handler, conf *tls.Config) *http.Server {
	return &http.Server{Handler: handler, TLSConfig: conf, ReadHeaderTimeout: 10 * time.Second, ReadTimeout: 30 * time.Second, IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 32 << 10,
		ErrorLog: slog.NewLogLogger(h.opts.Log.Handler(), slog.LevelDebug)}
}

// watch folds what other nodes record, and wakes the pages, until the end.
func (h *HQ) watch(ctx context.Context, served <-chan error) error {
	t := time.NewTicker(tick)
	defer t.Stop()
	var failed <-chan struct{}
	if s, ok := h.store.(interface{ Failed() <-chan struct{} }); ok {
		failed = s.Failed()
	}
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-h.ledger.Failed():
			return h.ledger.Failure()
		case <-failed:
			return h.store.(interface{ Failure() error }).Failure()
		case err := <-served:
			return &marz.Error{Code: marz.Unavailable, Op: "serve", Subject: h.config.Listen, Err: err}
		case <-t.C:
			h.look(ctx)
		}
	}
}

// look asks the database once.
func (h *HQ) look(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, stopping)
	defer cancel()
	err := h.ledger.Refresh(ctx)
	if err == nil && h.live.Watched() {
		before := h.seen.Load()
		if _, err = h.Overview(ctx); err == nil && before != nil && h.seen.Load().n != before.n {
			h.live.Changed()
		}
	}
	switch was := h.ill.Load(); {
	case errors.Is(err, context.Canceled):
	case err != nil && was == nil:
		h.opts.Log.Error("the database does not answer", "err", err)
		h.ill.Store(&err)
	case err == nil && was != nil:
		h.opts.Log.Info("the database answers again")
		h.ill.Store(nil)
	}
}
