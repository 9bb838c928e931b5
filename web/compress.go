package web

import (
	"bytes"
	"compress/gzip"
	"io"
	"net/http"
	"strconv"
	"strings"

	"github.com/andybalholm/brotli"
)

// Assets are compressed, which are the same for everybody, and the lane's page, which holds no text that its request brought. Any other page holds what is known of a person beside what a request brought,
// and the length of the two compressed together would tell of the one to whoever chooses the other (BREACH).

func brotliOf(w io.Writer) io.WriteCloser { return brotli.NewWriterLevel(w, brotli.BestCompression) }

func gzipOf(w io.Writer) io.WriteCloser {
	z, err := gzip.NewWriterLevel(w, gzip.BestCompression)
	if err != nil {
		panic("web: gzip: " + err.Error()) // only for a level that there is not
	}
	return z
}

func compressed(body []byte, by func(io.Writer) io.WriteCloser) []byte {
	var b bytes.Buffer
	w := by(&b)
	_, err := w.Write(body)
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		panic("web: an asset cannot be compressed: " + err.Error()) // a buffer takes everything
	}
	return b.Bytes()
}

// encoded returns the body in the shortest form that a request accepts, and the name of its encoding, or none. Every encoding has
// an ETag of its own, and ranges are those of the form that is sent (RFC 9110 §8.8.3.3, §14).
func (a asset) encoded(accept []string) ([]byte, string) {
	if a.br == nil {
		return a.body, ""
	}
	if accepts(accept, "br") {
		return a.br(), "br"
	}
	if accepts(accept, "gzip") {
		return a.gzip(), "gzip"
	}
	return a.body, ""
}

// shorter returns a page compressed where the request accepts it, and says so.
func shorter(w http.ResponseWriter, r *http.Request, page []byte) []byte {
	w.Header().Add("Vary", "Accept-Encoding")
	if !accepts(r.Header.Values("Accept-Encoding"), "gzip") {
		return page
	}
	w.Header().Set("Content-Encoding", "gzip")
	return compressed(page, gzipOf)
}

// accepts reports whether Accept-Encoding names a coding, and not with a weight of 0 (RFC 9110 §12.5.3). A wildcard is not taken as a
// name: what it allows may be what nobody can read.
func accepts(accept []string, coding string) bool {
	for item := range strings.SplitSeq(strings.Join(accept, ","), ",") {
		name, parameters, _ := strings.Cut(item, ";")
		if !strings.EqualFold(strings.TrimSpace(name), coding) {
			continue
		}
		weight, given := strings.CutPrefix(strings.ToLower(strings.TrimSpace(parameters)), "q=")
		q, err := strconv.ParseFloat(weight, 64)
		return !given || err == nil && q > 0
	}
	return false
}
