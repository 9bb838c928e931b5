package emrtd

import (
	"bytes"
	"crypto"
	"flag"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"

	"marz"
	"marz/emrtd/cert"
	"marz/emrtd/der"
	"marz/emrtd/testpki"
)

// The rule: one bit flipped anywhere in a security object, a data group, a certificate, a revocation list or a master list is never accepted. That is, the thing is
//
//   - refused: it cannot be read, or a check that was successful is not any more; or
//   - reported: every byte that a signature covers is the same as before, and the defects are others than before.
//
// Covered are: the content (hashes of data groups, certificates of a list), the signed attributes, and the signed parts of the certificates on the way to the trusted
// one. What lies between them (lengths, versions, names of the signer, algorithms) is either needed to come to the same signature, or has a defect.

var flips = flag.Int("flips", 10_000, "how many bits TestFlips flips")

// subject is one thing whose bits are flipped. judge says "" when a mutation is refused or reported, else what is wrong with it.
type subject struct {
	name     string
	original []byte
	share    int // of a hundred flips
	judge    func(t testing.TB, mutated []byte) string
}

// covered are the bytes of a verified document that signatures answer for, and what was read out of them.
type covered struct {
	content, attributes, signer []byte
	groups                      map[int][]byte
	hash                        crypto.Hash
}

func coveredBy(t testing.TB, sod []byte, tr Trust) covered {
	t.Helper()
	o, err := ParseSecurityObject(sod)
	if err != nil {
		t.Fatal(err)
	}
	s := o.Signed.Verify(tr.Signers)
	return covered{o.Signed.Content, s.Signer.attributes, s.Certificate.Signed, o.Groups, o.Hash}
}

// objectJudge judges mutations of a security object whose original is wholly proven.
func objectJudge(t testing.TB, doc Document, tr Trust) func(testing.TB, []byte) string {
	before, was := verify(t, doc, tr), coveredBy(t, doc.SOD, tr)
	if before.Result != marz.Successful {
		t.Fatalf("the original is %s: %+v", before.Result, before.Checks)
	}
	return func(t testing.TB, mutated []byte) string {
		d := doc
		d.SOD = mutated
		after, err := Verify(d, tr, noon)
		if err != nil || after.Result != marz.Successful || after.Trust != Trusted {
			return ""
		}
		return reported(was, coveredBy(t, mutated, tr), before.Defects, after.Defects)
	}
}

// reported is the second half of the rule.
func reported(was, is any, before, after []der.Defect) string {
	switch {
	case !reflect.DeepEqual(was, is):
		return "accepted with other signed content"
	case slices.Equal(before, after):
		return "accepted without a word"
	}
	return ""
}

// groupJudge judges mutations of a data group: none is accepted.
func groupJudge(doc Document, tr Trust, n int) func(testing.TB, []byte) string {
	return func(t testing.TB, mutated []byte) string {
		d := doc
		d.Groups = map[int][]byte{}
		for k, v := range doc.Groups {
			d.Groups[k] = v
		}
		d.Groups[n] = mutated
		if r := verify(t, d, tr); r.Result != marz.Failed || r.ResultOf(CheckGroups) != marz.Failed {
			return "a changed data group is accepted"
		}
		return ""
	}
}

// certificateJudge judges mutations of a certificate under its issuer.
func certificateJudge(t testing.TB, raw, issuer []byte) func(testing.TB, []byte) string {
	by, original := parse(t, issuer), parse(t, raw)
	before := original.IssuedBy(by)
	if !before.Good() {
		t.Fatal("the original is not good")
	}
	return func(t testing.TB, mutated []byte) string {
		c, err := cert.Parse(mutated)
		if err != nil {
			return ""
		}
		i := c.IssuedBy(by)
		if i.Unfit() != nil {
			return ""
		}
		return reported(original.Signed, c.Signed, slices.Concat(original.Defects, before.Defects), slices.Concat(c.Defects, i.Defects))
	}
}

// trustJudge judges mutations of a certificate that is given as trusted: it is refused, or what was proven with it is not any more, or there is a note or a defect.
func trustJudge(t testing.TB, raw []byte, doc Document, crl *cert.CRL) func(testing.TB, []byte) string {
	was := parse(t, raw)
	return func(t testing.TB, mutated []byte) string {
		b := NewTrustBuilder()
		if b.Add("root", mutated) != nil {
			return ""
		}
		tr, err := b.Trust()
		if err != nil {
			return ""
		}
		tr.CRLs = []*cert.CRL{crl}
		r := verify(t, doc, tr)
		if r.Result != marz.Successful || len(b.Notes) > 0 {
			return ""
		}
		return reported(was.Signed, tr.CSCAs.All()[0].Signed, nil, r.Defects)
	}
}

