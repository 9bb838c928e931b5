package mirror

import (
	"context"
	"fmt"

	"marz"
)

// State is how far a store has come with one origin. The zero State is that of an origin of which nothing is held.
type State struct {
	Pending  int64 // size of the newest head that was taken in; its entries may be still to come
	Next     int64 // seq of the next entry: all before it are held
	Size     int64 // of the mirror's own head: every entry below is held, and the mirror has cosigned it
	Heads    int64 // every head of the journal up to this size was given
	Payloads int64 // of every entry below this seq the payload was given, or the node gives none
}

// Row is an entry as it is held: its bytes and the hashes of the subtrees that it completes, lowest first, 32 bytes each
// (docs/spec/journal.md §4).
type Row struct {
	Seq    int64
	Body   []byte
	Hashes []byte
}

// HeadRow is a head of the journal, the note as the node signed it.
type HeadRow struct {
	Size int64
	Note []byte
}

// PayloadRow is the private payload of an entry.
type PayloadRow struct {
	Seq  int64
	Salt []byte // 32 bytes
	Body []byte
}

// Append is what one commit adds to a journal that a store itself keeps (Store.Append).
type Append struct {
	Old      int64        // entries before
	Rows     []Row        // of seqs Old, Old+1, … up to before Head.Size; at least one
	Payloads []PayloadRow // of some of these, ascending
	Erase    []int64      // seqs below Head.Size whose payloads are erased, and not taken again
	Head     HeadRow      // over all entries
}

// Check says whether the parts fit together. It is marz.Invalid when they do not.
func (a Append) Check(origin marz.Origin) error {
	bad := func(format string, args ...any) error {
		return &marz.Error{Code: marz.Invalid, Op: "append to journal", Subject: string(origin), Fix: fmt.Sprintf(format, args...)}
	}
	if n := int64(len(a.Rows)); a.Old < 0 || n == 0 || a.Head.Size != a.Old+n || a.Head.Size > maxSeq {
		return bad("%d entries after %d are not what a head over %d covers", n, a.Old, a.Head.Size)
	}
	for i, r := range a.Rows {
		if r.Seq != a.Old+int64(i) {
			return bad("seq %d stands where seq %d should", r.Seq, a.Old+int64(i))
		}
	}
	least := a.Old
	for _, p := range a.Payloads {
		if p.Seq < least || p.Seq >= a.Head.Size {
			return bad("a payload of seq %d stands where one of a seq from %d to %d should", p.Seq, least, a.Head.Size-1)
		}
		least = p.Seq + 1
	}
	for _, seq := range a.Erase {
		if seq < 0 || seq >= a.Head.Size {
			return bad("seq %d is to be erased, which the head does not cover", seq)
		}
	}
	return nil
}

// Limits of what a store keeps.
const (
	KeptPending  = 16 // newest pending heads of an origin
	KeptEvidence = 64 // pieces of evidence of one kind and origin: the first ones
)

