package hq

import (
	"context"

	"marz"
	"marz/agreement"
	"marz/web"
	"marz/web/registers"
)

// instrumentKind is the kind of entry that records an instrument.
func instrumentKind(i *agreement.Instrument) string {
	switch {
	case i.Statement != nil:
		return KindStatement
	case i.Report != nil:
		return KindReport
	case i.Commission != nil:
		return KindCommission
	}
	return KindAgreement
}

// AddInstruments records what its parties signed, all or none, by the same law as a post. The signatures are its authority, so that it needs no officer: whoever brings it
// changes nothing. What is recorded already is passed over.
func (h *HQ) AddInstruments(ctx context.Context, all []agreement.Instrument) (recorded []marz.Seq, err error) {
	return h.recordInstruments(ctx, all, func(*nodeAct, []marz.Seq) error { return nil })
}

// recordInstruments records them, with what also appends in the same change.
func (h *HQ) recordInstruments(ctx context.Context, all []agreement.Instrument, also func(*nodeAct, []marz.Seq) error) (recorded []marz.Seq, err error) {
	ground := h.Register().Ground()
	bare := make([]agreement.Instrument, len(all))
	for i := range all {
		if err := all[i].CheckSignatures(ground); err != nil {
			return nil, err
		}
		bare[i] = all[i].Bare(ground) // anybody could have written beside the signatures, and the journal is public
	}
	err = h.node(ctx, func(n *nodeAct) error {
		recorded = nil
		fresh := h.state.fresh(bare)
		if len(fresh) == 0 {
			return also(n, recorded)
		}
		events := make([]agreement.Event, len(fresh))
		for i := range fresh {
			events[i] = fresh[i].Event()
			events[i].Seq, events[i].At = n.Next()+marz.Seq(i), n.Now()
		}
		register, err := h.state.history.Consider(n.Now(), events...)
		if err != nil {
			return err
		}
		if err := register.Validate(); err != nil {
			return err
		}
		for i := range fresh {
			recorded = append(recorded, n.Next())
			if err := n.append(instrumentKind(&fresh[i]), fresh[i], nil); err != nil {
				return err
			}
		}
		return also(n, recorded)
	})
	if err != nil {
		return nil, err
	}
	return recorded, nil
}

// fresh returns what is not recorded yet, each once. It runs inside a change, while nothing is folded.
func (s *state) fresh(all []agreement.Instrument) []agreement.Instrument {
	var out []agreement.Instrument
	seen := map[string]bool{}
	for i := range all {
		digest := all[i].Digest()
		if s.recorded[digest] || seen[digest] {
			continue
		}
		seen[digest] = true
		out = append(out, all[i])
	}
	return out
}

// registerPage is the register as it stands at an instant, with the rule under which the headquarters itself runs.
func (h *HQ) registerPage(at marz.Instant) *web.RegisterBody {
	b := registers.Register(h.Register(), at)
	b.Rules = append(b.Rules, web.Rule{Article: OwnHouse, Text: ownHouseText})
	return b
}

// signaturesOf returns those under the instrument that an entry recorded.
func (h *HQ) signaturesOf(seq marz.Seq) ([]string, error) {
	h.state.mu.RLock()
	defer h.state.mu.RUnlock()
	return h.state.signatures[seq], nil
}

// knownAt returns the register as it was known at an instant; at none, as it is known now.
func (h *HQ) knownAt(known marz.Instant) (*agreement.Register, error) {
	if known == 0 {
		return h.Register(), nil
	}
	h.state.mu.RLock()
	defer h.state.mu.RUnlock()
	return h.state.history.KnownAt(known)
}
