package station

import (
	"context"

	"marz/emrtd/reading"
)

// Progress hears how far the reading of a chip is: what is done, and bytes of it where they are known.
type Progress func(step string, done, of int)

// ChipReader reads the chip of the document whose zone was read. It waits for the document to be on the antenna as long as it sees fit, and returns what it has as soon as the context ends.
type ChipReader interface {
	Read(ctx context.Context, zone string, progress Progress) reading.Chip
}
