package post

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"golang.org/x/mod/sumdb/note"

	"marz"
	"marz/folder"
	"marz/journal"
	"marz/release"
	"marz/watchlist"
)

// Beneath a headquarters' folder: files by their digest, and for each list a folder with the files that make it up now.
const (
	filesDir = "files"
	listsDir = "lists"
	baseFile = "base"
)

// hqSource is where a list of a headquarters is read from.
func (p *Post) hqSource(id marz.ListID, from *fromHQ) ListSource {
	src := ListSource{ID: id, Path: filepath.Join(hqDir, string(from.Authority), listsDir, string(id), baseFile), Key: p.bodies[from.Authority].Key, from: from}
	if from.Own {
		src.Authority = from.Authority
	}
	return src
}

// lists brings every list of which the headquarters has said something new to what it says now. What it said in between is not fetched.
func (h *followedHQ) lists(ctx context.Context) error {
	var ids []marz.ListID
	about := map[marz.ListID][]journal.Entry{}
	var errs []error
	var ofStays []journal.Entry
	for _, e := range h.waiting(h.ofList) {
		r := h.released(e)
		if r == nil {
			_, why := release.Parse(e)
			errs = append(errs, h.refuse(ctx, e, why))
			continue
		}
		if !h.concerns(e, r) {
			h.settle(e)
			continue
		}
		if r.Stays != nil {
			ofStays = append(ofStays, e)
			continue
		}
		if about[r.List.List] == nil {
			ids = append(ids, r.List.List)
		}
		about[r.List.List] = append(about[r.List.List], e)
	}
	if len(ofStays) > 0 { // small as against lists
		ids = append([]marz.ListID{""}, ids...)
		about[""] = ofStays
	}
	for _, id := range ids {
		do := func() error { return h.list(ctx, id, about[id]) }
		if id == "" {
			do = func() error { return h.stays(ctx, ofStays) }
		}
		err := do()
		if errors.Is(err, errFollowed) {
			h.settle(about[id]...)
			err = nil
		}
		if errors.Is(err, errOver) || ctx.Err() != nil || h.p.journal.Failure() != nil {
			return err
		}
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

// concerns reports whether an entry about a release changes what this post is to have. What did not name it and was widened later is acted on by the entry that widened it.
func (h *followedHQ) concerns(e journal.Entry, r *release.Release) bool {
	named := len(r.To) == 0 || slices.Contains(r.To, h.p.journal.Origin())
	switch e.Kind {
	case release.KindWidened:
		return !named
	case release.KindRecalled:
		return named || r.Wide()
	}
	return named
}

// chain returns what makes up a list here now.
func (h *followedHQ) chain(id marz.ListID) []*release.Release {
	h.mu.Lock()
	defer h.mu.Unlock()
	var out []*release.Release
	for _, r := range h.state.Chain(id, h.p.journal.Origin()) {
		c := *r
		out = append(out, &c)
	}
	return out
}

// list brings one list to what the headquarters says now. What cannot be had now is tried again; what cannot be is refused, and the version before stays in force.
func (h *followedHQ) list(ctx context.Context, id marz.ListID, about []journal.Entry) error {
	chain := h.chain(id)
	if len(chain) == 0 {
		return h.endList(ctx, id, about)
	}
	src, err := h.sourceOf(id, chain)
	if err == nil {
		err = h.load(ctx, src, chain)
	}
	if err != nil && refusal(err) {
		return h.refuseList(ctx, chain[len(chain)-1], about, err)
	}
	if err != nil {
		return err
	}
	return h.loaded(ctx, src, chain, about)
}

// sourceOf says from where the list is read, and refuses one that somebody else gives.
func (h *followedHQ) sourceOf(id marz.ListID, chain []*release.Release) (ListSource, error) {
	last := chain[len(chain)-1]
	src := h.p.hqSource(id, &fromHQ{HQ: h.conf.HQ, Authority: h.conf.Authority, Own: last.List.Own, Seq: last.Seq})
	bad := func(fix string) (ListSource, error) {
		return src, &marz.Error{Code: marz.Conflict, Op: "load list", Subject: string(id), Fix: fix}
	}
	if src.Key == "" {
		return bad(fmt.Sprintf("no key of %s is known here, so that nobody can tell whether it signed the list", h.conf.Authority))
	}
	for _, s := range h.p.sources() {
		switch {
		case s.ID != id:
		case s.from == nil:
			return bad("a list of this id is in post.toml; take it out there, and the one of the headquarters takes its place")
		case s.from.HQ != src.from.HQ:
			return bad(fmt.Sprintf("the headquarters of %s gives a list of this id already", s.from.Authority))
		case s.from.Own != src.from.Own:
			return bad("it was given as another kind of list, and has to be taken back as that first")
		}
	}
	if src.Authority != "" && !h.p.mandated(src.Authority, h.p.now()) {
		return src, &marz.Error{Code: marz.Forbidden, Op: "load list", Subject: string(id), Fix: fmt.Sprintf("no article gives %s hits at %s; its own lists are not loaded", src.Authority, h.p.post.ID)}
	}
	return src, nil
}

// load fetches what is missing, proves all of it, and puts it in force.
func (h *followedHQ) load(ctx context.Context, src ListSource, chain []*release.Release) error {
	if src.Authority != "" {
		return h.loadOwn(ctx, src, chain)
	}
	for _, r := range chain {
		if err := h.have(ctx, r); err != nil {
			return err
		}
	}
	for _, r := range chain {
		if err := h.prove(r, src.verifier()); err != nil {
			return err
		}
	}
	h.p.loading.Lock()
	defer h.p.loading.Unlock()
	if h.isNew(src.ID) {
		coming := src
		coming.coming = true
		h.p.setSource(src.ID, &coming)
	}
	if err := h.layOut(src, chain); err != nil {
		return err
	}
	if h.goesBack(src.ID, chain) {
		h.p.built.Delete(src.ID)
		if err := h.p.forgetDeltas(src.ID); err != nil {
			return err
		}
	}
	_, err := h.p.loadCommon(src)
	return err
}

// isNew reports whether the list is not among the sources yet.
func (h *followedHQ) isNew(id marz.ListID) bool {
	return !slices.ContainsFunc(h.p.sources(), func(s ListSource) bool { return s.ID == id })
}

// goesBack reports whether what is in force is not what the chain leads on from.
func (h *followedHQ) goesBack(id marz.ListID, chain []*release.Release) bool {
	for _, s := range h.p.sources() {
		if s.ID == id && s.from != nil && !s.coming {
			return !slices.ContainsFunc(chain, func(r *release.Release) bool { return r.Seq == s.from.Seq })
		}
	}
	return true
}

func (h *followedHQ) file(r *release.Release) string {
	sha256, _ := r.File()
	return filepath.Join(h.dir, filesDir, sha256)
}

// have fetches the file of a release, unless it is there: out of its entry's payload where it is small, or else as a file.
func (h *followedHQ) have(ctx context.Context, r *release.Release) error {
	path := h.file(r)
	sha256, size := r.File()
	if info, err := os.Stat(path); err == nil && info.Size() == size {
		return nil
	}
	if r.Inline && (r.Stays != nil || !r.List.Own) {
		payload, err := h.f.Payload(ctx, r.Seq)
		var in release.Inline
		if err == nil && json.Unmarshal(payload, &in) == nil && folder.Digest(string(in.File)) == sha256 {
			return folder.Write(path, in.File, 0o600)
		}
		if err != nil && marz.CodeOf(err) != marz.NotFound {
			return err
		}
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return &marz.Error{Op: "fetch list", Subject: path, Err: err}
	}
	return h.f.File(ctx, sha256, size, path)
}

// prove holds a file to what its entry says of it, and to the signature of the authority. Of a change all is read here, so that no list is loaded with half of its changes; a list is when it is loaded.
func (h *followedHQ) prove(r *release.Release, v note.Verifier) error {
	path := h.file(r)
	bad := func(fix string) error {
		return &marz.Error{Code: marz.Invalid, Op: "load list", Subject: fmt.Sprintf("%s %s", r.List.List, r.List.Version), Fix: fix}
	}
	if r.List.Note != "" {
		return nil // a table of numbers is proven by the note beside it when it is opened
	}
	page, err := watchlist.ReadPage(path, v)
	if err != nil {
		return err
	}
	if page.ID != r.List.List || page.Version != r.List.Version || page.From != r.List.From {
		return bad(fmt.Sprintf("the file is of %s, version %s, and not what the headquarters says that it is", page.ID, page.Version))
	}
	if r.Kind == release.KindChange {
		_, err = watchlist.ReadChange(path, v)
	}
	return err
}

// layOut makes the list's folder hold the files of the chain under the names by which they are loaded, and no others.
func (h *followedHQ) layOut(src ListSource, chain []*release.Release) error {
	dir := filepath.Dir(h.p.source(src))
	failed := func(err error) error {
		return &marz.Error{Op: "load list", Subject: dir, Fix: "its files cannot be laid out; see that the disk has room", Err: err}
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return failed(err)
	}
	want := map[string]*release.Release{}
	for _, r := range chain {
		name := baseFile
		if r.Kind == release.KindChange {
			name = fmt.Sprintf("%012d%s", r.Seq, deltaSuffix)
		}
		want[name] = r
	}
	names, err := os.ReadDir(dir)
	if err != nil {
		return failed(err)
	}
	for _, n := range names {
		if want[n.Name()] == nil {
			if err := os.Remove(filepath.Join(dir, n.Name())); err != nil {
				return failed(err)
			}
		}
	}
	for name, r := range want {
		if err := replaceLink(h.file(r), filepath.Join(dir, name)); err != nil {
			return failed(err)
		}
		if r.List.Note != "" {
			if err := folder.Write(filepath.Join(dir, name)+watchlist.NoteSuffix, []byte(r.List.Note), 0o600); err != nil {
				return failed(err)
			}
		}
	}
	return syncDir(dir)
}

// replaceLink gives a file another name, in place of what has it. What the file holds never changes, since it is named by its digest.
func replaceLink(file, name string) error {
	if a, err := os.Stat(file); err == nil {
		if b, err := os.Stat(name); err == nil && os.SameFile(a, b) {
			return nil
		}
	}
	next := name + takenSuffix
	if err := os.Remove(next); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err := os.Link(file, next); err != nil {
		if err := copyFile(next, file); err != nil { // a file system without links
			return err
		}
	}
	return os.Rename(next, name)
}

// forgetDeltas removes the copies that are kept of changes of a list.
func (p *Post) forgetDeltas(id marz.ListID) error {
	all, err := p.keptDeltas(id)
	for _, d := range all {
		err = errors.Join(err, os.Remove(d))
	}
	if err != nil {
		return keepError(id, err)
	}
	return nil
}

// loaded says in the post's journal that a list of the headquarters came into force, and what it said before that was not loaded.
func (h *followedHQ) loaded(ctx context.Context, src ListSource, chain []*release.Release, about []journal.Entry) error {
	info, ok := h.p.listInForce(src.ID)
	if !ok {
		return &marz.Error{Op: "load list", Subject: string(src.ID), Fix: "it is not in force"}
	}
	err := h.p.node(ctx, func(n *node) error {
		seq := n.Next()
		e := listEntry{List: info.ID, Name: info.Name, Owner: string(info.Owner), Version: info.Version, Loaded: info.Loaded, Alerts: info.Alerts, From: src.from}
		if err := n.append(KindListLoaded, e, nil); err != nil {
			return err
		}
		for _, a := range about {
			outcome, own := followedDone, []marz.Seq{seq}
			if (a.Kind == release.KindList || a.Kind == release.KindChange) && !slices.ContainsFunc(chain, func(r *release.Release) bool { return r.Seq == a.Seq }) {
				outcome, own = followedSuperseded, nil
			}
			if err := h.followed(n, outcome, "", own, a); err != nil {
				return err
			}
		}
		h.p.setSource(src.ID, &src)
		return nil
	})
	if err != nil {
		return err
	}
	h.settle(about...)
	h.p.again.add(src.ID)
	h.tidy()
	h.p.opts.Log.Info("a list of a headquarters is in force", "authority", h.conf.Authority, "list", src.ID, "version", info.Version)
	return nil
}

// refuseList says in the post's journal that a list cannot be, and why. The one before stays in force.
func (h *followedHQ) refuseList(ctx context.Context, last *release.Release, about []journal.Entry, why error) error {
	h.p.opts.Log.Warn("a list of a headquarters is refused; the one before stays in force", "authority", h.conf.Authority, "list", last.List.List, "err", why)
	err := h.p.node(ctx, func(n *node) error {
		seq := n.Next()
		e := listEntry{List: last.List.List, Name: last.List.Name, Refused: short(why.Error()), From: &fromHQ{HQ: h.conf.HQ, Authority: h.conf.Authority, Own: last.List.Own, Seq: last.Seq}}
		if err := n.append(KindListRefused, e, nil); err != nil {
			return err
		}
		return h.followed(n, followedRefused, short(why.Error()), []marz.Seq{seq}, about...)
	})
	if err != nil {
		return err
	}
	for _, s := range h.p.sources() {
		if s.ID == last.List.List && s.coming {
			h.p.setSource(s.ID, nil)
		}
	}
	h.settle(about...)
	return nil
}

// endList takes a list out of force of which the headquarters has taken back all versions.
func (h *followedHQ) endList(ctx context.Context, id marz.ListID, about []journal.Entry) error {
	i := slices.IndexFunc(h.p.sources(), func(s ListSource) bool { return s.ID == id && s.from != nil && s.from.HQ == h.conf.HQ })
	if i < 0 {
		err := h.p.node(ctx, func(n *node) error { return h.followed(n, followedSuperseded, "", nil, about...) })
		if err == nil {
			h.settle(about...)
		}
		return err
	}
	src := h.p.sources()[i]
	err := h.p.node(ctx, func(n *node) error {
		seq := n.Next()
		if err := n.append(KindListEnded, listEndedEntry{id, *src.from, "the headquarters has taken it back"}, nil); err != nil {
			return err
		}
		if err := h.followed(n, followedDone, "", []marz.Seq{seq}, about...); err != nil {
			return err
		}
		h.p.silence(id)
		return nil
	})
	if err != nil {
		return err
	}
	h.settle(about...)
	if err := h.p.dropList(src); err != nil {
		return err
	}
	h.tidy()
	return nil
}

// silence takes a list out of force, as part of the change that says so: nothing can fail after it but the commit, and then the node stops.
func (p *Post) silence(id marz.ListID) {
	p.lists.Remove(id)
	p.setSource(id, nil)
}

// dropList takes a list of a headquarters out of force, with all that is kept of it.
func (p *Post) dropList(src ListSource) error {
	p.loading.Lock()
	defer p.loading.Unlock()
	p.lists.Remove(src.ID)
	p.built.Delete(src.ID)
	err := errors.Join(shred(p.sealedPath(src.ID)), p.forgetKept(src.ID, ""))
	if e := os.Remove(p.keptPath(src.ID)); !errors.Is(e, fs.ErrNotExist) {
		err = errors.Join(err, e)
	}
	return errors.Join(err, os.RemoveAll(filepath.Dir(p.source(src))))
}

// tidy removes files that no list needs any more: neither what is in force, nor the version before, to which it can be taken back at once.
func (h *followedHQ) tidy() {
	h.mu.Lock()
	keep := map[string]bool{}
	for _, r := range h.state.StaysAt(h.p.journal.Origin()) {
		keep[r.Stays.SHA256] = true
	}
	for _, id := range h.state.Lists() {
		bases := 0
		all := h.state.All()
		for _, r := range slices.Backward(all) {
			if r.List == nil || r.List.List != id || !r.Reaches(h.p.journal.Origin()) || r.List.Own {
				continue
			}
			keep[r.List.SHA256] = true
			if r.Kind == release.KindList {
				if bases++; bases == 2 {
					break
				}
			}
		}
	}
	h.mu.Unlock()
	names, err := os.ReadDir(filepath.Join(h.dir, filesDir))
	for _, n := range names {
		if !keep[n.Name()] {
			err = errors.Join(err, os.Remove(filepath.Join(h.dir, filesDir, n.Name())))
		}
	}
	if err != nil {
		h.p.opts.Log.Warn("files that no list needs any more could not be removed", "err", err)
	}
}
