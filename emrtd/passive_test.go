package emrtd

import (
	"crypto"
	"slices"
	"strings"
	"testing"

	"marz"
	"marz/emrtd/cert"
	"marz/emrtd/der"
	"marz/emrtd/testpki"
)

// TestKinds: a document is proven with every way of signing, on every curve named and written out, and with every hash.
func TestKinds(t *testing.T) {
	var kinds []testpki.Kind
	hashes := []crypto.Hash{crypto.SHA1, crypto.SHA224, crypto.SHA256, crypto.SHA384, crypto.SHA512}
	for _, h := range hashes {
		for _, pss := range []bool{false, true} {
			kinds = append(kinds, testpki.Kind{Bits: 2048, PSS: pss, Hash: h})
		}
		kinds = append(kinds, testpki.Kind{Curve: "P-256", Hash: h}, testpki.Kind{Curve: "brainpoolP256r1", Hash: h}, testpki.Kind{Curve: "P-256", Plain: true, Hash: h})
	}
	for _, bits := range []int{3072, 4096, 6144} {
		kinds = append(kinds, testpki.Kind{Bits: bits, Hash: crypto.SHA256}, testpki.Kind{Bits: bits, PSS: true, Hash: crypto.SHA512})
	}
	for _, c := range cert.Curves() {
		kinds = append(kinds, testpki.Kind{Curve: c.Name, Explicit: true, Hash: crypto.SHA256}, testpki.Kind{Curve: c.Name, Hash: crypto.SHA384})
	}
	for _, kind := range kinds {
		t.Run(kind.String(), func(t *testing.T) {
			w := newWorld(t, kind)
			r := verify(t, w.document(t, testpki.Form{}), w.trust(t))
			var want []der.Name
			if kind.Hash == crypto.SHA1 { // of the object, the signer's certificate
				want = []der.Name{cert.WeakHash, cert.WeakHash}
			}
			wholly(t, r, want...)
		})
	}
}

// TestForms: what is written otherwise is read all the same, and named where it departs from the standard.
func TestForms(t *testing.T) {
	rsa := testpki.Kind{Bits: 2048, Hash: crypto.SHA256}
	for name, c := range map[string]struct {
		kind    testpki.Kind
		form    testpki.Form
		defects []der.Name
	}{
		"by key identifier":  {p256, testpki.Form{ByKeyID: true}, nil},
		"version 1":          {p256, testpki.Form{LDSVersion: 1}, nil},
		"without attributes": {p256, testpki.Form{WithoutAttributes: true}, []der.Name{AttributesMissing}},
		"no hash named":      {rsa, testpki.Form{NameNoHash: true}, []der.Name{AlgorithmWithoutHash}},
		"two hashes":         {p256, testpki.Form{Digest: crypto.SHA512}, []der.Name{SignatureHashMixed}},
		"BER": {p256, testpki.Form{BER: true}, []der.Name{der.IndefiniteLength, der.IndefiniteLength, der.IndefiniteLength, der.IndefiniteLength, der.IndefiniteLength,
			der.IndefiniteLength, der.IndefiniteLength, der.ConstructedText}},
		"attributes in another order": {p256, testpki.Form{Unsorted: true}, []der.Name{AttributesNotDER}},
		"unsigned attribute":          {p256, testpki.Form{Unsigned: true}, []der.Name{UnsignedAttributes}},
		"two signers":                 {p256, testpki.Form{Copies: 1}, []der.Name{SeveralSigners}},
		"a certificate that is none":  {p256, testpki.Form{Carry: [][]byte{der.Sequence(der.Null())}}, []der.Name{CertificateOther}},
		"version 2":                   {p256, testpki.Form{LDSVersion: 2}, []der.Name{LDSVersionForm}},
		"other type":                  {p256, testpki.Form{ContentType: "1.2.840.113549.1.7.1"}, []der.Name{SODContentType}},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, c.kind)
			wholly(t, verify(t, w.document(t, c.form), w.trust(t)), c.defects...)
		})
	}
}

// TestBounds: what could take long is refused.
func TestBounds(t *testing.T) {
	w := newWorld(t, p256)
	if _, err := ParseSecurityObject(w.sod(t, testpki.Form{Copies: maxSigners})); err == nil {
		t.Error("any number of signers is read")
	}
}

