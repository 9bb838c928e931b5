package emrtd

import (
	"strings"
	"testing"

	"marz"
	"marz/emrtd/cert"
	"marz/emrtd/testpki"
)

// FuzzDocument: whatever stands in the place of EF.SOD and EF.DG1, no panic, and nothing is successful that the original was not: only the original's content is.
func FuzzDocument(f *testing.F) {
	w := newWorld(f, p256)
	tr := w.trust(f)
	original := w.sod(f, testpki.Form{})
	content := coveredBy(f, original, tr)
	for _, form := range []testpki.Form{{}, {BER: true}, {ByKeyID: true, LDSVersion: 1}, {WithoutAttributes: true}, {WithoutCertificate: true}} {
		f.Add(w.sod(f, form), w.groups[1])
	}
	f.Fuzz(func(t *testing.T, sod, dg1 []byte) {
		r, err := Verify(Document{SOD: sod, Groups: map[int][]byte{1: dg1, 2: w.groups[2], 14: w.groups[14]}, Zone: specimen}, tr, noon)
		if err != nil || r.Result != marz.Successful {
			return
		}
		if string(coveredBy(t, sod, tr).signer) != string(content.signer) || string(dg1) != string(w.groups[1]) {
			t.Fatal("something was proven that nobody signed")
		}
	})
}

// FuzzMasterList: no panic, entries lie in the content, and no list is good without its root.
func FuzzMasterList(f *testing.F) {
	w := newWorld(f, p256)
	f.Add(w.list(f, w.csca.Certificate, w.signer.Certificate))
	f.Add(w.list(f))
	f.Fuzz(func(t *testing.T, b []byte) {
		l, err := ParseMasterList(b)
		if err != nil {
			return
		}
		for _, e := range l.Entries {
			if e.Offset < 0 || e.Offset+len(e.Certificate.Raw) > len(l.Signed.Content) {
				t.Fatal("an entry lies outside the list")
			}
		}
		if l.Verify(cert.NewStore()).Good() {
			t.Fatal("a list without a root is good")
		}
	})
}

// FuzzLDIF: no panic, and what is read of a record lies in the input's bounds.
func FuzzLDIF(f *testing.F) {
	for _, s := range []string{"dn: a\nx: 1\n\ndn: b\ny:: MAA=\n", "version: 1\n\n# c\ndn:: YQ==\nx:: MA\n AA\n", "dn: a\nx:< file:///y\n", "dn: a\r\nx;binary:: MAA=\r\n", "dn: a\nchangetype: add\n"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		size, last := 0, 0
		for e, err := range ReadLDIF(strings.NewReader(s)) {
			if e.Line < last {
				t.Fatal("records go backwards")
			}
			last = e.Line
			if err != nil {
				continue
			}
			if e.DN == "" {
				t.Fatal("a record without a name")
			}
			for _, a := range e.Attributes {
				size += len(a.Value)
			}
		}
		if size > len(s) {
			t.Fatal("more was read than is there")
		}
	})
}

// FuzzCOM: no panic, and only data groups that exist.
func FuzzCOM(f *testing.F) {
	f.Add([]byte{0x60, 0x0a, 0x5f, 0x01, 0x00, 0x5c, 0x02, 0x61, 0x75})
	f.Fuzz(func(t *testing.T, b []byte) {
		list, err := ParseCOM(b)
		if err != nil {
			return
		}
		for _, n := range list {
			if n < 1 || n > 16 {
				t.Fatalf("data group %d", n)
			}
		}
		_, _ = ZoneText(b)
	})
}
