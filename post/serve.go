package post

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

// tick is how often Serve looks whether control is due to pass, so that access ends within a second of the instant.
const tick = 100 * time.Millisecond

// mirrorTicks is after how many of them it looks how far the mirrors are.
const mirrorTicks = 10

// stopping is how long requests under way may take when the post stops.
const stopping = 5 * time.Second

// Serve serves the post over HTTPS with HTTP/2 until ctx ends, or the journal fails: then it stops at once and returns why. ready is
// called with the address once it listens.
func (p *Post) Serve(ctx context.Context, ready func(net.Addr)) error {
	certs := &folder.Certificates{Dir: p.opts.Dir, Host: p.config.Host, Wall: p.opts.Wall, Log: p.opts.Log}
	if _, err := certs.Get(nil); err != nil {
		return err
	}
	ln, err := net.Listen("tcp", p.config.Listen)
	if err != nil {
		return &marz.Error{Code: marz.Unavailable, Op: "listen on", Subject: p.config.Listen, Fix: "choose another address: listen in " + configFile + " of the data folder", Err: err}
	}
	srv := &http.Server{
		Handler:           p.Handler(),
		TLSConfig:         &tls.Config{GetCertificate: certs.Get, MinVersion: tls.VersionTLS12},
		ReadHeaderTimeout: 10 * time.Second,
		ReadTimeout:       30 * time.Second,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    32 << 10,
		ErrorLog:          slog.NewLogLogger(p.opts.Log.Handler(), slog.LevelDebug),
	}
	srv.RegisterOnShutdown(p.live.End)
	served := make(chan error, 4)
	stop := []*http.Server{srv}
	if p.config.Readers != "" {
		readers, listens, err := p.stationServer(certs)
		if err != nil {
			ln.Close()
			return err
		}
		stop = append(stop, readers)
		go func() { served <- readers.ServeTLS(listens, "", "") }()
	}
	if p.config.API != "" {
		programs, listens, err := api.ListenPrograms(p.config.API, configFile, certs, p.apiHandler(), p.opts.Log)
		if err != nil {
			closeAll(ln, stop)
			return err
		}
		stop = append(stop, programs)
		go func() { served <- programs.ServeTLS(listens, "", "") }()
	}
	if p.config.Metrics != "" {
		monitoring, listens, err := api.ListenMonitoring(p.config.Metrics, configFile, p.metrics.handler(), http.HandlerFunc(p.healthz), p.opts.Log)
		if err != nil {
			closeAll(ln, stop)
			return err
		}
		stop = append(stop, monitoring)
		go func() { served <- monitoring.Serve(listens) }()
	}
	go func() { served <- srv.ServeTLS(ln, "", "") }()
	if ready != nil {
		ready(ln.Addr())
	}
	beside, end := context.WithCancel(ctx)
	var work sync.WaitGroup
	work.Go(func() { p.rescreen(beside) })
	work.Go(func() { p.push(beside) })
	work.Go(func() { p.followHeadquarters(beside) })
	work.Go(func() { p.retain(beside) })
	err = p.watch(ctx, served)
	end()
	for _, s := range stop {
		p.stop(s)
	}
	work.Wait()
	return err
}

// closeAll lets go of what was opened before something could not be.
func closeAll(ln net.Listener, servers []*http.Server) {
	ln.Close()
	for _, s := range servers {
		s.Close()
	}
}

// watch waits for the end, and lets control pass when it is due. What is waited for otherwise is told to all pages.
func (p *Post) watch(ctx context.Context, served <-chan error) error {
	t := time.NewTicker(tick)
	defer t.Stop()
	waiting, behind, ticks := false, "", 0
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-p.journal.Failed():
			return p.journal.Failure()
		case err := <-served:
			return &marz.Error{Code: marz.Unavailable, Op: "serve", Subject: p.config.Listen, Err: err}
		case <-p.shred:
			p.destroy(ctx)
		case <-t.C:
			if err := p.Tick(ctx); err != nil && !errors.Is(err, context.Canceled) && p.journal.Failure() == nil {
				p.opts.Log.Error("control could not pass", "err", err)
			}
			if ticks++; p.pusher != nil && ticks%mirrorTicks == 0 {
				p.offerCopies()
				if words := p.mirrorWords(ctx); words != behind {
					behind = words
					p.live.Changed()
				}
			}
			p.hearExercise()
			if p.stations.fellSilent() {
				p.live.Changed()
			}
			if next := p.nextPassing(p.now()); next != nil && (next.Waiting != "") != waiting { // that an instant has come and control has not passed is a change of its own
				waiting = !waiting
				p.live.Changed()
			}
		}
	}
}

// stop ends the live pages, lets requests under way end, and cuts those that do not.
func (p *Post) stop(srv *http.Server) {
	ctx, cancel := context.WithTimeout(context.Background(), stopping)
	defer cancel()
	if err := srv.Shutdown(ctx); err != nil {
		srv.Close()
	}
}
