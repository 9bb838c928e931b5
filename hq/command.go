package hq

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"maps"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"syscall"

	"marz"
	"marz/agreement"
	"marz/mirror"
	"marz/web"
)

// socketFile is where the owner of the data folder talks to the running node. Nobody else may open it.
const socketFile = "hq.sock"

// Commands of the folder's owner.
const (
	CommandAdd       = "nodes/add"       // Node → nothing
	CommandDismiss   = "nodes/dismiss"   // Node, of which Origin counts → nothing
	CommandList      = "nodes/list"      // nothing → []web.MirroredNode
	CommandDeliver   = "register/add"    // agreement.EncodeSigned → []marz.Seq
	CommandRetention = "retention"       // nothing → web.RetentionLook
	CommandScrub     = "retention/scrub" // nothing → nothing
	CommandExport    = "export"          // Export → nothing
)

// Export says which journal is written as a bundle (docs/spec/journal.md §5), and where. No payload stands in it.
type Export struct {
	Origin marz.Origin // none: the headquarters' own
	File   string      // a path from the root on; it must not exist
}

var commands = map[string]func(*HQ, context.Context, json.RawMessage) (any, error){
	CommandAdd: func(h *HQ, ctx context.Context, in json.RawMessage) (any, error) {
		return withNode(in, func(n Node) error { return h.AddNode(ctx, n) })
	},
	CommandDismiss: func(h *HQ, ctx context.Context, in json.RawMessage) (any, error) {
		return withNode(in, func(n Node) error { return h.DismissNode(ctx, n.Origin) })
	},
	CommandList: func(h *HQ, ctx context.Context, _ json.RawMessage) (any, error) {
		if err := h.ledger.Refresh(ctx); err != nil {
			return nil, err
		}
		return h.Overview(ctx)
	},
	CommandDeliver: func(h *HQ, ctx context.Context, in json.RawMessage) (any, error) {
		all, err := agreement.ParseSigned("signed instruments", in)
		if err != nil {
			return nil, err
		}
		return h.AddInstruments(ctx, all)
	},
	CommandStays: func(h *HQ, ctx context.Context, in json.RawMessage) (any, error) {
		var path string
		if err := json.Unmarshal(in, &path); err != nil {
			return nil, &marz.Error{Code: marz.Invalid, Op: "read command", Err: err}
		}
		return nil, h.makeStays(ctx, path)
	},
	CommandRetention: func(h *HQ, ctx context.Context, _ json.RawMessage) (any, error) {
		look, err := h.LookForDue(ctx)
		if err != nil {
			return nil, err
		}
		return look.RetentionLook, nil
	},
	CommandScrub: func(h *HQ, ctx context.Context, _ json.RawMessage) (any, error) { return nil, h.Scrub(ctx) },
	CommandExport: func(h *HQ, ctx context.Context, in json.RawMessage) (any, error) {
		var e Export
		if err := json.Unmarshal(in, &e); err != nil {
			return nil, &marz.Error{Code: marz.Invalid, Op: "read command", Err: err}
		}
		return nil, h.export(ctx, e)
	},
}

// command is what is done for a name.
func command(name string) func(*HQ, context.Context, json.RawMessage) (any, error) {
	if do := commands[name]; do != nil {
		return do
	}
	return releaseCommands[name]
}

// export writes a bundle whole or not at all.
func (h *HQ) export(ctx context.Context, e Export) error {
	key := ""
	for _, n := range h.NodeList() {
		if n.Origin == e.Origin {
			key = n.Key
		}
	}
	switch {
	case e.Origin == "" || e.Origin == h.ledger.Origin():
		e.Origin, key = h.ledger.Origin(), h.ledger.VerifierKey()
	case key == "":
		return &marz.Error{Code: marz.NotFound, Op: "export", Subject: string(e.Origin), Fix: "no journal of this name is mirrored here; marz hq node list shows them"}
	}
	f, err := os.OpenFile(e.File, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return &marz.Error{Code: marz.Invalid, Op: "write", Subject: e.File, Fix: "name a file that does not exist yet", Err: err}
	}
	if err := cmpErr(mirror.ExportPublic(ctx, h.store, e.Origin, key, f), f.Sync(), f.Close()); err != nil {
		os.Remove(e.File)
		return err
	}
	return nil
}

func withNode(in json.RawMessage, do func(Node) error) (any, error) {
	var n Node
	if err := json.Unmarshal(in, &n); err != nil {
		return nil, &marz.Error{Code: marz.Invalid, Op: "read command", Err: err}
	}
	return nil, do(n)
}

