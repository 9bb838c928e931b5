package hq

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	"golang.org/x/mod/sumdb/note"

	"marz"
	"marz/folder"
	"marz/journal"
	"marz/mirror"
	"marz/release"
	"marz/watchlist"
)

// filesDir is where the files lie that are given to posts, each under its SHA-256. Nodes of one headquarters share it, or each has a copy.
const filesDir = "files"

// Publication is what is given out: a built list or a file of changes, to some posts first or to all.
type Publication struct {
	File string        // a path from the root on
	To   []marz.Origin // posts by their journals' names; none: all
	Own  bool          // it is the authority's own list
}

// Posting is an officer who is to be known at posts.
type Posting struct {
	Officer marz.OfficerID
	To      []marz.Origin // none: all
	Code    string        // SHA-256 of a one-time code, hex: he makes a passkey at a post with it
}

// Released is what a release is now, for who runs the headquarters.
type Released struct {
	Seq      marz.Seq       `json:"seq"`
	At       marz.Instant   `json:"at"`
	What     string         `json:"what"` // list or officer, with its name
	Version  string         `json:"version,omitempty"`
	From     string         `json:"from,omitempty"`
	Size     int64          `json:"size,omitempty"`
	To       []marz.Origin  `json:"to,omitempty"` // none: all
	Officer  marz.OfficerID `json:"officer,omitempty"`
	Recalled marz.Seq       `json:"recalled,omitempty"`
	Why      string         `json:"why,omitempty"`
}

// Publish gives out a list or a change of one. The file is checked whole, signature and all, and copied to the headquarters' files before anything is said of it.
func (h *HQ) Publish(ctx context.Context, p Publication) (Released, error) {
	kind, l, err := h.describe(p)
	if err != nil {
		return Released{}, err
	}
	var private any
	if l.SHA256, l.Size, err = h.keepFile(p.File); err != nil {
		return Released{}, err
	}
	if kind == release.KindChange && !l.Own && l.Size <= release.MaxInline {
		b, err := os.ReadFile(h.filePath(l.SHA256))
		if err != nil {
			return Released{}, &marz.Error{Op: "publish", Subject: p.File, Err: err}
		}
		private = release.Inline{File: b}
	}
	return h.give(ctx, kind, l, private)
}

// give appends an entry of package release, if what was given out so far lets it.
func (h *HQ) give(ctx context.Context, kind string, public, private any) (Released, error) {
	body, err := json.Marshal(public)
	if err != nil {
		return Released{}, err
	}
	var seq marz.Seq
	err = h.node(ctx, func(a *nodeAct) error {
		e := journal.Entry{Seq: a.Next(), At: a.Now(), Kind: kind, Authority: h.config.Authority, Public: body}
		if private != nil {
			e.Private = "to come"
		}
		if err := h.state.checkRelease(e, h.NodeList()); err != nil {
			return err
		}
		seq = e.Seq
		return a.append(kind, public, private)
	})
	if err != nil {
		return Released{}, err
	}
	for _, r := range h.Releases() {
		if r.Seq == seq {
			return r, nil
		}
	}
	return Released{Seq: seq}, nil
}

// checkRelease holds an entry to what was given out, and to the posts that there are.
func (s *state) checkRelease(e journal.Entry, nodes []Enrolled) error {
	s.mu.RLock()
	defer s.mu.RUnlock()
	var to struct {
		To []marz.Origin `json:"to"`
	}
	if err := json.Unmarshal(e.Public, &to); err != nil {
		return err
	}
	for _, o := range to.To {
		if !slices.ContainsFunc(nodes, func(n Enrolled) bool { return n.Origin == o && n.Gone == 0 }) {
			return &marz.Error{Code: marz.NotFound, Op: "publish to", Subject: string(o), Fix: "no node of this name is enrolled; marz hq node list shows them"}
		}
	}
	return s.releases.Check(e)
}

