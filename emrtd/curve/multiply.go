package curve

import "math/big"

// digits is a number in signed digits, least significant first: each is 0 or odd.
type digits [64*maxLimbs + 1]int8

// nonAdjacent writes k, in [0, n-1], in the non-adjacent form of a width up to 8: of any width digits in a row at most one is not 0, and its absolute
// value is below 2^(width-1). It returns the digits and how many there are.
func nonAdjacent(k *big.Int, width uint) (d digits, length int) {
	limbs := limbsOf(k)
	end := k.BitLen() + 1
	var carry uint64
	for i := 0; i < end; {
		if limbs[i/64]>>(i%64)&1 == carry {
			i++
			continue
		}
		word := window(&limbs, i, width) + carry
		carry = word >> (width - 1)
		d[i] = int8(int(word) - int(carry<<width))
		length = i + 1
		i += int(width)
	}
	return d, length
}

// window returns width bits of the number from bit i on.
func window(limbs *element, i int, width uint) uint64 {
	at, shift := i/64, uint(i%64)
	w := limbs[at] >> shift
	if shift+width > 64 && at+1 < maxLimbs {
		w |= limbs[at+1] << (64 - shift)
	}
	return w & (1<<width - 1)
}

// combine returns k·G + l·Q, for k and l in [0, n-1], by one run of doublings for both.
func (m *model) combine(k, l *big.Int, q *jacobian) (sum jacobian) {
	var multiples [1 << (keyWindow - 2)]jacobian
	kd, kn := nonAdjacent(k, generatorWindow)
	ld, ln := nonAdjacent(l, keyWindow)
	if ln > 0 {
		m.oddMultiples(multiples[:], q)
	}
	for i := max(kn, ln) - 1; i >= 0; i-- {
		m.double(&sum, &sum)
		if d := kd[i]; d != 0 {
			m.addAffine(&sum, &sum, &m.table[abs(d)/2], d < 0)
		}
		if d := ld[i]; d != 0 {
			term := multiples[abs(d)/2]
			if d < 0 {
				m.field.sub(&term.y, &element{}, &term.y)
			}
			m.add(&sum, &sum, &term)
		}
	}
	return sum
}

func abs(d int8) int { return max(int(d), -int(d)) }

// Add returns p+q. Either may be infinity; a point that is not on the curve is refused.
func (c *Curve) Add(p, q Point) (Point, error) {
	for _, point := range []Point{p, q} {
		if err := c.check(point); err != nil && !point.Infinite() {
			return Point{}, err
		}
	}
	if p.Infinite() {
		return q.clone(), nil
	}
	if q.Infinite() {
		return p.clone(), nil
	}
	m := c.model()
	a, b := m.enter(p), m.enter(q)
	m.add(&a, &a, &b)
	return m.leave(&a), nil
}

// ScalarMult returns k·p, for any k: it is taken modulo the order. It is infinity if k is a multiple of the order or p is infinity, which no
// protocol may accept as a shared secret. Its time depends on k: see the package's comment. A point that is not on the curve is refused.
func (c *Curve) ScalarMult(k *big.Int, p Point) (Point, error) {
	if k == nil {
		return Point{}, c.refuse("there is no number to multiply by")
	}
	if p.Infinite() {
		return Point{}, nil
	}
	if err := c.check(p); err != nil {
		return Point{}, err
	}
	m := c.model()
	q := m.enter(p)
	sum := m.combine(new(big.Int), new(big.Int).Mod(k, c.order), &q)
	return m.leave(&sum), nil
}

// ScalarBaseMult returns k·G as ScalarMult does.
func (c *Curve) ScalarBaseMult(k *big.Int) (Point, error) {
	if k == nil {
		return Point{}, c.refuse("there is no number to multiply by")
	}
	m := c.model()
	sum := m.combine(new(big.Int).Mod(k, c.order), new(big.Int), nil)
	return m.leave(&sum), nil
}
