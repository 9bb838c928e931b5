package verify

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"hash"
	"math"
	"math/bits"
)

// source is where a journal's rows come from, in order: a folder's tables or a bundle's lines. What it returns is valid
// until its next method is called.
type source interface {
	next() (row, bool)                              // the next entry
	payload(seq int64) (salt, body []byte, ok bool) // called once for each entry, ascending, after next
	head() (size int64, note []byte, ok bool)       // the next head
	finish()                                        // all entries have been read
}

// row is an entry as stored.
type row struct {
	seq          int64
	body, hashes []byte
}

// maxSeq bounds a sequence number so that no sum of it overflows.
const maxSeq = 1 << 48

// maxGap is how many missing entries, taken together, are still kept account of one by one.
const maxGap = 1 << 20

// payloadState is what is known of one entry's payload.
type payloadState byte

const (
	payloadUnknown payloadState = iota // the entry could not be read
	payloadNone                        // the entry has no digest
	payloadPresent
	payloadMissing // there is a digest and no payload, and no erasure so far
	payloadErased
)

// checker holds docs/spec/journal.md §2 to §4 against a source. One goroutine uses it.
type checker struct {
	r        *Report
	given    verifierKey // Options.Key
	own      verifierKey // the folder's or the bundle's
	ownName  string      // what to call it
	key      verifierKey // the one that heads are checked with; final once entry 0 has been read
	origin   string
	withheld bool                      // not all payloads are in the bundle
	watch    *head                     // what the file head says, or nil
	headless bool                      // there is no file head
	tick     func() error              // called now and then
	each     func(seq int64, e *entry) // called with each well formed entry, once the tree has it; nil: nothing is

	next    int64 // the seq that is expected
	lastAt  [24]byte
	states  []payloadState
	blind   bool  // states is incomplete: too much is missing
	gaps    int64 // entries missing so far
	unsure  int64 // one more than the last entry that is missing or altered: it may have been an erasure
	broken  bool  // entries are missing, so that no tree can be computed any more
	scratch hash.Hash
	doneA   []digest
	doneB   []digest

	// bodies is the tree over the bodies. stored is the tree over the stored leaf hashes, which is kept only while the two
	// differ (forked); doubt lists the entries that differ and that no head has judged yet.
	bodies, stored tree
	forked         bool
	doubt          []int64
	doubts         int64

	queue   headQueue
	covered int64 // size of the last head
	last    head  // that head, if it was signed
	unmet   bool  // the last head met no tree, and this was told
	watched head  // the stored, signed head of the size that the file head has, or zero
}

// run checks all that the source has. An error means that it was interrupted.
func (c *checker) run(ctx context.Context, src source) error {
	c.scratch = sha256.New()
	c.queue = headQueue{src: src, c: c}
	c.origin = c.key.name
	for n := 0; ; n++ {
		if n%1024 == 0 {
			if err := ctx.Err(); err != nil {
				return err
			}
			if err := c.tick(); err != nil {
				return err
			}
		}
		row, ok := src.next()
		if !ok {
			break
		}
		c.row(src, &row)
		if err := c.judge(ctx, c.next); err != nil {
			return err
		}
	}
	src.finish()
	return c.finish(ctx)
}

// row checks one entry.
func (c *checker) row(src source, row *row) {
	e, fault := parseEntry(row.body)
	if !c.place(row, &e, fault == "") {
		return
	}
	seq := c.next
	leaf := c.leafHash(row.body)
	if fault != "" {
		c.r.problem(seq, "%s", fault)
		c.unsure = seq + 1
	} else {
		c.follow(seq, &e, len(row.hashes) >= len(leaf) && bytes.Equal(leaf[:], row.hashes[:len(leaf)]))
	}
	c.hashes(seq, leaf, row.hashes)
	c.payload(src, seq, &e, fault == "")
	if fault == "" && string(e.kind) == "payload.erased" {
		c.erasure(seq, e.public)
	}
	if fault == "" && c.each != nil {
		c.each(seq, &e)
	}
	c.next++
	c.r.Entries++
}

