package emrtd

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/sha256"
	"fmt"
	"math/rand/v2"
	"os"
	"runtime"
	"slices"
	"syscall"
	"testing"
	"text/tabwriter"
	"time"

	"marz"
	"marz/emrtd/cert"
	"marz/emrtd/der"
	"marz/emrtd/testpki"
)

// BenchmarkPassive proves documents of every way of signing against as many authorities as the German master list has, on one core, from their bytes each time. It prints a table of the processor's time for one document,
// p50 and p99, with the time of the first document of a state, whose revocation list has to be proven as well, beside crypto/ecdsa's verification on P-256 in the same run. It judges nothing.
//
//	go test ./emrtd -run xxx -bench Passive -benchtime 1x -timeout 30m
func BenchmarkPassive(b *testing.B) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	store, from := manyAuthorities(b)
	out := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintf(out, "\n%d authorities and %d revocation lists, %s\n", len(store), otherStates, from)
	fmt.Fprintln(out, "documents signed with\tp50\tp99\tby the clock, p99\tfirst of a state\tp50 as P-256 verifications\t")
	var all []time.Duration
	for _, kind := range speedKinds() {
		s := measureKind(b, kind, store)
		fmt.Fprintf(out, "%s\t%s\t%s\t%s\t%s\t%.1f\t\n", kind, ms(s.p50), ms(s.p99), ms(s.clock), ms(s.first), float64(s.p50)/float64(s.reference))
		all = append(all, s.all...)
	}
	slices.Sort(all)
	fmt.Fprintf(out, "all, in equal parts\t%s\t%s\t\t\t\t\n", ms(all[len(all)/2]), ms(all[len(all)*99/100]))
	out.Flush()
}

func ms(d time.Duration) string { return fmt.Sprintf("%.2f ms", float64(d.Microseconds())/1000) }

// speedKinds is every curve, written out as most states do and the commonest named, and every size of RSA, with the hashes in turn.
func speedKinds() []testpki.Kind {
	hashes := []crypto.Hash{crypto.SHA1, crypto.SHA224, crypto.SHA256, crypto.SHA384, crypto.SHA512}
	var out []testpki.Kind
	for i, c := range cert.Curves() {
		out = append(out, testpki.Kind{Curve: c.Name, Explicit: true, Hash: hashes[i%len(hashes)]})
	}
	for i, c := range []string{"P-256", "P-521", "brainpoolP512r1"} {
		out = append(out, testpki.Kind{Curve: c, Hash: hashes[i+2]})
	}
	for i, bits := range []int{2048, 3072, 4096, 6144} {
		out = append(out, testpki.Kind{Bits: bits, Hash: hashes[i]}, testpki.Kind{Bits: bits, PSS: true, Hash: hashes[i+1]})
	}
	return out
}

// The size of a measurement.
const (
	speedDocuments = 10  // of a kind, each of its own signer
	speedRounds    = 300 // documents that are proven for each kind
	otherStates    = 100 // with a revocation list each
	faceBytes      = 30_000
)

type speed struct {
	p50, p99, clock, first, reference time.Duration
	all                               []time.Duration
}

// measureKind measures documents of one kind.
func measureKind(b *testing.B, kind testpki.Kind, store []*cert.Certificate) speed {
	w := newWorld(b, kind)
	face := make([]byte, faceBytes)
	_, _ = chacha(1).Read(face)
	w.groups[2] = der.Encode(der.Application, 0x15, true, der.Octets(face))
	var documents []Document
	for i := range speedDocuments {
		p := signerProfile()
		p.Serial += int64(i)
		w.signer = w.issue(b, w.signer.Key, p)
		documents = append(documents, w.document(b, testpki.Form{}))
	}
	base := w.trust(b)
	fresh := func() Trust {
		tr := Trust{CSCAs: cert.NewStore(), Signers: cert.NewStore(), CRLs: append(slices.Clone(otherLists(b)), base.CRLs...)}
		for _, c := range append(slices.Clone(store), base.CSCAs.All()...) {
			tr.CSCAs.Add(c, "list")
		}
		return tr
	}
	var s speed
	var first, clock []time.Duration
	for range 5 {
		tr := fresh()
		runtime.GC()
		took, _ := timed(b, documents[0], tr)
		first = append(first, took)
	}
	tr := fresh()
	for i := range speedRounds {
		took, wall := timed(b, documents[i%len(documents)], tr)
		s.all, clock = append(s.all, took), append(clock, wall)
	}
	slices.Sort(first)
	slices.Sort(clock)
	sorted := slices.Sorted(slices.Values(s.all))
	s.p50, s.p99, s.clock, s.first, s.reference = sorted[len(sorted)/2], sorted[len(sorted)*99/100], clock[len(clock)*99/100], first[len(first)/2], p256Verification(b)
	return s
}

