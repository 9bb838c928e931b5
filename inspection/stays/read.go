package stays

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"os"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"

	"marz"
)

// File is one file, whole in memory. It can be read from any goroutine.
type File struct {
	Header
	path    string
	width   int
	index   []byte // where each bucket begins
	buckets []byte
}

func refused(path, what string, err error) error {
	return &marz.Error{Code: marz.Invalid, Op: "read stays", Subject: path, Fix: what, Err: err}
}

// Open reads a file and checks all of it: the signature, the digest, and that every bucket can be read. NotFound is that there is none.
func Open(path string, by note.Verifier) (*File, error) {
	b, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, &marz.Error{Code: marz.NotFound, Op: "read stays", Subject: path, Fix: "there is no such file"}
	}
	if err != nil {
		return nil, &marz.Error{Op: "read stays", Subject: path, Fix: "look at the file and its permissions", Err: err}
	}
	return Read(path, b, by)
}

// Read is Open of the bytes of a file, which it keeps.
func Read(path string, b []byte, by note.Verifier) (*File, error) {
	msg, content, ok := split(b)
	if !ok {
		return nil, refused(path, "it is no file of stays", nil)
	}
	n, err := note.Open(msg, note.VerifierList(by))
	if err != nil {
		return nil, refused(path, "it is not signed by the headquarters that post.toml names; copy it again, or name the key of the one that signed it", err)
	}
	h, size, digest, err := parseHeader(n.Text)
	if err != nil {
		return nil, refused(path, "its header is not of the format "+Format, err)
	}
	if sum := sha256.Sum256(content); size != len(content) || digest != hex.EncodeToString(sum[:]) {
		return nil, refused(path, "it was cut off or damaged; copy it again", nil)
	}
	f := &File{Header: *h, path: path}
	return f, f.lay(content)
}

// lay finds the parts of the content, and goes through all of it once.
func (f *File) lay(content []byte) error {
	if len(content) < 1 || content[0] > maxBits || len(content) < 1+4*(1<<content[0]+1) {
		return refused(f.path, "it has no index", nil)
	}
	f.width = int(content[0])
	f.index = content[1 : 1+4*(1<<f.width+1)]
	f.buckets = content[len(f.index)+1:]
	people := 0
	if f.begin(0) != 0 || f.begin(1<<f.width) != len(f.buckets) {
		return refused(f.path, "its index does not cover it", nil)
	}
	for i := range 1 << f.width {
		if f.begin(i) > f.begin(i+1) || f.begin(i+1) > len(f.buckets) {
			return refused(f.path, "its index does not rise", nil)
		}
		first, last := true, uint64(0)
		ok := f.each(i, func(rest uint64, _ []byte) bool {
			rises := (first || rest > last) && rest<<f.width>>f.width == rest
			first, last = false, rest
			people++
			return rises
		})
		if !ok {
			return refused(f.path, fmt.Sprintf("its bucket %d cannot be read", i), nil)
		}
	}
	if people != f.People {
		return refused(f.path, "it does not hold as many people as it says", nil)
	}
	return nil
}

func (f *File) begin(bucket int) int { return int(binary.LittleEndian.Uint32(f.index[4*bucket:])) }

// each gives the people of a bucket, with the bytes of their movements, until do returns false. It returns false when do did, or when the bucket cannot be read.
func (f *File) each(bucket int, do func(rest uint64, moves []byte) bool) bool {
	n := restOf(f.width)
	for b := f.buckets[f.begin(bucket):f.begin(bucket+1)]; len(b) > 0; {
		if len(b) <= n {
			return false
		}
		var rest uint64
		for _, c := range b[:n] {
			rest = rest<<8 | uint64(c)
		}
		b = b[n:]
		size, ok := sizeOf(b)
		if !ok || !do(rest, b[:size]) {
			return false
		}
		b = b[size:]
	}
	return true
}

// sizeOf is how many bytes a person's movements take.
func sizeOf(b []byte) (int, bool) {
	n, at := binary.Uvarint(b)
	if at <= 0 || n > maxMoves {
		return 0, false
	}
	for range n {
		step, k := binary.Uvarint(b[at:])
		if k <= 0 || step > 1<<20 {
			return 0, false
		}
		at += k
	}
	return at, true
}

// moves reads the movements of a person, whose bytes were gone through before.
func (f *File) moves(b []byte) []Movement {
	n, at := binary.Uvarint(b)
	out, day := make([]Movement, n), f.First
	for i := range out {
		step, k := binary.Uvarint(b[at:])
		at += k
		day += int(step >> 1)
		out[i] = Movement{Day: day, Direction: marz.EntryDirection}
		if step&1 == 1 {
			out[i].Direction = marz.ExitDirection
		}
	}
	return out
}

// find returns the movements of a person. ok is false where the file says nothing of him.
func (f *File) find(digest uint64) (out []Movement, ok bool) {
	want := digest << f.width >> f.width
	f.each(int(digest>>(64-f.width)), func(rest uint64, moves []byte) bool {
		if rest == want {
			out, ok = f.moves(moves), true
		}
		return rest < want
	})
	return out, ok
}

// All gives every person, in rising order of digests.
func (f *File) All() iter.Seq2[uint64, []Movement] {
	return func(yield func(uint64, []Movement) bool) {
		for i := range 1 << f.width {
			on := true
			f.each(i, func(rest uint64, moves []byte) bool {
				on = yield(uint64(i)<<(64-f.width)|rest, f.moves(moves))
				return on
			})
			if !on {
				return
			}
		}
	}
}

// parseHeader reads the text that is signed.
func parseHeader(text string) (h *Header, size int, digest string, err error) {
	lines := strings.Split(strings.TrimSuffix(text, "\n"), "\n")
	bad := func(what string) (*Header, int, string, error) {
		return nil, 0, "", &marz.Error{Code: marz.Invalid, Op: "header", Fix: what}
	}
	if len(lines) < 9 || lines[0] != Format {
		return bad("it has other lines")
	}
	var v [8]string
	for i, key := range [...]string{"version", "from", "at", "key", "zone", "first", "people", "content"} {
		value, ok := strings.CutPrefix(lines[i+1], key+" ")
		if !ok || value == "" || key != "content" && strings.Contains(value, " ") {
			return bad("its line " + key + " is missing or malformed")
		}
		v[i] = value
	}
	h = &Header{Version: v[0], KeyID: v[3], Zone: v[4]}
	if v[1] != "-" {
		h.From = v[1]
	}
	if h.At, err = marz.ParseInstant(v[2]); err != nil {
		return nil, 0, "", err
	}
	sizeText, digest, _ := strings.Cut(v[7], " ")
	var errs [3]error
	h.First, errs[0] = strconv.Atoi(v[5])
	h.People, errs[1] = strconv.Atoi(v[6])
	size, errs[2] = strconv.Atoi(sizeText)
	if err := errors.Join(errs[:]...); err != nil || h.People < 0 || size < 0 {
		return bad("a number is malformed")
	}
	for _, l := range lines[9:] {
		var c Covered
		var n int64
		if k, err := fmt.Sscanf(l, "post %s %d", &c.Origin, &n); k != 2 || err != nil || fmt.Sprintf("post %s %d", c.Origin, n) != l {
			return bad("a line of a post is malformed")
		}
		c.Before = marz.Seq(n)
		if m := len(h.Posts); m > 0 && h.Posts[m-1].Origin >= c.Origin {
			return bad("its posts are not in order")
		}
		h.Posts = append(h.Posts, c)
	}
	return h, size, digest, nil
}
