package curve

import (
	"bytes"
	"errors"
	"math/big"
	"slices"
	"testing"
)

// Numbers and keys that a signature can never have are named, and are no mismatch.
func TestMalformedIsNamed(t *testing.T) {
	for _, c := range known {
		e := exampleOf(c, "malformed")
		plus := func(a, b *big.Int) *big.Int { return new(big.Int).Add(a, b) }
		huge := new(big.Int).Lsh(one, 5000)
		for what, alter := range map[string]func(*signed){
			"r is 0":              func(e *signed) { e.r = new(big.Int) },
			"s is 0":              func(e *signed) { e.s = new(big.Int) },
			"r is n":              func(e *signed) { e.r = c.order },
			"s is n":              func(e *signed) { e.s = c.order },
			"r+n":                 func(e *signed) { e.r = plus(e.r, c.order) },
			"s+n":                 func(e *signed) { e.s = plus(e.s, c.order) },
			"-r":                  func(e *signed) { e.r = new(big.Int).Neg(e.r) },
			"r-n":                 func(e *signed) { e.r = new(big.Int).Sub(e.r, c.order) },
			"-s":                  func(e *signed) { e.s = new(big.Int).Neg(e.s) },
			"a huge r":            func(e *signed) { e.r = huge },
			"a huge s":            func(e *signed) { e.s = huge },
			"no r":                func(e *signed) { e.r = nil },
			"no s":                func(e *signed) { e.s = nil },
			"no hash":             func(e *signed) { e.hash = nil },
			"infinity":            func(e *signed) { e.key = Point{} },
			"(0, 0)":              func(e *signed) { e.key = Point{new(big.Int), new(big.Int)} },
			"a key off the curve": func(e *signed) { e.key = Point{e.key.X, plus(e.key.Y, one)} },
			"x+p":                 func(e *signed) { e.key = Point{plus(e.key.X, c.p), e.key.Y} },
			"y+p":                 func(e *signed) { e.key = Point{e.key.X, plus(e.key.Y, c.p)} },
			"-x":                  func(e *signed) { e.key = Point{new(big.Int).Neg(e.key.X), e.key.Y} },
			"a huge x":            func(e *signed) { e.key = Point{huge, e.key.Y} },
			"no x":                func(e *signed) { e.key = Point{nil, e.key.Y} },
			"no y":                func(e *signed) { e.key = Point{e.key.X, nil} },
		} {
			altered := e
			alter(&altered)
			if err := c.Verify(altered.key, altered.hash, altered.r, altered.s); err == nil || errors.Is(err, ErrSignature) {
				t.Errorf("%s: with %s: %v", c.name, what, err)
			}
		}
	}
}

// hashOf returns a hash that stands for a number below the order.
func hashOf(c *Curve, e *big.Int) []byte {
	return new(big.Int).Lsh(e, uint(8*c.ordLen-c.order.BitLen())).FillBytes(make([]byte, c.ordLen))
}

// A signature over zeros, over ones, over a hash longer and one shorter than the order is what the naive signer makes of it; bits past the order's do not count.
func TestHashes(t *testing.T) {
	for _, c := range known {
		d := number(c, "hashes")
		key := plainMult(c, d, c.generator)
		for _, hash := range [][]byte{make([]byte, 1), make([]byte, 200), bytes.Repeat([]byte{0xff}, 200), bytes.Repeat([]byte{0xa5}, 64), {1}, hashOf(c, new(big.Int).Sub(c.order, one))} {
			r, s, ok := sign(c, d, number(c, "nonce of hashes"), hash)
			if !ok {
				t.Fatal("r or s is 0")
			}
			if err := c.Verify(key, hash, r, s); err != nil {
				t.Errorf("%s: %d bytes %x…: %v", c.name, len(hash), hash[0], err)
			}
			for i := range 8 * len(hash) {
				altered := slices.Clone(hash)
				altered[i/8] ^= 0x80 >> (i % 8)
				if i == c.order.BitLen()-1 || i == c.order.BitLen() {
					counts := i < c.order.BitLen()
					if err := c.Verify(key, altered, r, s); counts != errors.Is(err, ErrSignature) {
						t.Errorf("%s: bit %d of %d altered: %v", c.name, i, 8*len(hash), err)
					}
				}
			}
		}
	}
}

