package emrtd

import (
	"bytes"
	"crypto"
	"math/big"
	"slices"
	"strings"
	"testing"

	"marz"
	"marz/emrtd/der"
	"marz/emrtd/testpki"
)

// The tests of this file go by the test cases of BSI TR-03105-5.1 V1.5, whose numbers they bear. docs/conformance-tr03105-5.1.md has what each demands and how Marz answers.

// answer is what came of a document: refused (it cannot be read), the result of passive authentication, or that with what was tolerated.
func answer(d Document, tr Trust) string {
	r, err := Verify(d, tr, noon)
	if err != nil {
		return "refused"
	}
	s := string(r.Result)
	if r.Result == marz.Successful && len(r.Defects) > 0 {
		for _, n := range names(r.Defects) {
			s += " " + string(n)
		}
	}
	return s
}

// at changes the element at a path of children's numbers; nil takes it out.
func at(t testing.TB, raw []byte, change func(*der.Element) []byte, path ...int) []byte {
	t.Helper()
	e, err := der.NewReader(raw, 0).One()
	if err != nil {
		t.Fatal(err)
	}
	return rebuilt(t, e, change, path)
}

func rebuilt(t testing.TB, e *der.Element, change func(*der.Element) []byte, path []int) []byte {
	t.Helper()
	if len(path) == 0 {
		return change(e)
	}
	if path[0] >= len(e.Children) {
		t.Fatalf("%s has no part %d", e.Name(), path[0])
	}
	var parts [][]byte
	for i, c := range e.Children {
		if i == path[0] {
			parts = append(parts, rebuilt(t, c, change, path[1:]))
		} else {
			parts = append(parts, c.Raw)
		}
	}
	return der.Encode(e.Class, e.Tag, e.Constructed, parts...)
}

func gone(*der.Element) []byte { return nil }

// to puts something in an element's place.
func to(b []byte) func(*der.Element) []byte { return func(*der.Element) []byte { return b } }

// flipped has the last bit of the content changed.
func flipped(e *der.Element) []byte {
	b := bytes.Clone(e.Raw)
	b[len(b)-1] ^= 1
	return b
}

// The places in EF.SOD of the test's form.
var (
	inSigned = []int{0, 1, 0}
	inSigner = []int{0, 1, 0, 4, 0}
	inCert   = []int{0, 1, 0, 3, 0}
)

func path(base []int, more ...int) []int { return append(slices.Clone(base), more...) }

var md5RSA = der.Sequence(der.OID("1.2.840.113549.1.1.4"), der.Null())

