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
	"slices"
	"strings"
	"time"
)

//go:embed assets templates
var files embed.FS

// asset is one file as it is served.
type asset struct {
	body []byte
	kind string // Content-Type
	etag string // of the content
}

// assets holds the embedded assets by name; version names all of their contents together. Both are set once, before main.
var assets, version = readAssets()

// kinds are fixed here, because the machine's own table of content types differs from machine to machine.
var kinds = map[string]string{
	".js":  "text/javascript; charset=utf-8",
	".css": "text/css; charset=utf-8",
	".svg": "image/svg+xml",
}

func readAssets() (map[string]asset, string) {
	out, all := map[string]asset{}, sha256.New()
	entries, err := fs.ReadDir(files, "assets")
	if err != nil {
		panic("web: the binary was built without its assets: " + err.Error())
	}
	for _, e := range entries {
		body, err := fs.ReadFile(files, path.Join("assets", e.Name()))
		if err != nil {
			panic("web: asset " + e.Name() + ": " + err.Error())
		}
		sum := sha256.Sum256(body)
		all.Write([]byte(e.Name() + "\x00"))
		all.Write(sum[:])
		kind := kinds[path.Ext(e.Name())]
		if kind == "" {
			kind = mime.TypeByExtension(path.Ext(e.Name()))
		}
		out[e.Name()] = asset{body: body, kind: kind, etag: `"` + hex.EncodeToString(sum[:12]) + `"`}
	}
	modules := phraseModules()
	for _, name := range slices.Sorted(maps.Keys(modules)) {
		body := modules[name]
		sum := sha256.Sum256(body)
		all.Write([]byte(name + "\x00"))
		all.Write(sum[:])
		out[name] = asset{body: body, kind: kinds[".js"], etag: `"` + hex.EncodeToString(sum[:12]) + `"`}
	}
	return out, hex.EncodeToString(all.Sum(nil)[:8])
}

// AssetURL returns the address of an asset in this binary. Every asset stands in one folder that is named after the contents of
// all, so that a module which imports another by "./name.js" gets the one of its own build. It panics on a name that is not there,
// which only a mistake in a template can ask for.
func AssetURL(name string) string {
	if _, ok := assets[name]; !ok {
		panic("web: there is no asset " + name)
	}
	return "/assets/" + version + "/" + name
}

// Assets serves /assets/{version}/{name}, to be kept for ever, and /assets/{name}, to be asked for again each time. The version of
// another build is not found.
func Assets() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		name, keep := strings.CutPrefix(r.URL.Path, "/assets/"+version+"/")
		if !keep {
			name = strings.TrimPrefix(r.URL.Path, "/assets/")
		}
		a, ok := assets[name]
		if !ok {
			http.Error(w, "no such asset in this version of Marz: reload the page", http.StatusNotFound)
			return
		}
		h := w.Header()
		h.Set("Content-Type", a.kind)
		h.Set("ETag", a.etag)
		h.Set("Cache-Control", "no-cache")
		if keep {
			h.Set("Cache-Control", "public, max-age=31536000, immutable")
		}
		http.ServeContent(w, r, name, time.Time{}, bytes.NewReader(a.body))
	})
}
