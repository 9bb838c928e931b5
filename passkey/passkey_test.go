package passkey

import (
	"bytes"
	"crypto"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"errors"
	"go/parser"
	"go/token"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/iotest"

	"marz"

	"github.com/go-webauthn/webauthn/webauthn"
	"github.com/google/go-cmp/cmp"
)

const (
	testHost   = "post.example"
	testOrigin = "https://post.example:8443"
	testNow    = marz.Instant(1_735_000_000_000)
)

// site is a RelyingParty with a clock that tests set and the store that a node would keep.
type site struct {
	*RelyingParty
	now   marz.Instant
	users map[marz.OfficerID]User
}

func newSite(t testing.TB) *site {
	t.Helper()
	s := &site{now: testNow, users: map[marz.OfficerID]User{}}
	rp, err := New(Config{Host: testHost, Name: "Marz Agarak", Origins: []string{testOrigin},
		Clock: func() marz.Instant { return s.now }})
	if err != nil {
		t.Fatal(err)
	}
	s.RelyingParty = rp
	return s
}

func (s *site) lookup(id, _ []byte) (User, error) {
	for _, u := range s.users {
		if _, ok := u.credential(id); ok {
			return u, nil
		}
	}
	return User{}, &marz.Error{Code: marz.NotFound, Op: "look up passkey"}
}

func (s *site) store(c Credential) {
	u := s.users[c.Officer]
	u.Officer = c.Officer
	for i := range u.Credentials {
		if bytes.Equal(u.Credentials[i].ID, c.ID) {
			u.Credentials[i] = c
			s.users[c.Officer] = u
			return
		}
	}
	u.Credentials = append(u.Credentials, c)
	s.users[c.Officer] = u
}

func (s *site) register(t *testing.T, o marz.OfficerID, a *authenticator) (Credential, error) {
	t.Helper()
	u := s.users[o]
	u.Officer = o
	options, name, err := s.BeginRegistration(u)
	if err != nil {
		t.Fatal(err)
	}
	c, err := s.FinishRegistration(u, name, bytes.NewReader(a.create(t, options)))
	if err == nil {
		s.store(c)
	}
	return c, err
}

func (s *site) login(t *testing.T, a *authenticator) (marz.OfficerID, Credential, error) {
	t.Helper()
	options, name, err := s.BeginLogin()
	if err != nil {
		t.Fatal(err)
	}
	o, c, err := s.FinishLogin(name, s.lookup, bytes.NewReader(a.get(t, options)))
	if err == nil {
		s.store(c)
	}
	return o, c, err
}

// enrolled returns a site where am-bg/0107 has one passkey.
func enrolled(t *testing.T, flags byte) (*site, *authenticator) {
	t.Helper()
	s, a := newSite(t), newAuthenticator(t, nil)
	a.flags |= flags
	if _, err := s.register(t, "am-bg/0107", a); err != nil {
		t.Fatal(err)
	}
	return s, a
}

func wantReason(t *testing.T, err, reason error, code marz.Code) {
	t.Helper()
	if !errors.Is(err, reason) || marz.CodeOf(err) != code {
		t.Fatalf("got %v (%v), want %v (%v)", err, marz.CodeOf(err), reason, code)
	}
	if e, ok := errors.AsType[*marz.Error](err); !ok || e.Fix == "" || e.Op == "" {
		t.Fatalf("%v does not say what to do", err)
	}
}

func TestRegisterAndSignIn(t *testing.T) {
	_, ed, _ := ed25519.GenerateKey(rand.Reader)
	rs, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	for name, key := range map[string]crypto.Signer{"ES256": nil, "EdDSA": ed, "RS256": rs} {
		t.Run(name, func(t *testing.T) {
			s, a := newSite(t), newAuthenticator(t, key)
			if _, err := s.register(t, "am-bg/0107", a); err != nil {
				t.Fatal(err)
			}
			for range 3 {
				s.now = s.now.Add(Lifetime)
				o, c, err := s.login(t, a)
				if err != nil || o != "am-bg/0107" || c.Used != s.now || c.Registered != testNow {
					t.Fatalf("officer %q, credential %+v, error %v", o, c, err)
				}
			}
		})
	}
}