// The sums of a verification that the formulas for adding do not cover: infinity, and equal points.
func TestExceptionalSums(t *testing.T) {
	for _, c := range known {
		d, k := number(c, "exceptional"), number(c, "its nonce")
		key := plainMult(c, d, c.generator)
		r := new(big.Int).Mod(plainMult(c, k, c.generator).X, c.order)
		rd := new(big.Int).Mul(r, d)
		rd.Mod(rd, c.order)

		opposite := hashOf(c, new(big.Int).Sub(c.order, rd))
		for _, s := range []*big.Int{one, number(c, "s"), new(big.Int).Sub(c.order, one)} {
			if err := c.Verify(key, opposite, r, s); !errors.Is(err, ErrSignature) {
				t.Errorf("%s: a sum at infinity gives %v", c.name, err)
			}
			if c.verify(key, opposite, r, s) {
				t.Errorf("%s: a sum at infinity is accepted", c.name)
			}
		}
		equal := hashOf(c, rd)
		r, s, _ := sign(c, d, k, equal)
		if !c.verify(key, equal, r, s) {
			t.Errorf("%s: with equal points to add up a right signature is refused", c.name)
		}
	}
}

// Keys that are small multiples of the generator meet the same points in both tables.
func TestKeysBesideTheGenerator(t *testing.T) {
	for _, c := range known {
		for _, d := range []int64{1, 2, 3, 5, 15, 17, -1, -2, -3, -15} {
			private := new(big.Int).Mod(big.NewInt(d), c.order)
			key, hash := plainMult(c, private, c.generator), []byte{byte(d), 7}
			r, s, _ := sign(c, private, number(c, "beside"), hash)
			if !c.verify(key, hash, r, s) {
				t.Errorf("%s: with the key %d·G a right signature is refused", c.name, d)
			}
			prepared, err := c.Prepare(key)
			if err != nil {
				t.Fatal(err)
			}
			if err := prepared.Verify(hash, r, s); err != nil {
				t.Errorf("%s: with the prepared key %d·G a right signature is refused: %v", c.name, d, err)
			}
		}
	}
}

// A point whose x is n or more has the r x-n. It is found from x, and a key made for which it verifies: (s·R - e·G)/r.
func TestXNotBelowTheOrder(t *testing.T) {
	tried := 0
	for _, c := range known {
		x := new(big.Int).Set(c.order)
		var y *big.Int
		for y == nil && x.Cmp(c.p) < 0 {
			x.Add(x, one)
			y = new(big.Int).ModSqrt(c.rightSide(x), c.p)
		}
		if y == nil {
			continue
		}
		tried++
		r, s, hash := new(big.Int).Sub(x, c.order), number(c, "s"), []byte("a hash of twenty byt")
		minusE := new(big.Int).Sub(c.order, new(big.Int).Mod(plainHash(c, hash), c.order))
		sum := plainAdd(c, plainMult(c, s, Point{x, y}), plainMult(c, minusE, c.generator))
		key := plainMult(c, new(big.Int).ModInverse(r, c.order), sum)
		if err := c.Verify(key, hash, r, s); err != nil {
			t.Errorf("%s: %v", c.name, err)
		}
		if !c.verify(key, hash, r, s) {
			t.Errorf("%s: refused", c.name)
		}
	}
	if tried < 10 {
		t.Errorf("only %d curves have an x above n", tried)
	}
}

func TestUnmarshalRefuses(t *testing.T) {
	for _, c := range known {
		p := plainMult(c, number(c, "unmarshal"), c.generator)
		plain, short := c.encode(p), compress(c, p)
		for _, data := range [][]byte{plain, short} {
			if got, err := c.Unmarshal(data); err != nil || !got.Equal(p) {
				t.Errorf("%s: %x is %v, %v", c.name, data, got, err)
			}
		}
		first := func(b byte, data []byte) []byte { return append([]byte{b}, data[1:]...) }
		none := new(big.Int)
		for new(big.Int).ModSqrt(c.rightSide(none), c.p) != nil {
			none.Add(none, one)
		}
		for what, data := range map[string][]byte{
			"nothing":                 nil,
			"infinity":                {0},
			"infinity at length":      make([]byte, len(plain)),
			"one byte":                {4},
			"a byte less":             plain[:len(plain)-1],
			"a byte more":             append(slices.Clone(plain), 0),
			"compressed, a byte more": append(slices.Clone(short), 0),
			"compressed, a byte less": short[:len(short)-1],
			"compressed at length":    first(2, plain),
			"the hybrid form":         first(byte(6+p.Y.Bit(0)), plain),
			"an unknown form":         first(5, plain),
			"a y that is altered":     append(slices.Clone(plain[:len(plain)-1]), plain[len(plain)-1]^1),
			"an x without a point":    append([]byte{2}, none.FillBytes(make([]byte, c.byteLen))...),
			"x = p":                   append([]byte{2}, c.p.FillBytes(make([]byte, c.byteLen))...),
			"all ones":                bytes.Repeat([]byte{0xff}, len(plain)),
			"coordinates of ones":     first(4, bytes.Repeat([]byte{0xff}, len(plain))),
		} {
			if got, err := c.Unmarshal(data); err == nil {
				t.Errorf("%s: %s is read as %v", c.name, what, got)
			}
		}
	}
}

