package rsasig

import (
	"bytes"
	"crypto"
	"fmt"
	"slices"
)

// Note is what a signature that is accepted has against the standard, in words; empty where there is nothing.
type Note string

// NullOmitted notes a DigestInfo whose AlgorithmIdentifier has no parameters. RFC 8017 A.2.4 lets signers write a NULL and verifiers accept both.
const NullOmitted Note = "the DigestInfo of the signature leaves out the NULL after the hash's identifier"

// VerifyPKCS1v15 verifies a signature by RFC 8017 §8.2.2 over a digest that was made with hash. The encoded message is compared as a whole with the two
// that are allowed, with the NULL and without; which of them it was is noted. A signature that does not match is ErrSignature; what is not well formed
// is named.
func (k *Key) VerifyPKCS1v15(hash crypto.Hash, digest, signature []byte) (Note, error) {
	if err := checkHash(hash, digest); err != nil {
		return "", err
	}
	encoded, err := k.open(signature)
	if err != nil {
		return "", err
	}
	switch {
	case bytes.Equal(encoded, k.encode(digestInfo(hash, digest, true))):
		return "", nil
	case bytes.Equal(encoded, k.encode(digestInfo(hash, digest, false))):
		return NullOmitted, nil
	}
	return "", fmt.Errorf("verify with PKCS #1 v1.5: %w", ErrSignature)
}

// encode writes 00 01 FF … FF 00 and a DigestInfo to the length of the modulus (RFC 8017 §9.2). Every key has room for every hash: 83 bytes of 128.
func (k *Key) encode(info []byte) []byte {
	encoded := bytes.Repeat([]byte{0xff}, k.Size())
	encoded[0], encoded[1] = 0, 1
	copy(encoded[len(encoded)-len(info):], info)
	encoded[len(encoded)-len(info)-1] = 0
	return encoded
}

// digestInfo writes SEQUENCE { SEQUENCE { OBJECT IDENTIFIER, NULL }, OCTET STRING } in DER, the NULL if asked.
func digestInfo(hash crypto.Hash, digest []byte, null bool) []byte {
	const sequence, identifier, octets = 0x30, 0x06, 0x04
	algorithm := element(identifier, hashes[hash])
	if null {
		algorithm = append(algorithm, 0x05, 0x00)
	}
	return element(sequence, slices.Concat(element(sequence, algorithm), element(octets, digest)))
}

// element writes a DER element of less than 128 bytes.
func element(tag byte, contents []byte) []byte {
	return append([]byte{tag, byte(len(contents))}, contents...)
}
