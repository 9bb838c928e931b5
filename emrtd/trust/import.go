package trust

import (
	"encoding/json"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"marz"
	"marz/emrtd"
)

// Given is a file to take in.
type Given struct {
	Name    string // for people; its folder is not kept
	Content []byte
}

// Options of an import.
type Options struct {
	Older  string   // take lists that are older than those in force, and why, in words
	Whole  bool     // what is given is all that is trusted afterwards, and nothing of before stays
	Remove []string // digests, or their beginnings of 8 characters and more, of files that are in force and shall not be any more
}

// Plan is a version that was proven and is not written yet.
type Plan struct {
	Version Version // as it will be; its Number is settled when it is written
	Change  Change
	Before  Version // in force when it was planned; its Number is 0 for none

	store   *Store
	trust   emrtd.Trust
	last    int // the number of the newest version when it was planned
	content map[string][]byte
}

// Import plans a version of what is in force and what is given, at an instant. What is given takes the place of what is in force of the same kind and owner. It is an error when a master list's
// signature does not lead to a certificate of the version, and when a list is older than the one in force and nobody says why it shall be taken all the same.
func (s *Store) Import(given []Given, at marz.Instant, o Options) (*Plan, error) {
	p, err := s.plan()
	if err != nil && !o.Whole {
		return nil, err
	}
	files := p.Before.Files
	if o.Whole {
		files = nil
	}
	if files, err = without(files, o.Remove); err != nil {
		return nil, err
	}
	var older []string
	for _, g := range given {
		list, err := p.read(g)
		if err != nil {
			return nil, err
		}
		for _, f := range list {
			older = append(older, tooOld(f, p.Before.Files)...)
			files = replace(files, f)
		}
	}
	if len(older) > 0 && o.Older == "" {
		return nil, &marz.Error{Code: marz.Conflict, Op: "import trust", Subject: strings.Join(older, "; "), Fix: "nothing was changed; to take it all the same, say why with --older"}
	}
	if len(older) == 0 {
		o.Older = ""
	}
	return p.prove(Version{At: at, Files: files, Older: o.Older})
}

// Rollback plans a version that goes back to an earlier one; 0 stands for the one before the one in force.
func (s *Store) Rollback(number int, at marz.Instant) (*Plan, error) {
	numbers, err := s.numbers()
	if err != nil {
		return nil, err
	}
	if number == 0 {
		if len(numbers) < 2 {
			return nil, &marz.Error{Code: marz.NotFound, Op: "go back to earlier trust", Subject: s.folder, Fix: "there is no earlier version"}
		}
		number = numbers[len(numbers)-2]
	}
	v, err := s.Version(number)
	if err != nil {
		return nil, err
	}
	content, err := s.contents(v)
	if err != nil {
		return nil, err
	}
	p, _ := s.plan() // one goes back from a version that is damaged, too
	maps.Copy(p.content, content)
	return p.prove(Version{At: at, Files: v.Files, Back: number})
}

// plan begins a plan with the version in force and its contents. With an error, which says that those cannot be read, the plan begins with nothing.
func (s *Store) plan() (*Plan, error) {
	p := &Plan{store: s, content: map[string][]byte{}}
	numbers, err := s.numbers()
	if err != nil || len(numbers) == 0 {
		return p, err
	}
	p.last = numbers[len(numbers)-1]
	v, err := s.Version(p.last)
	if err != nil {
		return p, err
	}
	content, err := s.contents(v)
	if err == nil {
		p.Before, p.content = v, content
	}
	return p, err
}

// read reads one given file: as it is, or, of a file with several certificates, each by itself.
func (p *Plan) read(g Given) ([]File, error) {
	r, err := emrtd.ReadGiven(g.Name, g.Content)
	if err != nil {
		return nil, err
	}
	name := filepath.Base(g.Name)
	if r.Kind != emrtd.GivenCertificates {
		f := File{Name: name, Kind: r.Kind, SHA256: sum(g.Content), Of: r.Of()}
		if at := r.Signed(); !at.IsZero() {
			f.Signed = marz.InstantOf(at)
		}
		p.content[f.SHA256] = g.Content
		return []File{f}, nil
	}
	var out []File
	for _, c := range r.Certificates {
		f := File{Name: name, Kind: r.Kind, SHA256: c.Fingerprint()}
		p.content[f.SHA256] = c.Raw
		out = append(out, f)
	}
	return out, nil
}

// without takes files out.
func without(files []File, remove []string) ([]File, error) {
	out := slices.Clone(files)
	for _, r := range remove {
		n := len(out)
		if len(r) >= 8 {
			out = slices.DeleteFunc(out, func(f File) bool { return strings.HasPrefix(f.SHA256, strings.ToLower(r)) })
		}
		if len(out) != n-1 {
			return nil, &marz.Error{Code: marz.NotFound, Op: "import trust", Subject: fmt.Sprintf("--remove %.70q", r), Fix: "give the SHA-256 of one file that is in force, or its first 8 characters and more; marz masterlist history --files lists them"}
		}
	}
	return out, nil
}