func TestMarshal(t *testing.T) {
	for _, c := range known {
		p := c.Generator()
		data, err := c.Marshal(p)
		if err != nil || !bytes.Equal(data, c.encode(p)) {
			t.Errorf("%s: %x, %v", c.name, data, err)
		}
		for _, bad := range []Point{{}, {p.X, new(big.Int).Add(p.Y, c.p)}, {p.Y, p.X}, {new(big.Int).Lsh(one, 600), p.Y}} {
			if data, err := c.Marshal(bad); err == nil {
				t.Errorf("%s: %v is written as %x", c.name, bad, data)
			}
		}
	}
}

func TestAddAndMultiply(t *testing.T) {
	for _, c := range known {
		p := plainMult(c, number(c, "p"), c.generator)
		minus := Point{p.X, new(big.Int).Sub(c.p, p.Y)}
		off := Point{p.X, new(big.Int).Add(p.Y, one)}
		for _, sum := range []struct{ a, b, want Point }{
			{p, p, plainAdd(c, p, p)}, {p, minus, Point{}}, {p, Point{}, p}, {Point{}, p, p}, {Point{}, Point{}, Point{}}, {p, c.generator, plainAdd(c, p, c.generator)},
		} {
			if got, err := c.Add(sum.a, sum.b); err != nil || !got.Equal(sum.want) {
				t.Errorf("%s: %v + %v is %v, %v", c.name, sum.a, sum.b, got, err)
			}
		}
		for _, k := range []int64{1, 2, 3, -1, -2} {
			number := big.NewInt(k)
			want := plainMult(c, new(big.Int).Mod(number, c.order), p)
			for _, same := range []*big.Int{number, new(big.Int).Add(number, c.order), new(big.Int).Sub(number, c.order)} {
				if got, err := c.ScalarMult(same, p); err != nil || !got.Equal(want) {
					t.Errorf("%s: %v·p is %v, %v", c.name, same, got, err)
				}
			}
		}
		refused := func(what string) func(Point, error) {
			return func(got Point, err error) {
				if t.Helper(); err == nil {
					t.Errorf("%s: %s is %v", c.name, what, got)
				}
			}
		}
		refused("p + a point off the curve")(c.Add(p, off))
		refused("a point off the curve + infinity")(c.Add(off, Point{}))
		refused("a multiple of infinity")(c.ScalarMult(one, Point{}))
		refused("a multiple of a point off the curve")(c.ScalarMult(one, off))
		refused("0·p")(c.ScalarMult(new(big.Int), p))
		refused("n·p")(c.ScalarMult(c.order, p))
		refused("nothing·p")(c.ScalarMult(nil, p))
		refused("0·G")(c.ScalarBaseMult(new(big.Int)))
		refused("-n·G")(c.ScalarBaseMult(new(big.Int).Neg(c.order)))
		refused("nothing·G")(c.ScalarBaseMult(nil))
	}
}

// What a caller is given is his own: altering it alters no curve.
func TestCurvesAreNotAltered(t *testing.T) {
	for _, c := range known {
		c.Generator().X.SetInt64(5)
		c.Order().SetInt64(5)
		p := c.Params()
		p.P.SetInt64(5)
		p.A.SetInt64(5)
		sum, err := c.Add(c.Generator(), Point{})
		if err != nil {
			t.Fatal(err)
		}
		sum.X.SetInt64(5)
		if Match(c.Params()) != c || !c.IsOnCurve(c.Generator()) {
			t.Errorf("%s was altered", c.name)
		}
	}
	Known()[0] = nil
	if Known()[0] == nil {
		t.Error("the list of curves was altered")
	}
}
