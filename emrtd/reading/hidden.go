package reading

import (
	"bytes"
	"slices"

	"marz/emrtd/der"
)

// oidPACE is the beginning of the object identifiers of PACE (ICAO 9303-11 §9.2.1), and of its domain parameters.
const oidPACE = "0.4.0.127.0.7.2.2.4"

// hidesWays reports whether DG14, which is signed, has ways of PACE that EF.CardAccess, which is not, does not offer: somebody may have left them away, so that a weaker one is taken (ICAO 9303-11 §4.4.3.3). Without EF.CardAccess the chip
// offers none at all.
func hidesWays(access, dg14 []byte) bool {
	offered := paceInfos(access)
	return slices.ContainsFunc(paceInfos(dg14), func(signed []byte) bool {
		return !slices.ContainsFunc(offered, func(o []byte) bool { return bytes.Equal(o, signed) })
	})
}

// paceInfos are the security infos of PACE in EF.CardAccess or DG14, as bytes. A file that cannot be read has none: others say so.
func paceInfos(file []byte) [][]byte {
	e, err := der.NewReader(file, 0).One()
	if err != nil {
		return nil
	}
	if !e.Is(der.Universal, der.TagSet) { // DG14 has its own tag around
		if len(e.Children) != 1 {
			return nil
		}
		e = e.Children[0]
	}
	id := der.OID(oidPACE)[2:]
	var out [][]byte
	for _, info := range e.Children {
		if len(info.Children) > 0 && info.Children[0].Is(der.Universal, der.TagOID) && bytes.HasPrefix(info.Children[0].Raw[2:], id) {
			out = append(out, info.Raw)
		}
	}
	return out
}
