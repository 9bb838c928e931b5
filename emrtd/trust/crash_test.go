package trust

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"
	"testing"

	"marz"
)

// memory is a disk that loses what was not synced. It goes down for good before its step number fuse.
type memory struct {
	now, kept map[string]*file // names as a program sees them, and as they are after a crash
	dirs      map[string]bool
	fuse      int
	steps     int
	locked    bool
}

type file struct {
	now, kept []byte
}

var errDown = errors.New("the disk is down")

func newMemory() *memory {
	return &memory{now: map[string]*file{}, kept: map[string]*file{}, dirs: map[string]bool{}, fuse: -1}
}

// step counts a step that changes something, and reports whether the disk is still up.
func (m *memory) step() bool {
	m.steps++
	return m.fuse < 0 || m.steps <= m.fuse
}

func (m *memory) ReadFile(name string) ([]byte, error) {
	f := m.now[name]
	if f == nil {
		return nil, fs.ErrNotExist
	}
	return slices.Clone(f.now), nil
}

func (m *memory) List(dir string) ([]string, error) {
	if !m.dirs[dir] {
		return nil, fs.ErrNotExist
	}
	var out []string
	for name := range m.now {
		if path.Dir(name) == dir {
			out = append(out, path.Base(name))
		}
	}
	slices.Sort(out)
	return out, nil
}

func (m *memory) MkdirAll(dir string) error {
	if !m.step() {
		return errDown
	}
	m.dirs[dir] = true
	return nil
}

// WriteFile leaves half of the content when the disk goes down in it.
func (m *memory) WriteFile(name string, content []byte) error {
	f := m.now[name]
	if f == nil {
		f = &file{}
		m.now[name] = f
	}
	if !m.step() {
		f.now = slices.Clone(content[:len(content)/2])
		return errDown
	}
	f.now = slices.Clone(content)
	return nil
}

func (m *memory) Sync(name string) error {
	if !m.step() {
		return errDown
	}
	f := m.now[name]
	f.kept = slices.Clone(f.now)
	return nil
}

func (m *memory) Rename(from, to string) error {
	if !m.step() {
		return errDown
	}
	m.now[to] = m.now[from]
	delete(m.now, from)
	return nil
}

func (m *memory) SyncDir(dir string) error {
	if !m.step() {
		return errDown
	}
	maps.DeleteFunc(m.kept, func(name string, _ *file) bool { return path.Dir(name) == dir })
	for name, f := range m.now {
		if path.Dir(name) == dir {
			m.kept[name] = f
		}
	}
	return nil
}

func (m *memory) Lock(string) (func() error, error) {
	if m.locked {
		return nil, &marz.Error{Code: marz.Conflict, Op: "lock"}
	}
	m.locked = true
	return func() error { m.locked = false; return nil }, nil
}

// crashed is the disk after the machine came up again: with only what was synced, or with all that was written (a disk may well have written what nobody waited for).
func (m *memory) crashed(all bool) *memory {
	out := newMemory()
	maps.Copy(out.dirs, m.dirs)
	names := m.kept
	if all {
		names = m.now
	}
	for name, f := range names {
		content := f.kept
		if all {
			content = f.now
		}
		out.now[name] = &file{slices.Clone(content), slices.Clone(content)}
		out.kept[name] = out.now[name]
	}
	return out
}

// TestCrashAnywhere: the disk goes down before every step of writing a version, with and without what was not synced. The version before stays in force, or, once its name was written, the new one is,
// whole; and importing again succeeds.
func TestCrashAnywhere(t *testing.T) {
	ut := newState(t, "UT")
	root := Given{"ut.cer", ut.csca.Certificate}
	more := []Given{{"ut.ml", ut.list(t, day(2026, 1, 1), ut.csca.Certificate, ut.second.Certificate)}, {"crl", ut.crl(t, day(2026, 1, 1))}}
	done := false
	for fuse := 0; !done; fuse++ {
		m := newMemory()
		take(t, At("/s", m), Options{}, root)
		p, err := At("/s", m).Import(more, monday, Options{})
		if err != nil {
			t.Fatal(err)
		}
		m.steps, m.fuse = 0, fuse
		_, err = p.Write()
		done = err == nil
		if err != nil && !errors.Is(err, errDown) {
			t.Fatal(err)
		}
		for _, all := range []bool{false, true} {
			t.Run(fmt.Sprintf("step %d, all %v", fuse, all), func(t *testing.T) {
				up := m.crashed(all)
				s := At("/s", up)
				tr, v, err := s.Open()
				if err != nil {
					t.Fatal(err)
				}
				before, after := v.Number == 1 && len(tr.CSCAs.All()) == 1, v.Number == 2 && len(tr.CSCAs.All()) == 2 && len(tr.CRLs) == 1
				if done && !after || !before && !after {
					t.Fatalf("version %d with %d authorities is in force", v.Number, len(tr.CSCAs.All()))
				}
				again, err := s.Import(more, monday, Options{})
				if err != nil {
					t.Fatal(err)
				}
				if again.Same() != after {
					t.Errorf("version %d is in force, and importing anew finds no difference: %v", v.Number, again.Same())
				}
				if before {
					if _, err := again.Write(); err != nil {
						t.Fatal(err)
					}
					trusts(t, s, 2, 2, 1)
				}
			})
		}
	}
}