// TestConformanceSODForm: LDS_H_17 to LDS_H_38 and LDS_H_66 to LDS_H_69, what is wrong in EF.SOD around the security object.
func TestConformanceSODForm(t *testing.T) {
	w := newWorld(t, p256)
	tr := w.trust(t)
	sod := w.sod(t, testpki.Form{})
	edit := func(change func(*der.Element) []byte, where []int) []byte { return at(t, sod, change, where...) }
	attributes := func(keep func(oid string) bool) []byte {
		return edit(func(e *der.Element) []byte {
			var parts [][]byte
			for _, c := range e.Children {
				if oid, _ := der.NewReader(nil, 0).OID(c.Children[0]); keep(oid) {
					parts = append(parts, c.Raw)
				}
			}
			return der.Encode(der.Context, 0, true, parts...)
		}, path(inSigner, 3))
	}
	longer, shorter := bytes.Clone(sod), bytes.Clone(sod)
	longer[3]++
	shorter[3]--
	for _, c := range []struct {
		id, want string
		sod      []byte
	}{
		{"LDS_H_17", "refused", append([]byte{0x78}, sod[1:]...)},
		{"LDS_H_18", "refused", shorter},
		{"LDS_H_19", "refused", longer},
		{"LDS_H_20", "successful cms-version", edit(to(der.Int(big.NewInt(9))), path(inSigned, 0))},
		{"LDS_H_21", "refused", edit(gone, path(inSigned, 0))},
		{"LDS_H_22", "successful digest-algorithm-not-announced digest-algorithm-unused", edit(to(der.Set(der.Sequence(der.OID("1.2.840.113549.2.5"), der.Null()))), path(inSigned, 1))},
		{"LDS_H_23", "refused", edit(gone, path(inSigned, 1))},
		{"LDS_H_24", "failed", edit(to(der.OID("2.23.136.1.1.2")), path(inSigned, 2, 0))},
		{"LDS_H_25", "refused", edit(gone, path(inSigned, 2, 0))},
		{"LDS_H_26", "successful cms-version", edit(to(der.Int(big.NewInt(2))), path(inSigner, 0))},
		{"LDS_H_27", "refused", edit(gone, path(inSigner, 0))},
		{"LDS_H_28", "undetermined", edit(to(der.Sequence(w.signer.Issuer, der.Int(big.NewInt(78)))), path(inSigner, 1))},
		{"LDS_H_29", "undetermined", at(t, w.sod(t, testpki.Form{ByKeyID: true}), flipped, path(inSigner, 1)...)},
		{"LDS_H_30", "undetermined", edit(to(der.Sequence(der.OID("1.2.840.113549.2.5"), der.Null())), path(inSigner, 2))},
		{"LDS_H_31", "refused", edit(gone, path(inSigner, 2))},
		{"LDS_H_32", "failed", edit(flipped, path(inSigner, 3, 1, 1, 0))},
		{"LDS_H_33", "failed", attributes(func(oid string) bool { return oid != oidMessageDigest })},
		{"LDS_H_36", "undetermined", edit(to(md5RSA), path(inSigner, 4))},
		{"LDS_H_37", "failed", edit(flipped, path(inSigner, 5))},
		{"LDS_H_38", "refused", edit(gone, path(inSigner, 5))},
		{"LDS_H_66", "undetermined", edit(gone, path(inCert, 1))},
		{"LDS_H_67", "failed", edit(flipped, path(inCert, 2))},
		{"LDS_H_68", "undetermined", edit(gone, path(inCert, 2))},
		{"without its content", "refused", edit(gone, path(inSigned, 2, 1))},
		{"without a signer", "failed", edit(to(der.Set()), path(inSigned, 4))},
		{"without a certificate", "undetermined", edit(gone, path(inSigned, 3))},
		{"empty", "refused", nil},
	} {
		if got := answer(Document{SOD: c.sod, Groups: w.groups}, tr); got != c.want {
			t.Errorf("%s: %s, want %s", c.id, got, c.want)
		}
	}
	// LDS_H_69: with a wrong data group and a wrong signature both are told, and nothing of the document counts.
	doc := Document{SOD: edit(flipped, path(inSigner, 5)), Groups: map[int][]byte{1: w.groups[1], 2: append(bytes.Clone(w.groups[2][:len(w.groups[2])-1]), 'x'), 14: w.groups[14]}}
	if r := verify(t, doc, tr); r.ResultOf(CheckObjectSignature) != marz.Failed || r.ResultOf(CheckGroups) != marz.Failed || r.Result != marz.Failed {
		t.Errorf("LDS_H_69: %+v", r.Checks)
	}
}