// TestUnused: a certificate that nothing leads to is reported with its digest.
func TestUnused(t *testing.T) {
	w := newWorld(t, p256)
	other, err := testpki.Authority(w.random, key(t, p256, 3), cscaProfile())
	if err != nil {
		t.Fatal(err)
	}
	r := verify(t, w.document(t, testpki.Form{Carry: [][]byte{other.Certificate}}), w.trust(t))
	wholly(t, r, CertificateUnused)
	if want := "SHA-256 " + parse(t, other.Certificate).Fingerprint(); r.Defects[0].Detail != want {
		t.Errorf("%s, want %s", r.Defects[0].Detail, want)
	}
}

// TestSignerElsewhere: a signer's certificate that the document does not carry is taken from the directory, and has to follow from a trusted CSCA all the same.
func TestSignerElsewhere(t *testing.T) {
	w := newWorld(t, p256)
	doc, tr := w.document(t, testpki.Form{WithoutCertificate: true}), w.trust(t)
	r := verify(t, doc, tr)
	if r.ResultOf(CheckObjectSignature) != marz.Undetermined || r.Trust != TrustUnknown || r.Result != marz.Undetermined {
		t.Errorf("without a certificate: %+v", r)
	}
	tr.Signers.Add(parse(t, w.signer.Certificate), "directory")
	wholly(t, verify(t, doc, tr))
	tr.CSCAs = cert.NewStore()
	if r := verify(t, doc, tr); r.Trust != TrustUnknown || r.ResultOf(CheckSignerSignature) != marz.Undetermined {
		t.Errorf("a directory's certificate is believed: %+v", r.Checks)
	}
}

