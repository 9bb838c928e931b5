// Package folder is what the data folders of all nodes have alike, beside their journals: files that are written whole or not at all, secrets of which only the digest is
// kept, the configuration as strict TOML, and the local certificate authority by which browsers know the node.
package folder

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/BurntSushi/toml"

	"marz"
)

// Keys is the folder of private keys within a data folder.
const Keys = "keys"

// Make makes a data folder that is empty or absent. build fills a folder beside it, which takes its place when it is whole: on an error nothing that can be mistaken for a
// node is left behind.
func Make(dir string, build func(dir string) error) error {
	if entries, err := os.ReadDir(dir); err == nil && len(entries) > 0 || err != nil && !os.IsNotExist(err) {
		return &marz.Error{Code: marz.Conflict, Op: "init", Subject: dir, Fix: "the folder is not empty; give a new one", Err: err}
	}
	fresh := strings.TrimRight(dir, "/") + ".new"
	err := os.MkdirAll(filepath.Dir(fresh), 0o755)
	if err == nil {
		err = os.Mkdir(fresh, 0o700)
	}
	if err != nil {
		return &marz.Error{Op: "init", Subject: fresh, Fix: "remove what an earlier attempt left there, or choose another folder", Err: err}
	}
	defer os.RemoveAll(fresh)
	if err := os.Mkdir(filepath.Join(fresh, Keys), 0o700); err != nil {
		return &marz.Error{Op: "init", Subject: fresh, Err: err}
	}
	if err := build(fresh); err != nil {
		return err
	}
	if err := os.Remove(dir); err != nil && !os.IsNotExist(err) {
		return &marz.Error{Op: "init", Subject: dir, Err: err}
	}
	if err := os.Rename(fresh, dir); err != nil {
		return &marz.Error{Op: "init", Subject: dir, Err: err}
	}
	return nil
}

// Write writes a whole file or none: beside it, synced, then renamed over it.
func Write(path string, data []byte, mode os.FileMode) error {
	f, err := os.OpenFile(path+".new", os.O_WRONLY|os.O_CREATE|os.O_TRUNC, mode)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	if err == nil {
		err = f.Sync()
	}
	if e := f.Close(); err == nil {
		err = e
	}
	if err == nil {
		err = os.Rename(path+".new", path)
	}
	if err != nil {
		os.Remove(path + ".new")
	}
	return err
}

// ReadKey reads a key that is one line of text. what says which, for people.
func ReadKey(dir, file, what string) (string, error) {
	path := filepath.Join(dir, Keys, file)
	b, err := os.ReadFile(path)
	if err != nil {
		return "", &marz.Error{Code: marz.NotFound, Op: "open node", Subject: path, Fix: what + " is missing; put it back from where it is kept", Err: err}
	}
	return strings.TrimSpace(string(b)), nil
}

// ReadConfig reads a file of TOML whose every key must be known. absent says what to do where there is none.
func ReadConfig(path, absent string, into any) error {
	meta, err := toml.DecodeFile(path, into)
	switch {
	case os.IsNotExist(err):
		return &marz.Error{Code: marz.NotFound, Op: "read", Subject: path, Fix: absent}
	case os.IsPermission(err):
		return &marz.Error{Code: marz.Invalid, Op: "read", Subject: path, Fix: "this user may not read it; run as the owner of the folder", Err: err}
	case err != nil:
		return &marz.Error{Code: marz.Invalid, Op: "read", Subject: path, Fix: "correct the TOML", Err: err}
	}
	if keys := meta.Undecoded(); len(keys) > 0 {
		return &marz.Error{Code: marz.Invalid, Op: "read", Subject: path, Fix: fmt.Sprintf("the key %q is not known; correct or remove it", keys[0].String())}
	}
	return nil
}

// Secret returns 32 random bytes for a cookie or a link.
func Secret(random io.Reader) (string, error) {
	b := make([]byte, 32)
	if _, err := io.ReadFull(random, b); err != nil {
		return "", &marz.Error{Op: "draw a secret", Err: err}
	}
	return base64.RawURLEncoding.EncodeToString(b), nil
}

// Keyed returns a digest of parts, in hex, that nobody can make without the key. what sets uses of one key apart.
func Keyed(key []byte, what string, parts ...string) string {
	m := hmac.New(sha256.New, key)
	io.WriteString(m, what)
	for _, s := range parts {
		m.Write([]byte{0})
		io.WriteString(m, s)
	}
	return hex.EncodeToString(m.Sum(nil))
}

// Digest returns what a journal keeps of a secret that was given out: its SHA-256 in hex.
func Digest(secret string) string {
	sum := sha256.Sum256([]byte(secret))
	return hex.EncodeToString(sum[:])
}
