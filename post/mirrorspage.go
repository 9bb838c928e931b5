package post

import (
	"context"

	"marz/web"
)

// Mirrors is where copies of the journal are kept, and how far they are.
func (p *Post) Mirrors(ctx context.Context) web.MirrorsBody {
	now := p.now()
	b := web.MirrorsBody{Size: p.journal.Head().Size}
	for _, l := range p.lags(ctx) {
		r := web.MirrorRow{Name: l.Name, Authority: l.of.Authority, Address: l.of.URL, State: web.MirrorBehind, Size: l.Size, Goal: l.goal, Missing: l.missing, Last: l.Cosigned, Seen: l.Seen,
			Failing: l.Failing, Error: l.Error, Ended: l.ended, Payloads: l.Payloads, Copies: p.register.Load().Copied(l.of.Authority, now)}
		if l.missing > 0 {
			r.Age = longFor(l.age)
		}
		switch {
		case !l.fed:
			r.State = web.MirrorClosed
		case l.ended > 0 && l.missing == 0:
			r.State = web.MirrorEnded
		case l.missing == 0 || l.age < mirrorFresh && l.Error == "":
			r.State = web.MirrorWhole
		}
		if l.fed && l.ended == 0 {
			r.Under = p.mayHaveJournal(l.of.Authority, now).Article
		}
		b.Mirrors = append(b.Mirrors, r)
	}
	return b
}

// MirrorsChanged returns a channel that is closed when a mirror has been tried next; nil where there is none. Who asks for it before he looks at Mirrors misses nothing.
func (p *Post) MirrorsChanged() <-chan struct{} {
	if p.pusher == nil {
		return nil
	}
	return p.pusher.Changed()
}

func (p *Post) pageMirrors(q *request) error {
	return p.render(q, "mirrors", "Mirrors", p.Mirrors(q.Context()))
}
