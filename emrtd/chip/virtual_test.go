package chip

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// file makes a file of some bytes with tag and length before them.
func file(content []byte) []byte { return appendTLV(nil, 0x61, content) }

func closed(t testing.TB, files map[File][]byte) (*Virtual, Password) {
	t.Helper()
	p, err := FromMRZ("AN0102030", "851231", "301231")
	if err != nil {
		t.Fatal(err)
	}
	return &Virtual{Files: files, Key: &p, Random: rand.Reader}, p
}

// opened opens a chip by Basic Access Control.
func opened(ctx context.Context, card Card, p Password) (*Reader, error) {
	r := NewReader(card)
	if err := r.SelectApplet(ctx); err != nil {
		return nil, err
	}
	return r, r.BAC(ctx, p, rand.Reader)
}

// Whatever a file holds and however long it is, it is read as it is.
func TestLawFilesAreReadAsTheyAre(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.OneOf(rapid.IntRange(0, 600), rapid.IntRange(32_000, 70_000)).Draw(t, "bytes")
		content := bytes.Repeat([]byte{rapid.Byte().Draw(t, "byte"), 0x80, 0}, n/3+1)[:n]
		want := file(content)
		p, err := FromMRZ("AN0102030", "851231", "301231")
		if err != nil {
			t.Fatal(err)
		}
		v := &Virtual{Files: map[File][]byte{DG(2): want}, Key: &p, Random: rand.Reader}
		r, err := opened(context.Background(), v, p)
		if err != nil {
			t.Fatal(err)
		}
		if rapid.Bool().Draw(t, "long") {
			r.Long()
		}
		got, there, err := r.Read(context.Background(), DG(2), nil)
		if err != nil || !there || !bytes.Equal(got, want) {
			t.Fatalf("%d bytes of %d, %v, %v", len(got), len(want), there, err)
		}
	})
}

func TestChipStaysClosed(t *testing.T) {
	v, p := closed(t, map[File][]byte{DG(1): file([]byte("zone"))})
	r := NewReader(v)
	if err := r.SelectApplet(t.Context()); err != nil {
		t.Fatal(err)
	}
	var refused *Refused
	if _, _, err := r.Read(t.Context(), DG(1), nil); !errors.As(err, &refused) || refused.Status != NotSatisfied {
		t.Errorf("without a key: %v", err)
	}
	other, err := FromMRZ("AN0102031", "851231", "301231")
	if err != nil {
		t.Fatal(err)
	}
	if err := r.BAC(t.Context(), other, rand.Reader); err == nil || !strings.Contains(err.Error(), "read it again") {
		t.Errorf("by another zone: %v", err)
	}
	if err := r.BAC(t.Context(), p, rand.Reader); err != nil {
		t.Errorf("by its own zone, after another: %v", err)
	}
	if got, _, err := r.Read(t.Context(), DG(1), nil); err != nil || !bytes.Equal(got, file([]byte("zone"))) {
		t.Errorf("%q, %v", got, err)
	}
	if _, there, err := r.Read(t.Context(), DG(3), nil); there || err != nil {
		t.Errorf("a file that is not there: %v, %v", there, err)
	}
}

// What goes wrong on the way is an error, and never a file that is not the chip's.
func TestFaults(t *testing.T) {
	want := file(bytes.Repeat([]byte("portrait"), 200))
	files := map[File][]byte{DG(2): want}
	for what, f := range map[string]Faults{
		"the link drops":        {DropAt: 7},
		"the channel is lost":   {Forget: 7},
		"the file is cut":       {Cut: DG(2)},
		"an answer is spoilt":   {SpoilAt: 6},
		"the challenge is":      {SpoilAt: 2},
		"the answer to the key": {SpoilAt: 3},
	} {
		v, p := closed(t, files)
		v.Faults = f
		r, err := opened(t.Context(), v, p)
		if err == nil {
			_, _, err = r.Read(t.Context(), DG(2), nil)
		}
		if err == nil {
			t.Errorf("%s: no error", what)
		}
	}
	for at := 1; at < 20; at++ { // one bit in any answer
		v, p := closed(t, files)
		v.Faults.SpoilAt = at
		r, err := opened(t.Context(), v, p)
		if err != nil {
			continue
		}
		if got, there, err := r.Read(t.Context(), DG(2), nil); err == nil && there && !bytes.Equal(got, want) {
			t.Errorf("a bit of answer %d was another, and what was read is not the file", at)
		}
	}
}

