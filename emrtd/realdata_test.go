package emrtd

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"marz/emrtd/cert"
)

func data(t testing.TB, path string) []byte {
	t.Helper()
	dir := os.Getenv("MARZ_DATA")
	if dir == "" {
		dir = "../../shared/data"
	}
	b, err := os.ReadFile(filepath.Join(dir, path))
	if err != nil {
		t.Skipf("without MARZ_DATA: %v", err)
	}
	return b
}

func TestProbe(t *testing.T) {
	all := cert.NewStore()
	for _, n := range []string{"DE_ML_2025-06-25-09-31-57.ml", "NL_ML_2025-12-20.ml"} {
		l, err := ParseMasterList(data(t, "masterlists/"+n))
		if err != nil {
			t.Fatal(err)
		}
		roots := cert.NewStore()
		for _, n := range []string{"DE_ROOT_CA_CSCA07.cer", "NL_ROOT_CA.cer"} {
			c, err := cert.Parse(data(t, "masterlists/"+n))
			if err != nil {
				t.Fatal(err)
			}
			roots.Add(c, n)
		}
		v := l.Verify(roots)
		fmt.Println(n, len(l.Entries), len(l.Unreadable), v.Good(), v.Signature.Err, v.Chain.Err(), len(v.Chain.Steps), v.Purpose, v.Defects, l.SignedAt())
		for _, e := range l.Entries {
			all.Add(e.Certificate, n)
		}
		for _, e := range l.Unreadable {
			fmt.Println("  ", e.Offset, e.Err)
		}
	}
	counts := map[string]int{}
	dn := map[string]int{}
	for _, c := range all.All() {
		for _, d := range c.Defects {
			dn[string(d.Name)]++
		}
		if c.Key.Fault != "" {
			fmt.Println("KEY", c.Subject, c.Key.Fault)
		}
		if c.SelfIssued() {
			i := c.IssuedBy(c)
			if i.Good() {
				counts["self"]++
				continue
			}
		}
		i := all.Issuer(c)
		switch {
		case i.Good():
			counts["link"]++
		case i.Err == nil:
			counts["link, not all"]++
			fmt.Println("LINK?", c.Subject, "<-", i.Issuer.Subject, i.NameMatch, i.KeyIDMatch, i.MayIssue)
		default:
			counts[string(i.Err.Reason)]++
			fmt.Println("BAD", c.Subject, "|", c.Issuer, c.SelfIssued(), i.Err, c.Algorithm)
		}
	}
	fmt.Println(len(all.All()), counts)
	fmt.Println(dn)
	for _, n := range []string{"DE", "FR", "RU", "US", "NZ"} {
		s, err := ParseSecurityObject(data(t, "sod/"+n+".sod"))
		if err != nil {
			t.Error(n, err)
			continue
		}
		v := s.Signed.Verify(nil)
		fmt.Println(n, s.Version, s.Hash, s.Numbers(), v.Err, v.Defects, s.Defects)
		if v.Certificate != nil {
			i := all.Issuer(v.Certificate)
			fmt.Println("   ", i.Good(), i.Err, i.NameMatch, i.KeyIDMatch, i.MayIssue, i.Defects)
		}
	}
	s, err := ParseSecurityObject(data(t, "emrtd-tr03105-5/EF_SOD.bin"))
	if err != nil {
		t.Fatal(err)
	}
	v := s.Signed.Verify(nil)
	fmt.Println(s.Version, s.Hash, s.Numbers(), v.Err, v.Defects, s.Defects)
	fmt.Println(v.Certificate.Subject, v.Certificate.Issuer, all.Issuer(v.Certificate).Err)
}