// place decides which entry a row is, and reports whether it is to be checked at all.
func (c *checker) place(row *row, e *entry, parsed bool) bool {
	switch {
	case row.seq == c.next:
		return true
	case parsed && e.seq == c.next:
		c.r.problem(c.next, "the row of this entry is numbered %d", row.seq)
		return true
	case row.seq < c.next || row.seq > maxSeq || parsed && e.seq < c.next:
		c.r.problem(max(row.seq, 0), "row %d is out of place: it comes again or holds another entry", row.seq)
		return false
	}
	if row.seq == c.next+1 {
		c.r.problem(c.next, "the entry is missing or cannot be read")
	} else {
		c.r.problem(c.next, "the entries from here to %d are missing or cannot be read", row.seq-1)
	}
	c.broken = true
	c.unsure = row.seq
	c.settle("entries after it are missing")
	gap := row.seq - c.next
	if c.gaps += gap; c.gaps <= maxGap && !c.blind {
		c.states = append(c.states, make([]payloadState, gap)...)
	} else {
		c.blind = true
	}
	c.next = row.seq
	return true
}

// follow checks what an entry says of itself against what came before it.
func (c *checker) follow(seq int64, e *entry, intact bool) {
	if e.seq != seq {
		c.r.problem(seq, "its body says that it is entry %d", e.seq)
	}
	if seq == 0 {
		c.created(e, intact)
	}
	if c.origin == "" {
		c.origin = string(e.origin)
	}
	if string(e.origin) != c.origin {
		c.r.problem(seq, "its origin is %s, and the journal's is %s", e.origin, c.origin)
	}
	if seq > 0 && bytes.Compare(e.at, c.lastAt[:]) < 0 && c.lastAt != [24]byte{} {
		c.r.problem(seq, "it is dated %s, which is earlier than the entry before it (%s)", e.at, c.lastAt[:])
	}
	copy(c.lastAt[:], e.at)
}

// created checks entry 0, and settles which key the heads must be signed with. Where nobody gave one and the folder's
// differs from the entry's, the entry's is taken if its body is intact, since heads stand over it.
func (c *checker) created(e *entry, intact bool) {
	if string(e.kind) != "node.created" {
		c.r.problem(0, "its kind is %s, and that of entry 0 must be node.created", e.kind)
	}
	switch v := member(e.public, "exercise"); string(v) {
	case "true":
		c.r.Exercise = true
	case "", "false":
	default:
		c.r.problem(0, "public.exercise is neither true nor false")
	}
	text, ok := stringOf(member(e.public, "key"))
	k, fault := parseKey(text)
	switch {
	case !ok:
		c.r.problem(0, "public.key is not a string")
	case fault != "":
		c.r.problem(0, "public.key is not a verifier key: %s", fault)
	case c.given.text != "":
		if k.text != c.given.text {
			c.r.problem(0, "public.key is %s, and not the key that must have signed", k.text)
		}
	case c.own.text == "":
		c.key = k
	case c.own.text != k.text:
		c.r.problem(-1, "%s is not the key that entry 0 names as the node's", c.ownName)
		if intact {
			c.key = k
		}
	}
	if c.key.text == k.text && k.text != "" {
		c.origin = k.name
	}
}

// leafHash returns the hash of a leaf (RFC 6962 §2.1).
func (c *checker) leafHash(body []byte) (d digest) {
	c.scratch.Reset()
	c.scratch.Write([]byte{0x00})
	c.scratch.Write(body)
	c.scratch.Sum(d[:0])
	return d
}

// hashes checks the stored tree hashes of an entry against the trees, and lets these grow.
func (c *checker) hashes(seq int64, leaf digest, stored []byte) {
	want := 1 + bits.TrailingZeros64(^uint64(seq))
	have := leaf
	if len(stored) != want*len(leaf) {
		c.r.problem(seq, "its stored hashes are %d bytes, and must be %d", len(stored), want*len(leaf))
	}
	if len(stored) >= len(leaf) {
		have = digest(stored[:len(leaf)])
	}
	if c.broken {
		if have != leaf {
			c.unsure = seq + 1
			c.r.problem(seq, "its body does not have the hash that is stored for it")
		}
		return
	}
	if have != leaf {
		c.unsure = seq + 1
		if !c.forked {
			c.stored.set(&c.bodies)
			c.forked = true
		}
		c.doubts++
		if len(c.doubt) < MaxProblems {
			c.doubt = append(c.doubt, seq)
		}
	}
	c.doneA = c.bodies.add(leaf, c.doneA)
	other := c.doneA
	if c.forked {
		c.doneB = c.stored.add(have, c.doneB)
		other = c.doneB
	}
	for level := 1; level < want && (level+1)*len(leaf) <= len(stored); level++ {
		d := digest(stored[level*len(leaf):][:len(leaf)])
		if d != c.doneA[level] && d != other[level] {
			c.r.problem(seq, "its stored hash of level %d is not that of the entries below it", level)
		}
	}
}

