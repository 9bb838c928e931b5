package post

import (
	"crypto/sha256"
	"crypto/tls"
	"encoding/hex"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"filippo.io/torchwood"
	"golang.org/x/mod/sumdb/note"

	"marz"
	"marz/folder"
	"marz/mirror"
)

// MirrorConfig is a [[mirror]] of post.toml: where a copy of the post's journal is kept, as marz hq identity prints it there.
type MirrorConfig struct {
	Authority marz.AuthorityID `toml:"authority"`        // whose mirror it is
	URL       string           `toml:"url"`              // for example "https://hq.example:8444/mirror"
	Key       string           `toml:"key"`              // the verifier key of its cosignatures
	TLS       string           `toml:"tls"`              // hex SHA-256 of its certificate's SubjectPublicKeyInfo: that key and no other is spoken to, whoever issued the certificate
	HQ        marz.Origin      `toml:"hq,omitempty"`     // the name of the headquarters' own journal, where there is one
	HQKey     string           `toml:"hq_key,omitempty"` // and its verifier key
}

// name is what a mirror is called: the name in its key, which no two at a post share.
func (m *MirrorConfig) name() string {
	name, _, _ := strings.Cut(m.Key, "+")
	return name
}

// validateMirrors holds what a post is told of its mirrors to what they need, all of them.
func validateMirrors(all []MirrorConfig) (fault string) {
	for i := range all {
		if what := all[i].validate(); what != "" {
			return fmt.Sprintf("[[mirror]] %d, of %q: %s", i+1, all[i].Authority, what)
		}
		for j := range i {
			if all[j].name() == all[i].name() || all[j].URL == all[i].URL {
				return fmt.Sprintf("[[mirror]] %d and %d have the same name in their key, or the same url; leave one out", j+1, i+1)
			}
		}
	}
	return ""
}

func (m *MirrorConfig) validate() string {
	if m.Authority.Validate() != nil {
		return "authority is whose mirror it is, for example \"am-bg\""
	}
	u, err := url.Parse(m.URL)
	if err != nil || u.Scheme != "https" || u.Hostname() == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return fmt.Sprintf("url = %q is no address of a mirror; write for example \"https://hq.example:8444/mirror\"", m.URL)
	}
	if _, err := torchwood.NewCosignatureVerifier(m.Key); err != nil {
		return "key is not the verifier key of a mirror's cosignatures; copy what marz hq identity prints at the headquarters"
	}
	if pin, err := hex.DecodeString(m.TLS); err != nil || len(pin) != sha256.Size || m.TLS != strings.ToLower(m.TLS) {
		return "tls is the SHA-256 of the key of the mirror's certificate, 64 hexadecimal digits in small letters; copy what marz hq identity prints at the headquarters"
	}
	if m.HQ == "" && m.HQKey == "" {
		return ""
	}
	if v, err := note.NewVerifier(m.HQKey); err != nil || m.HQ.Validate() != nil || v.Name() != string(m.HQ) {
		return "hq and hq_key are the name and the verifier key of the headquarters' own journal, both or neither; copy what marz hq identity prints there"
	}
	return ""
}

// ofMirror returns the configuration of a mirror by its key, or nil.
func (c *Config) ofMirror(key string) *MirrorConfig {
	if i := slices.IndexFunc(c.Mirrors, func(m MirrorConfig) bool { return m.Key == key }); i >= 0 {
		return &c.Mirrors[i]
	}
	return nil
}

// Waits on the way to a mirror. What moves on a connection that stands is watched by the pusher.
const (
	mirrorDial      = 15 * time.Second
	mirrorHandshake = 30 * time.Second // two round trips over a satellite, under load
)

// remote is the mirror as package mirror speaks to it.
func (m *MirrorConfig) remote(own tls.Certificate) mirror.Remote {
	return mirror.Remote{Name: m.name(), URL: m.URL, Key: m.Key, Transport: &http.Transport{
		DialContext:         (&net.Dialer{Timeout: mirrorDial}).DialContext,
		TLSHandshakeTimeout: mirrorHandshake,
		TLSClientConfig:     pinned(own, m.TLS),
		MaxIdleConnsPerHost: 2,
		IdleConnTimeout:     10 * time.Minute, // longer than a mirror that has everything is left alone
		DisableCompression:  true,
	}}
}

// pinned speaks to the holder of one key, and shows it the node's own certificate. Names, dates and issuers of the other's certificate say nothing.
func pinned(own tls.Certificate, pin string) *tls.Config {
	return &tls.Config{
		MinVersion:         tls.VersionTLS13,
		Certificates:       []tls.Certificate{own},
		InsecureSkipVerify: true, // instead of a chain, the key is held to the pin
		VerifyConnection: func(s tls.ConnectionState) error {
			if len(s.PeerCertificates) == 0 {
				return errors.New("the mirror shows no certificate")
			}
			if got := folder.KeyOf(s.PeerCertificates[0]); got != pin {
				return fmt.Errorf("this is not the mirror that post.toml names: its certificate's key is %s and tls is %s", got, pin)
			}
			return nil
		},
	}
}

// remotes are all mirrors of the configuration.
func (c *Config) remotes(own tls.Certificate) []mirror.Remote {
	var out []mirror.Remote
	for i := range c.Mirrors {
		out = append(out, c.Mirrors[i].remote(own))
	}
	return out
}
