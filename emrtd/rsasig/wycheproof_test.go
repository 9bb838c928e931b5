package rsasig

import (
	"crypto"
	"encoding/hex"
	"encoding/json"
	"math/big"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// hexBytes are bytes that stand in JSON as hexadecimal digits.
type hexBytes []byte

func (b *hexBytes) UnmarshalText(text []byte) (err error) {
	*b, err = hex.DecodeString(string(text))
	return err
}

type wycheproofGroup struct {
	PublicKey   struct{ Modulus, PublicExponent hexBytes }
	Sha, MgfSha string
	SLen        int
	Tests       []struct {
		ID              int `json:"tcId"`
		Comment, Result string
		Flags           []string
		Msg, Sig        hexBytes
	}
}

// TestWycheproof runs the vectors of C2SP's project Wycheproof. The project does not ship them: MARZ_WYCHEPROOF names their folder testvectors_v1, and where it does not
// the test says so and is skipped.
func TestWycheproof(t *testing.T) {
	folder := os.Getenv("MARZ_WYCHEPROOF")
	if folder == "" {
		t.Skip("MARZ_WYCHEPROOF names no folder testvectors_v1")
	}
	ran := map[string]int{}
	for scheme, pattern := range map[string]string{"PKCS #1 v1.5": "rsa_signature_*_test.json", "PSS": "rsa_pss_*_test.json"} {
		names, err := filepath.Glob(filepath.Join(folder, pattern))
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range names {
			data, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			var file struct {
				Groups []wycheproofGroup `json:"testGroups"`
			}
			if err := json.Unmarshal(data, &file); err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			for _, group := range file.Groups {
				ran[scheme] += group.run(t, filepath.Base(name), scheme == "PSS")
			}
		}
	}
	if t.Log(ran); ran["PSS"] < 500 || ran["PKCS #1 v1.5"] < 1000 {
		t.Error("there are fewer vectors than there were")
	}
}

// run runs the vectors of a group, and returns how many there were; none where its hashes are not those of documents.
func (group *wycheproofGroup) run(t *testing.T, file string, pss bool) (ran int) {
	hashes := map[string]crypto.Hash{"SHA-1": crypto.SHA1, "SHA-224": crypto.SHA224, "SHA-256": crypto.SHA256, "SHA-384": crypto.SHA384, "SHA-512": crypto.SHA512}
	hash, maskHash := hashes[group.Sha], hashes[group.MgfSha]
	if hash == 0 || pss && maskHash == 0 {
		return 0
	}
	k, err := NewKey(new(big.Int).SetBytes(group.PublicKey.Modulus), new(big.Int).SetBytes(group.PublicKey.PublicExponent))
	if err != nil {
		t.Errorf("%s: %v", file, err)
		return 0
	}
	for _, v := range group.Tests {
		digest := digestOf(hash, v.Msg)
		var note Note
		if pss {
			err = k.VerifyPSS(PSS{hash, maskHash, group.SLen}, digest, v.Sig)
		} else {
			note, err = k.VerifyPKCS1v15(hash, digest, v.Sig)
		}
		switch {
		case v.Result == "acceptable" && slices.Contains(v.Flags, "MissingNull"):
			if err != nil || note != NullOmitted {
				t.Errorf("%s: case %d (%s): note %q, %v", file, v.ID, v.Comment, note, err)
			}
		case v.Result != "acceptable" && (err == nil) != (v.Result == "valid"):
			t.Errorf("%s: case %d (%s) is %s: %v", file, v.ID, v.Comment, v.Result, err)
		}
		ran++
	}
	return ran
}
