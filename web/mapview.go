package web

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"marz"
)

// mapView is what the map's template shows: the body at its instant. map.js says the same of every other instant.
type mapView struct {
	MapBody
	Rows           []mapRow // one for each place
	Keys           []mapKey
	Joint          string   // classes of the legend's example of joint service, or "" with fewer than two authorities
	Changes        []string // names of the places where something changes at At
	Earlier, Later marz.Instant
	Step           int64 // of the slider, milliseconds
}

// mapKey is an authority in the legend.
type mapKey struct {
	marz.Authority
	Class string
}

// mapRow is one place at the instant.
type mapRow struct {
	MapPlace
	Class  string  // of its colours: see placeClass
	Now    *Period // nil where nobody controls it
	Since  marz.Instant
	Until  marz.Instant
	Drawn  bool
	Path   string // of a section
	At     MapPoint
	Label  mapLabel
	Short  string // who controls it and who serves beside, for the drawing
	IsPost bool
}

// Agreement returns the agreement of an article.
func (mapRow) Agreement(ref marz.ArticleRef) string {
	id, _, _ := strings.Cut(string(ref), "/")
	return id
}

// Drawing returns what the map's template shows.
func (v view) Drawing() (*mapView, error) {
	body, ok := v.Body.(MapBody)
	if !ok {
		return nil, &marz.Error{Code: marz.Internal, Op: "draw map", Fix: fmt.Sprintf("its body is a %T and not a MapBody", v.Body)}
	}
	d := &mapView{MapBody: body}
	for i, a := range body.Authorities {
		d.Keys = append(d.Keys, mapKey{Authority: a, Class: "is-" + colour(i)})
	}
	if len(d.Keys) > 1 {
		d.Joint = d.Keys[1].Class + " with-" + colour(0)
	}
	for _, p := range body.Places {
		d.Rows = append(d.Rows, body.row(p))
		if slices.ContainsFunc(p.Periods, func(q Period) bool { return q.From == body.At || q.Until == body.At }) {
			d.Changes = append(d.Changes, p.Name)
		}
	}
	for _, at := range body.changes() {
		if at < body.At {
			d.Earlier = at
		}
		if at > body.At && d.Later == 0 {
			d.Later = at
		}
	}
	d.Step = step(body.Until.Sub(body.From)).Milliseconds()
	if body.Map != nil {
		if err := body.label(d.Rows); err != nil {
			return nil, err
		}
	}
	return d, nil
}

// Drawn returns the rows that the drawing shows: sections before posts, so that a post's mark lies over the line.
func (d *mapView) Drawn() []mapRow {
	out := slices.DeleteFunc(slices.Clone(d.Rows), func(r mapRow) bool { return !r.Drawn })
	slices.SortStableFunc(out, func(a, b mapRow) int { return strings.Compare(b.Kind, a.Kind) })
	return out
}

// step divides a span into equal steps of a week at most, so that a slider reaches both of its ends.
func step(span time.Duration) time.Duration {
	const week = 7 * 24 * time.Hour
	return span / max(1, (span+week-1)/week)
}

// colours is how many authorities have a colour and a shape of their own.
const colours = 4

// colour returns the class of the authority at a place of the body's list: a1 to a4, and a5 for all others.
func colour(i int) string { return fmt.Sprintf("a%d", min(i, colours)+1) }

// row returns one place at the body's instant.
func (b MapBody) row(p MapPlace) mapRow {
	r := mapRow{MapPlace: p, IsPost: p.Kind == "post"}
	r.Now, r.Since, r.Until = periodAt(p.Periods, b.At)
	r.Class, r.Short = b.placeClass(r.Now), short(r.Now)
	if b.Map == nil {
		return r
	}
	if r.IsPost {
		r.At = b.Map.XY(p.Lat, p.Lon)
		r.Drawn = (p.Lat != 0 || p.Lon != 0) && b.Map.holds(r.At, 0)
		return r
	}
	for _, l := range b.Map.Sections {
		if l.ID == string(p.ID) {
			r.Drawn, r.Path, r.At = true, l.Path, MapPoint{l.X, l.Y}
		}
	}
	return r
}