// TestRefused: each thing that must not be accepted, with the one check that says so.
func TestRefused(t *testing.T) {
	type setup struct {
		w   *world
		doc Document
		tr  Trust
	}
	resign := func(t *testing.T, s *setup, change func(*testpki.Profile)) {
		p := signerProfile()
		change(&p)
		s.w.signer = s.w.issue(t, s.w.signer.Key, p)
		s.doc.SOD = s.w.sod(t, testpki.Form{})
	}
	for name, c := range map[string]struct {
		change func(t *testing.T, s *setup)
		check  string
		want   marz.Result
		trust  TrustStatus
	}{
		"nobody is trusted": {func(t *testing.T, s *setup) { s.tr.CSCAs = cert.NewStore() }, CheckSignerSignature, marz.Undetermined, TrustUnknown},
		"forger of the same name": {func(t *testing.T, s *setup) {
			forged := newWorld(t, p256)
			var err error
			if forged.csca, err = testpki.Authority(forged.random, key(t, p256, 3), cscaProfile()); err != nil {
				t.Fatal(err)
			}
			forged.signer = forged.issue(t, key(t, p256, 4), signerProfile())
			s.doc.SOD = forged.sod(t, testpki.Form{Carry: [][]byte{forged.csca.Certificate}})
		}, CheckSignerSignature, marz.Undetermined, TrustUnknown},
		"forger without key identifiers": {func(t *testing.T, s *setup) {
			forged := newWorld(t, p256)
			var err error
			p := cscaProfile()
			if forged.csca, err = testpki.Authority(forged.random, key(t, p256, 3), p); err != nil {
				t.Fatal(err)
			}
			q := signerProfile()
			q.WithoutKeyIDs = true
			forged.signer = forged.issue(t, key(t, p256, 4), q)
			s.doc.SOD = forged.sod(t, testpki.Form{})
		}, CheckSignerSignature, marz.Failed, NotTrusted},
		"list signer": {func(t *testing.T, s *setup) {
			resign(t, s, func(p *testpki.Profile) { p.Purposes = []string{cert.MasterListSigner} })
		}, CheckSignerPurpose, marz.Failed, Trusted},
		"signer is a CA":   {func(t *testing.T, s *setup) { resign(t, s, func(p *testpki.Profile) { p.CA = true }) }, CheckSignerPurpose, marz.Failed, Trusted},
		"key may not sign": {func(t *testing.T, s *setup) { resign(t, s, func(p *testpki.Profile) { p.Usage = 0x20 }) }, CheckSignerPurpose, marz.Failed, Trusted},
		"expired":          {func(t *testing.T, s *setup) { resign(t, s, func(p *testpki.Profile) { p.Until = day(2026, 1, 1) }) }, CheckSignerValidity, marz.Failed, Trusted},
		"not yet valid":    {func(t *testing.T, s *setup) { resign(t, s, func(p *testpki.Profile) { p.From = day(2026, 2, 1) }) }, CheckSignerValidity, marz.Failed, Trusted},
		"other state": {func(t *testing.T, s *setup) {
			s.w.groups[1] = testpki.DataGroup1(strings.Replace(specimen, "P<UTO", "P<ARM", 1))
			s.doc.SOD = s.w.sod(t, testpki.Form{})
			s.doc.Zone = ""
		}, CheckSignerState, marz.Failed, Trusted},
		"unknown state": {func(t *testing.T, s *setup) {
			s.w.groups[1] = testpki.DataGroup1(strings.Replace(specimen, "P<UTO", "P<XZZ", 1))
			s.doc.SOD = s.w.sod(t, testpki.Form{})
			s.doc.Zone = ""
		}, CheckSignerState, marz.Undetermined, Trusted},
		"no list":     {func(t *testing.T, s *setup) { s.tr.CRLs = nil }, CheckRevocation, marz.Undetermined, Trusted},
		"old list":    {func(t *testing.T, s *setup) { s.tr.CRLs = []*cert.CRL{s.w.crl(t, day(2025, 1, 1), day(2025, 3, 1))} }, CheckRevocation, marz.Undetermined, Trusted},
		"future list": {func(t *testing.T, s *setup) { s.tr.CRLs = []*cert.CRL{s.w.crl(t, day(2026, 2, 1), day(2026, 3, 1))} }, CheckRevocation, marz.Undetermined, Trusted},
		"revoked": {func(t *testing.T, s *setup) {
			s.tr.CRLs = append(s.tr.CRLs, s.w.crl(t, day(2026, 1, 2), day(2026, 3, 1), 5, 77))
		}, CheckRevocation, marz.Failed, Trusted},
		"revoked, old list": {func(t *testing.T, s *setup) {
			s.tr.CRLs = []*cert.CRL{s.w.crl(t, day(2025, 1, 2), day(2025, 3, 1), 77)}
		}, CheckRevocation, marz.Failed, Trusted},
		"authority revoked": {func(t *testing.T, s *setup) { s.tr.CRLs = []*cert.CRL{s.w.crl(t, day(2026, 1, 2), day(2026, 3, 1), 1)} }, CheckRevocation, marz.Failed, Trusted},
		"forger's list": {func(t *testing.T, s *setup) {
			other := newWorld(t, p256)
			other.csca.Key = key(t, p256, 3)
			s.tr.CRLs = []*cert.CRL{other.crl(t, day(2026, 1, 2), day(2026, 3, 1))}
		}, CheckRevocation, marz.Undetermined, Trusted},
		"changed group": {func(t *testing.T, s *setup) {
			s.doc.Groups = map[int][]byte{1: s.w.groups[1], 2: []byte("another face"), 14: s.w.groups[14]}
		}, CheckGroups, marz.Failed, Trusted},
		"added group": {func(t *testing.T, s *setup) {
			s.doc.Groups = map[int][]byte{1: s.w.groups[1], 2: s.w.groups[2], 14: s.w.groups[14], 15: {0x6f, 0}}
		}, CheckGroups, marz.Failed, Trusted},
		"unread group":          {func(t *testing.T, s *setup) { s.doc.Groups = map[int][]byte{1: s.w.groups[1], 14: s.w.groups[14]} }, CheckGroups, marz.Undetermined, Trusted},
		"printed name":          {func(t *testing.T, s *setup) { s.doc.Zone = strings.Replace(specimen, "ANNA", "ANNI", 1) }, CheckZone, marz.Failed, Trusted},
		"printed optional data": {func(t *testing.T, s *setup) { s.doc.Zone = strings.Replace(specimen, "ZE184226B", "ZE184226C", 1) }, CheckZone, marz.Undetermined, Trusted},
		"no zone":               {func(t *testing.T, s *setup) { s.doc.Zone = "" }, CheckZone, marz.NotSupported, Trusted},
		"wrong zone":            {func(t *testing.T, s *setup) { s.doc.Zone = "nothing" }, CheckZone, marz.Undetermined, Trusted},
		"EF.COM": {func(t *testing.T, s *setup) {
			s.doc.COM = der.Encode(der.Application, 0, true, der.Encode(der.Application, 28, false, []byte{0x61, 0x75}))
		}, CheckCOM, marz.Failed, Trusted},
		"signer among authorities": {func(t *testing.T, s *setup) { s.tr.CSCAs.Add(parse(t, s.w.signer.Certificate), "list") }, CheckSignerSignature, marz.Failed, NotTrusted},
	} {
		t.Run(name, func(t *testing.T) {
			s := &setup{w: newWorld(t, p256)}
			s.doc, s.tr = s.w.document(t, testpki.Form{}), s.w.trust(t)
			c.change(t, s)
			r := verify(t, s.doc, s.tr)
			if got := r.ResultOf(c.check); got != c.want || r.Trust != c.trust {
				t.Errorf("%s is %s, trust %s; want %s, %s\n%+v", c.check, got, r.Trust, c.want, c.trust, r.Checks)
			}
			bears := !slices.Contains(apart, c.check)
			if bears && r.Result == marz.Successful || bears && c.want == marz.Failed && r.Result != marz.Failed {
				t.Errorf("the result is %s", r.Result)
			}
			if r.ResultOf(CheckChip) != marz.NotSupported {
				t.Error("the chip itself is said to be checked")
			}
		})
	}
}

