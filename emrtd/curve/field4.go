package curve

import "math/bits"

// mul4 is mul for fields of four limbs, unrolled. Each round adds a row of the product and takes one limb off; what is left stays below 2p, so
// that its fifth limb is 0 or 1.
func (f *field) mul4(z, x, y *element) {
	var t [5]uint64
	x0, x1, x2, x3 := x[0], x[1], x[2], x[3]
	p0, p1, p2, p3 := f.prime[0], f.prime[1], f.prime[2], f.prime[3]
	for i := range 4 {
		yi := y[i]
		h0, l0 := bits.Mul64(x0, yi)
		h1, l1 := bits.Mul64(x1, yi)
		h2, l2 := bits.Mul64(x2, yi)
		h3, l3 := bits.Mul64(x3, yi)
		l1, c := bits.Add64(l1, h0, 0)
		l2, c = bits.Add64(l2, h1, c)
		l3, c = bits.Add64(l3, h2, c)
		h3 += c
		t0, c := bits.Add64(t[0], l0, 0)
		t1, c := bits.Add64(t[1], l1, c)
		t2, c := bits.Add64(t[2], l2, c)
		t3, c := bits.Add64(t[3], l3, c)
		t4, t5 := bits.Add64(t[4], h3, c)

		m := t0 * f.inv
		h0, l0 = bits.Mul64(p0, m)
		h1, l1 = bits.Mul64(p1, m)
		h2, l2 = bits.Mul64(p2, m)
		h3, l3 = bits.Mul64(p3, m)
		l1, c = bits.Add64(l1, h0, 0)
		l2, c = bits.Add64(l2, h1, c)
		l3, c = bits.Add64(l3, h2, c)
		h3 += c
		_, c = bits.Add64(t0, l0, 0)
		t[0], c = bits.Add64(t1, l1, c)
		t[1], c = bits.Add64(t2, l2, c)
		t[2], c = bits.Add64(t3, l3, c)
		t[3], c = bits.Add64(t4, h3, c)
		t[4] = t5 + c
	}
	f.reduce4(z, t[0], t[1], t[2], t[3], t[4])
}

// reduce4 is reduce for four limbs.
func (f *field) reduce4(z *element, t0, t1, t2, t3, top uint64) {
	d0, b := bits.Sub64(t0, f.prime[0], 0)
	d1, b := bits.Sub64(t1, f.prime[1], b)
	d2, b := bits.Sub64(t2, f.prime[2], b)
	d3, b := bits.Sub64(t3, f.prime[3], b)
	_, b = bits.Sub64(top, 0, b)
	keep := -b
	z[0] = t0&keep | d0&^keep
	z[1] = t1&keep | d1&^keep
	z[2] = t2&keep | d2&^keep
	z[3] = t3&keep | d3&^keep
}

func (f *field) add4(z, x, y *element) {
	t0, c := bits.Add64(x[0], y[0], 0)
	t1, c := bits.Add64(x[1], y[1], c)
	t2, c := bits.Add64(x[2], y[2], c)
	t3, c := bits.Add64(x[3], y[3], c)
	f.reduce4(z, t0, t1, t2, t3, c)
}

func (f *field) sub4(z, x, y *element) {
	t0, b := bits.Sub64(x[0], y[0], 0)
	t1, b := bits.Sub64(x[1], y[1], b)
	t2, b := bits.Sub64(x[2], y[2], b)
	t3, b := bits.Sub64(x[3], y[3], b)
	mask := -b
	var c uint64
	z[0], c = bits.Add64(t0, f.prime[0]&mask, 0)
	z[1], c = bits.Add64(t1, f.prime[1]&mask, c)
	z[2], c = bits.Add64(t2, f.prime[2]&mask, c)
	z[3], _ = bits.Add64(t3, f.prime[3]&mask, c)
}
