package passkey

import (
	"fmt"
	"net/netip"
	"net/url"
	"strings"

	"marz"

	"github.com/go-webauthn/webauthn/protocol"
)

const opConfig = "passkey configuration"

func (c Config) validate() error {
	if err := validHost(c.Host); err != nil {
		return err
	}
	switch {
	case c.Name == "":
		return invalid("name", "give the name that officers' devices show, for example Marz Agarak")
	case c.Clock == nil:
		return invalid("clock", "a clock is required")
	case len(c.Origins) == 0:
		return invalid("origins", "give at least one, for example https://"+c.Host)
	}
	for _, o := range c.Origins {
		if err := validOrigin(o, c.Host); err != nil {
			return err
		}
	}
	return nil
}

// validHost refuses what a browser would refuse as an RP ID: WebAuthn §5.1.3 step 8 requires a valid domain, which an
// IP address is not. Lower case is required because a browser compares with the host as it serialises it.
func validHost(host string) error {
	subject := fmt.Sprintf("host %.80q", host)
	if _, err := netip.ParseAddr(strings.Trim(host, "[]")); err == nil {
		return invalid(subject, "browsers refuse passkeys for an IP address; give the post a domain name, or use localhost")
	}
	if err := protocol.ValidateRPID(host); err != nil {
		return &marz.Error{Code: marz.Invalid, Op: opConfig, Subject: subject,
			Fix: "write a domain name alone, without scheme, port or path, for example post.example", Err: err}
	}
	if host != strings.ToLower(host) {
		return invalid(subject, "write it in lower case")
	}
	return nil
}

// validOrigin requires the serialisation that browsers put into client data (HTML §7.1.1), since origins are compared
// byte for byte: lower case, no path, no default port.
func validOrigin(origin, host string) error {
	subject := fmt.Sprintf("origin %.80q", origin)
	u, err := url.Parse(origin)
	if err != nil || u.Host == "" || u.Scheme+"://"+u.Host != origin {
		return invalid(subject, "write it as https://host or https://host:port, with nothing after it")
	}
	name, port := u.Hostname(), u.Port()
	switch {
	case origin != strings.ToLower(origin):
		return invalid(subject, "write it in lower case")
	case u.Host != name && u.Host != name+":"+port || strings.HasSuffix(u.Host, ":"):
		return invalid(subject, "write the port as a number after the host, or leave it out")
	case u.Scheme == "https" && port == "443", u.Scheme == "http" && port == "80":
		return invalid(subject, "leave the default port out, as browsers do")
	case name != host && !strings.HasSuffix(name, "."+host):
		return invalid(subject, fmt.Sprintf("its host must be %s or end in .%s", host, host))
	case u.Scheme == "https":
		return nil
	case u.Scheme == "http" && (name == "localhost" || strings.HasSuffix(name, ".localhost")):
		return nil // browsers count it as a secure context
	}
	return invalid(subject, "use https; browsers allow passkeys over http only at localhost")
}

func invalid(subject, fix string) error {
	return &marz.Error{Code: marz.Invalid, Op: opConfig, Subject: subject, Fix: fix}
}
