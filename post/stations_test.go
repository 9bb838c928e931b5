package post

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"encoding/json"
	"image"
	"image/color"
	"image/jpeg"
	"io"
	"math/big"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"marz"
	"marz/emrtd/reading"
	"marz/emrtd/testpki"
	trusted "marz/emrtd/trust"
	"marz/mrz"
	"marz/web"
)

// booth is a reader's station beside a lane: a key, and a line to the post over mutual TLS.
type booth struct {
	t      *testing.T
	key    string
	url    string
	client *http.Client
}

// newBooth draws a key and connects with it.
func (tp *testPost) newBooth(t *testing.T) *booth {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.CreateCertificate(rand.Reader, &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Unix(1<<33, 0)}, &x509.Certificate{}, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	c, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	srv := httptest.NewUnstartedServer(tp.stationHandler())
	srv.TLS = &tls.Config{MinVersion: tls.VersionTLS13, ClientAuth: tls.RequireAnyClientCert}
	srv.StartTLS()
	t.Cleanup(srv.Close)
	client := srv.Client()
	client.Transport.(*http.Transport).TLSClientConfig.Certificates = []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}
	sum := sha256.Sum256(c.RawSubjectPublicKeyInfo)
	return &booth{t, hex.EncodeToString(sum[:]), srv.URL, client}
}