// describe says what a file is, after all of it was read.
func (h *HQ) describe(p Publication) (kind string, l release.List, err error) {
	key := h.authorityKey()
	if key == nil {
		return "", l, &marz.Error{Code: marz.Invalid, Op: "publish", Subject: p.File, Fix: "this headquarters does not know its authority's verifier key, by which posts check lists; make it with marz hq init --authority-key"}
	}
	if _, err := os.Stat(p.File); err != nil {
		return "", l, &marz.Error{Code: marz.NotFound, Op: "publish", Subject: p.File, Fix: "the headquarters cannot read it; give the path of a file that is there and that it may read", Err: err}
	}
	switch watchlist.Sniff(p.File) {
	case watchlist.ListFile:
		f, err := watchlist.OpenFile(p.File, key)
		if err != nil {
			return "", l, err
		}
		return release.KindList, h.listOf(p, f.Info(), ""), nil
	case watchlist.ChangeFile:
		page, err := watchlist.ReadPage(p.File, key)
		if err == nil {
			_, err = watchlist.ReadChange(p.File, key)
		}
		if err != nil {
			return "", l, err
		}
		info := page.ListInfo
		info.Name, info.Owner = h.nameOf(info.ID)
		return release.KindChange, h.listOf(p, info, page.From), nil
	case watchlist.Numbers:
		f, err := watchlist.OpenNumbers(context.Background(), p.File, key)
		if err != nil {
			return "", l, err
		}
		l = h.listOf(p, f.ListInfo, "")
		b, err := os.ReadFile(p.File + watchlist.NoteSuffix)
		if err != nil {
			return "", l, &marz.Error{Code: marz.NotFound, Op: "publish", Subject: p.File + watchlist.NoteSuffix, Fix: "a table of numbers is published with the note beside it", Err: err}
		}
		l.Note = string(b)
		return release.KindList, l, nil
	}
	return "", l, &marz.Error{Code: marz.Invalid, Op: "publish", Subject: p.File, Fix: "it is no built list, table of numbers or file of changes; make one with marz list build --key, or marz list diff --key"}
}

func (h *HQ) listOf(p Publication, info watchlist.ListInfo, from string) release.List {
	return release.List{To: p.To, List: info.ID, Name: info.Name, Owner: cmp.Or(info.Owner, h.config.Authority), Own: p.Own, From: from, Version: info.Version, Made: info.Loaded}
}

// nameOf is how a list is called of which a version was given out.
func (h *HQ) nameOf(id marz.ListID) (string, marz.AuthorityID) {
	h.state.mu.RLock()
	defer h.state.mu.RUnlock()
	for _, r := range slices.Backward(h.state.releases.All()) {
		if r.List != nil && r.List.List == id {
			return r.List.Name, r.List.Owner
		}
	}
	return string(id), h.config.Authority
}

// authorityKey is the verifier of the authority's own key; nil: it is not known.
func (h *HQ) authorityKey() note.Verifier {
	h.state.mu.RLock()
	defer h.state.mu.RUnlock()
	for _, a := range h.state.described.Authorities {
		if a.ID == h.config.Authority {
			if v, err := note.NewVerifier(a.Key); err == nil {
				return v
			}
		}
	}
	return nil
}

func (h *HQ) filePath(digest string) string { return filepath.Join(h.opts.Dir, filesDir, digest) }

// keepFile copies a file to those that are given to posts, so that it is on the disk, and says what it is.
func (h *HQ) keepFile(path string) (digest string, size int64, err error) {
	bad := func(err error) (string, int64, error) {
		return "", 0, &marz.Error{Op: "publish", Subject: path, Fix: "it cannot be copied to the files of the headquarters; see that the disk has room", Err: err}
	}
	dir := filepath.Join(h.opts.Dir, filesDir)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return bad(err)
	}
	in, err := os.Open(path)
	if err != nil {
		return bad(err)
	}
	defer in.Close()
	out, err := os.CreateTemp(dir, ".new-*")
	if err != nil {
		return bad(err)
	}
	defer os.Remove(out.Name())
	sum := sha256.New()
	size, err = io.Copy(io.MultiWriter(out, sum), in)
	if err = errors.Join(err, out.Sync(), out.Close()); err != nil {
		return bad(err)
	}
	digest = hex.EncodeToString(sum.Sum(nil))
	if err := os.Rename(out.Name(), h.filePath(digest)); err != nil {
		return bad(err)
	}
	return digest, size, nil
}

