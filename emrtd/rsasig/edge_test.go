package rsasig

import (
	"bytes"
	"crypto"
	"errors"
	"math/big"
	"slices"
	"strings"
	"testing"
)

func TestNewKeyRefuses(t *testing.T) {
	bits := func(n uint, low int64) *big.Int {
		v := new(big.Int).Lsh(big.NewInt(1), n-1)
		return v.Add(v, big.NewInt(low))
	}
	three := big.NewInt(3)
	for what, k := range map[string]struct{ n, e *big.Int }{
		"no modulus":               {nil, three},
		"no exponent":              {bits(1024, 1), nil},
		"1023 bits":                {bits(1023, 1), three},
		"8193 bits":                {bits(8193, 1), three},
		"an even modulus":          {bits(1024, 0), three},
		"a negative modulus":       {new(big.Int).Neg(bits(1024, 1)), three},
		"0":                        {new(big.Int), three},
		"exponent 0":               {bits(1024, 1), new(big.Int)},
		"exponent 1":               {bits(1024, 1), big.NewInt(1)},
		"exponent 2":               {bits(1024, 1), big.NewInt(2)},
		"exponent 65536":           {bits(1024, 1), big.NewInt(65536)},
		"exponent -3":              {bits(1024, 1), big.NewInt(-3)},
		"an exponent of 65 bits":   {bits(1024, 1), bits(65, 1)},
		"an exponent of 4096 bits": {bits(4096, 1), bits(4096, 3)},
	} {
		if _, err := NewKey(k.n, k.e); err == nil || !strings.HasPrefix(err.Error(), "RSA key: ") {
			t.Errorf("%s: %v", what, err)
		}
	}
	for what, k := range map[string]struct{ n, e *big.Int }{
		"the least": {bits(1024, 1), three}, "the greatest": {bits(8192, 1), new(big.Int).SetUint64(1<<64 - 1)}, "1025 bits": {bits(1025, 1), big.NewInt(65537)},
	} {
		if got, err := NewKey(k.n, k.e); err != nil || got.Bits() != k.n.BitLen() || got.Size() != (k.n.BitLen()+7)/8 {
			t.Errorf("%s: %v", what, err)
		}
	}
}

// A key keeps what it was made of, whatever becomes of it.
func TestKeyIsNotAltered(t *testing.T) {
	k := keys()[0]
	n := new(big.Int).Set(k.modulus.n)
	other, err := NewKey(n, big.NewInt(3))
	if err != nil {
		t.Fatal(err)
	}
	n.SetInt64(5)
	digest := make([]byte, 32)
	if _, err := other.VerifyPKCS1v15(crypto.SHA256, digest, k.sign(padded(k.Size(), info(crypto.SHA256, digest, true)))); err != nil {
		t.Error(err)
	}
}

