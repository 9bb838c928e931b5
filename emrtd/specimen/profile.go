package specimen

import (
	"cmp"
	"crypto"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"marz/emrtd/chip"
	"marz/emrtd/curve"
	"marz/emrtd/testpki"
)

// Profile describes a document. The zero value of a field takes its default, as Defaults says.
type Profile struct {
	Zone       string   `toml:"zone"`   // printed, its lines apart by \n or joined
	CAN        string   `toml:"can"`    // the card access number, which opens by PACE
	Access     []string `toml:"access"` // "open" alone, or of "bac", "pace" (generic mapping) and "cam" (chip authentication mapping)
	Curve      string   `toml:"curve"`  // of PACE and chip authentication
	Cipher     string   `toml:"cipher"` // of both: "3des", "aes128", "aes192" or "aes256"
	Prove      []string `toml:"prove"`  // how the chip shows that it is no copy beside cam: "chip" for chip authentication, "active-rsa" or "active-ec"; "none" alone for no way
	Signer     string   `toml:"signer"` // the key and hash of the documents' signer, as ParseKind reads it
	CSCA       string   `toml:"csca"`   // and of the issuing authority
	SODVersion int      `toml:"sod"`    // the version of EF.SOD, 0 or 1
	Issuer     *Issuer  `toml:"-"`      // of several documents; nil: one is made for this one
	Portrait   []byte   `toml:"-"`      // a JPEG; nil: one is drawn
	Faults     []string `toml:"faults"` // what is wrong with it, as FaultWords says
	ShortOnly  bool     `toml:"short"`  // the chip refuses commands of extended length
}

// Defaults are what a profile has where it says nothing.
var Defaults = Profile{
	Zone:   "P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<\nL898902C36UTO7408122F1204159ZE184226B<<<<<10", // ICAO 9303-4, appendix B
	CAN:    "123456",
	Access: []string{"bac", "pace"},
	Curve:  "brainpoolP256r1",
	Cipher: "aes128",
	Prove:  []string{"chip"},
	Signer: "brainpoolP256r1,explicit,sha256",
	CSCA:   "brainpoolP384r1,explicit,sha384",
}

func (p Profile) filled() Profile {
	d := Defaults
	p.Zone, p.CAN = cmp.Or(p.Zone, d.Zone), cmp.Or(p.CAN, d.CAN)
	p.Curve, p.Cipher = cmp.Or(p.Curve, d.Curve), cmp.Or(p.Cipher, d.Cipher)
	p.Signer, p.CSCA = cmp.Or(p.Signer, d.Signer), cmp.Or(p.CSCA, d.CSCA)
	if len(p.Access) == 0 {
		p.Access = d.Access
	}
	if len(p.Prove) == 0 {
		p.Prove = d.Prove
	}
	return p
}

var hashes = map[string]crypto.Hash{"sha1": crypto.SHA1, "sha224": crypto.SHA224, "sha256": crypto.SHA256, "sha384": crypto.SHA384, "sha512": crypto.SHA512}

// ParseKind reads a way of signing: "rsa2048" or the name of a curve, then in any order "pss" of RSA, "explicit" (the curve is written out) or "plain" (two numbers one after the other) of a curve, and a hash, for example "rsa3072,pss,sha256".
func ParseKind(s string) (testpki.Kind, error) {
	k := testpki.Kind{Hash: crypto.SHA256}
	words := strings.Split(s, ",")
	if bits, ok := strings.CutPrefix(strings.ToLower(words[0]), "rsa"); ok {
		n, err := strconv.Atoi(strings.TrimPrefix(bits, "-"))
		if err != nil || n < 1024 || n > 4096 {
			return k, badKind(s, "an RSA key has 1024 to 4096 bits")
		}
		k.Bits = n
	} else if c := curve.ByName(words[0]); c != nil {
		k.Curve = c.Name()
	} else {
		return k, badKind(s, "begin with rsa2048 or the name of a curve: "+curveNames())
	}
	for _, w := range words[1:] {
		h, isHash := hashes[strings.ReplaceAll(strings.ToLower(w), "-", "")]
		switch {
		case isHash:
			k.Hash = h
		case w == "pss" && k.Bits > 0:
			k.PSS = true
		case w == "explicit" && k.Curve != "":
			k.Explicit = true
		case w == "plain" && k.Curve != "":
			k.Plain = true
		default:
			return k, badKind(s, fmt.Sprintf("%.20q is nothing that belongs to such a key", w))
		}
	}
	return k, nil
}