// Command does what the owner of a data folder asks for: the running node does it, or, where none runs on the folder, this process does in the database. Both append to the
// same journal, so that it makes no difference which, nor how many nodes run elsewhere.
func Command(ctx context.Context, o Options, name string, in, out any) error {
	body, ok := in.([]byte)
	if !ok {
		var err error
		if body, err = json.Marshal(in); err != nil {
			return &marz.Error{Op: "command", Subject: name, Err: err}
		}
	}
	answer, err := tell(ctx, o.Dir, name, body)
	if absent(err) {
		answer, err = run(ctx, o, name, body)
	}
	if err != nil || out == nil {
		return err
	}
	return json.Unmarshal(answer, out)
}

// run does a command on the folder of a node that does not run.
func run(ctx context.Context, o Options, name string, body []byte) (answer []byte, err error) {
	h, err := Open(ctx, o)
	if err != nil {
		return nil, err
	}
	v, err := command(name)(h, ctx, body)
	if err == nil {
		answer, err = json.Marshal(v)
	}
	return answer, cmpErr(err, h.Close())
}

// absent reports that no node listens on a folder.
func absent(err error) bool {
	return errors.Is(err, os.ErrNotExist) || errors.Is(err, syscall.ECONNREFUSED)
}

// tell lets the running node do a command.
func tell(ctx context.Context, dir, name string, body []byte) ([]byte, error) {
	path := filepath.Join(dir, socketFile)
	client := &http.Client{Transport: &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "unix", path)
	}}}
	defer client.CloseIdleConnections()
	q, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://hq/"+name, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	resp, err := client.Do(q)
	if absent(err) {
		return nil, err
	}
	if err != nil {
		return nil, &marz.Error{Code: marz.Unavailable, Op: "command", Subject: path, Fix: "the running node did not answer: look whether it was done before you do it again", Err: err}
	}
	defer resp.Body.Close()
	var out struct {
		Answer json.RawMessage `json:"answer"`
		Error  string          `json:"error"`
		Code   marz.Code       `json:"code"`
	}
	if err := json.NewDecoder(resp.Body).Decode(&out); err != nil {
		return nil, &marz.Error{Code: marz.Unavailable, Op: "command", Subject: path, Fix: "the running node's answer broke off: look whether it was done before you do it again", Err: err}
	}
	if out.Error != "" {
		return nil, &marz.Error{Code: out.Code, Op: "command", Subject: name, Fix: out.Error}
	}
	return out.Answer, nil
}

// listenSocket opens the folder's socket to its owner. One that a node left behind that did not end well is replaced.
func (h *HQ) listenSocket() (net.Listener, error) {
	path := filepath.Join(h.opts.Dir, socketFile)
	bad := func(fix string, err error) (net.Listener, error) {
		return nil, &marz.Error{Code: marz.Unavailable, Op: "listen on", Subject: path, Fix: fix, Err: err}
	}
	if conn, err := net.Dial("unix", path); err == nil {
		conn.Close()
		return bad("another marz process is running on the folder; stop that one, or give this node a folder of its own with the same keys", nil)
	}
	if err := os.Remove(path); err != nil && !os.IsNotExist(err) {
		return bad("it is in the way; remove it", err)
	}
	ln, err := net.Listen("unix", path)
	if err == nil {
		err = os.Chmod(path, 0o600)
	}
	if err != nil {
		return bad("the folder's path may be too long for a socket, or the folder not this user's", err)
	}
	return ln, nil
}

func (h *HQ) commandHandler() http.Handler {
	mux := http.NewServeMux()
	for _, name := range slices.Concat(slices.Sorted(maps.Keys(commands)), slices.Sorted(maps.Keys(releaseCommands))) {
		do := command(name)
		mux.HandleFunc("POST /"+name, func(w http.ResponseWriter, q *http.Request) {
			var body json.RawMessage
			err := json.NewDecoder(http.MaxBytesReader(w, q.Body, maxInstruments)).Decode(&body)
			var v any
			if err == nil {
				v, err = do(h, q.Context(), body)
			}
			if err != nil {
				web.WriteJSON(w, http.StatusOK, map[string]any{"error": err.Error(), "code": marz.CodeOf(err)})
				return
			}
			web.WriteJSON(w, http.StatusOK, map[string]any{"answer": v})
		})
	}
	return mux
}