func TestMalformedIsNamed(t *testing.T) {
	k := keys()[1]
	digest := make([]byte, 32)
	right := k.sign(padded(k.Size(), info(crypto.SHA256, digest, true)))
	sum := new(big.Int).Add(new(big.Int).SetBytes(right), k.modulus.n)
	for what, v := range map[string]struct {
		hash              crypto.Hash
		digest, signature []byte
	}{
		"MD5":                  {crypto.MD5, digest[:16], right},
		"SHA-512/256":          {crypto.SHA512_256, digest, right},
		"no hash":              {0, nil, right},
		"an unknown hash":      {200, digest, right},
		"a short digest":       {crypto.SHA256, digest[:31], right},
		"a long digest":        {crypto.SHA256, append(slices.Clone(digest), 0), right},
		"no signature":         {crypto.SHA256, digest, nil},
		"a byte less":          {crypto.SHA256, digest, right[:len(right)-1]},
		"a byte more":          {crypto.SHA256, digest, append(slices.Clone(right), 0)},
		"a zero before":        {crypto.SHA256, digest, append([]byte{0}, right...)},
		"the modulus":          {crypto.SHA256, digest, k.modulus.n.Bytes()},
		"all ones":             {crypto.SHA256, digest, bytes.Repeat([]byte{0xff}, len(right))},
		"the modulus added":    {crypto.SHA256, digest, sum.Bytes()},
		"a megabyte":           {crypto.SHA256, digest, make([]byte, 1<<20)},
		"a digest of megabyte": {crypto.SHA256, make([]byte, 1<<20), right},
	} {
		if _, err := k.VerifyPKCS1v15(v.hash, v.digest, v.signature); err == nil || errors.Is(err, ErrSignature) {
			t.Errorf("PKCS #1 v1.5, %s: %v", what, err)
		}
		if err := k.VerifyPSS(PSS{v.hash, crypto.SHA256, 20}, v.digest, v.signature); err == nil || errors.Is(err, ErrSignature) {
			t.Errorf("PSS, %s: %v", what, err)
		}
	}
	for what, params := range map[string]PSS{
		"a mask by MD5":          {crypto.SHA256, crypto.MD5, 20},
		"a mask by nothing":      {crypto.SHA256, 0, 20},
		"a negative salt":        {crypto.SHA256, crypto.SHA256, -1},
		"a salt without room":    {crypto.SHA256, crypto.SHA256, 128 - 32 - 1},
		"a salt beyond all room": {crypto.SHA256, crypto.SHA256, 1<<63 - 1},
		"the least of salts":     {crypto.SHA256, crypto.SHA256, -1 << 63},
	} {
		if err := k.VerifyPSS(params, digest, right); err == nil || errors.Is(err, ErrSignature) {
			t.Errorf("PSS, %s: %v", what, err)
		}
	}
	for _, s := range []int64{0, 1} {
		signature := big.NewInt(s).FillBytes(make([]byte, k.Size()))
		if _, err := k.VerifyPKCS1v15(crypto.SHA256, digest, signature); !errors.Is(err, ErrSignature) {
			t.Errorf("the signature %d: %v", s, err)
		}
		if err := k.VerifyPSS(PSS{crypto.SHA256, crypto.SHA256, 32}, digest, signature); !errors.Is(err, ErrSignature) {
			t.Errorf("PSS, the signature %d: %v", s, err)
		}
	}
}

// Each of these encodings was accepted by some verifier that parsed where it should compare. All are signed with the right private key.
func TestEncodingsAreCompared(t *testing.T) {
	for _, k := range []*privateKey{keys()[0], keys()[2], keys()[11]} {
		digest := bytes.Repeat([]byte{0x5a}, 32)
		right := info(crypto.SHA256, digest, true)
		replace := func(from, to string) []byte {
			if !strings.Contains(string(right), from) {
				t.Fatalf("%x is not in the DigestInfo", from)
			}
			return []byte(strings.Replace(string(right), from, to, 1))
		}
		size := k.Size()
		encoded := padded(size, right)
		with := func(at int, b byte) []byte {
			e := slices.Clone(encoded)
			e[at] = b
			return e
		}
		short := append(append([]byte{0, 1, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0}, right...), make([]byte, size-11-len(right))...)
		moved := append(padded(size-4, right), 0xef, 0xef, 0xef, 0xef)
		for what, encoded := range map[string][]byte{
			"short padding, the rest behind":    short,
			"the hash moved to the left":        moved,
			"block type 2":                      with(1, 2),
			"block type 0":                      with(1, 0),
			"a first byte of 1":                 with(0, 1),
			"a padding with a zero":             with(10, 0),
			"a padding with another byte":       with(2, 0xfe),
			"no 00 after the padding":           with(size-len(right)-1, 0xff),
			"the digest alone":                  padded(size, digest),
			"another hash's identifier":         padded(size, replace("\x02\x01\x05", "\x02\x03\x05")),
			"parameters other than NULL":        padded(size, replace("\x05\x00", "\x04\x00")),
			"a length in the long form":         padded(size, append([]byte{0x30, 0x81, 0x31}, right[2:]...)),
			"a length without an end":           padded(size, append(append([]byte{0x30, 0x80}, right[2:]...), 0, 0)),
			"something after the digest":        padded(size, append(slices.Clone(right), 0)),
			"something in the DigestInfo":       padded(size, append([]byte{0x30, 0x33}, append(slices.Clone(right[2:]), 0x05, 0x00)...)),
			"a NULL with a length of two bytes": padded(size, append([]byte{0x30, 0x32, 0x30, 0x0e}, append(append(slices.Clone(right[4:15]), 0x05, 0x81, 0x00), right[17:]...)...)),
			"nothing":                           make([]byte, size),
			"what PSS has":                      encodedPSS(k, rightParts, digest),
		} {
			if new(big.Int).SetBytes(encoded).Cmp(k.modulus.n) >= 0 {
				continue // no private key signs it
			}
			if _, err := k.VerifyPKCS1v15(crypto.SHA256, digest, k.sign(encoded)); !errors.Is(err, ErrSignature) {
				t.Errorf("%d bits, %s: %v", k.Bits(), what, err)
			}
		}
	}
}