// TestConformanceSecurityObject: LDS_H_39 to LDS_H_47 and LDS_H_86 to LDS_H_89, what is wrong in the security object that is signed.
func TestConformanceSecurityObject(t *testing.T) {
	w := newWorld(t, p256)
	tr := w.trust(t)
	good, err := ParseSecurityObject(w.sod(t, testpki.Form{}))
	if err != nil {
		t.Fatal(err)
	}
	later, err := ParseSecurityObject(w.sod(t, testpki.Form{LDSVersion: 1}))
	if err != nil {
		t.Fatal(err)
	}
	edit := func(change func(*der.Element) []byte, where ...int) []byte {
		return at(t, good.Signed.Content, change, where...)
	}
	edit1 := func(change func(*der.Element) []byte, where ...int) []byte {
		return at(t, later.Signed.Content, change, where...)
	}
	more := func(n int64) []byte {
		return edit(func(e *der.Element) []byte {
			parts := [][]byte{}
			for _, c := range e.Children {
				parts = append(parts, c.Raw)
			}
			return der.Sequence(append(parts, der.Sequence(der.Int(big.NewInt(n)), der.Octets(make([]byte, 32))))...)
		}, 2)
	}
	for _, c := range []struct {
		id, want string
		content  []byte
	}{
		{"LDS_H_39", "successful lds-version lds-version-info", edit(to(der.Int(big.NewInt(2))), 0)},
		{"LDS_H_40", "refused", edit(gone, 0)},
		{"LDS_H_41", "undetermined", edit(to(der.Sequence(der.OID("1.2.840.113549.2.5"), der.Null())), 1)},
		{"LDS_H_42", "refused", edit(gone, 1)},
		{"LDS_H_43", "failed", edit(flipped, 2, 1, 1)},
		{"LDS_H_44", "failed", edit(gone, 2, 0)},
		{"LDS_H_45", "undetermined", more(10)},
		{"LDS_H_46", "failed", edit(to(der.Int(big.NewInt(255))), 2, 0, 0)},
		{"LDS_H_47", "refused", edit(gone, 2, 1, 0)},
		{"LDS_H_86", "successful", later.Signed.Content},
		{"LDS_H_87", "successful lds-version-info", edit1(to(der.Int(new(big.Int))), 0)},
		{"LDS_H_88", "successful lds-version-info", edit(to(der.Int(big.NewInt(1))), 0)},
		{"LDS_H_89", "successful", edit1(to(der.Encode(der.Universal, der.TagPrintableString, false, []byte("0109"))), 3, 0)},
		{"two hashes of one group", "refused", more(1)},
	} {
		sod, err := w.signer.SignedData(w.random, oidSecurityObject, c.content, testpki.Form{})
		if err != nil {
			t.Fatal(err)
		}
		if got := answer(Document{SOD: der.Encode(der.Application, 0x17, true, sod), Groups: w.groups}, tr); got != c.want {
			t.Errorf("%s: %s, want %s", c.id, got, c.want)
		}
	}
}

// TestConformanceSignerCertificate: LDS_H_48 to LDS_H_65, what is wrong in the signer's certificate, which its authority signed all the same.
func TestConformanceSignerCertificate(t *testing.T) {
	part := func(i int, b []byte) func(*testpki.Profile) {
		return func(p *testpki.Profile) {
			p.Alter = func(parts [][]byte) [][]byte {
				if b == nil {
					return slices.Delete(parts, i, i+1)
				}
				parts[i] = b
				return parts
			}
		}
	}
	other := testpki.Profile{Country: "UT", Organisation: "Utopia", CommonName: "Another CSCA"}.Name()
	long := der.Sequence(der.Encode(der.Universal, der.TagUTCTime, false, []byte("20250101000000Z")), der.Encode(der.Universal, der.TagUTCTime, false, []byte("20350101000000Z")))
	for _, c := range []struct {
		id, want string
		change   func(*testpki.Profile)
	}{
		{"as it should be", "successful", func(*testpki.Profile) {}},
		{"LDS_H_48", "successful version-unexpected", part(0, der.Explicit(0, der.Int(big.NewInt(1))))},
		{"LDS_H_49", "successful version-unexpected", part(0, nil)},
		{"LDS_H_50", "undetermined", part(1, nil)},
		{"LDS_H_51", "undetermined", part(2, md5RSA)},
		{"LDS_H_52", "undetermined", part(2, nil)},
		{"LDS_H_53", "successful country-not-in-capitals", func(p *testpki.Profile) { p.Country = "ut" }},
		{"LDS_H_54", "undetermined", part(3, other)},
		{"LDS_H_54, by name alone", "undetermined", func(p *testpki.Profile) { part(3, other)(p); p.WithoutKeyIDs = true }},
		{"LDS_H_55", "undetermined", part(3, nil)},
		{"LDS_H_56", "successful time-form time-form", part(4, long)},
		{"LDS_H_57", "undetermined", part(4, nil)},
		{"LDS_H_58", "undetermined", part(6, der.Sequence(md5RSA, der.Bits([]byte{0})))},
		{"LDS_H_59", "undetermined", part(6, nil)},
		{"LDS_H_60", "successful authority-key-id-missing", func(p *testpki.Profile) { p.AuthorityWithoutKey = true }},
		{"LDS_H_61", "successful authority-key-id-missing", func(p *testpki.Profile) { p.WithoutKeyIDs = true }},
		{"LDS_H_62", "successful key-usage-not-critical", func(p *testpki.Profile) { p.UsageNotCritical = true }},
		{"LDS_H_63", "failed", func(p *testpki.Profile) { p.Usage = 0x40 }},
		{"LDS_H_64", "successful key-usage-missing", func(p *testpki.Profile) { p.Usage = 0 }},
	} {
		w := newWorld(t, p256)
		p := signerProfile()
		c.change(&p)
		w.signer = w.issue(t, w.signer.Key, p)
		w.signer.Profile.Serial, w.signer.Issuer = signerProfile().Serial, issuerOf(w, c.id, other)
		if got := answer(w.document(t, testpki.Form{}), w.trust(t)); got != c.want {
			t.Errorf("%s: %s, want %s", c.id, got, c.want)
		}
	}
	// LDS_H_65: the whole chain with MD5.
	w := newWorld(t, testpki.Kind{Bits: 2048, Hash: crypto.SHA256})
	md5 := at(t, w.sod(t, testpki.Form{}), to(md5RSA), path(inSigner, 4)...)
	md5 = at(t, at(t, md5, to(md5RSA), path(inCert, 1)...), to(md5RSA), path(inCert, 0, 2)...)
	if got := answer(Document{SOD: md5, Groups: w.groups}, w.trust(t)); got != "undetermined" {
		t.Errorf("LDS_H_65: %s", got)
	}
}

