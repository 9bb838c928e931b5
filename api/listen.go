package api

import (
	"crypto/tls"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"strconv"
	"time"

	"marz"
	"marz/folder"
)

// Addresses are where a node listens for programs, and where monitoring on its machine reads: api and metrics of its configuration. Each can be "".
type Addresses struct {
	API     string // for example ":8446"
	Metrics string // a loopback address, for example "127.0.0.1:9464"; none: monitoring asks as other programs do
}

// Check says what is wrong with addresses, "" when nothing is.
func (a Addresses) Check() string {
	if _, port, err := net.SplitHostPort(a.API); a.API != "" && (err != nil || port == "") {
		return fmt.Sprintf("api = %q is no address; write for example \":8446\"", a.API)
	}
	if host, port, err := net.SplitHostPort(a.Metrics); a.Metrics != "" && (err != nil || port == "" || !net.ParseIP(host).IsLoopback()) {
		return fmt.Sprintf("metrics = %q is no loopback address; write for example \"127.0.0.1:9464\", or leave it out and let monitoring ask on api", a.Metrics)
	}
	return ""
}

// ListenPrograms opens the address for other programs, over TLS with certificates of their own. config is the file that names it.
func ListenPrograms(address, config string, certs *folder.Certificates, handler http.Handler, log *slog.Logger) (*http.Server, net.Listener, error) {
	ln, err := listen("for programs", "api", address, config)
	return &http.Server{
		Handler:           handler,
		TLSConfig:         &tls.Config{GetCertificate: certs.Get, MinVersion: tls.VersionTLS13, ClientAuth: tls.RequestClientCert},
		ReadHeaderTimeout: 10 * time.Second,
		ReadTimeout:       30 * time.Second,
		WriteTimeout:      5 * time.Minute, // lists of a nation are read anew within one request
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    16 << 10,
		ErrorLog:          slog.NewLogLogger(log.Handler(), slog.LevelDebug),
	}, ln, err
}

// ListenMonitoring opens the loopback address at which monitoring on this machine reads metrics and health, without TLS.
func ListenMonitoring(address, config string, metrics, health http.Handler, log *slog.Logger) (*http.Server, net.Listener, error) {
	ln, err := listen("for monitoring", "metrics", address, config)
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", metrics)
	mux.Handle("GET /healthz", health)
	return &http.Server{Handler: mux, ReadHeaderTimeout: 10 * time.Second, ReadTimeout: 10 * time.Second, WriteTimeout: time.Minute, MaxHeaderBytes: 8 << 10,
		ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelDebug)}, ln, err
}

func listen(what, name, address, config string) (net.Listener, error) {
	ln, err := net.Listen("tcp", address)
	if err != nil {
		return nil, &marz.Error{Code: marz.Unavailable, Op: "listen " + what + " on", Subject: address, Fix: "choose another address: " + name + " in " + config + " of the data folder", Err: err}
	}
	return ln, nil
}

// WriteHealth answers /healthz: 503 where the node does nothing any more.
func WriteHealth(w http.ResponseWriter, h Health, serves bool) {
	b, err := Encode(h)
	if err != nil {
		http.Error(w, "fault", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("Content-Length", strconv.Itoa(len(b)+1))
	if !serves {
		w.WriteHeader(http.StatusServiceUnavailable)
	}
	_, _ = w.Write(append(b, '\n'))
}
