package curve

import (
	"math/big"
	"testing"

	"pgregory.net/rapid"
)

// anyElement draws a number below p whose limbs are often all ones, all zeros or those of p, where carries run through.
func anyElement(t *rapid.T, f *field, name string) *big.Int {
	v := new(big.Int)
	for i := range f.n {
		limb := rapid.OneOf(rapid.SampledFrom([]uint64{0, 1, 1<<64 - 1, 1<<64 - 2, 1 << 63, f.prime[i], f.prime[i] - 1}), rapid.Uint64()).Draw(t, name)
		v.Or(v, new(big.Int).Lsh(new(big.Int).SetUint64(limb), uint(64*i)))
	}
	return v.Mod(v, f.p)
}

// Sums, differences and products are those of math/big, also where a result goes where an operand was, and by each of the ways of multiplying.
func TestFieldLaw(t *testing.T) {
	onEvery(t, func(t *rapid.T, c *Curve) {
		f := c.model().field
		// What is drawn is the limbs, since it is on them that carries depend; r is what they are multiplied with beyond their product.
		a, b := anyElement(t, f, "a"), anyElement(t, f, "b")
		form := uint(64 * f.n)
		if f.plain {
			form = 0
		}
		r := new(big.Int).ModInverse(new(big.Int).Lsh(one, form), f.p)
		product := new(big.Int).Mul(a, b)
		product.Mul(product, r)
		for _, op := range []struct {
			name string
			run  func(z, x, y *element)
			want *big.Int
		}{
			{"a+b", f.add, new(big.Int).Add(a, b)}, {"a-b", f.sub, new(big.Int).Sub(a, b)}, {"a·b", f.mul, product}, {"a·b of any length", f.mulAny, product},
		} {
			if f.plain && op.name == "a·b of any length" {
				continue // it is for Montgomery form
			}
			want := limbsOf(op.want.Mod(op.want, f.p))
			x, y := limbsOf(a), limbsOf(b)
			z := f.one // something of the field, to be overwritten
			op.run(&z, &x, &y)
			if z != want {
				t.Fatalf("%s is %x, want %x, for a = %x, b = %x", op.name, z, want, a, b)
			}
			first, second := x, y
			op.run(&first, &first, &y)
			op.run(&second, &x, &second)
			if first != want || second != want {
				t.Fatalf("%s in place is %x and %x, want %x", op.name, first, second, want)
			}
		}
		square, x := limbsOf(a), limbsOf(a)
		f.sqr(&square, &square)
		if f.mul(&x, &x, &x); x != square {
			t.Fatalf("a² is %x, want %x", square, x)
		}
		in := f.enter(a)
		if out := f.leave(&in); out.Cmp(a) != 0 {
			t.Fatalf("%x comes back as %x", a, out)
		}
		if inverse := f.inverse(&in); a.Sign() != 0 {
			if f.mul(&inverse, &inverse, &in); inverse != f.one {
				t.Fatalf("a·1/a is %x", inverse)
			}
		}
	})
}

// The digits of a number add up to it, and of any width of them in a row one at most is not 0.
func TestNonAdjacentLaw(t *testing.T) {
	onEvery(t, func(t *rapid.T, c *Curve) {
		k, width := anyScalar(t, c, "k"), uint(rapid.IntRange(2, 8).Draw(t, "width"))
		d, length := nonAdjacent(k, width)
		sum, last := new(big.Int), len(d)+100
		for i := len(d) - 1; i >= 0; i-- {
			sum.Lsh(sum, 1).Add(sum, big.NewInt(int64(d[i])))
			if d[i] == 0 {
				continue
			}
			if d[i]%2 == 0 || abs(d[i]) >= 1<<(width-1) || last-i < int(width) || i >= length {
				t.Fatalf("digit %d of %x is %d, the one before at %d, of %d", i, k, d[i], last, length)
			}
			last = i
		}
		if sum.Cmp(k) != 0 {
			t.Fatalf("the digits of %x add up to %x", k, sum)
		}
	})
}
