// Command sigspeed verifies signatures that OpenSSL made, on one core, and prints how many a second beside what OpenSSL verifies in the same run. Like `openssl speed` it counts the
// processor's time and not the clock's. The two take turns, and the best of the turns counts for each, since neighbours on a shared machine only ever slow down. It judges nothing.
package main

import (
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/asn1"
	"fmt"
	"log"
	"math/big"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"

	"marz/emrtd/curve"
	"marz/emrtd/rsasig"
)

const turns = 3

var message = []byte("what is signed")

// subject is a kind of signature: its name at `openssl speed`, and how one of them is verified here.
type subject struct {
	name   string
	verify func() error
}

func main() {
	log.SetFlags(0)
	runtime.GOMAXPROCS(1)
	folder, err := os.MkdirTemp("", "sigspeed")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(folder)
	fmt.Println("verifies a second of one core's time      here   OpenSSL   ratio")
	for _, s := range []subject{
		{"ecdsabrp256r1", ecdsa(folder, "brainpoolP256r1")}, {"ecdsabrp384r1", ecdsa(folder, "brainpoolP384r1")}, {"ecdsabrp512r1", ecdsa(folder, "brainpoolP512r1")},
		{"ecdsap256", ecdsa(folder, "prime256v1")}, {"ecdsap384", ecdsa(folder, "secp384r1")}, {"rsa2048", pkcs1(folder, "2048")}, {"rsa4096", pkcs1(folder, "4096")},
	} {
		var here, there float64
		for range turns {
			here = max(here, measure(s.verify))
			there = max(there, speed(s.name))
		}
		fmt.Printf("%-36s %9.0f %9.0f %7.2f\n", s.name, here, there, here/there)
	}
}

func openssl(args ...string) []byte {
	out, err := exec.Command("openssl", args...).Output()
	if err != nil {
		log.Fatalf("openssl %v: %v", args, err)
	}
	return out
}

// sign makes a key with OpenSSL and signs the message with it. It returns the public key as SubjectPublicKeyInfo, and the signature.
func sign(folder string, generate ...string) (public, signature []byte) {
	key, file := filepath.Join(folder, "key"), filepath.Join(folder, "message")
	if err := os.WriteFile(file, message, 0o600); err != nil {
		log.Fatal(err)
	}
	openssl(append(generate, "-out", key)...)
	return openssl("pkey", "-in", key, "-pubout", "-outform", "DER"), openssl("dgst", "-sha256", "-sign", key, file)
}

func ecdsa(folder, name string) func() error {
	c := curve.ByName(name)
	public, der := sign(folder, "genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:"+name)
	key, err := c.Unmarshal(public[len(public)-1-2*c.ByteLen():])
	if err != nil {
		log.Fatal(err)
	}
	var signature struct{ R, S *big.Int }
	if _, err := asn1.Unmarshal(der, &signature); err != nil {
		log.Fatal(err)
	}
	digest := sha256.Sum256(message)
	return func() error { return c.Verify(key, digest[:], signature.R, signature.S) }
}

func pkcs1(folder, bits string) func() error {
	public, signature := sign(folder, "genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:"+bits)
	parsed, err := x509.ParsePKIXPublicKey(public)
	if err != nil {
		log.Fatal(err)
	}
	standard := parsed.(*rsa.PublicKey)
	key, err := rsasig.NewKey(standard.N, big.NewInt(int64(standard.E)))
	if err != nil {
		log.Fatal(err)
	}
	digest := sha256.Sum256(message)
	return func() error {
		_, err := key.VerifyPKCS1v15(crypto.SHA256, digest[:], signature)
		return err
	}
}

// measure returns how often a second verify runs, by the processor's time of a second of it.
func measure(verify func() error) float64 {
	begin, n := processorTime(), 0
	for processorTime()-begin < time.Second {
		for range 50 {
			if err := verify(); err != nil {
				log.Fatal(err)
			}
		}
		n += 50
	}
	return float64(n) / (processorTime() - begin).Seconds()
}

func processorTime() time.Duration {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		log.Fatal(err)
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

// speed returns the verifies a second of `openssl speed`: the last number of its table.
func speed(name string) float64 {
	words := strings.Fields(string(openssl("speed", "-seconds", "1", name)))
	rate, err := strconv.ParseFloat(words[len(words)-1], 64)
	if err != nil {
		log.Fatalf("openssl speed %s ends with %q", name, words[len(words)-1])
	}
	return rate
}
