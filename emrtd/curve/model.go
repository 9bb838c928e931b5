package curve

import "math/big"

// generatorWindow and keyWindow are the widths of the non-adjacent forms by which multiples of the generator, from a table made once, and of
// other points are added up.
const (
	generatorWindow = 8
	keyWindow       = 5
)

// model is a curve in the form in which it is computed with: y² = x³ + ax + b with a = -3 or a = 0, since doubling is cheapest on these. A curve
// whose a is another is mapped to it by (x, y) → (x·u², y·u³), where u⁴ = -3/a; that such a u exists is what makes the twins of RFC 5639 §2.2.
type model struct {
	field  *field
	zeroA  bool
	b      element
	u2, u3 element                            // into the model
	d2, d3 element                            // and out of it
	table  [1 << (generatorWindow - 2)]affine // the odd multiples of the generator
	combs  generatorCombs                     // the generator for prepared keys
}

// model returns what the curve is computed with, made at its first use.
func (c *Curve) model() *model {
	c.once.Do(func() { c.computed = newModel(c) })
	return c.computed
}

func newModel(c *Curve) *model {
	f := newField(c.p)
	m := &model{field: f, zeroA: c.a.Sign() == 0}
	u := f.enter(scale(c.a, c.p))
	f.sqr(&m.u2, &u)
	f.mul(&m.u3, &m.u2, &u)
	m.d2, m.d3 = f.inverse(&m.u2), f.inverse(&m.u3)
	b := f.enter(c.b)
	f.mul(&b, &b, &m.u3)
	f.mul(&m.b, &b, &m.u3)
	g := m.enter(c.generator)
	multiples := make([]jacobian, len(m.table))
	m.oddMultiples(multiples, &g)
	for i := range multiples {
		m.table[i] = m.normal(&multiples[i])
	}
	return m
}

// scale returns a u with u⁴ = -3/a modulo p, 1 where a is 0 or -3.
func scale(a, p *big.Int) *big.Int {
	if a.Sign() == 0 {
		return one
	}
	quotient := new(big.Int).ModInverse(a, p)
	quotient.Mul(quotient, big.NewInt(-3)).Mod(quotient, p)
	if quotient.Cmp(one) == 0 {
		return one
	}
	root := quotient.ModSqrt(quotient, p)
	if root != nil && big.Jacobi(root, p) != 1 {
		root.Sub(p, root) // of the two roots one is a square, p being 3 modulo 4 in these fields
	}
	if root == nil || root.ModSqrt(root, p) == nil {
		panic("curve: the table of domains holds a curve that cannot be computed with")
	}
	return root
}

// enter maps a finite point of the curve into the model.
func (m *model) enter(p Point) jacobian {
	x, y := m.field.enter(p.X), m.field.enter(p.Y)
	m.field.mul(&x, &x, &m.u2)
	m.field.mul(&y, &y, &m.u3)
	return jacobian{x, y, m.field.one}
}

// leave maps a point of the model back.
func (m *model) leave(p *jacobian) Point {
	if p.z.isZero() {
		return Point{}
	}
	q := m.normal(p)
	m.field.mul(&q.x, &q.x, &m.d2)
	m.field.mul(&q.y, &q.y, &m.d3)
	return Point{m.field.leave(&q.x), m.field.leave(&q.y)}
}

// holds reports whether a point, whose coordinates are in [0, p-1], is on the curve.
func (m *model) holds(p Point) bool {
	f, q := m.field, m.enter(p)
	var left, right, linear element
	f.sqr(&left, &q.y)
	f.sqr(&right, &q.x)
	f.mul(&right, &right, &q.x)
	if !m.zeroA {
		f.add(&linear, &q.x, &q.x)
		f.add(&linear, &linear, &q.x)
		f.sub(&right, &right, &linear)
	}
	f.add(&right, &right, &m.b)
	return left == right
}

// oddMultiples sets table to p, 3p, 5p and so on.
func (m *model) oddMultiples(table []jacobian, p *jacobian) {
	var twice jacobian
	m.double(&twice, p)
	table[0] = *p
	for i := 1; i < len(table); i++ {
		m.add(&table[i], &table[i-1], &twice)
	}
}
