package mirror

import (
	"fmt"
	"net/http"
	"slices"

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
	from := h.from
	for left := h.count; left > 0; {
		chunk, cut := in.payloads(left, from, h.to)
		good, fault := r.proven(c, o, chunk)
		if left -= len(chunk); len(good) > 0 {
			to := good[len(good)-1].Seq + 1
			if err := r.storePayloads(c, o, from, to, good); err != nil {
				return err
			}
			from = to
		}
		if fault != nil {
			return fault
		}
		if cut != nil {
			return r.cutOff(c, o, from > h.from)
		}
	}
	if !in.end() {
		return r.cutOff(c, o, from > h.from)
	}
	if from < h.to {
		if err := r.storePayloads(c, o, from, h.to, nil); err != nil {
			return err
		}
	}
	return r.giveStateOf(c, o, http.StatusOK)
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
// read some at a time, since each can be large.
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
		for i, p := range chunk {
			if err := r.checkPayload(c, o, bodies[i], p); err != nil {
				return all[:done], err
			}
			done++
		}
	}
	return all, nil
}

func (r *Receiver) checkPayload(c *call, o *known, body []byte, p PayloadRow) error {
	e, err := journal.ParseEntry(body)
	if err != nil || e.Private == "" {
		return refuse(http.StatusUnprocessableEntity, "the entry of seq %d has no private payload", p.Seq)
	}
	if o.Entitled == nil || !o.Entitled(e) {
		return refuse(http.StatusForbidden, "this mirror may not hold the payload of seq %d", p.Seq)
	}
	if got := journal.Digest(p.Salt, p.Body); got != e.Private {
		return r.keep(c, o, &Evidence{Kind: EvidencePayload, At: r.cfg.Clock(), Origin: o.Name, Seq: marz.Seq(p.Seq), Digest: e.Private, Got: got, From: c.client}, http.StatusUnprocessableEntity)
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
