package station

import (
	"context"
	"errors"
	"fmt"
	"time"

	"marz"
	"marz/emrtd/pcsc"
	"marz/emrtd/reading"
)

// PCSC reads chips by a reader of pcscd. It is a ChipReader.
type PCSC struct {
	Service pcsc.Service
	Reader  string        // its name; "": whichever has a document
	Wait    time.Duration // for a document to be laid on it
}

// Read waits for a document and reads its chip. What lies there is asked by the zone that was read, so that another document's chip does not open.
func (p PCSC) Read(ctx context.Context, zone string, progress Progress) reading.Chip {
	progress("waiting for the document", 0, 0)
	limited, done := context.WithTimeoutCause(ctx, p.Wait, errNoDocument)
	r, err := p.Service.WaitDocument(limited, p.Reader)
	late := errors.Is(context.Cause(limited), errNoDocument)
	done()
	switch {
	case ctx.Err() != nil:
		return reading.Chip{Result: marz.Aborted, Reason: context.Cause(ctx).Error()}
	case err != nil && late:
		return reading.Chip{Result: marz.NotSupported, Reason: fmt.Sprintf("no document with a chip lay on the reader within %v", p.Wait)}
	case err != nil:
		return reading.Chip{Result: marz.Undetermined, Reason: err.Error()}
	}
	card, err := p.Service.Open(ctx, r.Name)
	if err != nil {
		return reading.Chip{Result: marz.Undetermined, Reason: err.Error()}
	}
	defer card.Close()
	most, err := card.MostData(ctx)
	if err != nil {
		return reading.Chip{Result: marz.Aborted, Reason: err.Error()}
	}
	return reading.ReadChip(ctx, card, reading.Options{Zone: zone, Long: most > 256, Progress: func(f reading.FileName, done, of int) { progress(string(f), done, of) }})
}

var errNoDocument = errors.New("no document")