// revocationJudge judges mutations of a revocation list.
func revocationJudge(t testing.TB, raw, issuer []byte) func(testing.TB, []byte) string {
	by := parse(t, issuer)
	original, err := cert.ParseCRL(raw)
	if err != nil {
		t.Fatal(err)
	}
	before, err := original.VerifiedBy(by)
	if err != nil {
		t.Fatal(err)
	}
	return func(t testing.TB, mutated []byte) string {
		l, err := cert.ParseCRL(mutated)
		if err != nil {
			return ""
		}
		defects, err := l.VerifiedBy(by)
		if err != nil {
			return ""
		}
		return reported(original.Signed, l.Signed, slices.Concat(original.Defects, before), slices.Concat(l.Defects, defects))
	}
}

// listJudge judges mutations of a master list.
func listJudge(t testing.TB, raw []byte, roots *cert.Store) func(testing.TB, []byte) string {
	original, err := ParseMasterList(raw)
	if err != nil {
		t.Fatal(err)
	}
	before := original.Verify(roots)
	if !before.Good() {
		t.Fatal(before.Why())
	}
	was := signedBytes(original.Signed, before)
	return func(t testing.TB, mutated []byte) string {
		l, err := ParseMasterList(mutated)
		if err != nil {
			return ""
		}
		after := l.Verify(roots)
		if !after.Good() {
			return ""
		}
		return reported(was, signedBytes(l.Signed, after), before.Defects, after.Defects)
	}
}

// defectsJudge judges mutations of a defect list.
func defectsJudge(t testing.TB, raw []byte, roots *cert.Store) func(testing.TB, []byte) string {
	original, err := ParseDefectList(raw)
	if err != nil {
		t.Fatal(err)
	}
	before := original.Verify(roots)
	if !before.Good() {
		t.Fatal(before.Why())
	}
	return func(t testing.TB, mutated []byte) string {
		l, err := ParseDefectList(mutated)
		if err != nil {
			return ""
		}
		after := l.Verify(roots)
		if !after.Good() {
			return ""
		}
		return reported(signedBytes(original.Signed, before), signedBytes(l.Signed, after), before.Defects, after.Defects)
	}
}

// signedBytes are those of a list that signatures answer for.
func signedBytes(d *SignedData, c ListCheck) [][]byte {
	return [][]byte{d.Content, c.Signature.Signer.attributes, c.Signature.Certificate.Signed}
}

// subjects are things of every kind and form, made anew for each seed. The slow curves have a smaller share.
func subjects(t testing.TB, seed uint64) []subject {
	w := newWorldOf(t, p256, seed)
	tr := w.trust(t)
	var out []subject
	object := func(name string, share int, kind testpki.Kind, form testpki.Form) {
		w := newWorldOf(t, kind, seed)
		tr, doc := w.trust(t), w.document(t, form)
		if form.WithoutCertificate {
			tr.Signers.Add(parse(t, w.signer.Certificate), "directory")
		}
		out = append(out, subject{"object, " + name, doc.SOD, share, objectJudge(t, doc, tr)})
	}
	object("P-256", 20, p256, testpki.Form{})
	object("P-256 written out, BER", 15, testpki.Kind{Curve: "P-256", Explicit: true, Hash: crypto.SHA256}, testpki.Form{BER: true})
	object("version 1, by key", 10, p256, testpki.Form{ByKeyID: true, LDSVersion: 1})
	object("certificate elsewhere", 8, p256, testpki.Form{WithoutCertificate: true})
	object("without attributes", 8, p256, testpki.Form{WithoutAttributes: true})
	object("with the authority's certificate", 8, p256, testpki.Form{Carry: [][]byte{w.csca.Certificate}})
	object("attributes in another order", 4, p256, testpki.Form{Unsorted: true})
	object("unsigned attribute, two signers", 4, p256, testpki.Form{Unsigned: true, Copies: 1})
	object("RSA", 5, testpki.Kind{Bits: 2048, Hash: crypto.SHA256}, testpki.Form{})
	object("RSA SHA-1, no hash named", 5, testpki.Kind{Bits: 2048, Hash: crypto.SHA1}, testpki.Form{NameNoHash: true})
	object("RSA-PSS", 5, testpki.Kind{Bits: 2048, PSS: true, Hash: crypto.SHA256}, testpki.Form{})
	object("brainpool", 1, testpki.Kind{Curve: "brainpoolP256r1", Explicit: true, Hash: crypto.SHA256}, testpki.Form{})

	doc := w.document(t, testpki.Form{})
	out = append(out, subject{"data group 1", doc.Groups[1], 2, groupJudge(doc, tr, 1)}, subject{"data group 2", doc.Groups[2], 2, groupJudge(doc, tr, 2)})
	for _, kind := range []testpki.Kind{p256, {Bits: 2048, PSS: true, Hash: crypto.SHA512}, {Bits: 2048, Hash: crypto.SHA256}} {
		w := newWorldOf(t, kind, seed)
		out = append(out, subject{"signer's certificate, " + kind.String(), w.signer.Certificate, 2, certificateJudge(t, w.signer.Certificate, w.csca.Certificate)},
			subject{"authority's certificate, " + kind.String(), w.csca.Certificate, 1, certificateJudge(t, w.csca.Certificate, w.csca.Certificate)})
	}
	crl, err := w.csca.RevocationList(w.random, 5, day(2026, 1, 1), day(2026, 3, 1), 5, 6)
	if err != nil {
		t.Fatal(err)
	}
	out = append(out, subject{"revocation list", crl, 3, revocationJudge(t, crl, w.csca.Certificate)})
	out = append(out, subject{"trusted certificate", w.csca.Certificate, 3, trustJudge(t, w.csca.Certificate, doc, tr.CRLs[0])})
	list := w.list(t, w.csca.Certificate, w.signer.Certificate)
	out = append(out, subject{"master list", list, 5, listJudge(t, list, tr.CSCAs)})
	known, err := w.defectLister(t).DefectList(w.random, 2, []testpki.Listed{{Signer: w.signer, Hash: true, Known: []testpki.Known{{Kind: "1.1", Parameters: testpki.Enumerated(1)}}}}, testpki.Form{})
	if err != nil {
		t.Fatal(err)
	}
	out = append(out, subject{"defect list", known, 3, defectsJudge(t, known, tr.CSCAs)})
	return out
}

