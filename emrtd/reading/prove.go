package reading

import (
	"context"
	"crypto"
	"errors"
	"slices"

	"marz"
	"marz/emrtd/chip"
	"marz/emrtd/lds"
)

// prove asks the chip to show that it is no copy, before anything else is read: by chip authentication, which protects what follows better, and else by active authentication (ICAO 9303-11 §6).
func (c *course) prove(ctx context.Context, groups []int) error {
	for _, n := range []int{14, 15} {
		if !slices.Contains(groups, n) {
			continue
		}
		if err := c.readGroup(ctx, n); err != nil {
			return err
		}
	}
	hash, asked, err := c.chipAuthentication(ctx)
	if asked || err != nil {
		return err
	}
	return c.activeAuthentication(ctx, hash)
}

// chipAuthentication asks by the first way of DG14 that is known here, and reports whether the chip was asked. It returns the hash that DG14 names for active authentication.
func (c *course) chipAuthentication(ctx context.Context) (crypto.Hash, bool, error) {
	file := c.out.Files[DG(14)]
	if file == nil {
		return 0, false, nil
	}
	dg14, err := lds.ReadDG14(file)
	if err != nil {
		c.out.Auth = Asked{marz.NotSupported, err.Error()}
		return 0, false, nil
	}
	switch {
	case len(dg14.Ways) == 0:
		c.out.Auth = Asked{marz.NotSupported, "EF.DG14 offers no chip authentication that is known here"}
		return dg14.ActiveHash, false, nil
	case c.out.Access == openAccess:
		c.out.Auth = Asked{marz.NotSupported, "chip authentication goes over a protected channel, and the chip is open to everybody"}
		return dg14.ActiveHash, false, nil
	}
	err = c.reader.ChipAuthentication(ctx, dg14.Ways[0], c.options.Random)
	c.out.Auth = asked(err)
	refused := (*chip.Refused)(nil)
	switch {
	case errors.Is(err, chip.ErrCopy), errors.As(err, &refused) && refused.Lost: // the channel is of no use any more; the rest is read over a new one
		return 0, true, c.again(ctx)
	case err != nil && chip.Over(err):
		return 0, true, err
	}
	return 0, true, nil
}

// activeAuthentication asks by the key of DG15.
func (c *course) activeAuthentication(ctx context.Context, hash crypto.Hash) error {
	file := c.out.Files[DG(15)]
	if file == nil {
		return nil
	}
	dg15, err := lds.ReadDG15(file)
	if err != nil {
		c.out.Active = Asked{marz.NotSupported, err.Error()}
		return nil
	}
	k, err := dg15.ChipKey()
	if err != nil {
		c.out.Active = asked(err)
		return nil
	}
	err = c.reader.ActiveAuthentication(ctx, k, hash, c.options.Random)
	c.out.Active = asked(err)
	if err != nil && chip.Over(err) {
		return err
	}
	return nil
}

// asked says what an answer means. A reading that broke off says nothing of the chip.
func asked(err error) Asked {
	switch {
	case err == nil:
		return Asked{Result: marz.Successful}
	case errors.Is(err, chip.ErrCopy):
		return Asked{marz.Failed, err.Error()}
	case errors.Is(err, chip.ErrUnusable):
		return Asked{marz.NotSupported, err.Error()}
	case chip.Over(err):
		return Asked{marz.Aborted, err.Error()}
	}
	return Asked{marz.Failed, err.Error()}
}