func badKind(s, fix string) error { return invalid(fmt.Sprintf("the key %.60q", s), fix) }

func curveNames() string {
	var out []string
	for _, c := range curve.Known() {
		out = append(out, c.Name())
	}
	return strings.Join(out, ", ")
}

var ciphers = []string{"3des", "aes128", "aes192", "aes256"}

// cipher is the number of the profile's cipher in object identifiers, 1 to 4.
func (p Profile) cipher() (byte, error) {
	i := slices.Index(ciphers, p.Cipher)
	if i < 0 {
		return 0, invalid(fmt.Sprintf("the cipher %.20q", p.Cipher), "take one of "+strings.Join(ciphers, ", "))
	}
	return byte(i + 1), nil
}

// faults are a profile's faults, read.
type faults struct {
	chip.Faults
	wrongHash                     int // of this data group
	revoked, expired, unknownCSCA bool
}

// FaultWords explains the faults that a profile can have, in the order of help.
var FaultWords = [][2]string{
	{"wrong-hash=N", "data group N is not the signed one"},
	{"revoked", "the signer stands on the revocation list"},
	{"expired", "the signer's certificate was valid until yesterday"},
	{"unknown-csca", "an authority issued the document that the trust does not hold"},
	{"clone", "the chip has all files of the document, and not its secret keys"},
	{"drop=N", "the document is lifted at command N"},
	{"spoil=N", "one bit of the answer to command N is another"},
	{"forget=N", "the chip loses its channel at command N"},
	{"cut=FILE", "a file ends at half of its length: DG1 to DG16, COM or SOD"},
	{"missing=FILE", "a file is not there"},
}

func parseFaults(list []string) (faults, error) {
	var f faults
	for _, s := range list {
		word, arg, _ := strings.Cut(s, "=")
		n, numberErr := strconv.Atoi(arg)
		file, fileErr := parseFile(arg)
		set := map[string]func(){
			"wrong-hash": func() { f.wrongHash = n }, "drop": func() { f.DropAt = n }, "spoil": func() { f.SpoilAt = n }, "forget": func() { f.Forget = n },
			"cut": func() { f.Cut = file }, "missing": func() { f.Missing = file },
			"revoked": func() { f.revoked = true }, "expired": func() { f.expired = true }, "unknown-csca": func() { f.unknownCSCA = true }, "clone": func() { f.Copy = true },
		}[word]
		switch ofFile := word == "cut" || word == "missing"; {
		case set == nil:
			return f, invalid(fmt.Sprintf("the fault %.30q", s), "there is no such; marz card serve --help lists them")
		case ofFile && fileErr != nil:
			return f, invalid(fmt.Sprintf("the fault %.30q", s), "name a file: DG1 to DG16, COM or SOD")
		case slices.Contains([]string{"wrong-hash", "drop", "spoil", "forget"}, word) && (numberErr != nil || n < 1 || word == "wrong-hash" && n > 16):
			return f, invalid(fmt.Sprintf("the fault %.30q", s), "give a number after =")
		}
		set()
	}
	return f, nil
}

func parseFile(s string) (chip.File, error) {
	switch s {
	case "COM":
		return chip.EFCOM, nil
	case "SOD":
		return chip.EFSOD, nil
	}
	n, err := strconv.Atoi(strings.TrimPrefix(s, "DG"))
	if err != nil || n < 1 || n > 16 || !strings.HasPrefix(s, "DG") {
		return 0, fmt.Errorf("no file")
	}
	return chip.DG(n), nil
}
