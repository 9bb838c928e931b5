package cert

import (
	"crypto"
	"fmt"
	"strings"

	"marz/emrtd/der"
)

// Scheme is a way of signing.
type Scheme string

// The schemes.
const (
	RSA15      Scheme = "rsa-v1.5"    // RSASSA-PKCS1-v1_5, RFC 8017 §8.2
	RSAPSS     Scheme = "rsa-pss"     // RSASSA-PSS, RFC 8017 §8.1
	ECDSA      Scheme = "ecdsa"       // with its numbers in a SEQUENCE
	ECDSAPlain Scheme = "ecdsa-plain" // with its numbers one after the other, BSI TR-03111 §5.2.1
)

// Algorithm is a signature algorithm as an AlgorithmIdentifier says it. Hash is 0 where it says none, or one that is not known.
type Algorithm struct {
	OID    string
	Scheme Scheme // empty for an unknown one
	Hash   crypto.Hash
	MGF    crypto.Hash // of RSAPSS: the hash of its mask
	Salt   int         // of RSAPSS: the declared length of its salt
	Raw    []byte      // the whole AlgorithmIdentifier
}

// String names the algorithm, for example "ecdsa with SHA-256".
func (a Algorithm) String() string { return a.name() }

func (a Algorithm) name() string {
	switch {
	case a.Scheme == "":
		return a.OID
	case a.Hash == 0:
		return string(a.Scheme)
	}
	return string(a.Scheme) + " with " + a.Hash.String()
}

// Weak reports whether the algorithm rests on SHA-1, by which two contents with one signature can be made.
func (a Algorithm) Weak() bool { return a.Hash == crypto.SHA1 }

var hashOIDs = map[crypto.Hash]string{
	crypto.SHA1: "1.3.14.3.2.26", crypto.SHA224: "2.16.840.1.101.3.4.2.4", crypto.SHA256: "2.16.840.1.101.3.4.2.1",
	crypto.SHA384: "2.16.840.1.101.3.4.2.2", crypto.SHA512: "2.16.840.1.101.3.4.2.3",
}

// HashOID returns the object identifier of a hash, "" for one that travel documents do not use.
func HashOID(h crypto.Hash) string { return hashOIDs[h] }

// HashByOID returns the hash of an object identifier, 0 for an unknown one.
func HashByOID(oid string) crypto.Hash {
	for h, o := range hashOIDs {
		if o == oid {
			return h
		}
	}
	return 0
}

const (
	oidRSA    = "1.2.840.113549.1.1.1"
	oidPSS    = "1.2.840.113549.1.1.10"
	oidMGF1   = "1.2.840.113549.1.1.8"
	oidECKey  = "1.2.840.10045.2.1"
	oidPrime  = "1.2.840.10045.1.1"
	plainECDS = "0.4.0.127.0.7.1.1.4.1." // BSI TR-03111 §5.2.1
)

// oidStandardised is of keys in chips' files alone: the parameters are a number.
const oidStandardised = "0.4.0.127.0.7.1.2"

var signatureOIDs = map[string]Algorithm{
	oidRSA:                  {Scheme: RSA15}, // the hash is said elsewhere
	"1.2.840.113549.1.1.5":  {Scheme: RSA15, Hash: crypto.SHA1},
	"1.3.14.3.2.29":         {Scheme: RSA15, Hash: crypto.SHA1},
	"1.2.840.113549.1.1.14": {Scheme: RSA15, Hash: crypto.SHA224},
	"1.2.840.113549.1.1.11": {Scheme: RSA15, Hash: crypto.SHA256},
	"1.2.840.113549.1.1.12": {Scheme: RSA15, Hash: crypto.SHA384},
	"1.2.840.113549.1.1.13": {Scheme: RSA15, Hash: crypto.SHA512},
	oidECKey:                {Scheme: ECDSA}, // the hash is said elsewhere
	"1.2.840.10045.4.1":     {Scheme: ECDSA, Hash: crypto.SHA1},
	"1.2.840.10045.4.3.1":   {Scheme: ECDSA, Hash: crypto.SHA224},
	"1.2.840.10045.4.3.2":   {Scheme: ECDSA, Hash: crypto.SHA256},
	"1.2.840.10045.4.3.3":   {Scheme: ECDSA, Hash: crypto.SHA384},
	"1.2.840.10045.4.3.4":   {Scheme: ECDSA, Hash: crypto.SHA512},
	plainECDS + "1":         {Scheme: ECDSAPlain, Hash: crypto.SHA1},
	plainECDS + "2":         {Scheme: ECDSAPlain, Hash: crypto.SHA224},
	plainECDS + "3":         {Scheme: ECDSAPlain, Hash: crypto.SHA256},
	plainECDS + "4":         {Scheme: ECDSAPlain, Hash: crypto.SHA384},
	plainECDS + "5":         {Scheme: ECDSAPlain, Hash: crypto.SHA512},
}

// ReadAlgorithm reads the AlgorithmIdentifier of a signature. An unknown one is no error: it has no Scheme.
func ReadAlgorithm(r *der.Reader, e *der.Element) (Algorithm, error) {
	oid, params, err := algorithmID(r, e)
	if err != nil {
		return Algorithm{}, err
	}
	if oid == oidPSS {
		return readPSS(r, e, params)
	}
	a := signatureOIDs[oid]
	a.OID, a.Raw = oid, e.Raw
	switch a.Scheme {
	case RSA15:
		noteNull(r, e, params)
	case ECDSA, ECDSAPlain:
		if params != nil {
			r.Note(AlgorithmParameters, e.Offset, params.Name()+" where nothing should be, SHA-256 "+der.Digest(params.Raw))
		}
	}
	return a, nil
}