// Store keeps the copies of any number of journals, each under its origin. It checks nothing that is signed or hashed: that is the
// Receiver's part, and it gives a store only what it has proven. Conformance is tested by package storetest.
//
// Methods may be called from any goroutine, and by several processes where the database serves several. Each that writes is one
// transaction: all of it is durable when the method returns nil, none of it when it returns an error. What is given twice is
// there once. Errors are *marz.Error: Conflict where the state does not allow it (nothing was written, and State tells why), NotFound where there is no
// such thing, Unavailable after a failure of the disk or the database. Slices that a method is given are not kept after it
// returns, and those that it gives to a callback are the callback's only until it returns.
type Store interface {
	// Origins lists the origins of which anything is held, ascending.
	Origins(ctx context.Context) ([]marz.Origin, error)
	// State returns how far an origin has come.
	State(ctx context.Context, origin marz.Origin) (State, error)

	// SetPending takes in a head that continues the newest pending one, which must be of size old (0: there is none). It is a
	// Conflict when another came first, and when size is not larger than old. The newest KeptPending are kept, and of these none that is smaller than
	// State.Size.
	SetPending(ctx context.Context, origin marz.Origin, old int64, head HeadRow) error
	// Pending returns the pending head of a size, or NotFound.
	Pending(ctx context.Context, origin marz.Origin, size int64) ([]byte, error)

	// AddEntries adds entries of consecutive seqs. Those below State.Next are held already and skipped; the first must not be above it
	// (Conflict). In the same transaction the payloads of the seqs in erase are erased, and are not taken again: their bytes are
	// nowhere in the database's files when it returns, or as soon as no reader needs them any more, or the implementation says for how long they can still be there. It returns the new State.Next.
	AddEntries(ctx context.Context, origin marz.Origin, rows []Row, erase []int64) (next int64, err error)
	// Entries gives the entries from one seq up to before another, as far as they are held, ascending.
	Entries(ctx context.Context, origin marz.Origin, from, to int64, do func(Row) error) error
	// Bodies returns the bytes of some entries, in the order asked for. It is NotFound when one is not held.
	Bodies(ctx context.Context, origin marz.Origin, seqs []int64) ([][]byte, error)
	// Hashes returns Row.Hashes of some entries, in the order asked for. It is NotFound when one is not held.
	Hashes(ctx context.Context, origin marz.Origin, seqs []int64) ([][]byte, error)

	// SetHead makes a head the mirror's own. cosigned is its note with the mirror's cosignature, head.Note the same without, which joins
	// the heads. It is a Conflict when head.Size is above State.Next or below State.Size.
	SetHead(ctx context.Context, origin marz.Origin, head HeadRow, cosigned []byte) error
	// Head returns the mirror's own head with the cosignature, or NotFound.
	Head(ctx context.Context, origin marz.Origin) (cosigned []byte, err error)

	// AddHeads adds heads in ascending order of size. The node has given all those between after and the last of these: State.Heads becomes
	// the size of the last, if that is more. It is a Conflict when after is above State.Heads, or the last above State.Size. A size of which there is a head is
	// skipped.
	AddHeads(ctx context.Context, origin marz.Origin, after int64, heads []HeadRow) (mark int64, err error)
	// Heads gives the heads with a size above after, at most limit, ascending.
	Heads(ctx context.Context, origin marz.Origin, after int64, limit int, do func(HeadRow) error) error

	// AddPayloads adds payloads of entries in [from, to), ascending by seq. The node has given all that it gives of them: State.Payloads becomes to, if that
	// is more. It is a Conflict when from is above State.Payloads, or to above State.Size. A payload that was erased is not taken, and counted in refused. One
	// that is there is skipped.
	AddPayloads(ctx context.Context, origin marz.Origin, from, to int64, payloads []PayloadRow) (mark int64, refused int, err error)
	// Payloads gives the payloads of entries in [from, to), ascending.
	Payloads(ctx context.Context, origin marz.Origin, from, to int64, do func(PayloadRow) error) error

	// Append adds entries to a journal that this store itself keeps: the journal of a node that has no other disk, to which several nodes with one key may
	// append. Entries, payloads, erasures and the head over all of them are one transaction; Pending, Next, Size, Heads and Payloads then are a.Head.Size, and
	// Head and Pending return a.Head.Note. It is a Conflict, and nothing is written, when any of them is not a.Old before, which is so when another came first, when
	// the same is given twice, and where the origin is mirrored from elsewhere. It is Invalid when a is not whole (Append.Check).
	Append(ctx context.Context, origin marz.Origin, a Append) error

	// AddEvidence keeps a piece of evidence under its kind and id. Where one of this id is kept already, or KeptEvidence of this kind are, nothing is written.
	AddEvidence(ctx context.Context, origin marz.Origin, kind, id string, doc []byte) error
	// Evidence returns what is kept of a kind, in the order in which it came.
	Evidence(ctx context.Context, origin marz.Origin, kind string) ([][]byte, error)

	Close() error
}