func TestOptions(t *testing.T) {
	s, a := enrolled(t, 0)
	creation, _, err := s.BeginRegistration(s.users["am-bg/0107"])
	if err != nil {
		t.Fatal(err)
	}
	request, _, err := s.BeginLogin()
	if err != nil {
		t.Fatal(err)
	}
	strip := func(b []byte) (m map[string]any) {
		if err := json.Unmarshal(b, &m); err != nil {
			t.Fatal(err)
		}
		if len(m["challenge"].(string)) != 43 {
			t.Errorf("challenge %v is not 32 bytes", m["challenge"])
		}
		delete(m, "challenge")
		return m
	}
	alg := func(n float64) any { return map[string]any{"type": "public-key", "alg": n} }
	want := map[string]any{
		"rp":               map[string]any{"id": testHost, "name": "Marz Agarak"},
		"user":             map[string]any{"id": b64(Handle("am-bg/0107")), "name": "am-bg/0107", "displayName": "am-bg/0107"},
		"pubKeyCredParams": []any{alg(-7), alg(-8), alg(-257)},
		"timeout":          300000.0,
		"attestation":      "none",
		"extensions":       map[string]any{"credProps": true},
		"excludeCredentials": []any{map[string]any{"type": "public-key", "id": b64(a.id),
			"transports": []any{"internal", "hybrid"}}},
		"authenticatorSelection": map[string]any{"residentKey": "required", "requireResidentKey": true,
			"userVerification": "required"},
	}
	if d := cmp.Diff(want, strip(creation)); d != "" {
		t.Errorf("creation options (-want +got)\n%s", d)
	}
	want = map[string]any{"rpId": testHost, "timeout": 300000.0, "userVerification": "required"}
	if d := cmp.Diff(want, strip(request)); d != "" {
		t.Errorf("request options (-want +got)\n%s", d)
	}
}

// A synchronised passkey keeps no counter, and its flags must survive storage: the library refuses a passkey whose
// backup eligibility changes.
func TestSynchronisedPasskey(t *testing.T) {
	s, a := newSite(t), newAuthenticator(t, nil)
	a.counter, a.flags = 0, flagUP|flagUV|flagBE
	if _, err := s.register(t, "am-bg/0107", a); err != nil {
		t.Fatal(err)
	}
	a.flags |= flagBS
	for range 2 {
		_, c, err := s.login(t, a)
		if err != nil {
			t.Fatal(err)
		}
		var stored Credential // as it comes back from a database
		b, _ := json.Marshal(c)
		if err := json.Unmarshal(b, &stored); err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(c, stored); d != "" {
			t.Fatal(d)
		}
		var record webauthn.Credential
		if err := json.Unmarshal(stored.Record, &record); err != nil {
			t.Fatal(err)
		}
		f := record.Flags
		if !f.UserPresent || !f.UserVerified || !f.BackupEligible || !f.BackupState || len(record.Transport) != 2 ||
			len(record.Attestation.Object) == 0 || len(record.Authenticator.AAGUID) != 16 {
			t.Fatalf("the record lost something: %s", stored.Record)
		}
	}
	a.flags = flagUP | flagUV
	_, _, err := s.login(t, a)
	wantReason(t, err, ErrRefused, marz.Unauthenticated)
}

func TestClonedAuthenticator(t *testing.T) {
	s, a := enrolled(t, 0)
	clone := *a
	if _, _, err := s.login(t, a); err != nil {
		t.Fatal(err)
	}
	_, _, err := s.login(t, &clone) // counts as far as the original has
	wantReason(t, err, ErrCloned, marz.Forbidden)
	clone.counter = 0
	_, _, err = s.login(t, &clone)
	wantReason(t, err, ErrCloned, marz.Forbidden)
	if _, _, err := s.login(t, a); err != nil {
		t.Fatalf("the genuine one, which is ahead: %v", err)
	}
}

func TestReplay(t *testing.T) {
	s, a := enrolled(t, 0)
	options, name, _ := s.BeginLogin()
	body := a.get(t, options)
	if _, _, err := s.FinishLogin(name, s.lookup, bytes.NewReader(body)); err != nil {
		t.Fatal(err)
	}
	_, _, err := s.FinishLogin(name, s.lookup, bytes.NewReader(body))
	wantReason(t, err, ErrExpired, marz.Conflict)
	_, other, _ := s.BeginLogin()
	_, _, err = s.FinishLogin(other, s.lookup, bytes.NewReader(body))
	wantReason(t, err, ErrRefused, marz.Unauthenticated)

	options, name, _ = s.BeginLogin()
	_, _, err = s.FinishLogin(name, s.lookup, strings.NewReader("{}"))
	wantReason(t, err, ErrMalformed, marz.Invalid)
	_, _, err = s.FinishLogin(name, s.lookup, bytes.NewReader(a.get(t, options)))
	wantReason(t, err, ErrExpired, marz.Conflict)
}

// One response sent many times at once signs in once.
func TestConcurrentReplay(t *testing.T) {
	s, a := enrolled(t, 0)
	options, name, _ := s.BeginLogin()
	body := a.get(t, options)
	var wg sync.WaitGroup
	done := make(chan marz.OfficerID, 16)
	for range cap(done) {
		wg.Go(func() {
			if o, _, err := s.FinishLogin(name, s.lookup, bytes.NewReader(body)); err == nil {
				done <- o
			}
		})
	}
	wg.Wait()
	if len(done) != 1 {
		t.Fatalf("signed in %d times", len(done))
	}
}

