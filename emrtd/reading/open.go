package reading

import (
	"context"
	"errors"
	"fmt"

	"marz"
	"marz/emrtd"
	"marz/emrtd/chip"
)

// open opens the chip and chooses its application. A chip that cannot be opened is a closedError.
func (c *course) open(ctx context.Context) error {
	if err := c.readAccess(ctx); err != nil {
		return err
	}
	return c.enter(ctx)
}

// readAccess reads what the chip offers of PACE. A chip without EF.CardAccess, or with one that cannot be read, offers nothing.
func (c *course) readAccess(ctx context.Context) error {
	c.reader = chip.NewReader(c.card)
	if c.options.Long {
		if err := c.reader.LongIfAble(ctx); err != nil {
			return err
		}
	}
	b, there, err := c.fetch(ctx, CardAccess, chip.EFCardAccess)
	if err != nil && chip.Over(err) {
		return err
	}
	if err != nil || !there {
		return nil
	}
	if c.ways, err = chip.ReadCardAccess(b); err != nil {
		c.ways = nil
	}
	return c.keep(CardAccess, b)
}

// enter opens the chip by the best way that it offers. Where PACE fails it is tried once more by Basic Access Control, which chips with PACE may have as well (ICAO 9303-11 §4.2).
func (c *course) enter(ctx context.Context) error {
	zone, can, why := c.passwords()
	first := zone
	if can != nil {
		first = can
	}
	var failed error
	if len(c.ways) > 0 && first != nil {
		failed = c.reader.PACE(ctx, c.ways[0], *first, c.options.Random)
		if failed == nil {
			c.out.Access = c.ways[0].String()
			return c.afterPACE(ctx)
		}
		if gone(ctx, failed) {
			return failed
		}
	}
	if err := c.reader.SelectApplet(ctx); err != nil {
		return notTravelDocument(err)
	}
	if failed == nil && c.out.Access == "" {
		if open, err := c.openToAll(ctx); open || err != nil {
			return err
		}
	}
	if zone == nil {
		return c.closed(failed, false, why)
	}
	if err := c.reader.BAC(ctx, *zone, c.options.Random); err != nil {
		if refused := (*chip.Refused)(nil); gone(ctx, err) || !errors.As(err, &refused) {
			return err
		}
		return c.closed(failed, true, err.Error())
	}
	c.out.Access = "BAC"
	return nil
}

// again opens the chip once more, after chip authentication has left no channel.
func (c *course) again(ctx context.Context) error {
	c.reader.Forget()
	err := c.enter(ctx)
	if closed := (*closedError)(nil); errors.As(err, &closed) {
		return fmt.Errorf("after chip authentication the chip does not open again: %s", closed.reason)
	}
	return err
}

// passwords are what was given to open the chip, nil what was not or cannot be, and why.
func (c *course) passwords() (zone, can *chip.Password, why string) {
	why = "it needs the printed zone, which was not given"
	if c.options.Zone != "" {
		if p, err := Password(c.options.Zone); err == nil {
			zone = &p
		} else {
			why = "no key can be made of the printed zone; read it again"
		}
	}
	if c.options.CAN != "" {
		if p, err := chip.FromCAN(c.options.CAN); err == nil {
			can = &p
		} else {
			why = err.Error()
		}
	}
	return zone, can, why
}

// gone reports whether an error leaves nobody to talk to.
func gone(ctx context.Context, err error) bool {
	return ctx.Err() != nil || errors.Is(err, chip.ErrNoAnswer)
}

// closed says why the chip did not open: what came of PACE, nil where it was not tried, and what of Basic Access Control or why that was not.
func (c *course) closed(pace error, bac bool, why string) error {
	switch {
	case pace != nil:
		return &closedError{marz.Failed, fmt.Sprintf("%v; and by Basic Access Control: %s", pace, why)}
	case !bac:
		return &closedError{marz.Undetermined, why}
	case c.out.Files[CardAccess] != nil && len(c.ways) == 0:
		return &closedError{marz.Failed, "the chip offers only ways of PACE that are not supported; and by Basic Access Control: " + why}
	}
	return &closedError{marz.Failed, why}
}

// notTravelDocument tells a chip that is no travel document's from one that is gone.
func notTravelDocument(err error) error {
	if refused := (*chip.Refused)(nil); errors.As(err, &refused) && !refused.Lost {
		return &closedError{marz.NotSupported, "the chip has no travel document application: " + err.Error()}
	}
	return err
}

// openAccess is the word for a chip that nothing protects.
const openAccess = "open to everybody"

// openToAll reports whether the chip gives its files to everybody, as some of the first did: EF.COM, or where there is none EF.SOD. What it reads it keeps.
func (c *course) openToAll(ctx context.Context) (bool, error) {
	b, there, err := c.fetch(ctx, COM, chip.EFCOM)
	name := COM
	if err == nil && !there {
		name = SOD
		b, there, err = c.fetch(ctx, SOD, chip.EFSOD)
	}
	if err != nil && chip.Over(err) {
		return false, err
	}
	if err != nil || !there {
		return false, nil
	}
	c.out.Access, c.tried[name] = openAccess, true
	return true, c.keep(name, b)
}

// afterPACE checks the mapping, where there was one, and chooses the application.
func (c *course) afterPACE(ctx context.Context) error {
	if c.ways[0].Proves() {
		if err := c.checkMapping(ctx); err != nil {
			return err
		}
	}
	if err := c.reader.SelectApplet(ctx); err != nil {
		return notTravelDocument(err)
	}
	return nil
}

// checkMapping reads EF.CardSecurity and checks the mapping against its keys. That they are the state's is left to emrtd.VerifyCardSecurity.
func (c *course) checkMapping(ctx context.Context) error {
	if c.out.Map.Result != "" { // the chip was opened a second time
		return nil
	}
	b, there, err := c.fetch(ctx, CardSecurity, chip.EFCardSecurity)
	switch {
	case err != nil && chip.Over(err):
		c.out.Map = Asked{marz.Aborted, err.Error()}
		return err
	case err != nil:
		c.out.Map = Asked{marz.Aborted, err.Error()}
		return nil
	case !there:
		c.out.Map = Asked{marz.Failed, "the chip was opened with chip authentication mapping and has no EF.CardSecurity with the key for it"}
		return nil
	}
	if err := c.keep(CardSecurity, b); err != nil {
		return err
	}
	s, err := emrtd.ParseCardSecurity(b)
	if err != nil {
		c.out.Map = Asked{marz.Failed, err.Error()}
		return nil
	}
	c.out.Map = Asked{marz.NotSupported, "EF.CardSecurity has no key on the curve of the mapping that can be used"}
	for _, k := range s.Keys {
		curve, point := k.Point()
		public, err := curve.Marshal(point)
		if err != nil {
			continue
		}
		switch err := c.reader.CheckMapping(public); {
		case err == nil:
			c.out.Map = Asked{marz.Successful, "by a key of EF.CardSecurity, whose signature the reader does not prove"}
			return nil
		case errors.Is(err, chip.ErrCopy):
			c.out.Map = Asked{marz.Failed, err.Error()}
		}
	}
	return nil
}
