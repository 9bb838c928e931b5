package post

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"marz"
	"marz/folder"
)

// The form of sealed bytes (docs/spec/sealed.md): sealMark ‖ key id ‖ nonce ‖ ciphertext with tag. The additional data are mark, key id and what it is.
const (
	sealMark   = "marz/sealed/v1\n"
	keyMark    = "marz/data-key/v1\n" // before the key, in what its id is the digest of
	sealHead   = len(sealMark) + len(keyID{})
	sealNonce  = 12
	dataKeyLen = 32
)

// keyID names a data key without giving it away.
type keyID [8]byte

func (k keyID) String() string { return hex.EncodeToString(k[:]) }

// dataKey is the key under which one authority's own data lies at this node. Whoever destroys it destroys all of that data, wherever copies of it are.
type dataKey struct {
	id   keyID
	aead cipher.AEAD
}

func newDataKey(secret []byte) (*dataKey, error) {
	block, err := aes.NewCipher(secret)
	if err != nil {
		return nil, err
	}
	k := &dataKey{}
	if k.aead, err = cipher.NewGCM(block); err != nil {
		return nil, err
	}
	sum := sha256.Sum256(append([]byte(keyMark), secret...))
	copy(k.id[:], sum[:])
	return k, nil
}

// seal closes plain bytes. What says what they are, and the same has to be said to open them: nothing can be put in another's place.
func (k *dataKey) seal(random io.Reader, what string, plain []byte) ([]byte, error) {
	out := make([]byte, sealHead+sealNonce, sealHead+sealNonce+len(plain)+k.aead.Overhead())
	copy(out, sealMark)
	copy(out[len(sealMark):], k.id[:])
	nonce := out[sealHead:]
	if _, err := io.ReadFull(random, nonce); err != nil {
		return nil, &marz.Error{Op: "seal", Subject: what, Fix: "the machine gives no randomness", Err: err}
	}
	return k.aead.Seal(out, nonce, plain, append(bytes.Clone(out[:sealHead]), what...)), nil
}

// open opens what seal closed.
func (k *dataKey) open(what string, sealed []byte) ([]byte, error) {
	bad := func(fix string) ([]byte, error) {
		return nil, &marz.Error{Code: marz.Invalid, Op: "open sealed data", Subject: what, Fix: fix}
	}
	id, ok := sealedUnder(sealed)
	switch {
	case !ok || len(sealed) < sealHead+sealNonce+k.aead.Overhead():
		return bad("it is not sealed data of Marz")
	case id != k.id:
		return bad(fmt.Sprintf("it is sealed under the key %s, and the key here is %s; put the right one back", id, k.id))
	}
	plain, err := k.aead.Open(nil, sealed[sealHead:sealHead+sealNonce], sealed[sealHead+sealNonce:], append(bytes.Clone(sealed[:sealHead]), what...))
	if err != nil {
		return bad("it has been altered, or is something else than this")
	}
	return plain, nil
}

// sealedUnder returns the id of the key under which bytes are sealed.
func sealedUnder(sealed []byte) (id keyID, ok bool) {
	if len(sealed) < sealHead || string(sealed[:len(sealMark)]) != sealMark {
		return id, false
	}
	copy(id[:], sealed[len(sealMark):])
	return id, true
}

// dataKeys are the data keys in the folder of keys, one file an authority.
type dataKeys struct {
	dir    string
	random io.Reader
	mu     sync.Mutex
	read   map[marz.AuthorityID]*dataKey
}

func newDataKeys(dir string, random io.Reader) *dataKeys {
	if random == nil {
		random = rand.Reader
	}
	return &dataKeys{dir: filepath.Join(dir, keyDir), random: random, read: map[marz.AuthorityID]*dataKey{}}
}

func (d *dataKeys) path(authority marz.AuthorityID) string {
	return filepath.Join(d.dir, "data-"+string(authority)+".key")
}

