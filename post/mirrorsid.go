package post

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"marz"
	"marz/folder"
	"marz/journal"
)

// clientFile holds the certificate and key with which the node shows other nodes who it is. They know it by the key, so that it is made once and kept.
const clientFile = "client.pem"

// Identity is what a headquarters has to know of a post to keep a mirror of its journal.
type Identity struct {
	Post   marz.PostID `toml:"post"`
	Origin marz.Origin `toml:"origin"`
	Key    string      `toml:"key"`    // the journal's verifier key
	Client string      `toml:"client"` // hex SHA-256 of the SubjectPublicKeyInfo of the certificate that the node shows
}

// ReadIdentity returns the identity of the post of a data folder, which may be running. Where the node has no certificate yet one is made.
func ReadIdentity(ctx context.Context, dir string) (Identity, error) {
	created, _, err := journal.Peek(ctx, dir)
	if err != nil {
		return Identity{}, err
	}
	name, _, _ := strings.Cut(created.Key, "+")
	cert, err := clientCert(dir, marz.Origin(name))
	if err != nil {
		return Identity{}, err
	}
	return Identity{Post: created.Post, Origin: marz.Origin(name), Key: created.Key, Client: folder.KeyOf(cert.Leaf)}, nil
}

// clientCert returns the node's certificate and makes it where there is none.
func clientCert(dir string, origin marz.Origin) (tls.Certificate, error) {
	path := filepath.Join(dir, keyDir, clientFile)
	bad := func(fix string, err error) (tls.Certificate, error) {
		return tls.Certificate{}, &marz.Error{Op: "read the node's certificate", Subject: path, Fix: fix, Err: err}
	}
	_, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		if err := makeClientCert(dir, origin); err != nil {
			return bad("it could not be made", err)
		}
	}
	cert, err := tls.LoadX509KeyPair(path, path)
	if err != nil {
		return bad("it cannot be used. Put it back from where it is kept; or remove it, and have the new one that is then made enrolled at each headquarters", err)
	}
	return cert, nil
}

// makeClientCert makes a certificate unless another process did meanwhile.
func makeClientCert(dir string, origin marz.Origin) error {
	draft := fmt.Sprintf("%s.%d", clientFile, os.Getpid())
	whole := filepath.Join(dir, keyDir, draft)
	defer os.Remove(whole)
	if err := folder.MakeSelfSigned(dir, draft, string(origin), time.Now()); err != nil {
		return err
	}
	if err := os.Link(whole, filepath.Join(dir, keyDir, clientFile)); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	return nil
}
