package mirror

import (
	"context"
	"io"

	"golang.org/x/mod/sumdb/tlog"

	"marz"
	"marz/journal"
)

// Tree returns the tree hashes that a store holds of a journal, for proofs by golang.org/x/mod/sumdb/tlog.
func Tree(ctx context.Context, s Store, origin marz.Origin) tlog.HashReader {
	return storedHashes{ctx, s, origin}
}

// Export writes what a mirror has cosigned of a journal as the bundle that journal.Export writes of the journal itself, with those payloads that the mirror
// holds, so that marz verify can check it. vkey is the node's verifier key.
func Export(ctx context.Context, s Store, origin marz.Origin, vkey string, w io.Writer) error {
	return export(ctx, s, origin, vkey, true, w)
}

// ExportPublic is Export without any payload: what it writes holds no personal data.
func ExportPublic(ctx context.Context, s Store, origin marz.Origin, vkey string, w io.Writer) error {
	return export(ctx, s, origin, vkey, false, w)
}

func export(ctx context.Context, s Store, origin marz.Origin, vkey string, payloads bool, w io.Writer) error {
	st, err := s.State(ctx, origin)
	if err != nil {
		return err
	}
	if st.Size == 0 {
		return absent(origin, "a head")
	}
	b, err := journal.NewBundle(w, origin, vkey, payloads)
	if err != nil {
		return err
	}
	const step = 4 * packageSize
	for from := int64(0); from < st.Size; from += step {
		if err := exportEntries(ctx, s, origin, b, payloads, from, min(st.Size, from+step)); err != nil {
			return err
		}
	}
	for after, last := int64(0), int64(0); ; after = last {
		err := s.Heads(ctx, origin, after, step, func(h HeadRow) error {
			if last = h.Size; h.Size > st.Size { // cosigned meanwhile
				return nil
			}
			return b.Head(h.Note)
		})
		if err != nil {
			return err
		}
		if last == after {
			break
		}
	}
	return b.End()
}

func exportEntries(ctx context.Context, s Store, origin marz.Origin, b *journal.Bundle, with bool, from, to int64) error {
	payloads, last := map[int64]PayloadRow{}, from
	if with {
		last = to
	}
	err := s.Payloads(ctx, origin, from, last, func(p PayloadRow) error {
		payloads[p.Seq] = PayloadRow{p.Seq, append([]byte{}, p.Salt...), append([]byte{}, p.Body...)}
		return nil
	})
	if err != nil {
		return err
	}
	return s.Entries(ctx, origin, from, to, func(r Row) error {
		p := payloads[r.Seq]
		return b.Entry(r.Seq, r.Body, r.Hashes, p.Salt, p.Body)
	})
}
