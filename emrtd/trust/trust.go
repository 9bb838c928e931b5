// Package trust keeps, in a folder of a post, what travel documents are checked against: certificates, master lists, revocation lists and exports of ICAO's directory, as versions one
// after the other.
//
// It owns the folder and its form. It promises:
//
//   - The version in force is the newest one, whole. A crash at any step of writing leaves the one before in force.
//   - A version is proven anew whenever it is opened: every file by its digest, every list by its signature (emrtd.TrustBuilder). A damaged one is an error, and never quietly an older one.
//   - Earlier versions stay. Going back to one is a version of its own, so that what was in force when can always be told.
//   - Older lists do not take the place of newer ones unless somebody says so in words.
//   - No clock is read: instants are the caller's.
//
// The folder holds files/SHA256, each file as it was given, and versions/NUMBER.json, each naming its files. Nothing in it is secret or personal; who can write to it decides who is trusted.
package trust

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"marz"
	"marz/emrtd"
)

// Version is one state of a store.
type Version struct {
	Form   int          `json:"v"` // of the file, 1
	Number int          `json:"number"`
	At     marz.Instant `json:"at"`     // when it was made, by its maker's clock
	Digest string       `json:"digest"` // SHA-256 over the kinds and digests of its files: two versions with the same files have the same
	Files  []File       `json:"files"`
	Notes  []string     `json:"notes,omitempty"`  // what was refused or passed over when it was made, with the reason, and what was believed as it stands
	Older  string       `json:"older,omitempty"`  // why an older list was taken in on purpose, in its maker's words
	Back   int          `json:"backto,omitempty"` // it goes back to this version; 0: it was imported
}

// File is one file of a version.
type File struct {
	Name   string          `json:"name"` // as it was given, without its folder
	Kind   emrtd.GivenKind `json:"kind"`
	SHA256 string          `json:"sha256"`
	Of     string          `json:"of,omitempty"`     // whose it is: a newer file of the same kind and owner takes its place. "" for a certificate
	Signed marz.Instant    `json:"signed,omitempty"` // when, by its signer's word
}

// Open returns what the version in force of a store trusts, and which version that is.
func Open(folder string) (emrtd.Trust, Version, error) { return At(folder, OS{}).Open() }

// InForce returns the version in force without reading its files: whether there is something new to Open.
func InForce(folder string) (Version, error) { return At(folder, OS{}).InForce() }

// Store is a folder of versions.
type Store struct {
	folder string
	disk   Disk
}

// At returns the store of a folder, which need not exist yet.
func At(folder string, disk Disk) *Store { return &Store{folder, disk} }

// Open returns what the version in force trusts.
func (s *Store) Open() (emrtd.Trust, Version, error) {
	v, err := s.InForce()
	if err != nil {
		return emrtd.Trust{}, v, err
	}
	content, err := s.contents(v)
	if err != nil {
		return emrtd.Trust{}, v, err
	}
	built, err := build(v.Files, content)
	return built.trust, v, err
}

// Files returns the files of the version in force, each proven by its digest, for who takes them together with others (emrtd.TrustBuilder).
func (s *Store) Files() ([]Given, Version, error) {
	v, err := s.InForce()
	if err != nil {
		return nil, v, err
	}
	content, err := s.contents(v)
	var out []Given
	for _, f := range v.Files {
		out = append(out, Given{f.Name, content[f.SHA256]})
	}
	return out, v, err
}

// InForce returns the version in force.
func (s *Store) InForce() (Version, error) {
	numbers, err := s.numbers()
	if err != nil {
		return Version{}, err
	}
	if len(numbers) == 0 {
		return Version{}, &marz.Error{Code: marz.NotFound, Op: "open trust", Subject: s.folder, Fix: "the folder holds no version yet; marz masterlist import --store makes the first one"}
	}
	return s.Version(numbers[len(numbers)-1])
}

// History returns all versions, the newest first. One that cannot be read is an error in its place: the others are returned all the same.
func (s *Store) History() ([]Version, error) {
	numbers, err := s.numbers()
	if err != nil {
		return nil, err
	}
	slices.Reverse(numbers)
	var out []Version
	for _, n := range numbers {
		v, e := s.Version(n)
		if e != nil {
			err = e
			continue
		}
		out = append(out, v)
	}
	return out, err
}

// Version reads one version and checks its digest.
func (s *Store) Version(number int) (Version, error) {
	path := s.path(number)
	b, err := s.disk.ReadFile(path)
	if missing(err) {
		return Version{}, &marz.Error{Code: marz.NotFound, Op: "read version of trust", Subject: path, Fix: "there is no such version; marz masterlist history lists them"}
	}
	if err != nil {
		return Version{}, &marz.Error{Code: marz.Internal, Op: "read version of trust", Subject: path, Err: err}
	}
	v := Version{}
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	if err := d.Decode(&v); err != nil || d.More() || v.Form != 1 || v.Number != number || v.Digest != digest(v.Files) {
		return Version{}, &marz.Error{Code: marz.Invalid, Op: "read version of trust", Subject: path, Fix: "it is damaged, or of a newer Marz; import all anew with --whole, or go back with marz masterlist rollback", Err: err}
	}
	return v, nil
}

func (s *Store) path(number int) string {
	return join(s.folder, "versions", fmt.Sprintf("%06d.json", number))
}

// numbers are those of the versions that are there, in order.
func (s *Store) numbers() ([]int, error) {
	names, err := s.disk.List(join(s.folder, "versions"))
	if missing(err) {
		return nil, nil
	}
	if err != nil {
		return nil, &marz.Error{Code: marz.Internal, Op: "read trust", Subject: s.folder, Err: err}
	}
	var out []int
	for _, name := range names {
		base, ok := strings.CutSuffix(name, ".json")
		n, err := strconv.Atoi(base)
		if ok && err == nil && n > 0 {
			out = append(out, n)
		}
	}
	slices.Sort(out)
	return out, nil
}

// digest is over the kinds and digests of files, in an order of its own.
func digest(files []File) string {
	lines := make([]string, len(files))
	for i, f := range files {
		lines[i] = string(f.Kind) + " " + f.SHA256 + "\n"
	}
	slices.Sort(lines)
	return sum([]byte(strings.Join(lines, "")))
}

func sum(b []byte) string {
	h := sha256.Sum256(b)
	return hex.EncodeToString(h[:])
}

// contents reads the files of a version, each proven by its digest.
func (s *Store) contents(v Version) (map[string][]byte, error) {
	out := map[string][]byte{}
	for _, f := range v.Files {
		path := join(s.folder, "files", f.SHA256)
		b, err := s.disk.ReadFile(path)
		if err != nil || sum(b) != f.SHA256 {
			return nil, &marz.Error{Code: marz.Invalid, Op: "open trust", Subject: fmt.Sprintf("%s, version %d", path, v.Number),
				Fix: fmt.Sprintf("the file %q is missing or damaged; import all anew with --whole, or go back with marz masterlist rollback", f.Name), Err: err}
		}
		out[f.SHA256] = b
	}
	return out, nil
}

// built is what files amount to.
type built struct {
	trust emrtd.Trust
	notes []string
}

// build proves files and gathers what they trust.
func build(files []File, content map[string][]byte) (built, error) {
	b := emrtd.NewTrustBuilder()
	for _, f := range files {
		if err := b.Add(f.Name, content[f.SHA256]); err != nil {
			return built{}, err
		}
	}
	t, err := b.Trust()
	return built{t, b.Notes}, err
}
