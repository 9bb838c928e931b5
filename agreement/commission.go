package agreement

import (
	"encoding/base64"
	"fmt"
	"slices"

	"marz"
)

// Commission is that an authority lets one of its officers sign for it in a transfer of control of a place, with a passkey that it names. It gives no power to do anything at
// the place: articles do that. It is signed by that authority alone.
//
// Of what an authority says about one passkey of one officer at one place, the later word goes before the earlier from its own From on. So a commission is ended by one that is
// revoked, or changed by one with another end, and what was signed under it before stands.
type Commission struct {
	By      marz.AuthorityID `json:"by"`
	Officer marz.OfficerID   `json:"officer"` // of that authority
	Key     string           `json:"key"`     // the passkey's public key: base64 of its COSE_Key (RFC 9052 §7)
	Place   marz.PlaceID     `json:"place"`
	From    marz.Instant     `json:"from"`
	Until   marz.Instant     `json:"until,omitempty"`   // exclusive; none only where it is revoked
	Revoked bool             `json:"revoked,omitempty"` // from From on there is none
	Issued  marz.Instant     `json:"issued"`
	Source  string           `json:"source,omitempty"`
}

// The most that a commission takes of one thing.
const (
	minKey    = 32   // bytes of a COSE_Key
	maxKey    = 1024 //
	maxSource = 1000 // bytes
)

func (c *Commission) refuse(format string, args ...any) error {
	return &marz.Error{Code: marz.Invalid, Op: "check commission", Subject: c.subject(), Fix: fmt.Sprintf(format, args...)}
}

// subject names a commission in an error.
func (c *Commission) subject() string {
	return fmt.Sprintf("of %.63s for %.130s at %.63s", c.By, c.Officer, c.Place)
}

// Validate holds a commission to what can be said of it alone.
func (c *Commission) Validate() error {
	key, err := base64.StdEncoding.DecodeString(c.Key)
	switch {
	case c.By.Validate() != nil:
		return c.refuse("%.40q cannot be an authority; correct by", c.By)
	case c.Officer.Validate() != nil:
		return c.refuse("%.40q cannot be an officer; write it as authority/number, for example am-bg/0107", c.Officer)
	case c.Officer.Authority() != c.By:
		return c.refuse("%s is not an officer of %s; an authority commissions its own", c.Officer, c.By)
	case c.Place.Validate() != nil:
		return c.refuse("%.40q cannot be a place; correct place", c.Place)
	case err != nil || len(key) < minKey || len(key) > maxKey || key[0]>>5 != 5 || base64.StdEncoding.EncodeToString(key) != c.Key: // CBOR major type 5 is a map, RFC 8949 §3.1; one key has one form
		return c.refuse("key is not a passkey's public key; write its COSE_Key in base64")
	case c.From == 0 || c.Issued == 0:
		return c.refuse("say from when it holds and when it was issued: from and issued")
	case c.Revoked && c.Until != 0:
		return c.refuse("it is revoked from %s on, and has an end; leave until out", c.From)
	case !c.Revoked && c.Until == 0:
		return c.refuse("it has no end; give until")
	case !c.Revoked && c.Until <= c.From:
		return c.refuse("it ends before it begins: until is %s, from is %s; correct one of them", c.Until, c.From)
	case len(c.Source) > maxSource:
		return c.refuse("its source has %d bytes; at most %d can be", len(c.Source), maxSource)
	}
	return nil
}

// check holds a commission to the ground, and to what is known of the same passkey already.
func (c *Commission) check(g *Ground, now marz.Instant, known []Commission) error {
	if err := c.Validate(); err != nil {
		return err
	}
	if _, ok := g.Authority(c.By); !ok {
		return c.refuse("%s is not an authority that is known here; correct by, or add the authority to the scenario", c.By)
	}
	if _, ok := g.Place(c.Place); !ok {
		return c.refuse("the place %s is not a post or section that is known here; correct it, or add the place to the scenario", c.Place)
	}
	if c.Issued > now+ahead {
		return c.refuse("it was issued at %s, which is still to come; compare the clocks of who signed it and of this node", c.Issued)
	}
	for _, k := range known {
		switch {
		case !c.same(&k):
		case k.Issued == c.Issued:
			return c.refuse("one issued at that same instant is known already; issue it again, later")
		case k.Issued > c.Issued:
			return c.refuse("a newer one, issued at %s, is known already; issue it again if it is still meant", k.Issued)
		}
	}
	return nil
}

// same reports whether two are about the same passkey of the same officer at the same place.
func (c *Commission) same(d *Commission) bool {
	return c.Officer == d.Officer && c.Key == d.Key && c.Place == d.Place
}

// Commissions returns all commissions that are known, in the order in which they were learnt.
func (r *Register) Commissions() []Commission { return slices.Clone(r.known.commissions) }

// Commissioned returns the commissions under which an officer can sign at a place at the instant, one for each passkey, in the order in which they were learnt.
func (r *Register) Commissioned(officer marz.OfficerID, place marz.PlaceID, at marz.Instant) []Commission {
	var out []Commission
	for i := range r.known.commissions {
		c := &r.known.commissions[i]
		if c.Officer != officer || c.Place != place || c.From > at {
			continue
		}
		out = slices.DeleteFunc(out, func(d Commission) bool { return c.same(&d) }) // of one passkey they are learnt in the order of issue
		out = append(out, *c)
	}
	return slices.DeleteFunc(out, func(c Commission) bool { return c.Revoked || at >= c.Until })
}
