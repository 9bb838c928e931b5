package emrtd

import (
	"crypto/x509"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"marz"
	"marz/emrtd/cert"
	"marz/emrtd/der"
)

const (
	germanList = "masterlists/DE_ML_2025-06-25-09-31-57.ml"
	dutchList  = "masterlists/NL_ML_2025-12-20.ml"
	germanRoot = "masterlists/DE_ROOT_CA_CSCA07.cer"
	dutchRoot  = "masterlists/NL_ROOT_CA.cer"
)

// published reads a file of the public test data.
func published(t testing.TB, path string) []byte {
	t.Helper()
	dir := os.Getenv("MARZ_DATA")
	if dir == "" {
		dir = "../../shared/data"
	}
	b, err := os.ReadFile(filepath.Join(dir, path))
	if err != nil {
		t.Skipf("needs the public test data; set MARZ_DATA: %v", err)
	}
	return b
}

func masterList(t testing.TB, path string) *MasterList {
	t.Helper()
	l, err := ParseMasterList(published(t, path))
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// TestPublishedLists: every certificate of both lists is read, each list's signature leads to its state's root and to no other's, and every certificate's own
// signature is verified or its reason is one of two: its issuer is not in the lists, or its signature is of another kind than the only key of that name.
func TestPublishedLists(t *testing.T) {
	all := cert.NewStore()
	for _, c := range []struct {
		list, root, other string
		entries           int
		defects           []der.Name
	}{
		{germanList, germanRoot, dutchRoot, 559, []der.Name{AttributeUnknown}},
		{dutchList, dutchRoot, germanRoot, 395, nil},
	} {
		l := masterList(t, c.list)
		if len(l.Entries) != c.entries || len(l.Unreadable) != 0 {
			t.Errorf("%s: %d certificates read, %d unreadable", c.list, len(l.Entries), len(l.Unreadable))
		}
		check := l.Verify(storeOf(t, c.root))
		if !check.Good() || !slices.Equal(names(check.Defects), c.defects) {
			t.Errorf("%s: %s, defects %v", c.list, check.Why(), check.Defects)
		}
		if l.Verify(storeOf(t, c.other)).Good() {
			t.Errorf("%s is proven by another state's root", c.list)
		}
		for _, e := range l.Entries {
			all.Add(e.Certificate, c.list)
		}
	}
	count := map[string]int{}
	refused, written := 0, 0 // by the standard library, and those of them whose curve is written out
	for _, c := range all.All() {
		if _, err := x509.ParseCertificate(c.Raw); err != nil {
			refused++
			if c.Key.Explicit {
				written++
			}
		}
		e := CheckEntry(c, all)
		what := string(e.Status)
		if e.Err != nil {
			what = string(e.Err.Reason)
		}
		count[what]++
		if c.Key.Fault != "" {
			t.Errorf("%s: its key cannot be used: %s", c.Subject, c.Key.Fault)
		}
	}
	t.Logf("crypto/x509 refuses %d of %d, of which %d have a curve that is written out", refused, len(all.All()), written)
	want := map[string]int{string(SelfSigned): 402, string(Linked): 183, string(LinkedRenamed): 3, string(cert.IssuerMissing): 10, string(cert.KeyMismatch): 1}
	for k, n := range want {
		if count[k] != n {
			t.Errorf("%s: %d certificates, want %d", k, count[k], n)
		}
	}
	if len(all.All()) != 599 || len(count) != len(want) {
		t.Errorf("%d certificates: %v", len(all.All()), count)
	}
}

func storeOf(t testing.TB, paths ...string) *cert.Store {
	t.Helper()
	s := cert.NewStore()
	for _, p := range paths {
		s.Add(parse(t, published(t, p)), p)
	}
	return s
}

func publishedTrust(t testing.TB) Trust {
	t.Helper()
	b := NewTrustBuilder()
	for _, path := range []string{germanList, dutchList, germanRoot, dutchRoot} {
		if err := b.Add(path, published(t, path)); err != nil {
			t.Fatal(err)
		}
	}
	tr, err := b.Trust()
	if err != nil || len(b.Notes) > 0 {
		t.Fatal(err, b.Notes)
	}
	return tr
}

// TestPublishedObjects: the security objects of five states. The German sample's own signature is not its signer's (OpenSSL 3 finds the same), though its signer follows
// from Germany's CSCA; the CSCA of the New Zealand one, of 2011, is in neither list.
func TestPublishedObjects(t *testing.T) {
	tr := publishedTrust(t)
	for state, c := range map[string]struct {
		signature, signer marz.Result
		trust             TrustStatus
		defects           []der.Name
	}{
		"DE": {marz.Failed, marz.Successful, Trusted, []der.Name{SODUnwrapped, cert.AlgorithmParameters}},
		"FR": {marz.Successful, marz.Successful, Trusted, []der.Name{SODUnwrapped}},
		"RU": {marz.Successful, marz.Successful, Trusted, []der.Name{SODUnwrapped, cert.WeakHash, cert.WeakHash}},
		"US": {marz.Successful, marz.Successful, Trusted, []der.Name{SODUnwrapped, AlgorithmWithoutHash}},
		"NZ": {marz.Successful, marz.Undetermined, TrustUnknown, []der.Name{der.IndefiniteLength, der.IndefiniteLength, der.IndefiniteLength, der.IndefiniteLength,
			der.IndefiniteLength, SODUnwrapped, AlgorithmWithoutHash}},
	} {
		r := verify(t, Document{SOD: published(t, "sod/"+state+".sod")}, tr)
		if r.ResultOf(CheckObjectHash) != marz.Successful || r.ResultOf(CheckObjectSignature) != c.signature || r.ResultOf(CheckSignerSignature) != c.signer ||
			r.Trust != c.trust || !slices.Equal(names(r.Defects), c.defects) || r.Result == marz.Successful {
			t.Errorf("%s: %+v %v", state, r.Checks, r.Defects)
		}
	}
}

// TestReferenceDocument: the specimen of BSI TR-03105-5. Its data groups are those that its signer signed; the signer's authority is a test PKI's and not trusted, and
// the signer's certificate ran out in 2014. EF.DG15 lies beside it and is in no list of EF.SOD, so that nobody answers for it.
func TestReferenceDocument(t *testing.T) {
	const dir = "emrtd-tr03105-5/"
	doc := Document{SOD: published(t, dir+"EF_SOD.bin"), COM: published(t, dir+"EF_COM.bin"), Groups: map[int][]byte{}}
	for n, file := range map[int]string{1: "Datagroup1.bin", 2: "Datagroup2.bin", 3: "Datagroup3.bin", 4: "Datagroup4.bin", 14: "Datagroup14.bin"} {
		doc.Groups[n] = published(t, dir+file)
	}
	var err error
	if doc.Zone, err = ZoneText(doc.Groups[1]); err != nil {
		t.Fatal(err)
	}
	r, err := Verify(doc, publishedTrust(t), marz.InstantOf(day(2014, 6, 1)))
	if err != nil {
		t.Fatal(err)
	}
	for check, want := range map[string]marz.Result{
		CheckObjectHash: marz.Successful, CheckObjectSignature: marz.Successful, CheckGroups: marz.Successful, CheckCOM: marz.Successful, CheckSignerPurpose: marz.Successful,
		CheckSignerValidity: marz.Successful, CheckZone: marz.Successful, CheckSignerState: marz.Successful,
		CheckSignerSignature: marz.Undetermined, CheckCSCAValidity: marz.Undetermined, CheckRevocation: marz.Undetermined, CheckCSCAState: marz.Undetermined,
	} {
		if got := r.ResultOf(check); got != want {
			t.Errorf("%s: %s, want %s", check, got, want)
		}
	}
	if len(r.Defects) != 0 || r.Trust != TrustUnknown || r.Result != marz.Undetermined {
		t.Errorf("%s, %s, %v", r.Result, r.Trust, r.Defects)
	}
	bare, err := Verify(Document{SOD: published(t, dir+"EF_SOD.cms.bin")}, Trust{}, noon)
	if err != nil || bare.ResultOf(CheckObjectSignature) != marz.Successful || !slices.Equal(names(bare.Defects), []der.Name{SODUnwrapped}) {
		t.Errorf("without its wrapper: %+v %v", bare, err)
	}
	doc.Groups[15] = published(t, dir+"Datagroup15.bin")
	if r := verify(t, doc, Trust{}); r.ResultOf(CheckGroups) != marz.Failed || r.Groups[len(r.Groups)-1].Integrity != NotPresent {
		t.Errorf("EF.DG15 that nobody signed: %+v", r.Groups)
	}
	if r := verify(t, doc, Trust{}); r.ResultOf(CheckSignerValidity) != marz.Failed {
		t.Error("a certificate of 2014 is valid in 2026")
	}
}
