package seal

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"marz/emrtd/cert"
)

// data is a folder of the public data, or the test skips.
func data(t testing.TB, folder string) string {
	t.Helper()
	dir := os.Getenv("MARZ_DATA")
	if dir == "" {
		dir = "../../../shared/data"
	}
	dir = filepath.Join(dir, folder)
	if _, err := os.Stat(dir); err != nil {
		t.Skipf("no test data at %s; set MARZ_DATA to its folder", dir)
	}
	return dir
}

// published is what is found out about the published samples. The signer of one is not among the certificates beside it, and one is signed by another state's than it names.
var published = map[string]Result{
	"covid_vaccination_cert": Valid, "emergency_travel": Valid, "german_id_card_change_sticker": Valid, "pharmapack": Valid, "school_access": Valid, "supervised_covid_test": Valid, "taxstamp": Valid, "vehicle_vignette": Valid,
	"emergency_travel_with_bio": SignerOther, "health_insurance_card": SignerUnknown,
}

func TestPublishedSeals(t *testing.T) {
	dir := data(t, "vds")
	var given []*cert.Certificate
	files, err := filepath.Glob(filepath.Join(dir, "*.crt"))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		all, err := cert.ParseFile(b)
		if err != nil {
			t.Errorf("%s: %v", filepath.Base(f), err)
		}
		given = append(given, all...)
	}
	seals, err := filepath.Glob(filepath.Join(dir, "vds_sample_*"))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range seals {
		b, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		s, err := Parse(b)
		if err != nil {
			t.Errorf("%s: %v", filepath.Base(f), err)
			continue
		}
		v := s.Verify(given)
		name := strings.TrimPrefix(filepath.Base(f), "vds_sample_")
		if want, ok := published[name]; !ok || v.Result != want {
			t.Errorf("%s: %s, %s", name, v.Result, v.Why)
		}
		t.Logf("%s: %s %s/%s issued %s sealed %s %02X%02X %d fields, defects %v: %s %s %v", filepath.Base(f), s.Country, s.Signer, s.Reference, s.Issued.Format("2006-01-02"), s.Sealed.Format("2006-01-02"), s.Feature, s.Category, len(s.Fields), s.Defects, v.Result, v.Why, v.Defects)
	}
	b, err := os.ReadFile(filepath.Join(data(t, "vdsnc"), "vdsnc_sample_proof_of_test"))
	if err != nil {
		t.Fatal(err)
	}
	n, err := ParseNC(b)
	if err != nil {
		t.Fatal(err)
	}
	if v := n.Verify(nil); v.Result != SignerUnknown || !strings.Contains(v.Why, "the signature is that of the certificate in the seal") {
		t.Errorf("VDS-NC: %s, %s", v.Result, v.Why)
	}
}
