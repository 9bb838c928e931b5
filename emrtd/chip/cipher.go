package chip

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/des"
	"crypto/sha1"
	"crypto/sha256"
	"errors"
)

// suite is what a protected channel is made of (ICAO 9303-11 §9.7 and §9.8).
type suite struct {
	name  string
	key   int // bytes of a key
	block int // of a block
	aes   bool
}

var (
	tripleDES = suite{"3DES-CBC-CBC", 16, 8, false}
	aes128    = suite{"AES-CBC-CMAC-128", 16, 16, true}
	aes192    = suite{"AES-CBC-CMAC-192", 24, 16, true}
	aes256    = suite{"AES-CBC-CMAC-256", 32, 16, true}
)

// The counters of the key derivation function (ICAO 9303-11 §9.7.1).
const (
	forEncryption = 1
	forMAC        = 2
	forPassword   = 3
)

// derive is the key derivation function.
func (s suite) derive(secret []byte, counter byte) []byte {
	in := append(append([]byte{}, secret...), 0, 0, 0, counter)
	if s.key > 16 {
		sum := sha256.Sum256(in)
		return sum[:s.key]
	}
	sum := sha1.Sum(in)
	key := sum[:16]
	if !s.aes {
		setParity(key)
	}
	return key
}

// setParity gives each byte of a DES key an odd number of bits, in its last.
func setParity(key []byte) {
	for i, b := range key {
		b &^= 1
		odd := byte(1)
		for x := b; x != 0; x >>= 1 {
			odd ^= x & 1
		}
		key[i] = b | odd
	}
}

// cipher returns the block cipher of a key. A key of two parts is used as one of three for Triple-DES.
func (s suite) cipher(key []byte) cipher.Block {
	var c cipher.Block
	var err error
	if s.aes {
		c, err = aes.NewCipher(key)
	} else {
		c, err = des.NewTripleDESCipher(append(append([]byte{}, key...), key[:8]...))
	}
	if err != nil {
		panic("chip: a key that was derived has the length of its cipher: " + err.Error())
	}
	return c
}

// encrypt and decrypt work in cipher block chaining on whole blocks.
func (s suite) encrypt(key, iv, data []byte) []byte {
	out := make([]byte, len(data))
	cipher.NewCBCEncrypter(s.cipher(key), iv).CryptBlocks(out, data)
	return out
}

func (s suite) decrypt(key, iv, data []byte) ([]byte, error) {
	if len(data)%s.block != 0 {
		return nil, errors.New("an encrypted value has no whole number of blocks")
	}
	out := make([]byte, len(data))
	cipher.NewCBCDecrypter(s.cipher(key), iv).CryptBlocks(out, data)
	return out, nil
}

// pad appends a byte 0x80 and zeros to whole blocks (ISO 9797-1 padding method 2).
func (s suite) pad(b []byte) []byte {
	out := append(append(make([]byte, 0, len(b)+s.block), b...), 0x80)
	for len(out)%s.block != 0 {
		out = append(out, 0)
	}
	return out
}

func unpad(b []byte) ([]byte, error) {
	b = bytes.TrimRight(b, "\x00")
	if len(b) == 0 || b[len(b)-1] != 0x80 {
		return nil, errors.New("a decrypted value is not padded as it has to be")
	}
	return b[:len(b)-1], nil
}

// token is the checksum by which both sides show that they have the same key: with Triple-DES ISO 9797-1 algorithm 3, with AES the first eight bytes of CMAC (NIST SP 800-38B).
func (s suite) token(key, data []byte) []byte {
	if s.aes {
		return cmac(s.cipher(key), data)[:8]
	}
	return retailMAC(key, s.pad(data))
}

// checksum is the one of secure messaging, which pads for AES as well.
func (s suite) checksum(key, data []byte) []byte {
	if s.aes {
		data = s.pad(data)
	}
	return s.token(key, data)
}

// retailMAC chains the blocks with the first part of the key, and the last with the second as well.
func retailMAC(key, padded []byte) []byte {
	first, err := des.NewCipher(key[:8])
	if err != nil {
		panic("chip: a part of a DES key has eight bytes: " + err.Error())
	}
	second, err := des.NewCipher(key[8:16])
	if err != nil {
		panic("chip: a part of a DES key has eight bytes: " + err.Error())
	}
	var y [8]byte
	for ; len(padded) > 0; padded = padded[8:] {
		for i := range y {
			y[i] ^= padded[i]
		}
		first.Encrypt(y[:], y[:])
	}
	second.Decrypt(y[:], y[:])
	first.Encrypt(y[:], y[:])
	return y[:]
}

// cmac is the checksum of NIST SP 800-38B.
func cmac(c cipher.Block, data []byte) []byte {
	n := c.BlockSize()
	double := func(b []byte) []byte {
		out := make([]byte, n)
		carry := byte(0)
		for i := n - 1; i >= 0; i-- {
			out[i], carry = b[i]<<1|carry, b[i]>>7
		}
		out[n-1] ^= 0x87 * carry
		return out
	}
	zero := make([]byte, n)
	c.Encrypt(zero, zero)
	k1 := double(zero)
	last, rest := make([]byte, n), data
	whole := max(0, (len(data)-1)/n)
	y := make([]byte, n)
	for range whole {
		for i := range y {
			y[i] ^= rest[i]
		}
		c.Encrypt(y, y)
		rest = rest[n:]
	}
	copy(last, rest)
	if len(rest) < n {
		last[len(rest)] = 0x80
		k1 = double(k1)
	}
	for i := range y {
		y[i] ^= last[i] ^ k1[i]
	}
	c.Encrypt(y, y)
	return y
}
