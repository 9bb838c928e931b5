package chip

import (
	"bytes"
	"context"
	"crypto/rand"
	"slices"
	"testing"
)

// The tests of this file go by the test cases of BSI TR-03105-5.1 V1.5, whose numbers they bear; docs/conformance-tr03105-5.1.md has what each demands.

// tamper is a chip whose answers somebody changes, from its n-th command on, counted from 1. alter gets the data objects of a protected answer, or what an open one has.
type tamper struct {
	Card
	from     int
	alter    func(answer []byte) []byte
	commands int
}

func (c *tamper) Transmit(ctx context.Context, command []byte) ([]byte, error) {
	c.commands++
	answer, err := c.Card.Transmit(ctx, command)
	if err != nil || c.commands < c.from {
		return answer, err
	}
	return c.alter(bytes.Clone(answer)), nil
}

// objects changes the data objects of a protected answer and leaves its status as it is.
func objects(change func([]tlv) []tlv) func([]byte) []byte {
	return func(answer []byte) []byte {
		data, status := answer[:len(answer)-2], answer[len(answer)-2:]
		list, err := readAll(data)
		if err != nil {
			return answer
		}
		var out []byte
		for _, o := range change(list) {
			out = appendTLV(out, o.tag, o.value)
		}
		return append(out, status...)
	}
}

func without(tags ...uint16) func([]tlv) []tlv {
	return func(list []tlv) []tlv {
		return slices.DeleteFunc(list, func(o tlv) bool { return slices.Contains(tags, o.tag) })
	}
}

func spoilt(tag uint16) func([]tlv) []tlv {
	return func(list []tlv) []tlv {
		for i, o := range list {
			if o.tag == tag {
				list[i].value = bytes.Clone(o.value)
				list[i].value[len(o.value)-1] ^= 1
			}
		}
		return list
	}
}

// TestConformanceChannel: ISO7816_A_03, ISO7816_B_01 to ISO7816_B_09, a chip whose application cannot be chosen, that does not prove that it has the zone's key, or whose answers over the channel lack what protects them. None gives
// a file.
func TestConformanceChannel(t *testing.T) {
	want := file(bytes.Repeat([]byte("portrait"), 200))
	const afterBAC = 4 // SELECT, GET CHALLENGE, EXTERNAL AUTHENTICATE come before
	status := func(b ...byte) func([]byte) []byte { return func([]byte) []byte { return b } }
	for id, c := range map[string]struct {
		from  int
		alter func([]byte) []byte
	}{
		"ISO7816_A_03":               {1, status(0x6a, 0x82)},
		"ISO7816_B_01":               {3, func(a []byte) []byte { a[39] ^= 1; return a }},
		"ISO7816_B_02":               {3, func(a []byte) []byte { a[0] ^= 1; return a }},
		"ISO7816_B_03":               {3, status(0x63, 0x00)},
		"ISO7816_B_04":               {afterBAC, status(0x69, 0x88)},
		"ISO7816_B_05":               {afterBAC, objects(without(doMAC))},
		"ISO7816_B_06":               {afterBAC + 1, objects(without(doEncrypted))},
		"ISO7816_B_07":               {afterBAC, objects(without(doStatus))},
		"ISO7816_B_08":               {afterBAC, objects(spoilt(doMAC))},
		"ISO7816_B_09":               {afterBAC + 1, objects(spoilt(doEncrypted))},
		"an open answer":             {afterBAC, status(0x90, 0x00)},
		"an answer that says itself": {afterBAC, func(a []byte) []byte { return append(a, a...) }},
	} {
		v, p := closed(t, map[File][]byte{DG(2): want})
		r, err := opened(t.Context(), &tamper{Card: v, from: c.from, alter: c.alter}, p)
		if err == nil {
			if got, there, e := r.Read(t.Context(), DG(2), nil); e == nil {
				t.Errorf("%s: %d bytes are read, there %v", id, len(got), there)
			}
			continue
		}
		if r != nil && r.session != nil {
			t.Errorf("%s: there is a channel", id)
		}
	}
}

