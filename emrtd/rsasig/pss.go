package rsasig

import (
	"bytes"
	"crypto"
	"encoding/binary"
	"fmt"
)

// trailer ends every encoded message of PSS: the only trailerField there is, 1 (RFC 8017 A.2.3).
const trailer = 0xbc

// PSS are the parameters of a PSS signature (RFC 8017 A.2.3): the hash of the message, the hash of the mask generation function MGF1, and the length
// of the salt in bytes.
type PSS struct {
	Hash, MaskHash crypto.Hash
	SaltLen        int
}

// VerifyPSS verifies a signature by RFC 8017 §8.1.2 over a digest that was made with the parameters' hash. The salt has to have exactly the length that
// they say. A signature that does not match is ErrSignature; what is not well formed is named.
func (k *Key) VerifyPSS(params PSS, digest, signature []byte) error {
	if err := checkHash(params.Hash, digest); err != nil {
		return err
	}
	if _, ok := hashes[params.MaskHash]; !ok {
		return fmt.Errorf("RSA signature: a mask by %v is not verified; by SHA-1, SHA-224, SHA-256, SHA-384 and SHA-512 it is", params.MaskHash)
	}
	// The encoded message has one bit less than the modulus, and holds digest, salt, a 01 and the trailer.
	bits := k.Bits() - 1
	room := (bits+7)/8 - len(digest) - 2
	if params.SaltLen < 0 || params.SaltLen > room {
		return fmt.Errorf("RSA signature: a salt of %d bytes is not possible; with this key and hash it has 0 to %d", params.SaltLen, room)
	}
	encoded, err := k.open(signature)
	if err != nil {
		return err
	}
	if salt, ok := params.salt(encoded, bits, digest); !ok || salt != params.SaltLen {
		return fmt.Errorf("verify with PSS: %w", ErrSignature)
	}
	return nil
}

// SaltOf verifies a signature as VerifyPSS does, but for the length of its salt, which it returns: some issuers declare another than they use. The parameters' own length is not looked at.
func (k *Key) SaltOf(params PSS, digest, signature []byte) (int, error) {
	params.SaltLen = 0 // which is possible with every key
	if err := checkHash(params.Hash, digest); err != nil {
		return 0, err
	}
	if _, ok := hashes[params.MaskHash]; !ok {
		return 0, fmt.Errorf("RSA signature: a mask by %v is not verified; by SHA-1, SHA-224, SHA-256, SHA-384 and SHA-512 it is", params.MaskHash)
	}
	encoded, err := k.open(signature)
	if err != nil {
		return 0, err
	}
	salt, ok := params.salt(encoded, k.Bits()-1, digest)
	if !ok {
		return 0, fmt.Errorf("verify with PSS: %w", ErrSignature)
	}
	return salt, nil
}

// salt is EMSA-PSS-VERIFY (RFC 8017 §9.1.2), which returns the length of the salt that it found, for an encoded message of the modulus' length, of which the lowest bits count and the others have to
// be 0. There is room for digest and salt.
func (params PSS) salt(encoded []byte, bits int, digest []byte) (int, bool) {
	unused := 8*len(encoded) - bits
	if unused == 8 {
		if encoded[0] != 0 {
			return 0, false
		}
		encoded, unused = encoded[1:], 0
	}
	last := len(encoded) - 1
	if encoded[last] != trailer || encoded[0]>>(8-unused) != 0 {
		return 0, false
	}
	block, hashed := encoded[:last-len(digest)], encoded[last-len(digest):last]
	unmask(params.MaskHash, block, hashed)
	block[0] &= 0xff >> unused
	padding := 0
	for padding < len(block) && block[padding] == 0 {
		padding++
	}
	if padding == len(block) || block[padding] != 1 {
		return 0, false
	}
	h := params.Hash.New()
	h.Write(make([]byte, 8))
	h.Write(digest)
	h.Write(block[padding+1:])
	return len(block) - padding - 1, bytes.Equal(h.Sum(nil), hashed)
}

// unmask takes the mask that MGF1 makes of a seed (RFC 8017 B.2.1) off a block.
func unmask(hash crypto.Hash, block, seed []byte) {
	h := hash.New()
	var mask []byte
	for counter := uint32(0); len(block) > 0; counter++ {
		h.Reset()
		h.Write(seed)
		h.Write(binary.BigEndian.AppendUint32(nil, counter))
		mask = h.Sum(mask[:0])
		n := min(len(mask), len(block))
		for i := range n {
			block[i] ^= mask[i]
		}
		block = block[n:]
	}
}