// periodAt returns the period at an instant, with its bounds. Where there is none it returns nil and the bounds of the gap.
func periodAt(periods []Period, at marz.Instant) (now *Period, since, until marz.Instant) {
	for i, p := range periods {
		if p.From <= at && (p.Until == 0 || at < p.Until) {
			return &periods[i], p.From, p.Until
		}
		if p.Until != 0 && p.Until <= at && p.Until > since {
			since = p.Until
		}
		if p.From > at && (until == 0 || p.From < until) {
			until = p.From
		}
	}
	return nil, since, until
}

// placeClass returns the classes that colour a place: is-… is who controls it, and with-… the first who serves there beside.
func (b MapBody) placeClass(p *Period) string {
	if p == nil {
		return "is-none"
	}
	class := "is-" + b.colourOf(p.Control)
	if len(p.With) > 0 {
		class += " with-" + b.colourOf(p.With[0])
	}
	return class
}

func (b MapBody) colourOf(id marz.AuthorityID) string {
	i := slices.IndexFunc(b.Authorities, func(a marz.Authority) bool { return a.ID == id })
	if i < 0 {
		i = colours
	}
	return colour(i)
}

// short says a period in a few words, as the drawing does.
func short(p *Period) string {
	if p == nil {
		return "nobody"
	}
	if len(p.With) == 0 {
		return string(p.Control)
	}
	return string(p.Control) + " with " + authorities(p.With)
}

func authorities(ids []marz.AuthorityID) string {
	var s []string
	for _, id := range ids {
		s = append(s, string(id))
	}
	return strings.Join(s, ", ")
}

// With returns who serves at the place beside the authority in control, or "".
func (r mapRow) With() string {
	if r.Now == nil {
		return ""
	}
	return authorities(r.Now.With)
}

// changes returns the instants within the slider at which a period of any place begins or ends, in order.
func (b MapBody) changes() []marz.Instant {
	var out []marz.Instant
	for _, p := range b.Places {
		for _, q := range p.Periods {
			for _, at := range []marz.Instant{q.From, q.Until} {
				if at != 0 && at >= b.From && at <= b.Until {
					out = append(out, at)
				}
			}
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// Hosts reports whether a place of the map lies in the state.
func (b MapBody) Hosts(state string) bool {
	return slices.ContainsFunc(b.Places, func(p MapPlace) bool { return p.State == state })
}

// Data is what map.js knows.
func (d *mapView) Data() any {
	type place struct {
		ID      marz.PlaceID `json:"id"`
		Name    string       `json:"name"`
		Periods []Period     `json:"periods"`
	}
	type data struct {
		At      marz.Instant                `json:"at"`
		From    marz.Instant                `json:"from"`
		Until   marz.Instant                `json:"until"`
		Colours map[marz.AuthorityID]string `json:"colours"`
		Changes []marz.Instant              `json:"changes"`
		Places  []place                     `json:"places"`
	}
	out := data{At: d.At, From: d.From, Until: d.Until, Colours: map[marz.AuthorityID]string{}, Changes: d.changes()}
	for i, a := range d.Authorities {
		out.Colours[a.ID] = colour(i)
	}
	for _, p := range d.Places {
		out.Places = append(out.Places, place{ID: p.ID, Name: p.Name, Periods: p.Periods})
	}
	return out
}

// When writes an instant as a day of the post's zone, with the time where it is not the day's beginning.
func (v view) When(i marz.Instant) string {
	if i.IsZero() {
		return ""
	}
	if clock(v.Zone, i) != "00:00:00" {
		return day(v.Zone, i) + ", " + clock(v.Zone, i)
	}
	return day(v.Zone, i)
}

// Date writes the day of an instant as a date field does.
func (v view) Date(i marz.Instant) string { return show(v.Zone, i, dateLayout) }

const dateLayout = "2006-01-02"

// Asked writes an instant as ReadInstant reads it: as a date where it is a day's beginning.
func (v view) Asked(i marz.Instant) string {
	if !i.IsZero() && clock(v.Zone, i) == "00:00:00" {
		return v.Date(i)
	}
	return i.String()
}