// timed proves one document, and returns the processor's time and the clock's.
func timed(b *testing.B, d Document, tr Trust) (processor, clock time.Duration) {
	begin, at := processorTime(b), time.Now()
	r, err := Verify(d, tr, noon)
	processor, clock = processorTime(b)-begin, time.Since(at)
	if err != nil || r.Result != marz.Successful {
		b.Fatalf("%v, %+v", err, r)
	}
	return processor, clock
}

func processorTime(b *testing.B) time.Duration {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		b.Fatal(err)
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

// p256Verification is the processor's time of one verification by crypto/ecdsa on P-256.
func p256Verification(b *testing.B) time.Duration {
	k, err := ecdsa.GenerateKey(elliptic.P256(), chacha(3))
	if err != nil {
		b.Fatal(err)
	}
	digest := sha256.Sum256([]byte("reference"))
	sig, err := ecdsa.SignASN1(chacha(4), k, digest[:])
	if err != nil {
		b.Fatal(err)
	}
	const n = 500
	begin := processorTime(b)
	for range n {
		if !ecdsa.VerifyASN1(&k.PublicKey, digest[:], sig) {
			b.Fatal("the reference does not verify")
		}
	}
	return (processorTime(b) - begin) / n
}

// manyAuthorities are those of the German list, or as many of invented states where it is not at hand.
func manyAuthorities(b *testing.B) ([]*cert.Certificate, string) {
	var out []*cert.Certificate
	dir := os.Getenv("MARZ_DATA")
	if raw, err := os.ReadFile(dir + "/" + germanList); dir != "" && err == nil {
		l, err := ParseMasterList(raw)
		if err != nil {
			b.Fatal(err)
		}
		for _, e := range l.Entries {
			out = append(out, e.Certificate)
		}
		return out, "those of the German list"
	}
	for i := range 559 {
		out = append(out, parse(b, otherState(b, i).Certificate))
	}
	return out, "of invented states"
}

var others = map[int]*testpki.Holder{}

func otherState(b *testing.B, i int) *testpki.Holder {
	if others[i] == nil {
		p := cscaProfile()
		p.Country, p.CommonName = string([]byte{'A' + byte(i/26%26), 'A' + byte(i%26)}), fmt.Sprintf("CSCA %d", i)
		h, err := testpki.Authority(chacha(uint64(i)), key(b, p256, i%8), p)
		if err != nil {
			b.Fatal(err)
		}
		others[i] = h
	}
	return others[i]
}

var otherCRLs []*cert.CRL

// otherLists are revocation lists of other states, of some 50 certificates each.
func otherLists(b *testing.B) []*cert.CRL {
	for i := len(otherCRLs); i < otherStates; i++ {
		var serials []int64
		for range 50 {
			serials = append(serials, rand.Int64N(1<<40))
		}
		raw, err := otherState(b, i).RevocationList(chacha(uint64(i)), 1, day(2026, 1, 1), day(2026, 3, 1), serials...)
		if err != nil {
			b.Fatal(err)
		}
		l, err := cert.ParseCRL(raw)
		if err != nil {
			b.Fatal(err)
		}
		otherCRLs = append(otherCRLs, l)
	}
	return otherCRLs
}