// issuerOf is how the signed data name the signer's issuer: as the certificate does.
func issuerOf(w *world, id string, other []byte) []byte {
	if strings.HasPrefix(id, "LDS_H_54") {
		return other
	}
	return w.csca.Profile.Name()
}

// TestConformanceMixedAlgorithms: LDS_H_74 to LDS_H_78, where security object, signature and certificate have different hashes and ways of signing that are all allowed; LDS_H_84 and LDS_H_85, a signer that is named in one way under the
// version of the other.
func TestConformanceMixedAlgorithms(t *testing.T) {
	rsa := testpki.Kind{Bits: 2048, Hash: crypto.SHA256}
	for i, c := range []struct {
		csca, signer testpki.Kind
		groups       crypto.Hash
	}{
		{p256, p256, crypto.SHA512}, {rsa, p256, crypto.SHA256}, {p256, rsa, crypto.SHA256},
		{testpki.Kind{Bits: 2048, PSS: true, Hash: crypto.SHA384}, rsa, crypto.SHA1}, {rsa, testpki.Kind{Bits: 2048, PSS: true, Hash: crypto.SHA512}, crypto.SHA224},
	} {
		w := newWorld(t, c.csca)
		w.signer = w.issue(t, key(t, c.signer, 2), signerProfile())
		sod, err := w.signer.SecurityObject(w.random, w.groups, c.groups, testpki.Form{})
		if err != nil {
			t.Fatal(err)
		}
		if got := answer(Document{SOD: sod, Groups: w.groups}, w.trust(t)); got != "successful" {
			t.Errorf("LDS_H_%d: %s", 74+i, got)
		}
	}
	w := newWorld(t, p256)
	for id, sod := range map[string][]byte{
		"LDS_H_84": at(t, w.sod(t, testpki.Form{}), to(der.Int(big.NewInt(3))), path(inSigner, 0)...),
		"LDS_H_85": at(t, w.sod(t, testpki.Form{ByKeyID: true}), to(der.Int(big.NewInt(1))), path(inSigner, 0)...),
	} {
		if got := answer(Document{SOD: sod, Groups: w.groups}, w.trust(t)); got != "successful cms-version" {
			t.Errorf("%s: %s", id, got)
		}
	}
}

