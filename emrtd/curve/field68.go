package curve

import "math/bits"

// mul6 is mul for fields of six limbs, unrolled as mul4 is.
func (f *field) mul6(z, x, y *element) {
	var t [7]uint64
	p := &f.prime
	for _, yi := range y[:6] {
		h0, l0 := bits.Mul64(x[0], yi)
		h1, l1 := bits.Mul64(x[1], yi)
		h2, l2 := bits.Mul64(x[2], yi)
		h3, l3 := bits.Mul64(x[3], yi)
		h4, l4 := bits.Mul64(x[4], yi)
		h5, l5 := bits.Mul64(x[5], yi)
		l1, c := bits.Add64(l1, h0, 0)
		l2, c = bits.Add64(l2, h1, c)
		l3, c = bits.Add64(l3, h2, c)
		l4, c = bits.Add64(l4, h3, c)
		l5, c = bits.Add64(l5, h4, c)
		h5 += c
		t0, c := bits.Add64(t[0], l0, 0)
		t1, c := bits.Add64(t[1], l1, c)
		t2, c := bits.Add64(t[2], l2, c)
		t3, c := bits.Add64(t[3], l3, c)
		t4, c := bits.Add64(t[4], l4, c)
		t5, c := bits.Add64(t[5], l5, c)
		t6, t7 := bits.Add64(t[6], h5, c)

		m := t0 * f.inv
		h0, l0 = bits.Mul64(p[0], m)
		h1, l1 = bits.Mul64(p[1], m)
		h2, l2 = bits.Mul64(p[2], m)
		h3, l3 = bits.Mul64(p[3], m)
		h4, l4 = bits.Mul64(p[4], m)
		h5, l5 = bits.Mul64(p[5], m)
		l1, c = bits.Add64(l1, h0, 0)
		l2, c = bits.Add64(l2, h1, c)
		l3, c = bits.Add64(l3, h2, c)
		l4, c = bits.Add64(l4, h3, c)
		l5, c = bits.Add64(l5, h4, c)
		h5 += c
		_, c = bits.Add64(t0, l0, 0)
		t[0], c = bits.Add64(t1, l1, c)
		t[1], c = bits.Add64(t2, l2, c)
		t[2], c = bits.Add64(t3, l3, c)
		t[3], c = bits.Add64(t4, l4, c)
		t[4], c = bits.Add64(t5, l5, c)
		t[5], c = bits.Add64(t6, h5, c)
		t[6] = t7 + c
	}
	f.reduce6(z, (*[6]uint64)(t[:]), t[6])
}

// mul8 is mul for fields of eight limbs, unrolled as mul4 is.
func (f *field) mul8(z, x, y *element) {
	var t [9]uint64
	p := &f.prime
	for _, yi := range y[:8] {
		h0, l0 := bits.Mul64(x[0], yi)
		h1, l1 := bits.Mul64(x[1], yi)
		h2, l2 := bits.Mul64(x[2], yi)
		h3, l3 := bits.Mul64(x[3], yi)
		h4, l4 := bits.Mul64(x[4], yi)
		h5, l5 := bits.Mul64(x[5], yi)
		h6, l6 := bits.Mul64(x[6], yi)
		h7, l7 := bits.Mul64(x[7], yi)
		l1, c := bits.Add64(l1, h0, 0)
		l2, c = bits.Add64(l2, h1, c)
		l3, c = bits.Add64(l3, h2, c)
		l4, c = bits.Add64(l4, h3, c)
		l5, c = bits.Add64(l5, h4, c)
		l6, c = bits.Add64(l6, h5, c)
		l7, c = bits.Add64(l7, h6, c)
		h7 += c
		t0, c := bits.Add64(t[0], l0, 0)
		t1, c := bits.Add64(t[1], l1, c)
		t2, c := bits.Add64(t[2], l2, c)
		t3, c := bits.Add64(t[3], l3, c)
		t4, c := bits.Add64(t[4], l4, c)
		t5, c := bits.Add64(t[5], l5, c)
		t6, c := bits.Add64(t[6], l6, c)
		t7, c := bits.Add64(t[7], l7, c)
		t8, t9 := bits.Add64(t[8], h7, c)

		m := t0 * f.inv
		h0, l0 = bits.Mul64(p[0], m)
		h1, l1 = bits.Mul64(p[1], m)
		h2, l2 = bits.Mul64(p[2], m)
		h3, l3 = bits.Mul64(p[3], m)
		h4, l4 = bits.Mul64(p[4], m)
		h5, l5 = bits.Mul64(p[5], m)
		h6, l6 = bits.Mul64(p[6], m)
		h7, l7 = bits.Mul64(p[7], m)
		l1, c = bits.Add64(l1, h0, 0)
		l2, c = bits.Add64(l2, h1, c)
		l3, c = bits.Add64(l3, h2, c)
		l4, c = bits.Add64(l4, h3, c)
		l5, c = bits.Add64(l5, h4, c)
		l6, c = bits.Add64(l6, h5, c)
		l7, c = bits.Add64(l7, h6, c)
		h7 += c
		_, c = bits.Add64(t0, l0, 0)
		t[0], c = bits.Add64(t1, l1, c)
		t[1], c = bits.Add64(t2, l2, c)
		t[2], c = bits.Add64(t3, l3, c)
		t[3], c = bits.Add64(t4, l4, c)
		t[4], c = bits.Add64(t5, l5, c)
		t[5], c = bits.Add64(t6, l6, c)
		t[6], c = bits.Add64(t7, l7, c)
		t[7], c = bits.Add64(t8, h7, c)
		t[8] = t9 + c
	}
	f.reduce8(z, (*[8]uint64)(t[:]), t[8])
}