// replace puts a file in, in the place of one of the same kind and owner.
func replace(files []File, f File) []File {
	out := slices.DeleteFunc(slices.Clone(files), func(o File) bool { return same(o, f) })
	return append(out, f)
}

func same(a, b File) bool {
	return a.SHA256 == b.SHA256 || a.Kind == b.Kind && a.Of == b.Of && a.Of != ""
}

// tooOld says of a file that it is older than the one in force whose place it would take, or that nothing tells which one is newer.
func tooOld(f File, before []File) []string {
	for _, o := range before {
		if !same(o, f) || o.SHA256 == f.SHA256 || o.Signed.IsZero() {
			continue
		}
		if f.Signed.IsZero() {
			return []string{fmt.Sprintf("%s says no time of signing, and the one in force is of %v", f.Name, o.Signed)}
		}
		if f.Signed < o.Signed {
			return []string{fmt.Sprintf("%s is of %v, and the one in force of %v", f.Name, f.Signed, o.Signed)}
		}
	}
	return nil
}

// prove builds what the planned version trusts, and compares it with what is in force.
func (p *Plan) prove(v Version) (*Plan, error) {
	slices.SortFunc(v.Files, func(a, b File) int { return strings.Compare(a.key(), b.key()) })
	after, err := build(v.Files, p.content)
	if err != nil {
		return nil, err
	}
	if len(after.trust.CSCAs.All()) == 0 {
		return nil, &marz.Error{Code: marz.Invalid, Op: "import trust", Subject: p.store.folder, Fix: "no certificate of an issuing authority would be trusted afterwards; give one"}
	}
	v.Form, v.Digest = 1, digest(v.Files)
	v.Notes = append(after.notes, after.trust.Unrelied()...)
	p.Version, p.trust = v, after.trust
	// What is in force was proven when it was written; when it is damaged beyond reading, all of the new one is new.
	old, _ := build(p.Before.Files, p.content)
	p.Change = change(old.trust, after.trust, p.Before.Files, v.Files)
	return p, nil
}

func (f File) key() string {
	return string(f.Kind) + "\x00" + f.Of + "\x00" + f.Name + "\x00" + f.SHA256
}

// Same reports whether the planned version holds what is in force already.
func (p *Plan) Same() bool { return p.Before.Number > 0 && p.Before.Digest == p.Version.Digest }

// Stale says which revocation lists of the planned version are past their next update at its instant (emrtd.Trust.Stale).
func (p *Plan) Stale() []string { return p.trust.Stale(p.Version.At) }

// Write puts the planned version in force and returns it. Whatever fails, what was in force before stays; after Write has returned, the new one is on the disk for good.
func (p *Plan) Write() (Version, error) {
	s := p.store
	for _, dir := range []string{"files", "versions"} {
		if err := s.disk.MkdirAll(join(s.folder, dir)); err != nil {
			return Version{}, failed("write trust", s.folder, err)
		}
	}
	release, err := s.disk.Lock(join(s.folder, "lock"))
	if err != nil {
		return Version{}, err
	}
	v, err := p.write()
	if e := release(); err == nil && e != nil {
		err = failed("write trust", s.folder, e)
	}
	return v, err
}

func (p *Plan) write() (Version, error) {
	s, v := p.store, p.Version
	numbers, err := s.numbers()
	if err != nil {
		return v, err
	}
	if len(numbers) > 0 && numbers[len(numbers)-1] != p.last {
		return v, &marz.Error{Code: marz.Conflict, Op: "write trust", Subject: s.folder, Fix: fmt.Sprintf("version %d was written meanwhile; do it again", numbers[len(numbers)-1])}
	}
	for _, f := range v.Files {
		if err := s.putFile(f.SHA256, p.content[f.SHA256]); err != nil {
			return v, failed("write trust", s.folder, err)
		}
	}
	v.Number = p.last + 1
	b, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return v, err
	}
	if err := s.putVersion(v.Number, append(b, '\n')); err != nil {
		return v, failed("write trust", s.folder, err)
	}
	return v, nil
}

// putFile writes a file's content unless it is there, whole.
func (s *Store) putFile(sha string, content []byte) error {
	path := join(s.folder, "files", sha)
	if b, err := s.disk.ReadFile(path); err == nil && sum(b) == sha {
		return nil
	}
	return put(s.disk, path, content)
}

// putVersion is the step that puts a version in force: the files that it names are on the disk for good before its name is.
func (s *Store) putVersion(number int, content []byte) error {
	for _, dir := range []string{join(s.folder, "files"), s.folder} {
		if err := s.disk.SyncDir(dir); err != nil {
			return err
		}
	}
	if err := put(s.disk, s.path(number), content); err != nil {
		return err
	}
	return s.disk.SyncDir(join(s.folder, "versions"))
}