// TestDamage: a version in force that is damaged, or whose files are, is an error and never quietly an older one. One goes back from it, or imports all anew.
func TestDamage(t *testing.T) {
	ut := newState(t, "UT")
	list := Given{"ut.ml", ut.list(t, day(2026, 1, 1), ut.csca.Certificate, ut.second.Certificate)}
	for name, damage := range map[string]func(m *memory){
		"version": func(m *memory) { m.now["/s/versions/000002.json"].now = []byte("{}") },
		"version's files": func(m *memory) {
			f := m.now["/s/versions/000002.json"]
			f.now = []byte(strings.Replace(string(f.now), `"ut.ml"`, `"xa.ml"`, 1))
			f.now = []byte(strings.Replace(string(f.now), `"master-list"`, `"certificates"`, 1))
		},
		"file": func(m *memory) { m.now["/s/files/"+sum(list.Content)].now[100] ^= 1 },
		"gone": func(m *memory) { delete(m.now, "/s/files/"+sum(list.Content)) },
	} {
		t.Run(name, func(t *testing.T) {
			m := newMemory()
			s := At("/s", m)
			take(t, s, Options{}, Given{"ut.cer", ut.csca.Certificate})
			take(t, s, Options{}, list)
			damage(m)
			if _, v, err := s.Open(); err == nil || marz.CodeOf(err) != marz.Invalid {
				t.Errorf("version %d is opened: %v", v.Number, err)
			}
			if _, err := s.Import([]Given{list}, monday, Options{}); err == nil {
				t.Error("something is imported upon what cannot be read")
			}
			back, err := s.Rollback(0, monday)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := back.Write(); err != nil {
				t.Fatal(err)
			}
			trusts(t, s, 3, 1, 0)
			take(t, s, Options{Whole: true}, Given{"ut.cer", ut.csca.Certificate}, list)
			trusts(t, s, 4, 2, 0)
		})
	}
}

// TestTwoAtOnce: of two who import at once one is refused.
func TestTwoAtOnce(t *testing.T) {
	ut := newState(t, "UT")
	folder := t.TempDir()
	take(t, At(folder, OS{}), Options{}, Given{"ut.cer", ut.csca.Certificate})
	p, err := At(folder, OS{}).Import([]Given{{"ut2.cer", ut.second.Certificate}}, monday, Options{})
	if err != nil {
		t.Fatal(err)
	}
	release, err := OS{}.Lock(join(folder, "lock"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.Write(); marz.CodeOf(err) != marz.Conflict {
		t.Errorf("two write at once: %v", err)
	}
	if err := release(); err != nil {
		t.Fatal(err)
	}
	if _, err := p.Write(); err != nil {
		t.Error(err)
	}
}

// TestRefused: what must not come into a store, each with the words that say why.
func TestRefused(t *testing.T) {
	ut, xa := newState(t, "UT"), newState(t, "XA")
	root := Given{"ut.cer", ut.csca.Certificate}
	dated := Given{"ut.ml", ut.list(t, day(2026, 1, 1), ut.csca.Certificate)}
	for name, c := range map[string]struct {
		given []Given
		o     Options
		why   string
	}{
		"nobody's list":         {[]Given{{"xa.ml", xa.list(t, day(2026, 1, 1), xa.csca.Certificate)}}, Options{}, "give the certificate of its root"},
		"noise":                 {[]Given{{"noise", []byte("noise")}}, Options{}, "that can be read"},
		"nothing trusted":       {[]Given{{"crl", ut.crl(t, day(2026, 1, 1))}}, Options{Whole: true}, "no certificate of an issuing authority"},
		"older revocation list": {[]Given{{"crl", ut.crl(t, day(2025, 1, 1))}}, Options{}, "in force of 2026-01-01"},
		"list without a time":   {[]Given{{"ut.ml", ut.list(t, day(1, 1, 1), ut.csca.Certificate)}}, Options{}, "no time of signing"},
		"root of a list":        {nil, Options{Remove: []string{sum(root.Content)}}, "give the certificate of its root"},
		"removed that is none":  {nil, Options{Remove: []string{"00000000"}}, "of one file that is in force"},
		"removed by a letter":   {nil, Options{Remove: []string{sum(root.Content)[:1]}}, "of one file that is in force"},
	} {
		t.Run(name, func(t *testing.T) {
			s := At("/s", newMemory())
			take(t, s, Options{}, root, dated, Given{"crl", ut.crl(t, day(2026, 1, 1))})
			if _, err := s.Import(c.given, monday, c.o); err == nil || !strings.Contains(err.Error(), c.why) {
				t.Errorf("%v; want %q", err, c.why)
			}
			trusts(t, s, 1, 1, 1)
		})
	}
}

// TestRemove: a file is taken out by its digest; a revocation list that no trusted key made comes in with a note, and counts once its authority does.
func TestRemove(t *testing.T) {
	ut, xa := newState(t, "UT"), newState(t, "XA")
	s := At("/s", newMemory())
	v := take(t, s, Options{}, Given{"ut.cer", ut.csca.Certificate}, Given{"xa.crl", xa.crl(t, day(2026, 1, 1))})
	if len(v.Notes) != 1 || !strings.Contains(v.Notes[0], `"C=XA, CN=CSCA" of 2026-01-01`) {
		t.Errorf("%q", v.Notes)
	}
	if v := take(t, s, Options{}, Given{"xa.cer", xa.csca.Certificate}); len(v.Notes) != 0 {
		t.Errorf("%q", v.Notes)
	}
	v = take(t, s, Options{Remove: []string{sum(ut.csca.Certificate)[:8]}})
	tr := trusts(t, s, 3, 1, 1)
	if got := tr.Stale(marz.InstantOf(day(2026, 3, 1))); len(got) != 0 {
		t.Errorf("%q", got)
	}
	if got := tr.Stale(marz.InstantOf(day(2026, 5, 1))); len(got) != 1 || !strings.Contains(got[0], "due at 2026-04-01") {
		t.Errorf("%q", got)
	}
	if len(v.Files) != 2 {
		t.Errorf("%+v", v.Files)
	}
}
