package passkey

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"io"
	"slices"

	"github.com/go-webauthn/webauthn/protocol"
)

// readBody reads a whole response, and refuses one longer than MaxBody without reading further.
func readBody(op string, body io.Reader) ([]byte, error) {
	b, err := io.ReadAll(io.LimitReader(body, MaxBody+1))
	if err != nil {
		return nil, fail(op, "", ErrMalformed, err)
	}
	if len(b) > MaxBody {
		return nil, fail(op, "", ErrMalformed, fmt.Errorf("longer than %d bytes", MaxBody))
	}
	return b, nil
}

// examine checks what a response says of site and user before its signature is looked at: the library checks the same
// again, but folds letter case and default ports of origins and does not say which of the checks failed.
func examine(host string, origins []string, client protocol.CollectedClientData, auth protocol.AuthenticatorData) error {
	rp := sha256.Sum256([]byte(host))
	switch {
	case !slices.Contains(origins, client.Origin), client.CrossOrigin, !bytes.Equal(auth.RPIDHash, rp[:]):
		return ErrWrongOrigin
	case !auth.Flags.UserPresent(), !auth.Flags.UserVerified():
		return ErrNotVerified
	}
	return nil
}
