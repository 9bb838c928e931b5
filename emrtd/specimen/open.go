package specimen

import (
	"crypto/rsa"
	"fmt"
	"io"
	"slices"
	"strings"

	"marz/emrtd/chip"
	"marz/emrtd/curve"
	"marz/emrtd/reading"
)

// open makes the chip with its passwords, its ways of opening and its secret keys.
func (m *maker) open() error {
	m.chip = &chip.Virtual{Files: map[chip.File][]byte{}, Master: map[chip.File][]byte{}, Random: m.random, Secret: make([]byte, 80)}
	if _, err := io.ReadFull(m.random, m.chip.Secret); err != nil {
		return err
	}
	if !m.profile.ShortOnly {
		m.chip.Master[chip.EFATRInfo] = atrInfo()
	}
	if slices.Contains(m.profile.Access, "open") {
		if len(m.profile.Access) > 1 {
			return invalid("access", "a document that is open to everybody has no other way")
		}
		return nil
	}
	zone, err := reading.Password(m.zone)
	if err != nil {
		return err
	}
	can, err := chip.FromCAN(m.profile.CAN)
	if err != nil {
		return err
	}
	m.chip.Key, m.chip.CAN = &zone, &can
	for _, a := range m.profile.Access {
		switch a {
		case "bac":
		case "pace", "cam":
			way, err := m.way(a)
			if err != nil {
				return err
			}
			m.ways = append(m.ways, way)
		default:
			return invalid(fmt.Sprintf("the access %.20q", a), "take open, or of bac, pace and cam")
		}
	}
	m.chip.PACE = m.ways
	m.chip.WithoutBAC = !slices.Contains(m.profile.Access, "bac")
	return nil
}

// way finds a way of PACE by mapping, cipher and curve.
func (m *maker) way(access string) (chip.PACE, error) {
	cipher, err := m.profile.cipher()
	if err != nil {
		return chip.PACE{}, err
	}
	mapping := map[string]byte{"pace": chip.GenericMapping, "cam": chip.ChipMapping}[access]
	for number := 8; number <= 18; number++ {
		if c := curve.ByNumber(number); c == nil || c != curve.ByName(m.profile.Curve) {
			continue
		}
		if way, ok := chip.NewPACE(mapping, cipher, byte(number)); ok {
			return way, nil
		}
	}
	return chip.PACE{}, invalid(fmt.Sprintf("the access %s over %.20q with %s", access, m.profile.Curve, m.profile.Cipher), "PACE goes over a curve of "+curveNames()+", and chip authentication mapping with AES alone")
}

// prove gives the chip its keys for showing that it is no copy, and writes DG14 and DG15.
func (m *maker) prove() error {
	var infos [][]byte
	for _, p := range m.profile.Prove {
		var more [][]byte
		var err error
		switch {
		case p == "none" && len(m.profile.Prove) == 1:
		case p == "chip":
			more, err = m.chipAuthentication()
		case strings.HasPrefix(p, "active-"):
			more, err = m.activeAuthentication(p)
		default:
			return invalid(fmt.Sprintf("the proof %.20q", p), "take none, or of chip, active-rsa and active-ec")
		}
		if err != nil {
			return err
		}
		infos = append(infos, more...)
	}
	if len(infos) > 0 || len(m.ways) > 0 { // which offers has to be signed as well (ICAO 9303-11 §9.2)
		m.groups[14] = m.dg14(infos)
	}
	return nil
}

func (m *maker) chipAuthentication() ([][]byte, error) {
	if m.chip.Key == nil {
		return nil, invalid("chip authentication", "it goes over a protected channel: a document that is open to everybody has none; take --prove none or active-ec")
	}
	cipher, err := m.profile.cipher()
	if err != nil {
		return nil, err
	}
	c := curve.ByName(m.profile.Curve)
	if c == nil {
		return nil, invalid(fmt.Sprintf("the curve %.20q", m.profile.Curve), "take one of "+curveNames())
	}
	a, err := m.chip.NewChipAuth(c, cipher, nil)
	if err != nil {
		return nil, err
	}
	m.chip.ChipAuth = append(m.chip.ChipAuth, a)
	key, err := m.chip.PublicKeyOn(c)
	if err != nil {
		return nil, err
	}
	return [][]byte{chipAuthInfo(cipher), chipKeyInfo(c, key)}, nil
}

func (m *maker) activeAuthentication(kind string) ([][]byte, error) {
	if m.groups[15] != nil {
		return nil, invalid("active authentication", "a document has one key for it")
	}
	switch kind {
	case "active-rsa":
		key, err := rsa.GenerateKey(m.random, 2048)
		if err != nil {
			return nil, err
		}
		m.chip.Active = chip.Active{RSA: key}
		m.groups[15] = dg15(rsaKey(key))
		return nil, nil
	case "active-ec":
		c := curve.ByName(m.profile.Curve)
		if c == nil {
			return nil, invalid(fmt.Sprintf("the curve %.20q", m.profile.Curve), "take one of "+curveNames())
		}
		hash := curve.HashFor(c.Order().BitLen())
		m.chip.Active = chip.Active{Curve: c, Hash: hash}
		key, err := m.chip.PublicKeyOn(c)
		if err != nil {
			return nil, err
		}
		m.groups[15] = dg15(ecKey(c, key))
		return [][]byte{activeInfo(hash)}, nil
	}
	return nil, invalid(fmt.Sprintf("the proof %.20q", kind), "take active-rsa or active-ec")
}
