package scenarios

import (
	"fmt"
	"slices"
	"time"

	"marz"
)

func (s *Scenario) validate() error {
	if len(s.Authorities) == 0 || len(s.Posts) == 0 {
		return fault("scenario", "give at least one authority and one post")
	}
	seen := map[string]bool{}
	for _, a := range s.Authorities {
		if err := identity(seen, "authority", string(a.ID), a.Name, a.State); err != nil {
			return err
		}
	}
	for _, f := range s.Frontiers {
		if err := identity(seen, "frontier", string(f.ID), f.Name, f.States[:]...); err != nil {
			return err
		}
	}
	for _, p := range s.Posts {
		if err := identity(seen, "post", string(p.ID), p.Name, p.State); err != nil {
			return err
		}
		if err := s.validatePost(p); err != nil {
			return err
		}
		if err := validateLanes(p); err != nil {
			return err
		}
	}
	return s.validateRest(seen)
}

func (s *Scenario) validateRest(seen map[string]bool) error {
	for _, c := range s.Sections {
		subject := "section " + string(c.ID)
		if err := identity(seen, "post", string(c.ID), c.Name, c.State); err != nil { // posts and sections share their names
			return err
		}
		f, ok := s.Frontier(c.Frontier)
		_, kept := s.Post(c.Post)
		switch {
		case !ok:
			return fault(subject, fmt.Sprintf("no frontier %.40q is defined", string(c.Frontier)))
		case !slices.Contains(f.States[:], c.State):
			return fault(subject, "its state is not one of its frontier's states")
		case !kept:
			return fault(subject, fmt.Sprintf("no post %.40q is defined to keep its duty", string(c.Post)))
		case !(c.Length > 0):
			return fault(subject, "give its length in kilometres")
		case c.Source == "":
			return fault(subject, "say in source where its facts come from")
		}
	}
	for _, b := range s.Blocs {
		if err := identity(seen, "bloc", string(b.ID), b.Name); err != nil {
			return err
		}
	}
	return nil
}

func (s *Scenario) validatePost(p marz.Post) error {
	bad := func(fix string) error { return fault("post "+string(p.ID), fix) }
	f, ok := s.Frontier(p.Frontier)
	_, zoneErr := time.LoadLocation(p.Zone)
	switch {
	case !slices.Contains([]string{"road", "rail", "air"}, p.Kind):
		return bad("kind is road, rail or air")
	case (p.Kind == "air") != (p.Frontier == ""):
		return bad("an airport has no frontier, and every other post has one")
	case p.Frontier != "" && !ok:
		return bad(fmt.Sprintf("no frontier %.40q is defined", string(p.Frontier)))
	case p.Frontier != "" && !slices.Contains(f.States[:], p.State):
		return bad("the post's state is not one of its frontier's states")
	case !(p.Lat >= -90 && p.Lat <= 90 && p.Lon >= -180 && p.Lon <= 180): // so written, a NaN fails
		return bad("lat is -90 to 90 degrees and lon -180 to 180")
	case p.Zone == "" || p.Zone == "Local" || zoneErr != nil:
		return bad(fmt.Sprintf("zone %.40q is no IANA time zone; write one such as Asia/Yerevan", p.Zone))
	case p.Source == "":
		return bad("say in source where its facts come from")
	}
	return nil
}

func validateLanes(p marz.Post) error {
	seen := map[marz.LaneID]bool{}
	for _, l := range p.Lanes {
		subject := fmt.Sprintf("lane %.40q of post %s", string(l.ID), p.ID)
		switch {
		case l.ID.Validate() != nil:
			return fault(subject, "its id is 1 to 63 lower-case letters, digits and hyphens")
		case seen[l.ID]:
			return fault(subject, "it is defined twice; remove one")
		case l.Direction.Validate() != nil:
			return fault(subject, "direction is entry or exit")
		case l.Flow != "persons" && l.Flow != "trucks":
			return fault(subject, "flow is persons or trucks")
		}
		seen[l.ID] = true
	}
	return nil
}

// identity checks what authorities, frontiers and posts have in common: an ID that is valid and unique among its kind, a name, and
// states by their codes.
func identity(seen map[string]bool, kind, id, name string, states ...string) error {
	subject := fmt.Sprintf("%s %.40q", kind, id)
	switch {
	case marz.PlaceID(id).Validate() != nil: // the form of an ID is the same for all
		return fault(subject, "its id is 1 to 63 lower-case letters, digits and hyphens")
	case seen[kind+" "+id]:
		return fault(subject, "it is defined twice; remove one")
	case name == "":
		return fault(subject, "it has no name; give it one")
	}
	for _, s := range states {
		if !stateCode(s) {
			return fault(subject, fmt.Sprintf("%.20q is no state; write its ICAO code in capitals, for example ARM", s))
		}
	}
	seen[kind+" "+id] = true
	return nil
}

// stateCode reports whether s has the form of a code of ICAO Doc 9303-3 §5, which may be as short as Germany's "D".
func stateCode(s string) bool {
	for _, c := range []byte(s) {
		if c < 'A' || c > 'Z' {
			return false
		}
	}
	return len(s) >= 1 && len(s) <= 3
}

func fault(subject, fix string) error {
	return &marz.Error{Code: marz.Invalid, Op: "check", Subject: subject, Fix: fix}
}
