package mirror

import (
	"fmt"
	"net/http"

	"golang.org/x/mod/sumdb/tlog"

	"marz"
	"marz/journal"
)

// mostBelow is how far below the next entry an upload may begin.
const mostBelow = 1 << 16

// addEntries takes in entries, package by package, and cosigns the head when all are there (C2SP tlog-mirror add-entries).
func (r *Receiver) addEntries(c *call) error {
	body, err := c.body()
	if err != nil {
		return err
	}
	in := newReader(body)
	h, err := in.entriesHeader()
	if err != nil {
		return refuse(http.StatusBadRequest, "the header is malformed")
	}
	o, err := r.origin(c, h.origin)
	if err != nil {
		return err
	}
	st, err := r.cfg.Store.State(c.ctx, o.Name)
	if err != nil {
		return err
	}
	head, err := r.pending(c, o, h.end)
	if marz.CodeOf(err) == marz.NotFound || err == nil && (h.end < st.Size || h.start > st.Next || h.start+mostBelow < st.Next) {
		return r.info(c, o, http.StatusConflict, h.end)
	}
	if err != nil {
		return err
	}
	u := &upload{r: r, c: c, o: o, head: head, next: h.start}
	if err := u.run(in, h); err != nil {
		return err
	}
	return r.finish(c, o, head, u)
}

// finish answers an upload whose packages are all stored.
func (r *Receiver) finish(c *call, o *known, head journal.Head, u *upload) error {
	st, err := r.cfg.Store.State(c.ctx, o.Name)
	if err != nil {
		return err
	}
	switch {
	case st.Next >= head.Size:
		return r.cosign(c, o, head)
	case u.packages > 0:
		return r.info(c, o, http.StatusAccepted, head.Size)
	case u.fault != nil:
		return u.fault
	}
	return refuse(http.StatusBadRequest, "the body holds no whole package")
}

// info answers with how far the mirror is. asked is the size the client meant, which it hears again if it can go on with it.
func (r *Receiver) info(c *call, o *known, status int, asked int64) error {
	st, err := r.cfg.Store.State(c.ctx, o.Name)
	if err != nil {
		return err
	}
	size := st.Pending
	if asked > 0 && asked >= st.Size {
		if _, err := r.cfg.Store.Pending(c.ctx, o.Name, asked); err == nil {
			size = asked
		}
	}
	return c.answer(status, typeInfo, mirrorInfo{size: size, next: st.Next}.encode())
}

// cosign makes a head whose entries are all on the disk the mirror's own, and answers with the cosignature.
func (r *Receiver) cosign(c *call, o *known, head journal.Head) error {
	cosigned, lines, err := cosign(r.cfg.Cosigner, head, o.verifier)
	if err != nil {
		return err
	}
	err = r.cfg.Store.SetHead(c.ctx, o.Name, HeadRow{head.Size, head.Note}, cosigned)
	if marz.CodeOf(err) == marz.Conflict { // another request came further
		return r.info(c, o, http.StatusConflict, head.Size)
	}
	if err != nil {
		return err
	}
	return c.answer(http.StatusOK, "text/plain; charset=utf-8", string(lines))
}

// upload is one add-entries request. Packages are proven in the request's goroutine, and stored in another while the next ones are read.
type upload struct {
	r        *Receiver
	c        *call
	o        *known
	head     journal.Head
	tree     journal.Frontier
	next     int64 // seq of the next entry in the body
	packages int   // that were proven and stored
	fault    error // why the last one was not

	rows   []Row
	erase  []int64
	bytes  int
	proven int // packages in rows
	stored chan error
}

// run reads, proves and stores the packages. An error is the store's, or says that a package is not what it should be; that the body ended early is none.
func (u *upload) run(in *reader, h entriesHeader) error {
	if h.start == h.end {
		return nil
	}
	var err error
	if u.tree, err = journal.NewFrontier(h.start, storedHashes{u.c.ctx, u.r.cfg.Store, u.o.Name}); err != nil {
		return err
	}
	for u.next < h.end {
		from, rounded, to := bounds(u.next, h.end)
		p, err := in.entryPackage(int(to - from))
		if err != nil { // cut off, or more than there is
			u.fault = refuse(http.StatusBadRequest, "the body ends in the midst of the package at seq %d", from)
			break
		}
		if err := u.prove(p, rounded, to); err != nil {
			u.fault = refuse(http.StatusUnprocessableEntity, "the package at seq %d is not proven: %v", from, err)
			break
		}
		if u.bytes >= chunkBytes || len(u.rows) >= 16*packageSize {
			if err := u.store(); err != nil {
				return err
			}
		}
	}
	if err := u.store(); err != nil {
		return err
	}
	if err := u.wait(); err != nil {
		return err
	}
	if f, ok := u.fault.(*refusal); ok && f.status == http.StatusUnprocessableEntity {
		return u.fault
	}
	return nil
}

// prove checks one package against the head, and lines its rows up.
func (u *upload) prove(p entryPackage, rounded, to int64) error {
	tree, at := u.tree, len(u.rows)
	hashes := make([]byte, 0, 3*tlog.HashSize*len(p.bodies))
	var last []byte
	for i, body := range p.bodies {
		before := len(hashes)
		hashes = tree.AppendTo(hashes, p.leaves[i])
		last = hashes[before:len(hashes):len(hashes)]
		u.rows = append(u.rows, Row{u.next + int64(i), body, last})
	}
	err := checkSubtree(p.proof, u.head.Size, u.head.Root, rounded, to, packageHash(&tree, last, rounded, to))
	if err != nil {
		u.rows = u.rows[:at]
		return err
	}
	for _, body := range p.bodies {
		u.erase = append(u.erase, journal.ErasedBy(body)...)
	}
	u.tree, u.next = tree, to
	u.bytes += p.size + len(hashes)
	u.proven++
	return nil
}

// store hands the rows to the store, when those before are on the disk.
func (u *upload) store() error {
	if err := u.wait(); err != nil || u.proven == 0 {
		return err
	}
	rows, erase, many := u.rows, u.erase, u.proven
	u.rows, u.erase, u.bytes, u.proven = nil, nil, 0, 0
	done := make(chan error, 1)
	u.stored = done
	u.packages += many
	go func() {
		_, err := u.r.cfg.Store.AddEntries(u.c.ctx, u.o.Name, rows, erase)
		done <- err
	}()
	return nil
}

// wait waits for what the store was last given.
func (u *upload) wait() error {
	if u.stored == nil {
		return nil
	}
	err := <-u.stored
	u.stored = nil
	if marz.CodeOf(err) == marz.Conflict {
		return fmt.Errorf("entries that follow held ones were refused: %w", err)
	}
	return err
}
