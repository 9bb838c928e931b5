package chip

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"strings"
	"testing"
)

// heard passes commands on and keeps what was said.
type heard struct {
	Card
	said []string
}

func (h *heard) Transmit(ctx context.Context, command []byte) ([]byte, error) {
	answer, err := h.Card.Transmit(ctx, command)
	h.said = append(h.said, hex.EncodeToString(command), hex.EncodeToString(answer))
	return answer, err
}

// The worked example of ICAO 9303-11 appendix G.1: generic mapping on brainpoolP256r1 with AES-128. Both sides get the example's random numbers; nonce, keys and tokens are the example's.
func TestWorkedExampleOfPACE(t *testing.T) {
	p, err := FromMRZ("T22000129", "640812", "101031")
	if err != nil {
		t.Fatal(err)
	}
	if got := hex.EncodeToString(p.seed); got != "7e2d2a41c74ea0b38cd36f863939bfa8e9032aad" {
		t.Fatalf("seed %s", got)
	}
	if got := hex.EncodeToString(aes128.derive(p.seed, forPassword)); got != "89ded1b26624ec1e634c1989302849dd" {
		t.Fatalf("key of the password %s", got)
	}
	ways, err := ReadCardAccess(unhex(t, "3114 3012 060A 04007F00070202040202 020102 02010D"))
	if err != nil || len(ways) != 1 || ways[0].String() != "PACE, ECDH, generic mapping, AES-CBC-CMAC-128, brainpoolP256r1" {
		t.Fatal(ways, err)
	}
	v := &Virtual{Key: &p, PACE: ways, Random: bytes.NewReader(unhex(t, "3F00C4D39D153F2B2A214A078D899B22"+
		"498FF49756F2DC1587840041839A85982BE7761D14715FB091EFA7BCE9058560"+"107CF58696EF6155053340FD633392BA81909DF7B9706F226F32086C7AFF974A"))}
	card := &heard{Card: v}
	r := NewReader(card)
	random := bytes.NewReader(unhex(t, "7F4EF07B9EA82FD78AD689B38D0BC78CF21F249D953BC46F4C6E19259C010F99"+"A73FB703AC1436A18E0CFA5ABB3F7BEC7A070E7A6788486BEE230C4A22762595"))
	if err := r.PACE(t.Context(), ways[0], p, random); err != nil {
		t.Fatal(err)
	}
	said := strings.Join(card.said, "\n")
	for what, want := range map[string]string{
		"the encrypted nonce":      "7c12801095a3a016522ee98d01e76cb6b98b42c3",
		"the reader's mapping key": "7acf3efc982ec45565a4b155129efbc74650dcbfa6362d896fc70262e0c2cc5e544552dcb6725218799115b55c9baa6d9f6bc3a9618e70c25af71777a9c4922d",
		"the chip's mapping key":   "824fba91c9cbe26bef53a0ebe7342a3bf178cea9f45de0b70aa601651fba3f5730d8c879aaa9c9f73991e61b58f4d52eb87a0a0c709a49dc63719363ccd13c54",
		"the reader's key":         "2db7a64c0355044ec9df190514c625cba2cea48754887122f3a5ef0d5edd301c3556f3b3b186df10b857b58f6a7eb80f20ba5dc7be1d43d9bf850149fbb36462",
		"the reader's token":       "7c0a8508c2b0bd78d94ba866",
		"the chip's token":         "7c0a86083abb9674bce93c08",
	} {
		if !strings.Contains(said, want) {
			t.Errorf("%s is not the example's", what)
		}
	}
	if got := hex.EncodeToString(r.session.enc); got != "f5f0e35c0d7161ee6724ee513a0d9a7f" {
		t.Errorf("session key for encryption %s", got)
	}
	if got := hex.EncodeToString(r.session.mac); got != "fe251c7858b356b24514b3bd5f4297d1" {
		t.Errorf("session key for checksums %s", got)
	}
}

// passport is a virtual chip that offers some ways.
func passport(t testing.TB, ways ...PACE) (*Virtual, Password, Password) {
	t.Helper()
	can, err := FromCAN("123456")
	if err != nil {
		t.Fatal(err)
	}
	v, zone := closed(t, map[File][]byte{DG(1): file([]byte("zone")), DG(2): file(bytes.Repeat([]byte("portrait"), 300))})
	v.CAN, v.PACE, v.Secret = &can, ways, []byte("a secret of the tests")
	v.Master = map[File][]byte{EFCardAccess: CardAccess(ways...)}
	return v, zone, can
}

// offered reads what a chip offers, and takes the best.
func offered(t testing.TB, r *Reader) PACE {
	t.Helper()
	b, there, err := r.Read(t.Context(), EFCardAccess, nil)
	if err != nil || !there {
		t.Fatal(there, err)
	}
	ways, err := ReadCardAccess(b)
	if err != nil || len(ways) == 0 {
		t.Fatal(ways, err)
	}
	return ways[0]
}