// TestConformanceCOM: LDS_A_01 to LDS_A_10 and LDS_H_90 to LDS_H_92. EF.COM bears on no result of passive authentication, and what is wrong with it has a check of its own.
func TestConformanceCOM(t *testing.T) {
	w := newWorld(t, p256)
	tr, sod := w.trust(t), w.sod(t, testpki.Form{})
	com := func(version, unicode string, tags ...byte) []byte {
		var parts [][]byte
		if version != "" {
			parts = append(parts, der.Encode(der.Application, 1, false, []byte(version)))
		}
		if unicode != "" {
			parts = append(parts, der.Encode(der.Application, 54, false, []byte(unicode)))
		}
		if tags != nil {
			parts = append(parts, der.Encode(der.Application, 28, false, tags))
		}
		return der.Encode(der.Application, 0, true, parts...)
	}
	good := com("0107", "040000", 0x61, 0x75, 0x6e)
	longer, shorter := bytes.Clone(good), bytes.Clone(good)
	longer[1]++
	shorter[1]--
	for _, c := range []struct {
		id   string
		com  []byte
		want marz.Result
	}{
		{"as it should be", good, marz.Successful}, {"LDS_A_01", append([]byte{0x61}, good[1:]...), marz.Failed}, {"LDS_A_02", shorter, marz.Failed}, {"LDS_A_03", longer, marz.Failed},
		{"LDS_A_04", com("0300", "040000", 0x61, 0x75, 0x6e), marz.Successful}, {"LDS_A_05", com("", "040000", 0x61, 0x75, 0x6e), marz.Successful},
		{"LDS_A_06", com("0107", "050000", 0x61, 0x75, 0x6e), marz.Successful}, {"LDS_A_07", com("0107", "", 0x61, 0x75, 0x6e), marz.Successful},
		{"LDS_A_08", com("0107", "040000", 0x75, 0x6e), marz.Failed}, {"LDS_A_09", com("0107", "040000"), marz.Failed}, {"LDS_A_10", com("0108", "040000", 0x61, 0x75, 0x6e), marz.Successful},
		{"LDS_H_90", com("0107", "040000", 0x61, 0x75), marz.Failed}, {"LDS_H_91", com("0107", "040000", 0x61, 0x75, 0x6e, 0x6f), marz.Failed}, {"LDS_H_92", com("0107", "040000", 0x61, 0x75, 0x6f), marz.Failed},
		{"missing", nil, marz.NotSupported}, {"a tag of no group", com("0107", "040000", 0x61, 0x42), marz.Failed},
	} {
		r := verify(t, Document{SOD: sod, COM: c.com, Groups: w.groups}, tr)
		if got := r.ResultOf(CheckCOM); got != c.want || r.Result != marz.Successful {
			t.Errorf("%s: %s, want %s; the result is %s", c.id, got, c.want, r.Result)
		}
	}
}