// TestCOM: EF.COM that agrees.
func TestCOM(t *testing.T) {
	w := newWorld(t, p256)
	doc := w.document(t, testpki.Form{})
	doc.COM = der.Encode(der.Application, 0, true, der.Encode(der.Application, 28, false, []byte{0x61, 0x6e, 0x75}))
	if r := verify(t, doc, w.trust(t)); r.ResultOf(CheckCOM) != marz.Successful {
		t.Errorf("%+v", r.Checks)
	}
}

// TestKeyPeriod: a signer that was certified after the authority's key was to be used no more.
func TestKeyPeriod(t *testing.T) {
	w := newWorld(t, p256)
	p := signerProfile()
	p.From, p.DocumentTypes = day(2025, 7, 1), []string{"ID"}
	w.signer = w.issue(t, w.signer.Key, p)
	wholly(t, verify(t, w.document(t, testpki.Form{}), w.trust(t)), IssuedOutsidePeriod, DocumentTypeUnlisted)
}

// TestRevocationAfterNameChange: the list of the authority under its new name speaks for what it signed under the old one, once a trusted link joins the names.
func TestRevocationAfterNameChange(t *testing.T) {
	for name, c := range map[string]struct {
		linked  bool
		serials []int64
		want    marz.Result
	}{
		"clears": {true, nil, marz.Successful}, "revokes": {true, []int64{77}, marz.Failed}, "without a link": {false, []int64{77}, marz.Undetermined},
	} {
		w := newWorld(t, p256)
		tr, doc := w.trust(t), w.document(t, testpki.Form{})
		p := cscaProfile()
		p.Serial, p.CA, p.Usage, p.CommonName, p.NameChange = 2, true, 0x06, "CSCA Utopia 2", true
		next, err := testpki.Authority(w.random, key(t, p256, 5), p)
		if err != nil {
			t.Fatal(err)
		}
		tr.CSCAs.Add(parse(t, next.Certificate), "list")
		if c.linked {
			tr.CSCAs.Add(parse(t, w.issue(t, next.Key, p).Certificate), "list")
		}
		w.csca = next
		tr.CRLs = []*cert.CRL{w.crl(t, day(2026, 1, 2), day(2026, 3, 1), c.serials...)}
		if r := verify(t, doc, tr); r.ResultOf(CheckRevocation) != c.want {
			t.Errorf("%s: %s", name, r.ResultOf(CheckRevocation))
		}
	}
}