// Widen gives what was given to some posts to all.
func (h *HQ) Widen(ctx context.Context, seq marz.Seq) error {
	_, err := h.give(ctx, release.KindWidened, release.Widened{Release: seq}, nil)
	return err
}

// Recall takes back what was given out. Posts have again what they had before it.
func (h *HQ) Recall(ctx context.Context, seq marz.Seq, why string) error {
	_, err := h.give(ctx, release.KindRecalled, release.Recalled{Release: seq, Why: why}, nil)
	return err
}

// PostOfficer makes an officer of this headquarters known at posts: with his passkey where posts have this headquarters' name, and with a code where he is to make one there.
func (h *HQ) PostOfficer(ctx context.Context, p Posting) (Released, error) {
	h.state.mu.RLock()
	o := h.state.officers[p.Officer]
	var who officer
	person := release.Person{}
	if o != nil {
		who, person.Name = *o, o.name
	}
	for id, c := range h.state.passkeys {
		if c.officer == p.Officer {
			person.Credential = id
			person.Record, _ = json.Marshal(c.record) // plain data
		}
	}
	h.state.mu.RUnlock()
	if o == nil || who.enrolled == 0 {
		return Released{}, &marz.Error{Code: marz.NotFound, Op: "post officer", Subject: string(p.Officer), Fix: "he is not enrolled at this headquarters; a supervisor invites him there first"}
	}
	out := release.Officer{To: p.To, Officer: p.Officer, Role: who.role, Code: p.Code}
	if person.Credential != "" {
		out.Host = h.config.Host
	}
	if p.Code != "" {
		out.Expires = h.now().Add(postingLife)
	}
	return h.give(ctx, release.KindOfficer, out, person)
}

// Vouch records that the authority's own key has signed whose journal this is. Posts believe it about officers from then on.
func (h *HQ) Vouch(ctx context.Context, voucher []byte) error {
	key := h.authorityKey()
	if key == nil {
		return &marz.Error{Code: marz.Invalid, Op: "vouch", Fix: "this headquarters does not know its authority's verifier key; make it with marz hq init --authority-key"}
	}
	n, err := note.Open(voucher, note.VerifierList(key))
	if err != nil || n.Text != release.VoucherText(h.ledger.Origin(), h.ledger.VerifierKey()) {
		return &marz.Error{Code: marz.Invalid, Op: "vouch", Subject: string(h.ledger.Origin()), Fix: "this is not signed by the authority's key, or is about another journal; sign it with marz authority vouch"}
	}
	return h.node(ctx, func(a *nodeAct) error {
		return a.append(release.KindVouched, release.VouchedBy{Note: string(voucher)}, nil)
	})
}

// Releases returns everything that was given out, the newest last.
func (h *HQ) Releases() []Released {
	h.state.mu.RLock()
	defer h.state.mu.RUnlock()
	out := []Released{}
	for _, r := range h.state.releases.All() {
		o := Released{Seq: r.Seq, At: r.At, What: r.Subject(), Recalled: r.Recalled, Why: r.Why}
		if !r.Wide() {
			o.To = r.To
		}
		switch {
		case r.List != nil:
			o.Version, o.From, o.Size = r.List.Version, r.List.From, r.List.Size
		case r.Stays != nil:
			o.Version, o.From, o.Size = r.Stays.Version, r.Stays.From, r.Stays.Size
		default:
			o.Officer = r.Officer.Officer
		}
		out = append(out, o)
	}
	return out
}

// postOf returns whose node holds a client key, or "".
func (s *state) postOf(client string) marz.Origin {
	for _, n := range s.nodes {
		if n.Client == client && n.Gone == 0 {
			return n.Origin
		}
	}
	return ""
}

