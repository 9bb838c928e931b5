package watchlist

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"sync"

	"marz"
	"marz/watchlist/name"
	"marz/watchlist/number"
)

// probes are alerts whose layout stands for how all are laid out.
var probes = []Alert{
	{ID: "1", Kind: Person, Owner: "o", Version: "0011223344556677", Sex: "F", Nationalities: []string{"ARM", "RUS", "IRN"}, Why: "why", Births: []Birth{{From: marz.Date{Year: 1968, Month: 12, Day: 10}}},
		Names:     []Name{{"Anahit Sargsyan-Hovhannisyan", Primary}, {"Անահիտ Սարգսյան", NativeScript}, {"Ann S", WeakAlias}},
		Documents: []Number{{"AN 0102030", "ARM", "passport"}}},
	{ID: "2", Kind: Person, Version: "2", Births: []Birth{{From: marz.Date{Year: 1970}, Circa: true}, {From: marz.Date{Year: 1981}, To: marz.Date{Year: 1983}}},
		Names: []Name{{"Mohammed Abd al-Rahman bin Yusuf", Primary}, {"محمد عبد الرحمن بن يوسف", NativeScript}, {"Александр Щербаков", Alias}}, Birthplaces: []string{"a"}, Addresses: []string{"b"}},
	{ID: "3", Kind: Vessel, Names: []Name{{"NORTHERN LIGHT 7", Primary}}, Vehicles: []Number{{"IMO 9000001", "", "IMO number"}, {"В777ОР77", "RUS", "plate"}}},
}

// tables is a digest of how alerts are laid out: how names are read, by what keys they are found, and what stands in each array. A file that was built with others is built again.
var tables = sync.OnceValue(func() string {
	h := sha256.New()
	h.Write([]byte(name.Tables()))
	for _, a := range probes {
		for _, n := range append(a.Documents, a.Vehicles...) {
			h.Write([]byte(number.Alike(n.Number)))
		}
	}
	x := build(probes, nil, nil)
	head, err := json.Marshal(x.head)
	if err != nil {
		panic("watchlist: a head is plain numbers: " + err.Error())
	}
	h.Write(head)
	for _, s := range sections {
		h.Write([]byte(s.name))
		h.Write(s.of(x))
	}
	return hex.EncodeToString(h.Sum(nil)[:16])
})