// TestDocumentTypes: one letter stands for all kinds that begin with it.
func TestDocumentTypes(t *testing.T) {
	for _, c := range []struct {
		list []string
		code string
		may  bool
	}{{nil, "P", true}, {[]string{"P"}, "P", true}, {[]string{"P"}, "PD", true}, {[]string{"PD"}, "P", false}, {[]string{"ID", "AR"}, "AR", true}, {[]string{"ID"}, "I", false}} {
		x := cert.Extensions{DocumentTypes: c.list}
		if x.MaySign(c.code) != c.may {
			t.Errorf("%v, %s: %v", c.list, c.code, !c.may)
		}
	}
}

// TestIssuerOfAnotherName: a trusted key under another name does for the signer when key identifier and country are the issuer's, with a defect, and else not; nor
// does a certificate that may not issue.
func TestIssuerOfAnotherName(t *testing.T) {
	for name, c := range map[string]struct {
		change  func(*testpki.Profile, *testpki.Profile) // of the trusted authority, of the signer
		reason  string
		defects []der.Name
	}{
		"another name":                {func(a, _ *testpki.Profile) { a.CommonName = "CSCA" }, "", []der.Name{cert.IssuerNameDiffers}},
		"another name, no identifier": {func(a, s *testpki.Profile) { a.CommonName, s.WithoutKeyIDs = "CSCA", true }, "issuer-missing", []der.Name{AuthorityKeyMissing}},
		"another country":             {func(a, _ *testpki.Profile) { a.Country = "XA" }, "issuer-is-another", []der.Name{cert.IssuerNameDiffers}},
		"not an authority":            {func(a, _ *testpki.Profile) { a.CA, a.Usage = false, 0x80 }, "issuer-may-not-issue", nil},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, p256)
			a, s := cscaProfile(), signerProfile()
			a.CA, a.Usage = true, 0x06
			c.change(&a, &s)
			w.signer = w.issue(t, w.signer.Key, s)
			tr := Trust{CSCAs: cert.NewStore()}
			tr.CSCAs.Add(parse(t, w.issue(t, w.csca.Key, a).Certificate), "test")
			r := verify(t, w.document(t, testpki.Form{}), tr)
			i := slices.IndexFunc(r.Checks, func(c Check) bool { return c.Check == CheckSignerSignature })
			if got := r.Checks[i]; !strings.HasPrefix(got.Reason, c.reason) || (got.Result == marz.Successful) != (c.reason == "") || (r.Trust == Trusted) != (c.reason == "") || !slices.Equal(names(r.Defects), c.defects) {
				t.Errorf("%+v, trust %s, %v", got, r.Trust, r.Defects)
			}
		})
	}
}

// TestLink: after the authority takes a new key, a document of the new one is proven by whoever trusts only the old one and has the link.
func TestLink(t *testing.T) {
	w := newWorld(t, p256)
	p := cscaProfile()
	p.Serial, p.CA, p.Usage, p.CommonName, p.NameChange = 2, true, 0x06, "CSCA Utopia 2", true
	next, err := testpki.Authority(w.random, key(t, p256, 5), p)
	if err != nil {
		t.Fatal(err)
	}
	link := w.issue(t, next.Key, p)
	old := w.csca
	w.csca = next
	w.signer = w.issue(t, key(t, p256, 6), signerProfile())
	all := cert.NewStore()
	all.Add(parse(t, old.Certificate), "list")
	l := all.Add(parse(t, link.Certificate), "list")
	if e := CheckEntry(l, all); e.Status != Linked || !l.NameChange {
		t.Errorf("link: %+v", e)
	}
	s := parse(t, w.signer.Certificate)
	if c := s.Chain(all, nil); c.Trusted != l {
		t.Errorf("signer by the link: %+v", c)
	}
	only := cert.NewStore()
	only.Add(parse(t, old.Certificate), "list")
	bag := cert.NewStore()
	bag.Add(parse(t, link.Certificate), "bag")
	if c := s.Chain(only, bag); c.Trusted == nil || len(c.Steps) != 2 {
		t.Errorf("by a link that came along: %+v", c)
	}
	if c := s.Chain(only, nil); c.Trusted != nil || c.Err().Reason != cert.IssuerMissing {
		t.Errorf("without a link: %+v", c)
	}
}
