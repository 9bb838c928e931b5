package curve

import "math/bits"

// mersenne521 reports whether a prime is 2^521 - 1, the one field of nine limbs. Its numbers stand as they are and not in Montgomery form (one is 1, and so is r2): what is above bit 521 of a product is added to what is below.
func (f *field) mersenne521() bool {
	if f.n != 9 || f.prime[8] != 1<<9-1 {
		return false
	}
	for _, limb := range f.prime[:8] {
		if limb != 1<<64-1 {
			return false
		}
	}
	return true
}

// mul9 is mul modulo 2^521 - 1.
func (f *field) mul9(z, x, y *element) {
	var t [18]uint64
	for i, yi := range y {
		row := (*[10]uint64)(t[i:])
		h0, l0 := bits.Mul64(x[0], yi)
		h1, l1 := bits.Mul64(x[1], yi)
		h2, l2 := bits.Mul64(x[2], yi)
		h3, l3 := bits.Mul64(x[3], yi)
		h4, l4 := bits.Mul64(x[4], yi)
		h5, l5 := bits.Mul64(x[5], yi)
		h6, l6 := bits.Mul64(x[6], yi)
		h7, l7 := bits.Mul64(x[7], yi)
		h8, l8 := bits.Mul64(x[8], yi)
		l1, c := bits.Add64(l1, h0, 0)
		l2, c = bits.Add64(l2, h1, c)
		l3, c = bits.Add64(l3, h2, c)
		l4, c = bits.Add64(l4, h3, c)
		l5, c = bits.Add64(l5, h4, c)
		l6, c = bits.Add64(l6, h5, c)
		l7, c = bits.Add64(l7, h6, c)
		l8, c = bits.Add64(l8, h7, c)
		h8 += c
		row[0], c = bits.Add64(row[0], l0, 0)
		row[1], c = bits.Add64(row[1], l1, c)
		row[2], c = bits.Add64(row[2], l2, c)
		row[3], c = bits.Add64(row[3], l3, c)
		row[4], c = bits.Add64(row[4], l4, c)
		row[5], c = bits.Add64(row[5], l5, c)
		row[6], c = bits.Add64(row[6], l6, c)
		row[7], c = bits.Add64(row[7], l7, c)
		row[8], c = bits.Add64(row[8], l8, c)
		row[9] = h8 + c
	}
	f.fold(z, &t)
}

// fold sets z to a product modulo 2^521 - 1.
func (f *field) fold(z *element, t *[18]uint64) {
	var sum [maxLimbs]uint64
	var c uint64
	for i := range 8 {
		sum[i], c = bits.Add64(t[i], t[8+i]>>9|t[9+i]<<55, c)
	}
	sum[8] = t[8]&(1<<9-1) + (t[16]>>9 | t[17]<<55) + c
	f.reduce9(z, &sum, 0) // below 2^522, which is 2p and 2 more at most: both halves of a product of numbers below p are not all ones
}
