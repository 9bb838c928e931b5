package mirror

import (
	"errors"
	"fmt"
	"net/http"
	"runtime"
	"slices"
	"sync"

	"marz"
	"marz/journal"
)

// addPayloads takes in private payloads of entries that are held, each under the digest in its entry (docs/spec/mirror.md §5).
func (r *Receiver) addPayloads(c *call) error {
	in, h, o, err := r.items(c)
	if err != nil {
		return err
	}
	st, err := r.cfg.Store.State(c.ctx, o.Name)
	if err != nil {
		return err
	}
	if h.from > st.Payloads || h.to > st.Size {
		return r.giveStateOf(c, o, http.StatusConflict)
	}
	u := &payloadUpload{r: r, c: c, o: o, from: h.from}
	done, err := u.run(in, h)
	if stored := u.wait(); stored != nil {
		return stored
	}
	switch {
	case err != nil:
		return err
	case !done || !in.end():
		return r.cutOff(c, o, u.from > h.from)
	case u.from < h.to:
		if err := r.storePayloads(c, o, u.from, h.to, nil); err != nil {
			return err
		}
	}
	return r.giveStateOf(c, o, http.StatusOK)
}

// payloadUpload is one add-payloads request. Payloads are proven in the request's goroutine, and stored in another while the next ones are read.
type payloadUpload struct {
	r      *Receiver
	c      *call
	o      *known
	from   int64 // payloads of entries below were handed to the store
	stored chan error
}

// payloadChunk is how many payloads are proven and stored together.
const payloadChunk = 1024

// run reads, proves and stores the payloads. It is not done when the body ended early.
func (u *payloadUpload) run(in *reader, h itemsHeader) (done bool, err error) {
	next := h.from
	for left := h.count; left > 0; {
		chunk, cut := in.payloads(min(left, payloadChunk), next, h.to)
		good, fault := u.r.proven(u.c, u.o, chunk)
		if len(good) > 0 {
			next = good[len(good)-1].Seq + 1
			if err := u.store(next, good); err != nil {
				return false, err
			}
		}
		if fault != nil || cut != nil {
			return false, fault
		}
		left -= len(chunk)
	}
	return true, nil
}

// store hands payloads to the store, when those before are on the disk.
func (u *payloadUpload) store(to int64, rows []PayloadRow) error {
	if err := u.wait(); err != nil {
		return err
	}
	from, done := u.from, make(chan error, 1)
	u.from, u.stored = to, done
	go func() { done <- u.r.storePayloads(u.c, u.o, from, to, rows) }()
	return nil
}

// wait waits for what the store was last given.
func (u *payloadUpload) wait() error {
	if u.stored == nil {
		return nil
	}
	err := <-u.stored
	u.stored = nil
	return err
}

// payloads reads up to so many payloads with rising seqs in [from, to), and not many more bytes than chunkBytes. An error says that what follows is not that.
func (r *reader) payloads(most int, from, to int64) (out []PayloadRow, err error) {
	for bytes := 0; len(out) < most && bytes < chunkBytes; {
		p, err := r.payload()
		if err != nil {
			return out, err
		}
		if p.Seq < from || p.Seq >= to {
			return out, errMalformed
		}
		from = p.Seq + 1
		bytes += len(p.Body)
		out = append(out, p)
	}
	return out, nil
}

// proven returns those payloads that lie before the first that is not what it should be, and what is wrong with that one. The entries are
// read some at a time, since each can be large, and checked on all processors.
func (r *Receiver) proven(c *call, o *known, all []PayloadRow) ([]PayloadRow, error) {
	done := 0
	for chunk := range slices.Chunk(all, packageSize) {
		seqs := make([]int64, len(chunk))
		for i, p := range chunk {
			seqs[i] = p.Seq
		}
		bodies, err := r.cfg.Store.Bodies(c.ctx, o.Name, seqs)
		if err != nil {
			return all[:done], err
		}
		faults := make([]error, len(chunk))
		onAll(len(chunk), func(i int) { faults[i] = r.checkPayload(c, o, bodies[i], chunk[i]) })
		for _, fault := range faults {
			if wrong, ok := errors.AsType[*wrongPayload](fault); ok {
				fault = r.keep(c, o, &wrong.Evidence, http.StatusUnprocessableEntity)
			}
			if fault != nil {
				return all[:done], fault
			}
			done++
		}
	}
	return all, nil
}

// onAll does something for each number from 0 up to before many, on all processors.
func onAll(many int, do func(i int)) {
	workers := min(runtime.GOMAXPROCS(0), many)
	var group sync.WaitGroup
	for w := range workers {
		group.Go(func() {
			for i := w; i < many; i += workers {
				do(i)
			}
		})
	}
	group.Wait()
}

// wrongPayload says that a payload is not the one whose digest stands in the entry.
type wrongPayload struct{ Evidence }

func (*wrongPayload) Error() string { return "it is another payload" }

func (r *Receiver) checkPayload(c *call, o *known, body []byte, p PayloadRow) error {
	e, err := journal.ParseEntry(body)
	if err != nil || e.Private == "" {
		return refuse(http.StatusUnprocessableEntity, "the entry of seq %d has no private payload", p.Seq)
	}
	if o.Entitled == nil || !o.Entitled(e) {
		return refuse(http.StatusForbidden, "this mirror may not hold the payload of seq %d", p.Seq)
	}
	if got := journal.Digest(p.Salt, p.Body); got != e.Private {
		return &wrongPayload{Evidence{Kind: EvidencePayload, At: r.cfg.Clock(), Origin: o.Name, Seq: marz.Seq(p.Seq), Digest: e.Private, Got: got, From: c.client}}
	}
	return nil
}

func (r *Receiver) storePayloads(c *call, o *known, from, to int64, rows []PayloadRow) error {
	_, refused, err := r.cfg.Store.AddPayloads(c.ctx, o.Name, from, to, rows)
	if marz.CodeOf(err) == marz.Conflict {
		return fmt.Errorf("payloads that follow held ones were refused: %w", err)
	}
	if refused > 0 {
		r.cfg.Log.Warn("payloads that were erased came again and were refused", "origin", o.Name, "from", from, "to", to, "refused", refused)
	}
	return err
}
