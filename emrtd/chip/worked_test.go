package chip

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"strings"
	"testing"
)

func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(strings.ReplaceAll(s, " ", ""))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// script is a card that expects commands and has their answers.
type script struct {
	t     *testing.T
	lines [][2]string // command, response
}

func (s *script) Transmit(_ context.Context, command []byte) ([]byte, error) {
	s.t.Helper()
	if len(s.lines) == 0 {
		return nil, errors.New("no more answers")
	}
	want, answer := unhex(s.t, s.lines[0][0]), unhex(s.t, s.lines[0][1])
	s.lines = s.lines[1:]
	if !bytes.Equal(command, want) {
		s.t.Fatalf("command %X, want %X", command, want)
	}
	return answer, nil
}

// The worked example of ICAO 9303-11 appendix D, from the zone to the file, byte for byte.
func TestWorkedExampleOfBAC(t *testing.T) {
	p, err := FromMRZ("L898902C<", "690806", "940623")
	if err != nil {
		t.Fatal(err)
	}
	if got := hex.EncodeToString(p.seed[:16]); got != "239ab9cb282daf66231dc5a4df6bfbae" {
		t.Fatalf("seed %s", got)
	}
	if got := hex.EncodeToString(tripleDES.derive(p.seed[:16], forEncryption)); got != "ab94fdecf2674fdfb9b391f85d7f76f2" {
		t.Fatalf("key for encryption %s", got)
	}
	if got := hex.EncodeToString(tripleDES.derive(p.seed[:16], forMAC)); got != "7962d9ece03d1acd4c76089dce131543" {
		t.Fatalf("key for checksums %s", got)
	}
	card := &script{t, [][2]string{
		{"00A4040C07A0000002471001", "9000"},
		{"0084000008", "4608F919887022129000"},
		{"0082000028 72C29C2371CC9BDB65B779B8E8D37B29ECC154AA56A8799FAE2F498F76ED92F2 5F1448EEA8AD90A7 28",
			"46B9342A41396CD7386BF5803104D7CEDC122B9132139BAF2EEDC94EE178534F 2F2D235D074D7449 9000"},
		{"0CA4020C158709016375432908C044F68E08BF8B92D635FF24F800", "990290008E08FA855A5D4C50A8ED9000"},
	}}
	r := NewReader(card)
	if err := r.SelectApplet(t.Context()); err != nil {
		t.Fatal(err)
	}
	random := bytes.NewReader(unhex(t, "781723860C06C226 0B795240CB7049B01C19B33E32804F0B"))
	if err := r.BAC(t.Context(), p, random); err != nil {
		t.Fatal(err)
	}
	if got := hex.EncodeToString(r.session.enc); got != "979ec13b1cbfe9dcd01ab0fed307eae5" {
		t.Errorf("session key for encryption %s", got)
	}
	if got := hex.EncodeToString(r.session.mac); got != "f1cb1f1fb5adf208806b89dc579dc1f8" {
		t.Errorf("session key for checksums %s", got)
	}
	if ok, err := r.Select(t.Context(), EFCOM); !ok || err != nil {
		t.Fatal(ok, err)
	}
	card.lines = [][2]string{
		{"0CB000000D9701048E08ED6705417E96BA5500", "8709019FF0EC34F9922651990290008E08AD55CC17140B2DED9000"},
		{"0CB000040D9701128E082EA28A70F3C7B53500", "871901FB9235F4E4037F2327DCC8964F1F9B8C30F42C8E2FFF224A990290008E08C8B2787EAEA07D749000"},
	}
	var file []byte
	for _, c := range []Command{readBinary(0, 4), readBinary(4, 18)} {
		b, err := r.ask(t.Context(), c, "read")
		if err != nil {
			t.Fatal(err)
		}
		file = append(file, b...)
	}
	if got := hex.EncodeToString(file); got != "60145f0104303130365f36063034303030305c026175" {
		t.Errorf("EF.COM is %s", got)
	}
}

// CMAC as NIST SP 800-38B appendix D.1 has it.
func TestCMAC(t *testing.T) {
	c := aes128.cipher(unhex(t, "2b7e151628aed2a6abf7158809cf4f3c"))
	message := unhex(t, "6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e5130c81c46a35ce411e5fbc1191a0a52eff69f2445df4f9b17ad2b417be66c3710")
	for n, want := range map[int]string{0: "bb1d6929e95937287fa37d129b756746", 16: "070a16b46b4d4144f79bdd9dd04a287c", 40: "dfa66747de9ae63030ca32611497c827", 64: "51f0bebf7e3b9d92fc49741779363cfe"} {
		if got := hex.EncodeToString(cmac(c, message[:n])); got != want {
			t.Errorf("of %d bytes it is %s, want %s", n, got, want)
		}
	}
}