// do asks the post, and returns status and answer.
func (b *booth) do(method, path string, body any) (int, string) {
	b.t.Helper()
	text, err := json.Marshal(body)
	if err != nil {
		b.t.Fatal(err)
	}
	q, err := http.NewRequestWithContext(b.t.Context(), method, b.url+path, bytes.NewReader(text))
	if err != nil {
		b.t.Fatal(err)
	}
	resp, err := b.client.Do(q)
	if err != nil {
		b.t.Fatal(err)
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	if err != nil {
		b.t.Fatal(err)
	}
	return resp.StatusCode, string(answer)
}

// hand hands a reading over, and demands the status.
func (b *booth) hand(r *reading.Reading, want int) {
	b.t.Helper()
	if status, answer := b.do("POST", "/reading", r); status != want {
		b.t.Fatalf("%d %s, want %d", status, answer, want)
	}
}

// utopia issues passports, and the post trusts it.
func (tp *testPost) utopia(t *testing.T) *testpki.State {
	t.Helper()
	at := midnight.Time()
	s, err := testpki.NewState(rand.Reader, testpki.Kind{Curve: "brainpoolP256r1", Hash: crypto.SHA256}, "UT", at)
	if err != nil {
		t.Fatal(err)
	}
	revoked, err := s.Revoked(at.Add(-time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	plan, err := trusted.At(filepath.Join(tp.dir, "trust"), trusted.OS{}).Import([]trusted.Given{{Name: "utopia.cer", Content: s.CSCA.Certificate}, {Name: "utopia.crl", Content: revoked}}, midnight, trusted.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := plan.Write(); err != nil {
		t.Fatal(err)
	}
	tp.config.Documents.Trust = "trust"
	if err := tp.loadTrust(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	return s
}

// chipped is a reading of a passport with a chip, that the state signed.
func chipped(t *testing.T, s *testpki.State, id, text string) *reading.Reading {
	t.Helper()
	img := image.NewRGBA(image.Rect(0, 0, 35, 45))
	for i := range 35 {
		img.Set(i, i, color.White)
	}
	var face bytes.Buffer
	if err := jpeg.Encode(&face, img, nil); err != nil {
		t.Fatal(err)
	}
	groups := map[int][]byte{1: testpki.DataGroup1(strings.ReplaceAll(text, "\n", "")), 2: testpki.DataGroup2(face.Bytes(), 35, 45)}
	sod, err := s.Sign(groups)
	if err != nil {
		t.Fatal(err)
	}
	return &reading.Reading{ID: id, Zone: text, Source: "a test", Chip: reading.Chip{Result: marz.Successful, Access: "BAC",
		Files: map[reading.FileName][]byte{reading.SOD: sod, reading.DG(1): groups[1], reading.DG(2): groups[2]}}}
}

func utopian(t *testing.T, number string) string {
	return passport(t, "ERIKSSON", "ANNA MARIA", number, func(d *mrz.Document) { d.Issuer, d.Nationality = "UTO", "UTO" })
}

func find(i *web.Inspection, check reading.Question) marz.Finding {
	k := slices.IndexFunc(i.Findings, func(f marz.Finding) bool { return f.Check == string(check) })
	if k < 0 {
		return marz.Finding{}
	}
	return i.Findings[k]
}

// TestReadingFromTheBooth goes the whole way: a reader calls, is accepted, hands a passport over, and the officer sees what its chip proves.
func TestReadingFromTheBooth(t *testing.T) {
	tp := newTestPost(t)
	s := tp.utopia(t)
	b := tp.newBooth(t)
	r := chipped(t, s, "reading-00000001", utopian(t, "U0000001"))
	if _, answer := b.do("GET", "/station", nil); !strings.Contains(answer, `"accepted":false`) || !strings.Contains(answer, b.key) {
		t.Errorf("before it is accepted: %s", answer)
	}
	b.hand(r, http.StatusForbidden)
	boss := tp.signIn("ru-bg/1")
	if body, err := tp.Readers(boss); err != nil || len(body.Readers) != 1 || !body.Readers[0].Asks || body.Readers[0].Key != b.key {
		t.Errorf("it asks to be accepted: %+v, %v", body, err)
	}
	code(t, "an officer who is no supervisor", tp.AcceptReader(t.Context(), tp.signIn("ru-bg/2"), b.key, "1"), marz.Forbidden, "")
	if err := tp.AcceptReader(t.Context(), boss, b.key, "1"); err != nil {
		t.Fatal(err)
	}
	b.hand(r, http.StatusConflict) // nobody sits there
	a := tp.atLane("ru-bg/2", "1")
	b.hand(r, http.StatusOK)
	b.hand(r, http.StatusOK) // the line was cut before the answer came
	lanes, err := tp.Lanes(t.Context(), tp.Post.now())
	if err != nil || lanes[0].Reader == nil || lanes[0].Reader.State != readerRead || lanes[0].Reader.Reading != r.ID || lanes[1].Reader != nil {
		t.Fatalf("%+v, %v", lanes, err)
	}
	i, err := tp.TakeReading(t.Context(), a, "1", r.ID, false, false)
	if err != nil {
		t.Fatal(err)
	}
	for _, q := range []reading.Question{reading.Read, reading.Signature, reading.Signer, reading.Revocation, reading.Data, reading.Zone, reading.Issuer} {
		if f := find(i, q); f.Result != marz.Successful {
			t.Errorf("%s: %+v", q, f)
		}
	}
	if f := find(i, reading.Copy); f.Result != marz.NotSupported || i.Verdict != marz.Clear {
		t.Errorf("%s, %+v", i.Verdict, f)
	}
	if i.Portrait == nil || !i.Portrait.Proven || i.Portrait.Address == "" || i.Chip == nil || i.Chip.Result != marz.Successful {
		t.Errorf("%+v, %+v", i.Portrait, i.Chip)
	}
	tp.portraitIsPrivate(t, a, i)
	again, err := tp.TakeReading(t.Context(), a, "1", r.ID, false, false)
	if err != nil || again.ID != i.ID || !again.Repeated {
		t.Errorf("taken twice: %+v, %v", again, err)
	}
	if _, err := tp.Decide(t.Context(), a, i.ID, marz.Admit, "", ""); err != nil {
		t.Fatal(err)
	}
	if _, err := tp.Portrait(t.Context(), a, i.ID); marz.CodeOf(err) != marz.NotFound {
		t.Errorf("after the decision the portrait is there: %v", err)
	}
	if len(tp.portraits.of) != 0 {
		t.Error("a portrait is kept after the end of its inspection")
	}
}

// portraitIsPrivate: the portrait is shown to who sits at the lane, and stands in no entry and no payload.
func (tp *testPost) portraitIsPrivate(t *testing.T, a Actor, i *web.Inspection) {
	t.Helper()
	b, err := tp.Portrait(t.Context(), a, i.ID)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := jpeg.Decode(bytes.NewReader(b)); err != nil {
		t.Error(err)
	}
	for _, other := range []marz.OfficerID{"ru-bg/1", "am-bg/1"} {
		if _, err := tp.Portrait(t.Context(), tp.signIn(other), i.ID); marz.CodeOf(err) != marz.Forbidden && marz.CodeOf(err) != marz.Conflict {
			t.Errorf("%s sees the portrait: %v", other, err)
		}
	}
	payload, err := tp.journal.Payload(t.Context(), marz.Seq(number(i.ID)))
	if err != nil || len(payload) > 8000 {
		t.Errorf("the payload has %d bytes, more than it can without a portrait (%v)", len(payload), err)
	}
}

// TestReadingsOfFalseDocuments: what is wrong with a chip stops or asks for a look, and a portrait that is not the signed one is not shown.
func TestReadingsOfFalseDocuments(t *testing.T) {
	tp := newTestPost(t)
	s := tp.utopia(t)
	b := tp.newBooth(t)
	if err := tp.AcceptReader(t.Context(), tp.signIn("ru-bg/1"), b.key, "1"); err != nil {
		t.Fatal(err)
	}
	a := tp.atLane("ru-bg/2", "1")
	forger, err := testpki.NewState(rand.Reader, testpki.Kind{Curve: "P-256", Hash: crypto.SHA256}, "UT", midnight.Time())
	if err != nil {
		t.Fatal(err)
	}
	for n, c := range []struct {
		name    string
		reading *reading.Reading
		change  func(*reading.Reading)
		check   reading.Question
		result  marz.Result
		verdict marz.Verdict
	}{
		{"another face", nil, func(r *reading.Reading) { r.Chip.Files[reading.DG(2)][60] ^= 1 }, reading.Data, marz.Failed, marz.Stop},
		{"another page", nil, func(r *reading.Reading) { r.Zone = utopian(t, "U9999999") }, reading.Zone, marz.Failed, marz.Stop},
		{"a forger's", chipped(t, forger, "", utopian(t, "U7777777")), func(*reading.Reading) {}, reading.Signer, marz.Undetermined, marz.Attention},
		{"a copy", nil, func(r *reading.Reading) {
			r.Chip.Active = reading.Asked{Result: marz.Failed, Reason: "it has not the key"}
		}, reading.Copy, marz.Failed, marz.Stop},
		{"lifted", nil, func(r *reading.Reading) {
			r.Chip = reading.Chip{Result: marz.Aborted, Reason: "the document was lifted"}
		}, reading.Read, marz.Aborted, marz.Attention},
		{"no chip", nil, func(r *reading.Reading) { r.Chip = reading.Chip{Result: marz.NotSupported} }, reading.Read, marz.Undetermined, marz.Attention},
		{"a code that is no seal", nil, func(r *reading.Reading) { r.Seals = [][]byte{[]byte("https://")} }, reading.SealSigned, marz.Undetermined, marz.Attention},
	} {
		r := c.reading
		if r == nil {
			r = chipped(t, s, "", utopian(t, "U000000"+string(rune('1'+n))))
		}
		r.ID = "reading-0000000" + string(rune('a'+n))
		c.change(r)
		b.hand(r, http.StatusOK)
		i, err := tp.TakeReading(t.Context(), a, "1", r.ID, false, false)
		if err != nil {
			t.Fatalf("%s: %v", c.name, err)
		}
		if f := find(i, c.check); f.Result != c.result || f.Grave != c.verdict || i.Verdict != c.verdict {
			t.Errorf("%s: %s, %+v", c.name, i.Verdict, f)
		}
		if shown := i.Portrait != nil && i.Portrait.Address != ""; shown && (c.check == reading.Data || r.Chip.Files == nil) {
			t.Errorf("%s: a portrait is shown", c.name)
		}
		if i.Portrait != nil && i.Portrait.Proven && c.check == reading.Signer {
			t.Errorf("%s: a forger's portrait is called proven", c.name)
		}
		if _, err := tp.Withdraw(t.Context(), a, i.ID, "scanned-by-mistake"); err != nil {
			t.Fatal(err)
		}
	}
}

// TestReadersEndWithControl: no access is left behind. A reader that the outgoing authority has accepted hands nothing over once control has passed, until the incoming one accepts it for itself.
func TestReadersEndWithControl(t *testing.T) {
	tp := newTestPost(t)
	b := tp.newBooth(t)
	if err := tp.AcceptReader(t.Context(), tp.signIn("ru-bg/1"), b.key, "1"); err != nil {
		t.Fatal(err)
	}
	old := tp.atLane("ru-bg/2", "1")
	r := &reading.Reading{ID: "reading-00000001", Zone: utopian(t, "U1"), Chip: reading.Chip{Result: marz.NotSupported}}
	b.hand(r, http.StatusOK)
	tp.now.Store(int64(midnight))
	if err := tp.Tick(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := tp.TakeReading(t.Context(), old, "1", r.ID, false, false); marz.CodeOf(err) != marz.Unauthenticated {
		t.Errorf("the outgoing officer takes what was read: %v", err)
	}
	a := tp.atLane("am-bg/2", "1")
	if _, err := tp.TakeReading(t.Context(), a, "1", r.ID, false, false); marz.CodeOf(err) != marz.NotFound {
		t.Errorf("the incoming officer takes what a reader that nobody of his has accepted handed over: %v", err)
	}
	r.ID = "reading-00000002"
	b.hand(r, http.StatusForbidden)
	if err := tp.AcceptReader(t.Context(), tp.signIn("am-bg/1"), b.key, "1"); err != nil {
		t.Fatal(err)
	}
	b.hand(r, http.StatusOK)
	if _, err := tp.TakeReading(t.Context(), a, "1", r.ID, false, false); err != nil {
		t.Error(err)
	}
	if err := tp.DismissReader(t.Context(), tp.signIn("am-bg/1"), b.key); err != nil {
		t.Fatal(err)
	}
	r.ID = "reading-00000003"
	b.hand(r, http.StatusForbidden)
}

// TestReadingWhileACaseIsOpen: a new document never ends or changes an open inspection, and what the lane refused is not opened later.
func TestReadingWhileACaseIsOpen(t *testing.T) {
	tp := newTestPost(t)
	b := tp.newBooth(t)
	if err := tp.AcceptReader(t.Context(), tp.signIn("ru-bg/1"), b.key, "1"); err != nil {
		t.Fatal(err)
	}
	a := tp.atLane("ru-bg/2", "1")
	open := tp.mustScan(a, "1", utopian(t, "U1"))
	r := &reading.Reading{ID: "reading-00000001", Zone: utopian(t, "U2"), Chip: reading.Chip{Result: marz.NotSupported}}
	b.hand(r, http.StatusOK)
	if _, err := tp.TakeReading(t.Context(), a, "1", r.ID, false, false); marz.CodeOf(err) != marz.Conflict || !strings.Contains(err.Error(), "inspection "+string(open.ID)) {
		t.Errorf("%v", err)
	}
	if s := tp.stations.state(b.key); s.State != readerReady {
		t.Errorf("what was refused still waits: %+v", s)
	}
}

// TestStationsForget: a reader that says nothing is silent, what it read is not kept, and whoever calls with many keys pushes none out that is at work.
func TestStationsForget(t *testing.T) {
	now := time.Unix(1000, 0)
	s := newStations(func() time.Time { return now })
	s.hear("a")
	if stop, news := s.progress("a", "id", "EF.DG2", 1, 100); stop || !news {
		t.Error(stop, news)
	}
	if _, news := s.progress("a", "id", "EF.DG2", 2, 100); news {
		t.Error("every byte is news")
	}
	s.stop("id")
	if stop, _ := s.progress("a", "id", "EF.DG2", 3, 100); !stop {
		t.Error("it is not told to stop")
	}
	s.put("a", &reading.Reading{ID: "id"})
	if st := s.state("a"); st.State != readerRead {
		t.Errorf("%+v", st)
	}
	for n := range 3 * mostStations {
		s.hear(string(rune('A' + n)))
	}
	if r, _ := s.waits([]string{"a"}, "id"); r == nil || len(s.by) > mostStations {
		t.Errorf("pushed out by %d stations", len(s.by))
	}
	now = now.Add(readingLife)
	if !s.fellSilent() {
		t.Error("that readers fell silent is no news")
	}
	if r, _ := s.waits([]string{"a"}, "id"); r != nil || s.by["a"].waiting != nil {
		t.Error("what was read is kept for ever")
	}
	if st := s.state("a"); st.State != readerSilent {
		t.Errorf("%+v", st)
	}
}

// TestStationRefuses: whatever a station sends, the answer says what to do, and nothing is kept.
func TestStationRefuses(t *testing.T) {
	tp := newTestPost(t)
	b := tp.newBooth(t)
	if err := tp.AcceptReader(t.Context(), tp.signIn("ru-bg/1"), b.key, "1"); err != nil {
		t.Fatal(err)
	}
	tp.atLane("ru-bg/2", "1")
	for _, c := range []struct {
		path   string
		body   any
		status int
	}{
		{"/reading", "x", http.StatusBadRequest}, {"/reading", map[string]any{"id": "x"}, http.StatusBadRequest}, {"/reading", strings.Repeat("x", reading.MostBytes+1), http.StatusBadRequest},
		{"/progress", "x", http.StatusBadRequest}, {"/progress", map[string]any{"id": strings.Repeat("x", 65)}, http.StatusBadRequest}, {"/progress", map[string]any{"id": "x", "done": -1}, http.StatusBadRequest},
		{"/elsewhere", nil, http.StatusNotFound},
	} {
		if status, answer := b.do("POST", c.path, c.body); status != c.status {
			t.Errorf("%s %.60v: %d %s", c.path, c.body, status, answer)
		}
	}
	if s := tp.stations.state(b.key); s.State != readerReady {
		t.Errorf("%+v", s)
	}
	code(t, "no fingerprint", tp.AcceptReader(t.Context(), tp.signIn("ru-bg/1"), "zz", "1"), marz.Invalid, "64 hexadecimal digits")
	code(t, "no lane", tp.AcceptReader(t.Context(), tp.signIn("ru-bg/1"), b.key, "99"), marz.NotFound, "")
	code(t, "one that is not accepted", tp.DismissReader(t.Context(), tp.signIn("ru-bg/1"), strings.Repeat("00", 32)), marz.NotFound, "")
}