// TestConformanceZone: LDS_B_01 to LDS_B_28, what stands in EF.DG1. Hash and signature are right each time, so that only the zone's own checks can find it: the state, and the printed zone.
func TestConformanceZone(t *testing.T) {
	line1, line2 := specimen[:44], specimen[44:]
	put := func(zone string, at int, s string) string { return zone[:at] + s + zone[at+len(s):] }
	second := func(at int, s string) string { return line1 + put(line2, at, s) }
	good := testpki.DataGroup1(specimen)
	longer, shorter := bytes.Clone(good), bytes.Clone(good)
	longer[1]++
	shorter[1]--
	born := func(birth string) []byte { return testpki.DataGroup1(second(13, birth)) }
	cut, alone := "P<UTO"+"ERIKSSON<<ANNA<MARIA<MAGDALENA<SOFIA<AL"+line2, "P<UTO"+"ERIKSSON"+strings.Repeat("<", 31)+line2
	zero := line1 + "L898902C36UTO7408122F1204159" + strings.Repeat("<", 14) + "08"
	const composite, birth, expiry = "check digit of composite", "check digit of birth", "check digit of expiry"
	const ok, failed, unknown = marz.Successful, marz.Failed, marz.Undetermined
	for _, c := range []struct {
		id    string
		dg1   []byte
		state marz.Result // of the comparison of states
		zone  marz.Result // of the comparison with the printed zone, which is the specimen's but for the first cases
		wrong []string    // what is told of the zone
	}{
		{"LDS_B_01", good, ok, ok, nil},
		{"LDS_B_02", testpki.DataGroup1(cut), ok, ok, nil},
		{"LDS_B_03", testpki.DataGroup1(alone), ok, ok, nil},
		{"LDS_B_04", testpki.DataGroup1(zero), ok, ok, nil},
		{"LDS_B_05", append([]byte{0x62}, good[1:]...), unknown, unknown, nil},
		{"LDS_B_06", shorter, unknown, unknown, nil},
		{"LDS_B_07", longer, unknown, unknown, nil},
		{"LDS_B_08", testpki.DataGroup1(put(specimen, 0, "XX")), ok, failed, []string{"code-unexpected"}},
		{"LDS_B_09", testpki.DataGroup1(put(specimen, 2, "U1O")), unknown, failed, []string{"issuer-malformed"}},
		{"LDS_B_10", testpki.DataGroup1(line1[:5] + strings.Repeat("<", 39) + line2), ok, failed, []string{"name-field-malformed"}},
		{"LDS_B_11", testpki.DataGroup1(put(specimen, 5, "ERIKSDOTTER<<ANNA<MARIA")), ok, failed, nil},
		{"LDS_B_12", testpki.DataGroup1(second(0, "L898902D31")), ok, failed, []string{"check digit of number", composite}},
		{"LDS_B_13", testpki.DataGroup1(second(9, "7")), ok, ok, []string{"check digit of number", composite}},
		{"LDS_B_14", testpki.DataGroup1(second(10, "U1O")), ok, failed, []string{"nationality-malformed"}},
		{"LDS_B_15", born("74O812"), ok, failed, []string{birth, composite, "birth-date-malformed"}},
		{"LDS_B_16", born("741312"), ok, failed, []string{birth, composite, "birth-date-impossible"}},
		{"LDS_B_17", testpki.DataGroup1(second(19, "3")), ok, ok, []string{birth, composite}},
		{"LDS_B_18", testpki.DataGroup1(second(20, "A")), ok, failed, []string{"sex-invalid"}},
		{"LDS_B_19", testpki.DataGroup1(second(21, "12O415")), ok, failed, []string{expiry, composite, "expiry-date-malformed"}},
		{"LDS_B_20", testpki.DataGroup1(second(21, "121315")), ok, failed, []string{expiry, composite, "expiry-date-impossible"}},
		{"LDS_B_21", testpki.DataGroup1(second(27, "8")), ok, ok, []string{expiry, composite}},
		{"LDS_B_22", testpki.DataGroup1(second(42, "2")), ok, ok, []string{"check digit of optional", composite}},
		{"LDS_B_23", testpki.DataGroup1(second(43, "1")), ok, ok, []string{composite}},
		{"LDS_B_24", der.Encode(der.Application, 1, true), unknown, unknown, nil},
		{"LDS_B_25", born("7408<<"), ok, ok, []string{birth, composite}},
		{"LDS_B_26", born("74<<12"), ok, ok, []string{birth, composite}},
		{"LDS_B_27", born("<<0812"), ok, ok, []string{birth, composite}},
		{"LDS_B_28", born("<<<<<<"), ok, ok, []string{birth, composite}},
	} {
		w := newWorld(t, p256)
		w.groups[1] = c.dg1
		printed := specimen
		if p, ok := map[string]string{"LDS_B_02": cut, "LDS_B_03": alone, "LDS_B_04": zero}[c.id]; ok {
			printed = p
		}
		r := verify(t, Document{SOD: w.sod(t, testpki.Form{}), Groups: w.groups, Zone: printed}, w.trust(t))
		var wrong []string
		for _, d := range r.Defects {
			if d.Name == ZoneDefect {
				wrong = append(wrong, d.Detail)
			}
		}
		if r.ResultOf(CheckGroups) != ok || r.ResultOf(CheckSignerState) != c.state || r.ResultOf(CheckZone) != c.zone || !slices.Equal(wrong, c.wrong) {
			t.Errorf("%s: state %s, zone %s, %q", c.id, r.ResultOf(CheckSignerState), r.ResultOf(CheckZone), wrong)
		}
	}
}