func TestEveryWayOpens(t *testing.T) {
	all := AllPACE()
	if len(all) != 4*11+3*11 {
		t.Fatalf("%d ways", len(all))
	}
	for _, way := range all {
		v, zone, can := passport(t, way)
		for _, password := range []Password{zone, can} {
			v.Reset()
			r := NewReader(v)
			way := offered(t, r)
			if err := r.PACE(t.Context(), way, password, rand.Reader); err != nil {
				t.Fatalf("%v: %v", way, err)
			}
			if err := r.SelectApplet(t.Context()); err != nil {
				t.Fatal(err)
			}
			if got, _, err := r.Read(t.Context(), DG(2), nil); err != nil || !bytes.Equal(got, v.Files[DG(2)]) {
				t.Fatalf("%v: %d bytes, %v", way, len(got), err)
			}
			public, err := v.PublicKey(way)
			if err != nil {
				t.Fatal(err)
			}
			if err := r.CheckMapping(public); (err == nil) != way.proves {
				t.Errorf("%v: %v", way, err)
			}
		}
	}
}

func TestPACEOrder(t *testing.T) {
	v, zone, _ := passport(t, AllPACE()...)
	r := NewReader(v)
	best := offered(t, r)
	if best.String() != "PACE, ECDH, chip authentication mapping, AES-CBC-CMAC-256, P-521" || !best.several {
		t.Errorf("the best of all is %v", best)
	}
	if err := r.PACE(t.Context(), best, zone, rand.Reader); err != nil {
		t.Error(err)
	}
}

func TestPACERefuses(t *testing.T) {
	way := AllPACE()[16] // AES-128
	for what, c := range map[string]struct {
		faults Faults
		zone   string
		says   string
	}{
		"another zone":      {Faults{}, "AN0102031", "does not open by what was read"},
		"a spoilt nonce":    {Faults{SpoilAt: 2}, "AN0102030", ""},
		"a spoilt mapping":  {Faults{SpoilAt: 3}, "AN0102030", ""},
		"a spoilt key":      {Faults{SpoilAt: 4}, "AN0102030", ""},
		"a spoilt token":    {Faults{SpoilAt: 5}, "AN0102030", ""},
		"a document lifted": {Faults{DropAt: 4}, "AN0102030", "lay the document down again"},
	} {
		v, _, _ := passport(t, way)
		v.Faults = c.faults
		p, err := FromMRZ(c.zone, "851231", "301231")
		if err != nil {
			t.Fatal(err)
		}
		r := NewReader(v)
		if err := r.PACE(t.Context(), way, p, rand.Reader); err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v", what, err)
		}
		if r.session != nil {
			t.Errorf("%s: there is a channel", what)
		}
	}
}

// A copy has everything of a passport but the secret key of its chip.
func TestCopyIsFound(t *testing.T) {
	for _, way := range AllPACE() {
		if !way.proves {
			continue
		}
		v, zone, _ := passport(t, way)
		public, err := v.PublicKey(way)
		if err != nil {
			t.Fatal(err)
		}
		v.Faults.Copy = true
		r := NewReader(v)
		if err := r.PACE(t.Context(), way, zone, rand.Reader); err != nil {
			t.Fatal(err)
		}
		if err := r.CheckMapping(public); !errors.Is(err, ErrCopy) {
			t.Errorf("%v: %v", way, err)
		}
	}
}

// Who sends the reader's own key back, to agree with it on what it knows, gets nothing.
func TestEchoedKey(t *testing.T) {
	way := AllPACE()[16]
	v, zone, _ := passport(t, way)
	r := NewReader(&echo{Card: v})
	if err := r.PACE(t.Context(), way, zone, rand.Reader); !errors.Is(err, errProtected) {
		t.Error(err)
	}
}

type echo struct{ Card }

func (e *echo) Transmit(ctx context.Context, command []byte) ([]byte, error) {
	answer, err := e.Card.Transmit(ctx, command)
	if c, _ := ParseCommand(command); bytes.Contains(c.Data, []byte{doKeyOurs}) && len(c.Data) > 4 && c.Data[2] == doKeyOurs {
		out := bytes.Clone(c.Data)
		out[2] = doKeyTheirs
		return append(out, 0x90, 0), nil
	}
	return answer, err
}

func FuzzCardAccess(f *testing.F) {
	f.Add(CardAccess(AllPACE()...))
	f.Add([]byte{0x31, 0x14, 0x30, 0x12, 6, 10})
	f.Fuzz(func(t *testing.T, b []byte) { ReadCardAccess(b) })
}

// BenchmarkOpen is our own part of opening a chip and reading a small file: both sides' arithmetic, no link.
func BenchmarkOpen(b *testing.B) {
	for name, way := range map[string]*PACE{"BAC": nil, "PACE-brainpoolP256r1": &AllPACE()[16]} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				v, zone, _ := passport(b, AllPACE()[16])
				r := NewReader(v)
				if way != nil {
					if err := r.PACE(b.Context(), *way, zone, rand.Reader); err != nil {
						b.Fatal(err)
					}
				}
				if err := r.SelectApplet(b.Context()); err != nil {
					b.Fatal(err)
				}
				if way == nil {
					if err := r.BAC(b.Context(), zone, rand.Reader); err != nil {
						b.Fatal(err)
					}
				}
				if _, _, err := r.Read(b.Context(), DG(1), nil); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