// encodedPSS is an encoded message for SHA-256 twice at the modulus' length.
func encodedPSS(k *privateKey, parts pssParts, digest []byte) []byte {
	encoded := parts.encode(k.Bits(), crypto.SHA256, crypto.SHA256, digest)
	return append(make([]byte, k.Size()-len(encoded)), encoded...)
}

// A signature that nobody signed: with the exponent 3 a cube root over a short padding leaves room for whatever follows (Bleichenbacher, 2006).
func TestForgedCubeRoot(t *testing.T) {
	k := keys()[13]
	if k.exponent != 3 || k.Bits() != 3072 {
		t.Fatal("the key is another")
	}
	digest := bytes.Repeat([]byte{0x77}, 32)
	front := append([]byte{0, 1, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0}, info(crypto.SHA256, digest, true)...)
	highest := new(big.Int).SetBytes(append(slices.Clone(front), bytes.Repeat([]byte{0xff}, k.Size()-len(front))...))
	root := cubeRoot(highest)
	cube := new(big.Int).Exp(root, big.NewInt(3), nil)
	if !bytes.HasPrefix(cube.FillBytes(make([]byte, k.Size())), front) {
		t.Fatal("the cube does not begin as a signature that is parsed has to")
	}
	if _, err := k.VerifyPKCS1v15(crypto.SHA256, digest, root.FillBytes(make([]byte, k.Size()))); !errors.Is(err, ErrSignature) {
		t.Errorf("a forged signature: %v", err)
	}
}

// cubeRoot is the largest number whose cube is not above v.
func cubeRoot(v *big.Int) *big.Int {
	root := new(big.Int)
	for i := v.BitLen()/3 + 1; i >= 0; i-- {
		root.SetBit(root, i, 1)
		if new(big.Int).Exp(root, big.NewInt(3), nil).Cmp(v) > 0 {
			root.SetBit(root, i, 0)
		}
	}
	return root
}

// Encodings of PSS that are wrong in one part, for lengths of the modulus whose unused bits are 8, 1, 2, 6 and 7.
func TestPSSPartsAreChecked(t *testing.T) {
	digest := bytes.Repeat([]byte{0x5a}, 32)
	params := PSS{crypto.SHA256, crypto.SHA256, 20}
	for _, k := range []*privateKey{keys()[0], keys()[2], keys()[3], keys()[4], keys()[5], keys()[6]} {
		right := rightParts
		right.salt = bytes.Repeat([]byte{0x11}, 20)
		if err := k.VerifyPSS(params, digest, k.sign(encodedPSS(k, right, digest))); err != nil {
			t.Errorf("%d bits: %v", k.Bits(), err)
		}
		for what, alter := range map[string]func(*pssParts){
			"a trailer of ISO 9796-2": func(p *pssParts) { p.trailer = 0xcc },
			"a padding that is not 0": func(p *pssParts) { p.padding = 1 },
			"no 01":                   func(p *pssParts) { p.one = 0 },
			"another byte for the 01": func(p *pssParts) { p.one = 3 },
			"a salt that is shorter":  func(p *pssParts) { p.salt = p.salt[:19] },
			"a salt that is longer":   func(p *pssParts) { p.salt = append(p.salt, 1) },
			"no salt":                 func(p *pssParts) { p.salt = nil },
		} {
			wrong := right
			wrong.salt = slices.Clone(right.salt)
			alter(&wrong)
			encoded := encodedPSS(k, wrong, digest)
			if err := k.VerifyPSS(params, digest, k.sign(encoded)); !errors.Is(err, ErrSignature) {
				t.Errorf("%d bits, %s: %v", k.Bits(), what, err)
			}
		}
		above := encodedPSS(k, right, digest)
		for i := 0; new(big.Int).SetBytes(above).Cmp(k.modulus.n) >= 0 || above[0]>>((k.Bits()-1)%8) == 0; i++ {
			right.salt[0] = byte(i) // until what begins with the bit is below the modulus, so that a private key signs it
			above = encodedPSS(k, right, digest)
			above[0] |= 1 << ((k.Bits() - 1) % 8)
		}
		if err := k.VerifyPSS(params, digest, k.sign(above)); !errors.Is(err, ErrSignature) {
			t.Errorf("%d bits, a bit above the message's: %v", k.Bits(), err)
		}
	}
}