// readers says to the receiver who may read the headquarters' own journal: nodes that are enrolled, and of which entries each is given the payload.
func (h *HQ) readers(client string) (func(journal.Entry) bool, bool) {
	h.state.mu.RLock()
	post := h.state.postOf(client)
	h.state.mu.RUnlock()
	return func(e journal.Entry) bool {
		h.state.mu.RLock()
		defer h.state.mu.RUnlock()
		return h.state.releases.Entitled(post, e)
	}, post != ""
}

// openFile opens a file for a node to whom it is given.
func (h *HQ) openFile(_ context.Context, client, digest string) (io.ReadSeekCloser, error) {
	h.state.mu.RLock()
	post := h.state.postOf(client)
	may := post != "" && h.state.releases.Reads(post, digest)
	h.state.mu.RUnlock()
	missing := &marz.Error{Code: marz.NotFound, Op: "give file", Subject: digest, Fix: "there is no such file for this node"}
	if !may {
		return nil, missing
	}
	f, err := os.Open(h.filePath(digest))
	if errors.Is(err, fs.ErrNotExist) {
		h.opts.Log.Error("a file that was published is not here; copy it from the node that published it", "file", h.filePath(digest))
		return nil, missing
	}
	return f, err
}

// ownOrigin is the headquarters' own journal, as the receiver gives it to nodes. Nobody pushes it.
func (h *HQ) ownOrigin() mirror.Origin {
	return mirror.Origin{Name: h.origin, Key: h.vkey, Readers: h.readers}
}

// postingLife is how long an officer who is posted has to make a passkey at a post.
const postingLife = 7 * 24 * time.Hour

// decode reads what a command is given.
func decode[T any](in json.RawMessage) (v T, err error) {
	d := json.NewDecoder(bytes.NewReader(in))
	d.DisallowUnknownFields()
	if err := d.Decode(&v); err != nil {
		return v, &marz.Error{Code: marz.Invalid, Op: "read command", Err: err}
	}
	return v, nil
}

// Commands about what is given out.
const (
	CommandPublish  = "releases/publish" // Publication → Released
	CommandWiden    = "releases/widen"   // release.Widened → nothing
	CommandRecall   = "releases/recall"  // release.Recalled → nothing
	CommandReleases = "releases/list"    // nothing → []Released
	CommandPost     = "officers/post"    // Posting → Released
	CommandVouch    = "vouch"            // release.VouchedBy → nothing
)

// releaseCommands are what they do.
var releaseCommands = map[string]func(*HQ, context.Context, json.RawMessage) (any, error){
	CommandPublish: func(h *HQ, ctx context.Context, in json.RawMessage) (any, error) {
		p, err := decode[Publication](in)
		if err != nil {
			return nil, err
		}
		return h.Publish(ctx, p)
	},
	CommandWiden: func(h *HQ, ctx context.Context, in json.RawMessage) (any, error) {
		w, err := decode[release.Widened](in)
		if err != nil {
			return nil, err
		}
		return nil, h.Widen(ctx, w.Release)
	},
	CommandRecall: func(h *HQ, ctx context.Context, in json.RawMessage) (any, error) {
		r, err := decode[release.Recalled](in)
		if err != nil {
			return nil, err
		}
		return nil, h.Recall(ctx, r.Release, r.Why)
	},
	CommandReleases: func(h *HQ, ctx context.Context, _ json.RawMessage) (any, error) {
		if err := h.ledger.Refresh(ctx); err != nil {
			return nil, err
		}
		return h.Releases(), nil
	},
	CommandPost: func(h *HQ, ctx context.Context, in json.RawMessage) (any, error) {
		p, err := decode[Posting](in)
		if err != nil {
			return nil, err
		}
		return h.PostOfficer(ctx, p)
	},
	CommandVouch: func(h *HQ, ctx context.Context, in json.RawMessage) (any, error) {
		v, err := decode[release.VouchedBy](in)
		if err != nil {
			return nil, err
		}
		return nil, h.Vouch(ctx, []byte(v.Note))
	},
}

// NewCode draws a one-time code for a posting, and its digest.
func NewCode(random io.Reader) (code, digest string, err error) {
	if code, err = folder.Secret(random); err != nil {
		return "", "", err
	}
	return code, folder.Digest(code), nil
}
