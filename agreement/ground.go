package agreement

import (
	"slices"

	"marz"
)

// Ground is what a register stands on: the authorities, places and blocs that its articles can name.
type Ground struct {
	Authorities []marz.Authority `json:"authorities"`
	Places      []marz.Place     `json:"places"`
	Blocs       []marz.Bloc      `json:"blocs,omitempty"`
}

// Authority returns the authority with the ID.
func (g *Ground) Authority(id marz.AuthorityID) (marz.Authority, bool) {
	i := slices.IndexFunc(g.Authorities, func(a marz.Authority) bool { return a.ID == id })
	if i < 0 {
		return marz.Authority{}, false
	}
	return g.Authorities[i], true
}

// Place returns the place with the ID.
func (g *Ground) Place(id marz.PlaceID) (marz.Place, bool) {
	i := slices.IndexFunc(g.Places, func(p marz.Place) bool { return p.ID == id })
	if i < 0 {
		return marz.Place{}, false
	}
	return g.Places[i], true
}

func (g *Ground) bloc(id marz.BlocID) bool {
	return slices.ContainsFunc(g.Blocs, func(b marz.Bloc) bool { return b.ID == id })
}

// known reports whether somebody who can owe something is known: an authority, a state or a bloc.
func (g *Ground) known(who string) bool {
	_, ok := g.Authority(marz.AuthorityID(who))
	return ok || g.bloc(marz.BlocID(who)) || slices.ContainsFunc(g.Authorities, func(a marz.Authority) bool { return a.State == who })
}
