package web

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"io/fs"
	"maps"
	"mime"
	"net/http"
	"path"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"
)

//go:embed assets templates
var files embed.FS

// asset is one file as it is served.
type asset struct {
	body []byte
	kind string // Content-Type
	etag string // of the content, without quotes
	// The body compressed, made at first use; nil: it is compressed already.
	br, gzip func() []byte
}

// build holds the assets by name, and what names all of their contents together.
type build struct {
	assets  map[string]asset
	version string
}

// served is made at first use: most commands of the binary serve nothing.
var served = sync.OnceValue(readAssets)

// kinds are fixed here, because the machine's own table of content types differs from machine to machine.
var kinds = map[string]string{
	".js":    "text/javascript; charset=utf-8",
	".css":   "text/css; charset=utf-8",
	".svg":   "image/svg+xml",
	".txt":   "text/plain; charset=utf-8",
	".woff2": "font/woff2",
}

func readAssets() build {
	bodies := phraseModules()
	entries, err := fs.ReadDir(files, "assets")
	if err != nil {
		panic("web: the binary was built without its assets: " + err.Error())
	}
	for _, e := range entries {
		body, err := fs.ReadFile(files, path.Join("assets", e.Name()))
		if err != nil {
			panic("web: asset " + e.Name() + ": " + err.Error())
		}
		bodies[e.Name()] = spare(e.Name(), body)
	}
	out, all := map[string]asset{}, sha256.New()
	for _, name := range slices.Sorted(maps.Keys(bodies)) {
		sum := sha256.Sum256(bodies[name])
		all.Write([]byte(name + "\x00"))
		all.Write(sum[:])
		out[name] = newAsset(name, bodies[name], hex.EncodeToString(sum[:6]))
	}
	return build{out, hex.EncodeToString(all.Sum(nil)[:8])}
}

func newAsset(name string, body []byte, etag string) asset {
	a := asset{body: body, kind: kinds[path.Ext(name)], etag: etag}
	if a.kind == "" {
		a.kind = mime.TypeByExtension(path.Ext(name))
	}
	if a.kind != kinds[".woff2"] {
		a.br = sync.OnceValue(func() []byte { return compressed(body, brotliOf) })
		a.gzip = sync.OnceValue(func() []byte { return compressed(body, gzipOf) })
	}
	return a
}

var (
	lineComment  = regexp.MustCompile(`(?m)^[ \t]*//.*$|^[ \t]+`)
	blockComment = regexp.MustCompile(`(?s)/\*.*?\*/`)
	cssSpace     = regexp.MustCompile(`(?m)([,;{]) +|^ +`) // no text in the stylesheet holds one of these with a blank after it
)

// spare leaves out what only a reader of the source needs. A line keeps its number, for errors that a browser reports: a comment is
// a line of its own in a module, and no text of one runs over two lines.
func spare(name string, body []byte) []byte {
	switch path.Ext(name) {
	case ".js":
		return lineComment.ReplaceAll(body, nil)
	case ".css":
		return cssSpace.ReplaceAll(blockComment.ReplaceAll(body, nil), []byte("$1"))
	}
	return body
}

// AssetURL returns the address of an asset in this binary. Every asset stands in one folder that is named after the contents of
// all, so that a module which imports another by "./name.js" gets the one of its own build. It panics on a name that is not there,
// which only a mistake in a template can ask for.
func AssetURL(name string) string {
	if _, ok := served().assets[name]; !ok {
		panic("web: there is no asset " + name)
	}
	return "/assets/" + served().version + "/" + name
}

// Assets serves /assets/{version}/{name}, to be kept for ever, and /assets/{name}, to be asked for again each time. The version of
// another build is not found.
func Assets() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		name, keep := strings.CutPrefix(r.URL.Path, "/assets/"+served().version+"/")
		if !keep {
			name = strings.TrimPrefix(r.URL.Path, "/assets/")
		}
		a, ok := served().assets[name]
		if !ok {
			http.Error(w, "no such asset in this version of Marz: reload the page", http.StatusNotFound)
			return
		}
		h := w.Header()
		h.Set("Content-Type", a.kind)
		h.Add("Vary", "Accept-Encoding")
		body, encoding := a.encoded(r.Header.Values("Accept-Encoding"))
		if encoding != "" {
			h.Set("Content-Encoding", encoding)
			encoding = "-" + encoding
		}
		h.Set("ETag", `"`+a.etag+encoding+`"`)
		h.Set("Cache-Control", "no-cache")
		if keep {
			h.Set("Cache-Control", "public, max-age=31536000, immutable")
		}
		for _, name := range ofDocuments {
			h.Del(name)
		}
		if a.kind != kinds[".svg"] { // the one kind that a browser opens as a document which could hold a script
			h.Del("Content-Security-Policy")
		}
		http.ServeContent(w, r, name, time.Time{}, bytes.NewReader(body))
	})
}

// ofDocuments are headers that mean something on a document alone: a page loads twenty assets, and each would carry them.
var ofDocuments = []string{"Permissions-Policy", "Cross-Origin-Opener-Policy", "Referrer-Policy", "Strict-Transport-Security"}