// payload checks an entry's private payload against the digest that the entry names.
func (c *checker) payload(src source, seq int64, e *entry, parsed bool) {
	salt, body, has := src.payload(seq)
	state := payloadPresent
	if has {
		c.r.Payloads++
	}
	switch {
	case !parsed:
		state = payloadUnknown
	case len(e.private) == 0:
		state = payloadNone
		if has {
			c.r.problem(seq, "it has a payload, and names none")
		}
	case !has:
		state = payloadMissing
	case len(salt) != saltSize:
		c.r.problem(seq, "the salt of its payload is %d bytes, and must be %d", len(salt), saltSize)
	case len(body) > maxPayload:
		c.r.problem(seq, "its payload is %d bytes, and may be %d", len(body), maxPayload)
	default:
		c.scratch.Reset()
		c.scratch.Write(salt)
		c.scratch.Write(body)
		var sum digest
		var text [2 * len(sum)]byte
		hex.Encode(text[:], c.scratch.Sum(sum[:0]))
		if !bytes.Equal(text[:], e.private) {
			c.r.problem(seq, "its payload or the payload's salt was altered: they do not have the digest that the entry names")
		}
	}
	if !c.blind {
		c.states = append(c.states, state)
	}
}

// erasure checks an entry of kind payload.erased, and notes what it erases.
func (c *checker) erasure(seq int64, public []byte) {
	seqs, fault := erasedSeqs(public)
	if fault != "" {
		c.r.problem(seq, "%s", fault)
	}
	for _, s := range seqs {
		if s >= seq {
			c.r.problem(seq, "it erases the payload of entry %d, which is not before it", s)
			continue
		}
		if c.blind {
			continue
		}
		switch c.states[s] {
		case payloadNone:
			c.r.problem(seq, "it erases the payload of entry %d, which has none", s)
		case payloadPresent:
			c.r.problem(s, "its payload was erased by entry %d, and is still there", seq)
		case payloadMissing:
			c.states[s] = payloadErased
			c.r.Erased++
		}
	}
}

// finish checks what only the end can tell.
func (c *checker) finish(ctx context.Context) error {
	covered := c.covered
	if err := c.judge(ctx, math.MaxInt64); err != nil {
		return err
	}
	switch {
	case c.next == 0:
		c.r.problem(0, "there is no entry 0: the journal is empty")
	case c.covered > c.next:
		c.r.problem(c.next, "a head of size %d was stored, and there are only %d entries", c.covered, c.next)
	case covered < c.next:
		c.r.problem(covered, "no head covers the entries from here to %d", c.next-1)
	}
	c.settle("no signed head covers it")
	if c.covered > c.next || c.watch != nil && c.watch.size > c.next {
		c.unsure = math.MaxInt64
	}
	c.lost()
	c.r.Origin, c.r.Key, c.r.Withheld = c.origin, c.key.text, c.withheld
	c.r.LastAt = string(bytes.Trim(c.lastAt[:], "\x00"))
	return nil
}

// lost reports the payloads that are gone and that no entry erased. Where a later entry is missing or altered, it may have
// been the one that erased them, and that entry is what is wrong.
func (c *checker) lost() {
	if c.withheld {
		return
	}
	open := 0
	for i, s := range c.states {
		switch seq := int64(i); {
		case s != payloadMissing:
		case seq < c.unsure:
			open++
		default:
			c.r.problem(seq, "its payload is gone, and no entry erased it")
		}
	}
	if open > 0 {
		c.r.problem(-1, "%d payloads are gone, and whether they were erased cannot be told, since a later entry is missing or altered", open)
	}
}
