// Package saved keeps RSA keys that were made once, since making them takes longer than all else that tests do. They protect nothing: they are in everybody's hands.
package saved

import (
	"crypto/rsa"
	"crypto/x509"
	"embed"
	"fmt"
)

//go:embed keys
var files embed.FS

// Key returns the n-th key of a size, counted from 0; nil where there is none.
func Key(bits, n int) *rsa.PrivateKey {
	raw, err := files.ReadFile(fmt.Sprintf("keys/%d-%d", bits, n))
	if err != nil {
		return nil
	}
	k, err := x509.ParsePKCS1PrivateKey(raw)
	if err != nil {
		panic(err) // the file is part of this package
	}
	return k
}
