package cert

import "math/big"

// curve is a curve y² = x³ + ax + b over a prime field, with cofactor 1.
type curve struct {
	name, oid          string
	p, a, b, gx, gy, n *big.Int
}

func newCurve(name, oid string, numbers ...string) *curve {
	c := &curve{name: name, oid: oid}
	for i, to := range []**big.Int{&c.p, &c.a, &c.b, &c.gx, &c.gy, &c.n} {
		n, ok := new(big.Int).SetString(numbers[i], 16)
		if !ok {
			panic("cert: a table of curves that cannot be read")
		}
		*to = n
	}
	return c
}

// curveByOID returns a curve by its dotted object identifier, nil for an unknown one.
func curveByOID(oid string) *curve {
	for _, c := range curves {
		if c.oid == oid {
			return c
		}
	}
	return nil
}

// explicit are the parameters of a curve as a certificate writes them out. cofactor may be nil.
type explicit struct {
	p, a, b, n, cofactor *big.Int
	base                 []byte
}

// match returns the known curve that explicit parameters are, nil when they are of none. Every one is compared, the base point above all:
// who may choose it can make a signature to any key.
func (e explicit) match() *curve {
	for _, c := range curves {
		same := c.p.Cmp(e.p) == 0 && c.a.Cmp(e.a) == 0 && c.b.Cmp(e.b) == 0 && c.n.Cmp(e.n) == 0
		if !same || e.cofactor != nil && e.cofactor.Cmp(big.NewInt(1)) != 0 {
			continue
		}
		x, y, ok := c.point(e.base)
		if ok && x.Cmp(c.gx) == 0 && y.Cmp(c.gy) == 0 {
			return c
		}
	}
	return nil
}

// size is the number of bytes of a coordinate.
func (c *curve) size() int { return (c.p.BitLen() + 7) / 8 }

// point reads a point (SEC 1 §2.3.4), uncompressed, compressed or hybrid, and checks that it is on the curve.
func (c *curve) point(b []byte) (x, y *big.Int, ok bool) {
	size := c.size()
	if len(b) < 1+size {
		return nil, nil, false
	}
	x = new(big.Int).SetBytes(b[1 : 1+size])
	if x.Cmp(c.p) >= 0 {
		return nil, nil, false
	}
	right := c.right(x)
	switch {
	case (b[0] == 4 || b[0] == 6 || b[0] == 7) && len(b) == 1+2*size:
		y = new(big.Int).SetBytes(b[1+size:])
		if y.Cmp(c.p) >= 0 || b[0] != 4 && y.Bit(0) != uint(b[0]&1) {
			return nil, nil, false
		}
	case (b[0] == 2 || b[0] == 3) && len(b) == 1+size:
		if y = new(big.Int).ModSqrt(right, c.p); y == nil {
			return nil, nil, false
		}
		if y.Bit(0) != uint(b[0]&1) {
			y.Sub(c.p, y)
		}
	default:
		return nil, nil, false
	}
	square := new(big.Int).Mul(y, y)
	return x, y, square.Mod(square, c.p).Cmp(right) == 0
}

// right is x³ + ax + b.
func (c *curve) right(x *big.Int) *big.Int {
	r := new(big.Int).Mul(x, x)
	r.Add(r, c.a)
	r.Mul(r, x)
	r.Add(r, c.b)
	return r.Mod(r, c.p)
}

// jacobian is a point (x/z², y/z³); z is 0 for the point at infinity.
type jacobian struct{ x, y, z *big.Int }

// combine returns the x of uG + vQ, nil when that is infinity. Nothing here is secret, so that it need not take the same time for all.
func (c *curve) combine(u, v, qx, qy *big.Int) *big.Int {
	g, q := jacobian{c.gx, c.gy, big.NewInt(1)}, jacobian{qx, qy, big.NewInt(1)}
	both := c.add(g, q)
	sum := jacobian{big.NewInt(1), big.NewInt(1), new(big.Int)}
	for i := max(u.BitLen(), v.BitLen()) - 1; i >= 0; i-- {
		sum = c.double(sum)
		switch u.Bit(i) | v.Bit(i)<<1 {
		case 1:
			sum = c.add(sum, g)
		case 2:
			sum = c.add(sum, q)
		case 3:
			sum = c.add(sum, both)
		}
	}
	if sum.z.Sign() == 0 {
		return nil
	}
	zz := new(big.Int).ModInverse(sum.z, c.p)
	zz = c.mul(zz, zz)
	return c.mul(sum.x, zz)
}

func (c *curve) mul(a, b *big.Int) *big.Int {
	r := new(big.Int).Mul(a, b)
	return r.Mod(r, c.p)
}

func (c *curve) sub(a, b *big.Int) *big.Int {
	r := new(big.Int).Sub(a, b)
	return r.Mod(r, c.p)
}

// double is twice a point, for any a.
func (c *curve) double(p jacobian) jacobian {
	if p.z.Sign() == 0 || p.y.Sign() == 0 {
		return jacobian{big.NewInt(1), big.NewInt(1), new(big.Int)}
	}
	yy := c.mul(p.y, p.y)
	s := c.mul(p.x, yy)
	s.Lsh(s, 2).Mod(s, c.p)
	zz := c.mul(p.z, p.z)
	m := new(big.Int).Mul(p.x, p.x)
	m.Mul(m, big.NewInt(3))
	m.Add(m, c.mul(c.a, c.mul(zz, zz))).Mod(m, c.p)
	x := c.sub(c.mul(m, m), new(big.Int).Lsh(s, 1))
	y4 := c.mul(yy, yy)
	y := c.sub(c.mul(m, c.sub(s, x)), y4.Lsh(y4, 3))
	z := c.mul(p.y, p.z)
	z.Lsh(z, 1).Mod(z, c.p)
	return jacobian{x, y, z}
}

// add is the sum of two points, equal and opposite ones too.
func (c *curve) add(p, q jacobian) jacobian {
	if p.z.Sign() == 0 {
		return q
	}
	if q.z.Sign() == 0 {
		return p
	}
	pzz, qzz := c.mul(p.z, p.z), c.mul(q.z, q.z)
	u1, u2 := c.mul(p.x, qzz), c.mul(q.x, pzz)
	s1, s2 := c.mul(p.y, c.mul(qzz, q.z)), c.mul(q.y, c.mul(pzz, p.z))
	h, r := c.sub(u2, u1), c.sub(s2, s1)
	if h.Sign() == 0 {
		if r.Sign() == 0 {
			return c.double(p)
		}
		return jacobian{big.NewInt(1), big.NewInt(1), new(big.Int)}
	}
	hh := c.mul(h, h)
	hhh := c.mul(h, hh)
	v := c.mul(u1, hh)
	x := c.sub(c.sub(c.mul(r, r), hhh), new(big.Int).Lsh(v, 1))
	y := c.sub(c.mul(r, c.sub(v, x)), c.mul(s1, hhh))
	return jacobian{x, y, c.mul(h, c.mul(p.z, q.z))}
}
