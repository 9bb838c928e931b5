package exercise

import (
	"sync"

	"marz"
	"marz/emrtd/specimen"
	"marz/internal/sim"
)

// viewer gives people at browsers their next traveller. Its shares of problems are far above a real post's, so that a few minutes show
// every kind of case.
type viewer struct {
	mu     sync.Mutex
	seed   uint64
	clock  marz.Clock
	alerts []sim.Alert
	source *sim.Source

	issuers map[string]*specimen.Issuer // of documents with chips, by the code of the state
	read    int                         // how many documents were read
}

func (v *viewer) next(l marz.Lane) string {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.source == nil {
		v.source = sim.New(v.seed+1, sim.Options{Start: v.clock(), PerHour: 60, List: v.alerts, TrueHit: .04, NearName: .12, Refusable: .06})
	}
	for {
		if a := v.source.Next(); a.Direction == l.Direction && a.Flow == l.Flow {
			return a.MRZ
		}
	}
}