// noteNull: the parameters of RSA are NULL (RFC 3279 §2.2.1, §2.3.1).
func noteNull(r *der.Reader, e, params *der.Element) {
	switch {
	case params == nil:
		r.Note(AlgorithmParameters, e.Offset, "nothing where NULL should be")
	case r.Null(params) != nil:
		noteParameters(r, e, params)
	}
}

// noteParameters: the parameters of a hash are NULL or absent (RFC 5754 §2).
func noteParameters(r *der.Reader, e, params *der.Element) {
	if params != nil && r.Null(params) != nil {
		r.Note(AlgorithmParameters, e.Offset, params.Name()+", SHA-256 "+der.Digest(params.Raw))
	}
}

// ReadHash reads the AlgorithmIdentifier of a hash, 0 for an unknown one, and returns its OID.
func ReadHash(r *der.Reader, e *der.Element) (crypto.Hash, string, error) {
	oid, params, err := algorithmID(r, e)
	if err != nil {
		return 0, "", err
	}
	noteParameters(r, e, params)
	return HashByOID(oid), oid, nil
}

// algorithmID splits an AlgorithmIdentifier (RFC 5280 §4.1.1.2); params is nil where there are none.
func algorithmID(r *der.Reader, e *der.Element) (oid string, params *der.Element, err error) {
	if !e.Is(der.Universal, der.TagSequence) || !e.Constructed {
		return "", nil, der.Errorf(e.Offset, "an algorithm should be SEQUENCE and is %s", e.Name())
	}
	f := e.Fields()
	id, err := f.Must(der.Universal, der.TagOID, "the algorithm")
	if err != nil {
		return "", nil, err
	}
	if oid, err = r.OID(id); err != nil {
		return "", nil, err
	}
	params = f.Next()
	return oid, params, f.End("an algorithm")
}

// readPSS reads RSASSA-PSS-params (RFC 4055 §3.1); what is absent has its default, SHA-1 and 20.
func readPSS(r *der.Reader, e, params *der.Element) (Algorithm, error) {
	a := Algorithm{OID: oidPSS, Scheme: RSAPSS, Hash: crypto.SHA1, MGF: crypto.SHA1, Salt: 20, Raw: e.Raw}
	if params == nil || r.Null(params) == nil {
		r.Note(AlgorithmParameters, e.Offset, "RSASSA-PSS without parameters; the defaults are taken")
		return a, nil
	}
	if !params.Is(der.Universal, der.TagSequence) {
		return a, der.Errorf(params.Offset, "the parameters of RSASSA-PSS should be SEQUENCE and are %s", params.Name())
	}
	for _, p := range params.Children {
		if p.Class != der.Context {
			return a, der.Errorf(p.Offset, "RSASSA-PSS has the parameter %s", p.Name())
		}
		in, err := p.Explicit("a parameter of RSASSA-PSS")
		if err != nil {
			return a, err
		}
		if err := a.pssParameter(r, p.Tag, in); err != nil {
			return a, err
		}
	}
	return a, nil
}

func (a *Algorithm) pssParameter(r *der.Reader, tag int, in *der.Element) (err error) {
	switch tag {
	case 0:
		a.Hash, _, err = ReadHash(r, in)
	case 1:
		oid, of, err := algorithmID(r, in)
		if err != nil {
			return err
		}
		if oid != oidMGF1 || of == nil {
			a.Scheme = ""
			return nil
		}
		if a.MGF, _, err = ReadHash(r, of); err != nil {
			return err
		}
		if a.MGF == 0 {
			a.Scheme = ""
		}
	case 2:
		a.Salt, err = r.Small(in, "the length of the salt")
	case 3:
		n, e := r.Small(in, "the trailer field")
		if err = e; err == nil && n != 1 {
			a.Scheme = ""
		}
	default:
		err = der.Errorf(in.Offset, "RSASSA-PSS has a parameter [%d]", tag)
	}
	return err
}

func saltDetail(declared, is int) string {
	return fmt.Sprintf("declared %d bytes, is %d", declared, is)
}

// Reason says why a signature was not found good.
type Reason string

// The reasons.
const (
	SignatureWrong       Reason = "signature-wrong"
	SignatureMalformed   Reason = "signature-malformed"
	AlgorithmUnsupported Reason = "algorithm-unsupported"
	KeyMismatch          Reason = "key-of-other-algorithm"
	IssuerMissing        Reason = "issuer-missing" // no certificate of the signer's issuer is at hand
)

// SignatureError is a signature that was not found good.
type SignatureError struct {
	Reason Reason
	Detail string
}

// Error is the reason with its detail.
func (e *SignatureError) Error() string {
	return strings.TrimSuffix(string(e.Reason)+": "+e.Detail, ": ")
}

func sigErr(r Reason, format string, args []any) error {
	return &SignatureError{Reason: r, Detail: fmt.Sprintf(format, args...)}
}

func wrong(format string, args ...any) error       { return sigErr(SignatureWrong, format, args) }
func malformed(format string, args ...any) error   { return sigErr(SignatureMalformed, format, args) }
func unsupported(format string, args ...any) error { return sigErr(AlgorithmUnsupported, format, args) }

func wrongKey(a Algorithm, k *PublicKey) error {
	return sigErr(KeyMismatch, "%s by a key of %s", []any{a.name(), k.Name()})
}
