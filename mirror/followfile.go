package mirror

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"

	"marz"
)

// filePart is how much of a file is asked for in one request: what a cut line costs at most, and how soon a place at the other side is free for somebody else.
const filePart = 4 << 20

// partSuffix is that of a file that is under way.
const partSuffix = ".part"

// File fetches the file of a digest (hex SHA-256) and size into a path, unless it is there. What came before a line was cut stays beside it, and is gone on from. The file has its name
// only when all of it is on the disk and is what the digest says. One that is another is kept as evidence, and is Conflict.
func (f *Follower) File(ctx context.Context, digest string, size int64, path string) error {
	const op = "fetch file"
	if info, err := os.Stat(path); err == nil && info.Size() == size {
		return nil
	}
	part := path + partSuffix
	out, err := os.OpenFile(part, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return fileFailed(path, err)
	}
	defer out.Close()
	at, err := out.Seek(0, io.SeekEnd)
	if err != nil {
		return fileFailed(path, err)
	}
	if at > size {
		if err, at = out.Truncate(0), 0; err != nil {
			return fileFailed(path, err)
		}
	}
	for at < size {
		if f.ended() {
			return &marz.Error{Code: marz.Conflict, Op: op, Subject: string(f.c.origin), Fix: "it is not followed any more"}
		}
		b, err := f.part(ctx, digest, at, min(size, at+filePart))
		if err != nil {
			return err
		}
		if _, err := out.WriteAt(b, at); err != nil {
			return fileFailed(path, err)
		}
		at += int64(len(b))
	}
	got, err := digestOf(out, size)
	if err == nil {
		err = out.Sync()
	}
	if err != nil {
		return fileFailed(path, err)
	}
	if got != digest {
		os.Remove(part)
		return f.refuse(ctx, &Evidence{Kind: EvidenceFile, Digest: digest, Got: got}, fmt.Sprintf("it gives a file that is not the one whose digest, %.16s…, stands in its journal", digest))
	}
	if err := os.Rename(part, path); err != nil {
		return fileFailed(path, err)
	}
	return nil
}

func fileFailed(path string, err error) error {
	return &marz.Error{Code: marz.Unavailable, Op: "fetch file", Subject: path, Fix: "it cannot be written; see that the disk has room", Err: err}
}

func digestOf(r io.ReadSeeker, size int64) (string, error) {
	if _, err := r.Seek(0, io.SeekStart); err != nil {
		return "", err
	}
	sum := sha256.New()
	n, err := io.Copy(sum, r)
	if err == nil && n != size {
		err = io.ErrUnexpectedEOF
	}
	return hex.EncodeToString(sum.Sum(nil)), err
}

// part asks for the bytes [from, to) of a file (RFC 9110 §14).
func (f *Follower) part(ctx context.Context, digest string, from, to int64) ([]byte, error) {
	const op = "fetch file"
	header := http.Header{"Range": {fmt.Sprintf("bytes=%d-%d", from, to-1)}}
	a, err := f.c.do(ctx, http.MethodGet, "/files/"+digest, nil, false, header)
	switch {
	case err != nil:
		return nil, err
	case a.status == http.StatusNotFound:
		return nil, &marz.Error{Code: marz.NotFound, Op: op, Subject: f.c.Name, Fix: fmt.Sprintf("it does not have the file %.16s…, or does not give it to this post", digest)}
	case a.status != http.StatusPartialContent && !(a.status == http.StatusOK && from == 0):
		return nil, f.c.refused(op, a)
	case len(a.body) == 0 || int64(len(a.body)) > to-from:
		return nil, f.c.malformed(op)
	}
	return a.body, nil
}

// Drop removes what is there of a file that is not needed any more.
func Drop(path string) error {
	var err error
	for _, p := range []string{path, path + partSuffix} {
		if e := os.Remove(p); !errors.Is(e, fs.ErrNotExist) {
			err = errors.Join(err, e)
		}
	}
	return err
}