// A chip cannot make a reader go on for ever or hold more than a document can need.
func TestLies(t *testing.T) {
	for what, answers := range map[string][2]string{
		"a file of sixteen megabytes": {"6183FFFFFF00009000", "more than 1048576 are not read"},
		"no length":                   {"619000", "does not begin with its tag"},
		"a file without an end":       {"6181FF01020304059000", "ends after 8 bytes"},
	} {
		v := &liar{head: unhex(t, answers[0])}
		_, _, err := NewReader(v).Read(t.Context(), DG(2), nil)
		if err == nil || !strings.Contains(err.Error(), answers[1]) {
			t.Errorf("%s: %v", what, err)
		}
	}
}

// liar answers the first READ BINARY with something, and all others with nothing.
type liar struct {
	head []byte
	read bool
}

func (l *liar) Transmit(_ context.Context, command []byte) ([]byte, error) {
	if command[1] == 0xb0 && !l.read {
		l.read = true
		return l.head, nil
	}
	return []byte{0x90, 0}, nil
}

func TestCommandForms(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := Command{CLA: rapid.Byte().Draw(t, "cla"), INS: rapid.Byte().Draw(t, "ins"), P1: rapid.Byte().Draw(t, "p1"), P2: rapid.Byte().Draw(t, "p2")}
		if n := rapid.SampledFrom([]int{0, 1, 255, 256, 257, 4000, MostData}).Draw(t, "data"); n > 0 {
			c.Data = bytes.Repeat([]byte{0}, n)
		}
		c.Le = rapid.SampledFrom([]int{0, 1, 255, 256, 257, 4000, MostLe}).Draw(t, "le")
		b, err := c.Bytes()
		if err != nil {
			t.Fatal(err)
		}
		got, err := ParseCommand(b)
		if err != nil || got.Le != c.Le || !bytes.Equal(got.Data, c.Data) || got.INS != c.INS || got.P2 != c.P2 {
			t.Fatalf("%+v, %v", got, err)
		}
	})
}

// FuzzVirtual sends any commands to a virtual chip, openly and over its channel.
func FuzzVirtual(f *testing.F) {
	f.Add([]byte{0, 0xa4, 4, 0x0c, 7, 0xa0, 0, 0, 2, 0x47, 0x10, 1}, byte(0))
	f.Add([]byte{0, 0xb1, 0, 0, 4, 0x54, 2, 0, 4, 0}, byte(1))
	f.Add([]byte{0x0c, 0xa4, 2, 0x0c, 0x15, 0x87, 9, 1}, byte(0))
	f.Fuzz(func(t *testing.T, b []byte, protected byte) {
		v, p := closed(t, map[File][]byte{DG(1): file([]byte("zone"))})
		r, err := opened(t.Context(), v, p)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := r.Select(t.Context(), DG(1)); err != nil {
			t.Fatal(err)
		}
		if c, err := ParseCommand(b); err == nil && protected&1 == 1 {
			r.send(t.Context(), c, "be fuzzed")
			return
		}
		if out, err := v.Transmit(t.Context(), b); err != nil || len(out) < 2 {
			t.Errorf("%X, %v", out, err)
		}
	})
}

// FuzzAnswers gives a reader any answers.
func FuzzAnswers(f *testing.F) {
	f.Add([]byte{0x90, 0}, []byte{0x60, 0x14, 0x5f, 1, 0x90, 0})
	f.Add(bytes.Repeat([]byte{0x61}, 40), []byte{0x61, 0x83, 0xff, 0xff, 0xff})
	f.Fuzz(func(t *testing.T, first, then []byte) {
		v := &liar{head: first}
		p, err := FromMRZ("AN0102030", "851231", "301231")
		if err != nil {
			t.Fatal(err)
		}
		r := NewReader(v)
		r.BAC(t.Context(), p, rand.Reader)
		r.session = newSession(aes128, then, make([]byte, 16))
		r.session.open(Response{then, OK})
		r.session = nil
		v.head, v.read = then, false
		r.Read(t.Context(), DG(1), nil)
	})
}
