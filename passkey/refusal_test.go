package passkey

import (
	"bytes"
	"encoding/base64"
	"errors"
	"strings"
	"testing"

	"marz"
)

// attacks are ways in which an otherwise right answer is wrong, and what must become of it at sign-in and assertion.
var attacks = map[string]struct {
	bend   func(*authenticator)
	reason error
	code   marz.Code
}{
	"other origin":    {func(a *authenticator) { a.origin = "https://evil.example" }, ErrWrongOrigin, marz.Forbidden},
	"other port":      {func(a *authenticator) { a.origin = "https://post.example" }, ErrWrongOrigin, marz.Forbidden},
	"other case":      {func(a *authenticator) { a.origin = "https://POST.example:8443" }, ErrWrongOrigin, marz.Forbidden},
	"trailing slash":  {func(a *authenticator) { a.origin += "/" }, ErrWrongOrigin, marz.Forbidden},
	"plain http":      {func(a *authenticator) { a.origin = "http://post.example:8443" }, ErrWrongOrigin, marz.Forbidden},
	"no origin":       {func(a *authenticator) { a.origin = "" }, ErrWrongOrigin, marz.Forbidden},
	"in a frame":      {func(a *authenticator) { a.client = map[string]any{"crossOrigin": true} }, ErrWrongOrigin, marz.Forbidden},
	"other RP ID":     {func(a *authenticator) { a.host = "evil.example" }, ErrWrongOrigin, marz.Forbidden},
	"no verification": {func(a *authenticator) { a.flags &^= flagUV }, ErrNotVerified, marz.Unauthenticated},
	"no presence":     {func(a *authenticator) { a.flags &^= flagUP }, ErrNotVerified, marz.Unauthenticated},
	"backup state":    {func(a *authenticator) { a.flags |= flagBS }, ErrRefused, marz.Unauthenticated},
	"other ceremony":  {func(a *authenticator) { a.client = map[string]any{"type": "webauthn.other"} }, ErrRefused, marz.Unauthenticated},
	"other challenge": {func(a *authenticator) { a.client = map[string]any{"challenge": b64(make([]byte, 32))} }, ErrRefused, marz.Unauthenticated},
	"empty challenge": {func(a *authenticator) { a.client = map[string]any{"challenge": ""} }, ErrRefused, marz.Unauthenticated},
	"unasked output": {bent(func(_, c map[string]any) {
		c["clientExtensionResults"] = map[string]any{"remoteClientDataJSON": true}
	}), ErrRefused, marz.Unauthenticated},
	"id and rawId":   {bent(func(_, c map[string]any) { c["id"] = b64([]byte("another")) }), ErrMalformed, marz.Invalid},
	"type":           {bent(func(_, c map[string]any) { c["type"] = "password" }), ErrMalformed, marz.Invalid},
	"no client data": {bent(func(r, _ map[string]any) { r["clientDataJSON"] = "" }), ErrMalformed, marz.Invalid},
}

func bent(f func(response, credential map[string]any)) func(*authenticator) {
	return func(a *authenticator) { a.tamper = f }
}

// flip changes the last bit of a base64url member.
func flip(member string) func(*authenticator) {
	return bent(func(r, _ map[string]any) {
		b, _ := base64.RawURLEncoding.DecodeString(r[member].(string))
		b[len(b)-1] ^= 1
		r[member] = b64(b)
	})
}

func TestRefusedSignIn(t *testing.T) {
	for name, attack := range attacks {
		t.Run(name, func(t *testing.T) {
			s, a := enrolled(t, 0)
			attack.bend(a)
			_, _, err := s.login(t, a)
			wantReason(t, err, attack.reason, attack.code)
		})
	}
}

func TestRefusedRegistration(t *testing.T) {
	for name, attack := range attacks {
		t.Run(name, func(t *testing.T) {
			a := newAuthenticator(t, nil)
			attack.bend(a)
			_, err := newSite(t).register(t, "am-bg/0107", a)
			wantReason(t, err, attack.reason, attack.code)
		})
	}
}

func TestTamperedSignIn(t *testing.T) {
	for _, member := range []string{"signature", "authenticatorData"} {
		s, a := enrolled(t, 0)
		flip(member)(a)
		_, _, err := s.login(t, a)
		wantReason(t, err, ErrRefused, marz.Unauthenticated)
	}
	s, a := enrolled(t, 0)
	a.key = newAuthenticator(t, nil).key
	_, _, err := s.login(t, a)
	wantReason(t, err, ErrRefused, marz.Unauthenticated)
}

func TestUnknownPasskey(t *testing.T) {
	s, a := enrolled(t, 0)
	stranger := newAuthenticator(t, nil)
	stranger.handle = a.handle
	_, _, err := s.login(t, stranger)
	wantReason(t, err, ErrUnknownCredential, marz.Unauthenticated)

	a.handle = Handle("am-bg/0001") // a passkey of one officer that says it is another's
	_, _, err = s.login(t, a)
	wantReason(t, err, ErrUnknownCredential, marz.Unauthenticated)
	a.handle = nil
	_, _, err = s.login(t, a)
	wantReason(t, err, ErrUnknownCredential, marz.Unauthenticated)

	a.handle = Handle("am-bg/0107")
	options, name, _ := s.BeginLogin()
	full := errors.New("disk full")
	_, _, err = s.FinishLogin(name, func(_, _ []byte) (User, error) { return User{}, full }, bytes.NewReader(a.get(t, options)))
	if !errors.Is(err, full) || marz.CodeOf(err) != marz.Internal || errors.Is(err, ErrUnknownCredential) {
		t.Fatalf("a store that fails is not an unknown passkey: %v", err)
	}
}