// TestConformanceReading: ISO7816_C_01 to ISO7816_C_07, a file that is not there, files longer than 32,767 bytes, and every way in which a chip says that a file is at its end.
func TestConformanceReading(t *testing.T) {
	short, long := file(bytes.Repeat([]byte("a"), 300)), file(bytes.Repeat([]byte("b"), 70_000))
	v, p := closed(t, map[File][]byte{DG(2): long, DG(1): short})
	r, err := opened(t.Context(), v, p)
	if err != nil {
		t.Fatal(err)
	}
	if _, there, err := r.Read(t.Context(), DG(3), nil); there || err != nil {
		t.Errorf("ISO7816_C_01: there %v, %v", there, err)
	}
	if got, _, err := r.Read(t.Context(), DG(2), nil); err != nil || !bytes.Equal(got, long) {
		t.Errorf("ISO7816_C_02, ISO7816_C_07: %d bytes, %v", len(got), err)
	}
	// The status at a file's end, on an open chip: the reader asks for what is left and no more, so that it needs none of them; whatever it gets, it has the file or an error.
	for id, end := range map[string][]byte{"ISO7816_C_03": {0x90, 0x00}, "ISO7816_C_04": {0x6b, 0x00}, "ISO7816_C_05": {0x62, 0x82}, "ISO7816_C_06": {0x6c, 0x10}} {
		open := &Virtual{Files: map[File][]byte{DG(1): short}}
		reads := 0
		card := &tamper{Card: open, from: 1, alter: func(a []byte) []byte { return a }}
		card.alter = func(a []byte) []byte {
			if len(a) > 2 {
				reads++
			}
			if reads > 1 && len(a) <= 2 { // a read past the end
				return end
			}
			return a
		}
		r := NewReader(card)
		if err := r.SelectApplet(t.Context()); err != nil {
			t.Fatal(err)
		}
		if got, there, err := r.Read(t.Context(), DG(1), nil); err != nil || !there || !bytes.Equal(got, short) {
			t.Errorf("%s: %d bytes, %v", id, len(got), err)
		}
	}
	// A chip that ends the file early, with each of the statuses, gives an error and no half of a file.
	for id, end := range map[string][]byte{"6B00": {0x6b, 0x00}, "6282": {0x62, 0x82}, "9000": {0x90, 0x00}} {
		reads := 0
		card := &tamper{Card: &Virtual{Files: map[File][]byte{DG(1): short}}, from: 3}
		card.alter = func(a []byte) []byte {
			if reads++; reads > 1 {
				return end
			}
			return a
		}
		r := NewReader(card)
		if err := r.SelectApplet(t.Context()); err != nil {
			t.Fatal(err)
		}
		if got, there, err := r.Read(t.Context(), DG(1), nil); err == nil {
			t.Errorf("cut short with %s: %d bytes, there %v", id, len(got), there)
		}
	}
}

// TestConformanceMapping: ISO7816_G_29 to ISO7816_G_33, PACE with chip authentication mapping whose last answer lacks the chip's proof, has it under another tag, or has another one. The chip is never taken for the document's own.
func TestConformanceMapping(t *testing.T) {
	const last = 5 // MSE:Set AT and three steps come before
	ways := slices.DeleteFunc(AllPACE(), func(p PACE) bool { return !p.proves })
	way := ways[len(ways)-1]
	inside := func(change func([]tlv) []tlv) func([]byte) []byte {
		return func(answer []byte) []byte {
			outer, _, err := readTLV(answer)
			if err != nil {
				t.Fatal(err)
			}
			list, err := readAll(outer.value)
			if err != nil {
				t.Fatal(err)
			}
			var out []byte
			for _, o := range change(list) {
				out = appendTLV(out, o.tag, o.value)
			}
			return append(appendTLV(nil, outer.tag, out), answer[len(answer)-2:]...)
		}
	}
	set := func(change func(o *tlv)) func([]tlv) []tlv {
		return func(list []tlv) []tlv {
			for i := range list {
				if list[i].tag == doChipData {
					change(&list[i])
				}
			}
			return list
		}
	}
	for id, alter := range map[string]func([]tlv) []tlv{
		"ISO7816_G_29": without(doChipData),
		"ISO7816_G_30": set(func(o *tlv) { o.value = append([]byte{0x30}, o.value...) }),
		"ISO7816_G_31": spoilt(doChipData),
		"ISO7816_G_32": set(func(o *tlv) { o.tag++ }),
		"ISO7816_G_33": set(func(o *tlv) { o.value = nil }),
	} {
		v, zone, _ := passport(t, way)
		public, err := v.PublicKey(way)
		if err != nil {
			t.Fatal(err)
		}
		r := NewReader(&tamper{Card: v, from: last, alter: func(a []byte) []byte {
			if bytes.HasSuffix(a, []byte{0x90, 0}) && a[0] == 0x7c {
				return inside(alter)(a)
			}
			return a
		}})
		err = r.PACE(t.Context(), way, zone, rand.Reader)
		if err == nil {
			err = r.CheckMapping(public)
		}
		if err == nil {
			t.Errorf("%s: the chip is taken for the document's own", id)
		}
	}
	v, zone, _ := passport(t, way) // unchanged, as the test does it
	public, err := v.PublicKey(way)
	if err != nil {
		t.Fatal(err)
	}
	r := NewReader(&tamper{Card: v, from: last, alter: inside(func(l []tlv) []tlv { return l })})
	if err := r.PACE(t.Context(), way, zone, rand.Reader); err != nil {
		t.Fatal(err)
	}
	if err := r.CheckMapping(public); err != nil {
		t.Error(err)
	}
}