// get returns an authority's data key, or marz.NotFound.
func (d *dataKeys) get(authority marz.AuthorityID) (*dataKey, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.load(authority)
}

func (d *dataKeys) load(authority marz.AuthorityID) (*dataKey, error) {
	if k := d.read[authority]; k != nil {
		return k, nil
	}
	path := d.path(authority)
	b, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, &marz.Error{Code: marz.NotFound, Op: "read data key", Subject: path, Fix: "the key of the data of " + string(authority) + " is missing; put it back from where it is kept"}
	}
	if err != nil {
		return nil, &marz.Error{Op: "read data key", Subject: path, Err: err}
	}
	secret, err := hex.DecodeString(strings.TrimSpace(string(b)))
	if err != nil || len(secret) != dataKeyLen {
		return nil, &marz.Error{Code: marz.Invalid, Op: "read data key", Subject: path, Fix: "it is not 32 bytes in hex; put the right one back from where it is kept"}
	}
	k, err := newDataKey(secret)
	if err == nil {
		d.read[authority] = k
	}
	return k, err
}

// draw returns an authority's data key, and makes it when there is none.
func (d *dataKeys) draw(authority marz.AuthorityID) (*dataKey, error) {
	if err := authority.Validate(); err != nil {
		return nil, err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	k, err := d.load(authority)
	if marz.CodeOf(err) != marz.NotFound {
		return k, err
	}
	secret := make([]byte, dataKeyLen)
	if _, err := io.ReadFull(d.random, secret); err != nil {
		return nil, &marz.Error{Op: "make data key", Subject: d.path(authority), Err: err}
	}
	err = folder.Write(d.path(authority), []byte(hex.EncodeToString(secret)+"\n"), 0o600)
	if err == nil {
		err = syncDir(d.dir) // before anything is sealed under it
	}
	if err != nil {
		return nil, &marz.Error{Op: "make data key", Subject: d.path(authority), Err: err}
	}
	return d.load(authority)
}

// destroy is the point of no return for all that is sealed under an authority's key. A key that is not there is destroyed already.
func (d *dataKeys) destroy(authority marz.AuthorityID) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.read, authority)
	return shred(d.path(authority))
}

// seal closes an authority's own data.
func (d *dataKeys) seal(authority marz.AuthorityID, what string, plain []byte) ([]byte, error) {
	k, err := d.get(authority)
	if err != nil {
		return nil, err
	}
	return k.seal(d.random, what, plain)
}

// open opens an authority's own data.
func (d *dataKeys) open(authority marz.AuthorityID, what string, sealed []byte) ([]byte, error) {
	k, err := d.get(authority)
	if err != nil {
		return nil, err
	}
	return k.open(what, sealed)
}

// shred overwrites a file, syncs it, removes it and syncs its folder, so that it is gone after a power cut too. A copy that the file system or the disk keeps
// elsewhere (a snapshot, a worn flash cell, a backup) it cannot reach.
func shred(path string) error {
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err == nil {
		err = overwrite(f)
	}
	if err == nil {
		err = os.Remove(path)
	}
	if err == nil {
		err = syncDir(filepath.Dir(path))
	}
	if err != nil {
		return &marz.Error{Op: "destroy", Subject: path, Fix: "it is not destroyed yet; it is tried again at the next start", Err: err}
	}
	return nil
}

func overwrite(f *os.File) error {
	info, err := f.Stat()
	if err == nil {
		_, err = io.CopyN(f, zeros{}, info.Size())
	}
	if err == nil {
		err = f.Sync()
	}
	return errors.Join(err, f.Close())
}

// zeros reads as zero bytes without end.
type zeros struct{}

func (zeros) Read(b []byte) (int, error) {
	clear(b)
	return len(b), nil
}

func syncDir(path string) error {
	d, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// sharedRandom lets several goroutines read from one source of randomness.
type sharedRandom struct {
	mu sync.Mutex
	r  io.Reader
}

func (s *sharedRandom) Read(b []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.r.Read(b)
}
