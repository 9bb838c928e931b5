package armenia

import (
	"fmt"
	"slices"
	"time"

	"marz"
)

func (s *Scenario) validate() error {
	if len(s.Authorities) == 0 || len(s.Posts) == 0 {
		return &marz.Error{Code: marz.Invalid, Op: "scenario", Fix: "give at least one authority and one post"}
	}
	seen := map[string]bool{}
	for _, a := range s.Authorities {
		if err := first(a.ID.Validate, once(seen, "authority", string(a.ID)), state("authority "+string(a.ID), a.State),
			named("authority", string(a.ID), a.Name)); err != nil {
			return err
		}
	}
	for _, f := range s.Frontiers {
		// A frontier's ID has the form of every other ID; it has no type of its own with a Validate.
		if err := first(marz.PlaceID(f.ID).Validate, once(seen, "frontier", string(f.ID)),
			state("frontier "+string(f.ID), f.States[0]), state("frontier "+string(f.ID), f.States[1]),
			named("frontier", string(f.ID), f.Name)); err != nil {
			return err
		}
	}
	for _, p := range s.Posts {
		if err := s.validatePost(p, seen); err != nil {
			return err
		}
	}
	return nil
}

func (s *Scenario) validatePost(p marz.Post, seen map[string]bool) error {
	subject := "post " + string(p.ID)
	if err := first(p.ID.Validate, once(seen, "post", string(p.ID)), state(subject, p.State), named("post", string(p.ID), p.Name)); err != nil {
		return err
	}
	bad := func(fix string) error {
		return &marz.Error{Code: marz.Invalid, Op: "scenario", Subject: subject, Fix: fix}
	}
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
	case !(p.Lat >= -90 && p.Lat <= 90 && p.Lon >= -180 && p.Lon <= 180):
		return bad("lat is -90 to 90 degrees and lon -180 to 180")
	case p.Zone == "" || p.Zone == "Local" || zoneErr != nil:
		return bad(fmt.Sprintf("zone %.40q is no IANA time zone; write one such as Asia/Yerevan", p.Zone))
	case p.Source == "":
		return bad("say in source where its facts come from")
	}
	lanes := map[string]bool{}
	for _, l := range p.Lanes {
		if err := first(l.ID.Validate, once(lanes, "lane", string(l.ID)), l.Direction.Validate); err != nil {
			return &marz.Error{Code: marz.Invalid, Op: "scenario", Subject: subject, Err: err}
		}
		if l.Flow != "persons" && l.Flow != "trucks" {
			return bad(fmt.Sprintf("flow of lane %s is persons or trucks", l.ID))
		}
	}
	return nil
}

// first runs the checks in order and returns the first error.
func first(checks ...func() error) error {
	for _, check := range checks {
		if err := check(); err != nil {
			return err
		}
	}
	return nil
}

func once(seen map[string]bool, what, id string) func() error {
	return func() error {
		if seen[what+" "+id] {
			return &marz.Error{Code: marz.Invalid, Op: "scenario", Subject: what + " " + id, Fix: "it is defined twice; remove one"}
		}
		seen[what+" "+id] = true
		return nil
	}
}

// state checks the form of an ICAO three-letter code (Doc 9303-3 §5), which may be as short as Germany's "D".
func state(subject, code string) func() error {
	return func() error {
		ok := len(code) >= 1 && len(code) <= 3
		for _, c := range []byte(code) {
			ok = ok && c >= 'A' && c <= 'Z'
		}
		if !ok {
			return &marz.Error{Code: marz.Invalid, Op: "scenario", Subject: subject,
				Fix: fmt.Sprintf("%.20q is no state; write its ICAO code in capitals, for example ARM", code)}
		}
		return nil
	}
}

func named(what, id, name string) func() error {
	return func() error {
		if name == "" {
			return &marz.Error{Code: marz.Invalid, Op: "scenario", Subject: what + " " + id, Fix: "it has no name; give it one"}
		}
		return nil
	}
}
