package reading

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"marz"
	"marz/emrtd"
	"marz/emrtd/chip"
	"marz/emrtd/lds"
)

// Options say how a chip is read. The zero value reads one that is open to everybody.
type Options struct {
	Zone     string                            // the printed zone as a reader gave it; it opens the chip
	CAN      string                            // the card access number on the front of a card; PACE goes by it before it goes by the zone
	Groups   []int                             // the data groups to read of those that EF.SOD lists; nil: DefaultGroups. DG14 and DG15 are read in any case, DG3 and DG4 in none
	Long     bool                              // the reader takes commands of extended length; the chip is asked whether it does
	Random   io.Reader                         // nil: the machine's
	Progress func(file FileName, done, of int) // hears how many bytes of a file are read; may be nil
}

// DefaultGroups are the data groups that are read when nothing else is asked for: zone, portrait, signature, details, keys, and persons to notify.
var DefaultGroups = []int{1, 2, 7, 11, 12, 13, 14, 15, 16}

// mostFiles bounds all files of a chip together, so that a reading stays within MostBytes.
const mostFiles = MostBytes / 2

// ReadChip reads a chip as ICAO 9303-11 §4.2 has it: it opens it by the best way of PACE that it offers, or by Basic Access Control, or finds it open to everybody; reads EF.CardSecurity where PACE had chip authentication mapping, EF.COM and EF.SOD; asks the
// chip to show that it is no copy, by chip authentication where DG14 offers it and else by active authentication where DG15 has a key; and reads the data groups that EF.SOD lists.
//
// Whatever happens is in what it returns, with all files that were read until then. A context that ends, ends it at once, as aborted. What chip and files say is believed by nobody yet: that EF.DG14, EF.DG15 and EF.CardSecurity, and so the keys
// that the chip was asked by, are the state's is for package emrtd to prove.
func ReadChip(ctx context.Context, card chip.Card, o Options) Chip {
	if o.Random == nil {
		o.Random = rand.Reader
	}
	if o.Groups == nil {
		o.Groups = DefaultGroups
	}
	c := &course{card: card, options: o, tried: map[FileName]bool{}, out: Chip{Result: marz.Successful, Files: map[FileName][]byte{}}}
	err := c.run(ctx)
	c.conclude(err)
	return c.out
}

// course is the reading of one chip under way.
type course struct {
	card    chip.Card
	options Options
	reader  *chip.Reader
	ways    []chip.PACE // that the chip offers
	missed  []string    // what was to be read and was not, with why
	left    []string    // what was not to be read
	tried   map[FileName]bool
	size    int // of all files
	out     Chip
}

// closedError says that the chip did not open, and nothing else is wrong.
type closedError struct {
	result marz.Result
	reason string
}

func (e *closedError) Error() string { return e.reason }

// run goes from the first command to the last.
func (c *course) run(ctx context.Context) error {
	if err := c.open(ctx); err != nil {
		return err
	}
	groups, err := c.list(ctx)
	if err != nil {
		return err
	}
	if err := c.prove(ctx, groups); err != nil {
		return err
	}
	for _, n := range groups {
		if err := c.readGroup(ctx, n); err != nil {
			return err
		}
	}
	return nil
}

// conclude says what came of it.
func (c *course) conclude(err error) {
	closed := (*closedError)(nil)
	switch {
	case errors.As(err, &closed):
		c.out.Result, c.out.Reason = closed.result, closed.reason
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		c.out.Result, c.out.Reason = marz.Aborted, "the reading was called off"
	case err != nil:
		c.out.Result, c.out.Reason = marz.Aborted, err.Error()
	case len(c.missed) > 0:
		c.out.Result, c.out.Reason = marz.Aborted, strings.Join(slices.Concat(c.missed, c.left), "; ")
	default:
		c.out.Reason = strings.Join(c.left, "; ")
	}
	if len(c.out.Files) == 0 {
		c.out.Files = nil
	}
}

// list reads EF.COM and EF.SOD, and returns the data groups to read: of those that EF.SOD lists, and where it cannot be read of those that EF.COM does.
func (c *course) list(ctx context.Context) ([]int, error) {
	for _, f := range []struct {
		name FileName
		file chip.File
	}{{COM, chip.EFCOM}, {SOD, chip.EFSOD}} {
		if err := c.read(ctx, f.name, f.file); err != nil {
			return nil, err
		}
	}
	var listed []int
	if sod, err := emrtd.ParseSecurityObject(c.out.Files[SOD]); err == nil {
		listed = sod.Numbers()
	} else {
		if c.out.Files[SOD] != nil {
			c.miss(SOD, err)
		}
		if com, err := lds.ReadCOM(c.out.Files[COM]); err == nil {
			listed = com.Groups
			slices.Sort(listed)
			listed = slices.Compact(listed)
		}
	}
	var out []int
	for _, n := range listed {
		switch {
		case n == 3 || n == 4:
			c.left = append(c.left, fmt.Sprintf("EF.DG%d needs rights that Marz does not have, and was not tried", n))
		case n < 1 || n > 16:
			c.missed = append(c.missed, fmt.Sprintf("EF.SOD lists a data group %d, which there is not", n))
		case !slices.Contains(c.options.Groups, n) && n != 14 && n != 15:
			c.left = append(c.left, fmt.Sprintf("EF.DG%d was not asked for", n))
		default:
			out = append(out, n)
		}
	}
	return out, nil
}

// readGroup reads a data group, unless it was read already.
func (c *course) readGroup(ctx context.Context, n int) error {
	return c.read(ctx, DG(n), chip.DG(n))
}

// read reads a file, unless it was read or tried already. An error ends the reading; what is wrong with this file alone does not.
func (c *course) read(ctx context.Context, name FileName, f chip.File) error {
	if c.tried[name] {
		return nil
	}
	c.tried[name] = true
	b, there, err := c.fetch(ctx, name, f)
	switch {
	case err != nil && chip.Over(err):
		return err
	case err != nil:
		c.miss(name, err)
	case !there:
		c.missed = append(c.missed, fmt.Sprintf("%s is not on the chip", name))
	default:
		return c.keep(name, b)
	}
	return nil
}

// fetch reads a file without keeping it.
func (c *course) fetch(ctx context.Context, name FileName, f chip.File) ([]byte, bool, error) {
	var progress func(done, of int)
	if c.options.Progress != nil {
		progress = func(done, of int) { c.options.Progress(name, done, of) }
	}
	return c.reader.Read(ctx, f, progress)
}

func (c *course) keep(name FileName, b []byte) error {
	if c.size += len(b); c.size > mostFiles {
		return fmt.Errorf("the files of the chip have more than %d bytes in all; it is taken for a fault", mostFiles)
	}
	c.out.Files[name] = b
	return nil
}

func (c *course) miss(name FileName, err error) {
	c.missed = append(c.missed, fmt.Sprintf("%s: %v", name, err))
}
