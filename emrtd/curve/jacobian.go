package curve

// jacobian is the point (x/z², y/z³) of a model; z is 0 at infinity.
type jacobian struct {
	x, y, z element
}

// affine is a point of a model by its coordinates; never infinity.
type affine struct {
	x, y element
}

// double sets r to 2p.
func (m *model) double(r, p *jacobian) {
	if m.zeroA {
		m.doubleZero(r, p)
		return
	}
	f := m.field
	var delta, gamma, beta, alpha, t element
	f.sqr(&delta, &p.z)
	f.sqr(&gamma, &p.y)
	f.mul(&beta, &p.x, &gamma)
	// 3x² - 3z⁴ = 3(x - z²)(x + z²)
	f.sub(&t, &p.x, &delta)
	f.add(&alpha, &p.x, &delta)
	f.mul(&alpha, &alpha, &t)
	f.add(&t, &alpha, &alpha)
	f.add(&alpha, &alpha, &t)
	// z = (y + z)² - y² - z² = 2yz
	f.add(&t, &p.y, &p.z)
	f.sqr(&t, &t)
	f.sub(&t, &t, &gamma)
	f.sub(&r.z, &t, &delta)
	f.add(&beta, &beta, &beta)
	f.add(&beta, &beta, &beta)
	m.doubleEnd(r, &alpha, &beta, &gamma)
}

// doubleZero is double where a is 0.
func (m *model) doubleZero(r, p *jacobian) {
	f := m.field
	var gamma, beta, alpha, t element
	f.sqr(&gamma, &p.y)
	f.mul(&beta, &p.x, &gamma)
	f.sqr(&alpha, &p.x)
	f.add(&t, &alpha, &alpha)
	f.add(&alpha, &alpha, &t)
	f.mul(&t, &p.y, &p.z)
	f.add(&r.z, &t, &t)
	f.add(&beta, &beta, &beta)
	f.add(&beta, &beta, &beta)
	m.doubleEnd(r, &alpha, &beta, &gamma)
}

// doubleEnd sets x and y of r from alpha = 3x² + az⁴, beta = 4xy² and gamma = y².
func (m *model) doubleEnd(r *jacobian, alpha, beta, gamma *element) {
	f := m.field
	var t element
	f.sqr(&t, alpha)
	f.sub(&t, &t, beta)
	f.sub(&r.x, &t, beta)
	f.sub(&t, beta, &r.x)
	f.mul(&t, &t, alpha)
	f.sqr(gamma, gamma)
	f.add(gamma, gamma, gamma)
	f.add(gamma, gamma, gamma)
	f.add(gamma, gamma, gamma)
	f.sub(&r.y, &t, gamma)
}

// add sets r to p+q, for any p and q.
func (m *model) add(r, p, q *jacobian) {
	switch {
	case p.z.isZero():
		*r = *q
		return
	case q.z.isZero():
		*r = *p
		return
	}
	f := m.field
	var zz, u1, s1, u2, s2, z element
	f.sqr(&zz, &q.z)
	f.mul(&u1, &p.x, &zz)
	f.mul(&s1, &p.y, &zz)
	f.mul(&s1, &s1, &q.z)
	f.sqr(&zz, &p.z)
	f.mul(&u2, &q.x, &zz)
	f.mul(&s2, &q.y, &zz)
	f.mul(&s2, &s2, &p.z)
	f.mul(&z, &p.z, &q.z)
	m.addEnd(r, p, &u1, &s1, &u2, &s2, &z)
}

// addAffine sets r to p+q, or to p-q, for any p.
func (m *model) addAffine(r, p *jacobian, q *affine, minus bool) {
	y := q.y
	if minus {
		m.field.sub(&y, &element{}, &q.y)
	}
	if p.z.isZero() {
		*r = jacobian{q.x, y, m.field.one}
		return
	}
	f := m.field
	var zz, u2, s2 element
	f.sqr(&zz, &p.z)
	f.mul(&u2, &q.x, &zz)
	f.mul(&s2, &y, &zz)
	f.mul(&s2, &s2, &p.z)
	u1, s1, z := p.x, p.y, p.z
	m.addEnd(r, p, &u1, &s1, &u2, &s2, &z)
}

// addEnd adds two finite points that were brought to the common denominator z: (u1, s1), which is p, and (u2, s2). Equal points are
// doubled, opposite ones give infinity.
func (m *model) addEnd(r, p *jacobian, u1, s1, u2, s2, z *element) {
	f := m.field
	f.sub(u2, u2, u1)
	f.sub(s2, s2, s1)
	if u2.isZero() {
		if s2.isZero() {
			m.double(r, p)
		} else {
			*r = jacobian{}
		}
		return
	}
	var h2, h3, t element
	f.sqr(&h2, u2)
	f.mul(&h3, &h2, u2)
	f.mul(u1, u1, &h2)
	f.mul(&r.z, z, u2)
	f.sqr(&t, s2)
	f.sub(&t, &t, &h3)
	f.sub(&t, &t, u1)
	f.sub(&r.x, &t, u1)
	f.sub(&t, u1, &r.x)
	f.mul(&t, &t, s2)
	f.mul(s1, s1, &h3)
	f.sub(&r.y, &t, s1)
}

// normal returns a finite point by its coordinates.
func (m *model) normal(p *jacobian) (q affine) {
	f := m.field
	inv := f.inverse(&p.z)
	var inv2 element
	f.sqr(&inv2, &inv)
	f.mul(&q.x, &p.x, &inv2)
	f.mul(&inv2, &inv2, &inv)
	f.mul(&q.y, &p.y, &inv2)
	return q
}