func flip(b []byte, bit int) []byte {
	out := bytes.Clone(b)
	out[bit/8] ^= 1 << (bit % 8)
	return out
}

// TestFlips flips bits here and there in everything. Where there are enough flips for a thing, each of its bits; then again in things that are made anew.
func TestFlips(t *testing.T) {
	random := rand.New(rand.NewPCG(8, 9))
	left, done := *flips, 0
	for round := uint64(1); left > 0; round++ {
		list := subjects(t, round)
		total, budget := 0, left
		for _, s := range list {
			total += s.share
		}
		for _, s := range list {
			order := random.Perm(8 * len(s.original))
			order = order[:min(len(order), budget*s.share/total+1)]
			left -= len(order)
			done += len(order)
			for _, bit := range order {
				if wrong := s.judge(t, flip(s.original, bit)); wrong != "" {
					t.Errorf("round %d, %s: bit %d of byte %d: %s", round, s.name, bit%8, bit/8, wrong)
				}
			}
		}
	}
	t.Logf("%d bits flipped", done)
}

// TestFlipsInPublishedObjects: the same in what states have issued. What was not all checked before (no data group was read) must not be better afterwards.
func TestFlipsInPublishedObjects(t *testing.T) {
	tr := publishedTrust(t)
	random := rand.New(rand.NewPCG(3, 4))
	for _, state := range []string{"FR", "US", "RU"} {
		sod := published(t, "sod/"+state+".sod")
		before, was := verify(t, Document{SOD: sod}, tr), coveredBy(t, sod, tr)
		for range max(*flips/50, 1) {
			bit := random.IntN(8 * len(sod))
			after, err := Verify(Document{SOD: flip(sod, bit)}, tr, noon)
			if err != nil || after.Trust != Trusted || after.ResultOf(CheckObjectSignature) != marz.Successful || after.ResultOf(CheckSignerSignature) != marz.Successful {
				continue
			}
			if wrong := reported(was, coveredBy(t, flip(sod, bit), tr), before.Defects, after.Defects); wrong != "" {
				t.Errorf("%s: bit %d of byte %d: %s", state, bit%8, bit/8, wrong)
			}
		}
	}
	for path, root := range map[string]string{germanList: germanRoot, dutchList: dutchRoot} {
		raw := published(t, path)
		judge := listJudge(t, raw, storeOf(t, root))
		for range max(*flips/2000, 5) {
			// half of them where the certificates are not
			bit := random.IntN(8 * len(raw))
			if random.IntN(2) == 0 {
				bit = 8*len(raw) - 1 - random.IntN(8*4000)
			}
			if wrong := judge(t, flip(raw, bit)); wrong != "" {
				t.Errorf("%s: bit %d of byte %d: %s", path, bit%8, bit/8, wrong)
			}
		}
	}
}
