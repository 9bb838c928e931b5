package main

import (
	"crypto"
	"crypto/rand"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"marz"
	"marz/emrtd"
	"marz/emrtd/cert"
	"marz/emrtd/der"
	"marz/emrtd/testpki"
)

// utopiaZone is ICAO's specimen of Doc 9303-4, Appendix B.
const utopiaZone = "P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<L898902C36UTO7408122F1204159ZE184226B<<<<<10"

// utopia writes what the state of specimens issues into a folder: csca.cer, other.cer (nobody's), list.ml, newer.ml, crl.der, revoked.der, defects.bin, SOD.bin, DG1.bin, DG2.bin.
func utopia(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: utopia FOLDER")
	}
	files, err := utopiaFiles()
	ts.Check(err)
	ts.Check(os.MkdirAll(ts.MkAbs(args[0]), 0o755))
	for name, b := range files {
		ts.Check(os.WriteFile(filepath.Join(ts.MkAbs(args[0]), name), b, 0o644))
	}
}

func utopiaFiles() (map[string][]byte, error) {
	day := func(y, m, d int) time.Time { return time.Date(y, time.Month(m), d, 0, 0, 0, 0, time.UTC) }
	var failed error
	holder := func(h *testpki.Holder, err error) *testpki.Holder {
		if err != nil {
			failed = err
			return &testpki.Holder{Key: &testpki.Key{}}
		}
		return h
	}
	file := func(b []byte, err error) []byte {
		if err != nil {
			failed = err
		}
		return b
	}
	var keys [5]*testpki.Key
	for i := range keys {
		var err error
		if keys[i], err = testpki.NewKey(rand.Reader, testpki.Kind{Curve: "brainpoolP256r1", Explicit: true, Hash: crypto.SHA256}); err != nil {
			return nil, err
		}
	}
	profile := func(name string, serial int64) testpki.Profile {
		return testpki.Profile{Country: "UT", Organisation: "Utopia", CommonName: name, Serial: serial, From: day(2020, 1, 1), Until: day(2040, 1, 1), Usage: 0x80}
	}
	csca := holder(testpki.Authority(rand.Reader, keys[0], profile("CSCA Utopia", 1)))
	other := holder(testpki.Authority(rand.Reader, keys[1], profile("CSCA of nobody", 2)))
	if failed != nil {
		return nil, failed
	}
	lister := profile("List Signer", 4)
	lister.Purposes = []string{cert.MasterListSigner}
	signer, lists := holder(csca.Issue(rand.Reader, keys[2], profile("Document Signer", 3))), holder(csca.Issue(rand.Reader, keys[3], lister))
	defects := profile("Defect List Signer", 6)
	defects.Purposes = []string{cert.DefectListSigner}
	knows := holder(csca.Issue(rand.Reader, keys[3], defects))
	next := profile("CSCA Utopia", 5)
	next.CA, next.Usage = true, 0x06
	link := holder(csca.Issue(rand.Reader, keys[4], next))
	if failed != nil {
		return nil, failed
	}
	groups := map[int][]byte{1: testpki.DataGroup1(utopiaZone), 2: der.Encode(der.Application, 0x15, true, der.Octets([]byte("a face")))}
	out := map[string][]byte{
		"csca.cer": csca.Certificate, "other.cer": other.Certificate, "DG1.bin": groups[1], "DG2.bin": groups[2],
		"list.ml":     file(lists.MasterList(rand.Reader, [][]byte{csca.Certificate, link.Certificate}, testpki.Form{SigningTime: day(2026, 1, 1)})),
		"newer.ml":    file(lists.MasterList(rand.Reader, [][]byte{csca.Certificate, other.Certificate}, testpki.Form{SigningTime: day(2026, 1, 11)})),
		"SOD.bin":     file(signer.SecurityObject(rand.Reader, groups, crypto.SHA256, testpki.Form{})),
		"crl.der":     file(csca.RevocationList(rand.Reader, 1, day(2026, 1, 1), day(2026, 4, 1))),
		"defects.bin": file(knows.DefectList(rand.Reader, 2, []testpki.Listed{{Signer: signer, Known: []testpki.Known{{Kind: "1.3", Words: "keys from a bad source"}}}}, testpki.Form{SigningTime: day(2026, 1, 2)})),
		"revoked.der": file(csca.RevocationList(rand.Reader, 2, day(2026, 1, 10), day(2026, 4, 1), 3)),
	}
	return out, failed
}

// TestDocumentExitCodes: 0 successful, 1 failed or unreadable, 2 undetermined.
func TestDocumentExitCodes(t *testing.T) {
	files, err := utopiaFiles()
	if err != nil {
		t.Fatal(err)
	}
	t.Chdir(t.TempDir())
	for name, b := range files {
		if err := os.WriteFile(name, b, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	base := []string{"document", "verify", "SOD.bin", "--at", "2026-01-15T12:00:00Z"}
	for _, c := range []struct {
		more []string
		want int
	}{
		{[]string{"--trust", "csca.cer", "--trust", "crl.der", "--dg", "1=DG1.bin", "--dg", "2=DG2.bin"}, 0},
		{[]string{"--trust", "csca.cer", "--trust", "crl.der", "--dg", "1=DG1.bin", "--dg", "2=DG1.bin"}, 1},
		{[]string{"--trust", "csca.cer", "--trust", "crl.der", "--dg", "1=DG1.bin"}, 2},
		{[]string{"--trust", "csca.cer", "--dg", "1=DG1.bin", "--dg", "2=DG2.bin"}, 2},
		{[]string{"--trust", "DG1.bin"}, 1},
	} {
		if got := run(t.Context(), append(slices.Clone(base), c.more...), strings.NewReader(""), io.Discard, io.Discard); got != c.want {
			t.Errorf("%v: exit code %d, want %d", c.more, got, c.want)
		}
	}
}

// TestMasterlistShowOnPublishedLists: the command over both public lists says what the package finds.
func TestMasterlistShowOnPublishedLists(t *testing.T) {
	dir := os.Getenv("MARZ_DATA")
	if dir == "" {
		dir = "../../../shared/data"
	}
	dir = filepath.Join(dir, "masterlists")
	if _, err := os.Stat(dir); err != nil {
		t.Skipf("needs the public test data; set MARZ_DATA: %v", err)
	}
	roots, err := readRoots([]string{filepath.Join(dir, "DE_ROOT_CA_CSCA07.cer"), filepath.Join(dir, "NL_ROOT_CA.cer")})
	if err != nil {
		t.Fatal(err)
	}
	shown, err := showLists([]string{filepath.Join(dir, "DE_ML_2025-06-25-09-31-57.ml"), filepath.Join(dir, "NL_ML_2025-12-20.ml")}, roots, true)
	if err != nil {
		t.Fatal(err)
	}
	if !shown.Good || len(shown.Lists) != 2 || shown.Lists[0].Signature != marz.Successful || shown.Lists[1].Signature != marz.Successful || len(shown.Entries) != 599 {
		t.Errorf("good %v, %+v, %d certificates", shown.Good, shown.Lists, len(shown.Entries))
	}
	for _, e := range shown.Entries {
		if (e.Status == emrtd.Unverified) != (e.By == "") || e.Status == emrtd.Unverified && e.Reason == "" {
			t.Errorf("%s: %s without a reason or an issuer", e.Subject, e.Status)
		}
	}
	if _, err := json.Marshal(shown); err != nil {
		t.Error(err)
	}
}