func TestRegistrationDetails(t *testing.T) {
	s, a := enrolled(t, 0)
	_, err := s.register(t, "am-bg/0107", a)
	wantReason(t, err, ErrAlreadyRegistered, marz.Conflict)

	b := newAuthenticator(t, nil)
	b.tamper = func(_, c map[string]any) {
		c["clientExtensionResults"] = map[string]any{"credProps": map[string]any{"rk": false}}
	}
	_, err = s.register(t, "am-bg/0107", b)
	wantReason(t, err, ErrNotDiscoverable, marz.Invalid)

	self := newAuthenticator(t, nil)
	self.format = "packed"
	self.statement = func(signed []byte) map[string]any { return map[string]any{"alg": -7, "sig": self.sign(signed)} }
	if _, err := s.register(t, "am-bg/0107", self); err != nil {
		t.Fatalf("self attestation, which browsers leave: %v", err)
	}
	for format, statement := range map[string]map[string]any{
		"packed": {"alg": -7, "sig": []byte{1}}, "tpm": {}, "fido-u2f": {}, "none": {"x": 1},
	} {
		c := newAuthenticator(t, nil)
		c.format, c.statement = format, func([]byte) map[string]any { return statement }
		_, err := s.register(t, "am-bg/0107", c)
		wantReason(t, err, ErrRefused, marz.Unauthenticated)
	}
}

// A record that was damaged in storage, or is another officer's, is an internal fault that names the officer.
func TestBrokenRecords(t *testing.T) {
	s, _ := enrolled(t, 0)
	good := s.users["am-bg/0107"].Credentials[0]
	for name, bend := range map[string]func(*Credential){
		"empty":         func(c *Credential) { c.Record = nil },
		"truncated":     func(c *Credential) { c.Record = c.Record[:len(c.Record)/2] },
		"other ID":      func(c *Credential) { c.ID = []byte{1} },
		"no ID":         func(c *Credential) { c.ID, c.Record = nil, []byte("{}") },
		"other officer": func(c *Credential) { c.Officer = "am-bg/0001" },
	} {
		c := good
		bend(&c)
		_, _, err := s.BeginRegistration(User{Officer: "am-bg/0107", Credentials: []Credential{c}})
		if marz.CodeOf(err) != marz.Internal || !strings.Contains(err.Error(), "am-bg/0107") {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, _, err := s.BeginRegistration(User{Officer: "nobody"}); marz.CodeOf(err) != marz.Invalid {
		t.Error(err)
	}
}

func TestConfig(t *testing.T) {
	clock := func() marz.Instant { return testNow }
	ok := func(host string, origins ...string) error {
		_, err := New(Config{Host: host, Name: "Marz", Origins: origins, Clock: clock})
		return err
	}
	for _, c := range [][]string{{"localhost", "http://localhost:8080"}, {"localhost", "https://localhost"},
		{"post.example", "https://post.example", "https://lane1.post.example:8443"}} {
		if err := ok(c[0], c[1:]...); err != nil {
			t.Error(err)
		}
	}
	for _, c := range []struct{ host, origin, says string }{
		{"192.168.1.10", "https://192.168.1.10", "IP address"}, {"::1", "https://[::1]", "IP address"},
		{"[::1]", "https://[::1]", "IP address"}, {"", "https://post.example", "domain name"},
		{"post.example:8443", "https://post.example:8443", "without scheme, port"},
		{"https://post.example", "https://post.example", "without scheme"}, {"Post.example", "https://post.example", "lower case"},
		{"post.example.", "https://post.example.", "domain name"}, {"пост.example", "https://пост.example", "domain name"},
		{"post.example", "post.example", "https://host"}, {"post.example", "https://post.example/", "nothing after it"},
		{"post.example", "https://post.example:443", "default port"}, {"post.example", "https://post.example:", "port"},
		{"post.example", "http://post.example", "use https"}, {"post.example", "https://Post.example", "lower case"},
		{"post.example", "https://evil.example", "must be post.example"},
		{"post.example", "https://notpost.example", "must be post.example"},
		{"post.example", "https://u@post.example", "port"}, {"post.example", "https://post.example?x", "nothing after it"},
		{"post.example", "\x00", "https://host"}, {"post.example", "android:apk-key-hash:x", "https://host"},
	} {
		err := ok(c.host, c.origin)
		if marz.CodeOf(err) != marz.Invalid || !strings.Contains(err.Error(), c.says) {
			t.Errorf("host %q, origin %q: got %v, want it to say %q", c.host, c.origin, err, c.says)
		}
	}
	for _, c := range []Config{{Host: "localhost", Origins: []string{"https://localhost"}, Clock: clock},
		{Host: "localhost", Name: "Marz", Clock: clock}, {Host: "localhost", Name: "Marz", Origins: []string{"https://localhost"}}} {
		if _, err := New(c); marz.CodeOf(err) != marz.Invalid {
			t.Errorf("%+v: %v", c, err)
		}
	}
	rp, err := New(Config{Host: "localhost", Name: "Marz", Origins: []string{"https://localhost"}, Clock: clock,
		Rand: strings.NewReader("too short")})
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := rp.BeginLogin(); marz.CodeOf(err) != marz.Internal {
		t.Errorf("without randomness: %v", err)
	}
}