func TestExpiry(t *testing.T) {
	for after, ok := range map[marz.Instant]bool{0: true, 299_999: true, 300_000: false, -1: false} {
		s, a := enrolled(t, 0)
		options, name, _ := s.BeginLogin()
		s.now += after
		_, _, err := s.FinishLogin(name, s.lookup, bytes.NewReader(a.get(t, options)))
		if ok && err != nil {
			t.Fatalf("after %d ms: %v", after, err)
		}
		if !ok {
			wantReason(t, err, ErrExpired, marz.Conflict)
		}
	}
}

// A ceremony ends only as what it was begun, and for whom.
func TestCeremoniesDoNotMix(t *testing.T) {
	s, a := enrolled(t, 0)
	options, name, _ := s.BeginLogin()
	u := s.users["am-bg/0107"]
	_, err := s.FinishRegistration(u, name, bytes.NewReader(a.create(t, options)))
	wantReason(t, err, ErrExpired, marz.Conflict)
	options, name, _ = s.BeginAssertion(u, [32]byte{1})
	_, _, err = s.FinishLogin(name, s.lookup, bytes.NewReader(a.get(t, options)))
	wantReason(t, err, ErrExpired, marz.Conflict)
	options, name, _ = s.BeginRegistration(User{Officer: "am-bg/0001"})
	_, err = s.FinishRegistration(User{Officer: "am-bg/0002"}, name, bytes.NewReader(newAuthenticator(t, nil).create(t, options)))
	wantReason(t, err, ErrExpired, marz.Conflict)
}

func TestOpenCeremoniesAreBounded(t *testing.T) {
	s, a := enrolled(t, 0)
	u := s.users["am-bg/0107"]
	options, asserted, _ := s.BeginAssertion(u, [32]byte{1})
	_, first, _ := s.BeginLogin()
	for range 2 * MaxOpen {
		s.now++
		if _, _, err := s.BeginLogin(); err != nil {
			t.Fatal(err)
		}
	}
	if n := len(s.open.open[signingIn]); n != MaxOpen {
		t.Fatalf("%d sign-ins are open", n)
	}
	if _, ok := s.open.open[signingIn][first]; ok {
		t.Fatal("the oldest sign-in is still open")
	}
	if _, _, err := s.FinishAssertion(u, asserted, bytes.NewReader(a.get(t, options))); err != nil {
		t.Fatalf("a flood of sign-ins ended an assertion: %v", err)
	}
	s.now = s.now.Add(Lifetime)
	if _, _, err := s.BeginLogin(); err != nil || len(s.open.open[signingIn]) != 1 {
		t.Fatalf("%d sign-ins are open though all but one expired (%v)", len(s.open.open[signingIn]), err)
	}
}

func TestBodies(t *testing.T) {
	s, a := enrolled(t, 0)
	u := s.users["am-bg/0107"]
	options, _, _ := s.BeginLogin()
	good := string(a.get(t, options))
	bodies := map[string]io.Reader{
		"empty": strings.NewReader(""), "null": strings.NewReader("null"), "garbage": strings.NewReader("\x00\xff{"),
		"array": strings.NewReader("[]"), "truncated": strings.NewReader(good[:len(good)/2]),
		"byte order mark": strings.NewReader("\ufeff" + good), "trailing": strings.NewReader(good + "{}"),
		"10 MB":      strings.NewReader(`{"id":"` + strings.Repeat("A", 10<<20) + `"}`),
		"just over":  strings.NewReader(good + strings.Repeat(" ", MaxBody+1-len(good))),
		"read fault": iotest.ErrReader(errors.New("connection reset")),
		"deep":       strings.NewReader(strings.Repeat("[", 60000)),
	}
	for name, body := range bodies {
		var b bytes.Buffer
		again := io.TeeReader(body, &b)
		_, c, _ := s.BeginLogin()
		_, _, err := s.FinishLogin(c, s.lookup, again)
		wantReason(t, err, ErrMalformed, marz.Invalid)
		if b.Len() > MaxBody+1 {
			t.Errorf("%s: read %d bytes", name, b.Len())
		}
		_, c, _ = s.BeginRegistration(u)
		_, err = s.FinishRegistration(u, c, &b)
		wantReason(t, err, ErrMalformed, marz.Invalid)
	}
}

// No file of the package imports another package of the project than its root, nor anything but the one library.
func TestImportLaw(t *testing.T) {
	files, err := filepath.Glob("*.go")
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		src, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		f, err := parser.ParseFile(token.NewFileSet(), name, src, parser.ImportsOnly)
		if err != nil {
			t.Fatal(err)
		}
		for _, i := range f.Imports {
			path, _ := strconv.Unquote(i.Path.Value)
			first, _, _ := strings.Cut(path, "/")
			if path != "marz" && strings.Contains(first, ".") && !strings.HasPrefix(path, "github.com/go-webauthn/webauthn/") ||
				first == "marz" && path != "marz" {
				t.Errorf("%s imports %s", name, path)
			}
		}
	}
}
