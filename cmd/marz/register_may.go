package main

import (
	"fmt"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"marz"
	"marz/agreement"
)

type mayFlags struct {
	registerSource
	role, lane, nationality, field string
	owners                         []string
	asylum                         bool
}

// registerMayCommand asks the one question. It ends with 0 when it is allowed, 1 when it is not, 2 when it could not be asked.
func registerMayCommand() *cobra.Command {
	var f mayFlags
	c := &cobra.Command{
		Use:   "may OFFICER ACTION PLACE [FILE…]",
		Short: "Ask whether an officer may do a thing at a place at an instant, and under which article",
		Long: "Prints \"allowed by ARTICLE\" or \"not allowed: reason\". With --owner, --nationality, --asylum or --field the question is about what\n" +
			"is kept of a person or an incident, otherwise about the place. With --lane it is about one lane, of which control can have passed\n" +
			"alone. With --data control is what the post recorded, and otherwise what the articles plan.\n" +
			"Actions: " + joined(actions) + ".\n" +
			"Exit code: 0 allowed, 1 not allowed, 2 the question could not be asked.",
		Example: "  marz register may am-bg/0101 admit agarak --at 2025-01-01T00:00:00+04:00\n" +
			"  marz register may ru-bg/0007 read-record agarak --owner am-bg --field identity",
		Args: func(c *cobra.Command, args []string) error {
			if err := cobra.MinimumNArgs(3)(c, args); err != nil {
				return &exitError{code: 2, err: err}
			}
			return nil
		},
		RunE: func(c *cobra.Command, args []string) error {
			a, zone, err := ask(c, f, args)
			if err != nil {
				return &exitError{code: 2, err: err}
			}
			if !a.Allowed {
				fmt.Fprintln(c.OutOrStdout(), "not allowed: "+local(a.Reason, zone))
				return &exitError{code: 1}
			}
			fmt.Fprintln(c.OutOrStdout(), "allowed by "+string(a.Article))
			if len(a.All) > 1 {
				fmt.Fprintln(c.OutOrStdout(), "and by "+joined(a.All[1:]))
			}
			return nil
		},
	}
	c.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return &exitError{code: 2, err: err} })
	f.flags(c)
	f.instantFlags(c)
	c.Flags().StringVar(&f.role, "role", string(marz.RoleOfficer), "the officer's role: officer or supervisor; or program")
	c.Flags().StringVar(&f.lane, "lane", "", "the lane at which it would be done")
	c.Flags().StringArrayVar(&f.owners, "owner", nil, "an authority whose record it is (repeatable)")
	c.Flags().StringVar(&f.nationality, "nationality", "", "the traveller's nationality, ICAO code, for example ARM")
	c.Flags().BoolVar(&f.asylum, "asylum", false, "asylum was asked for")
	c.Flags().StringVar(&f.field, "field", "", "what of the record: "+joined(marz.Fields()))
	return c
}

// actions are all that can be asked about.
var actions = []marz.Action{marz.ActInspect, marz.ActDecide, marz.ActOn(marz.Admit), marz.ActOn(marz.Refuse), marz.ActOn(marz.Refer), marz.ActOn(marz.Depart),
	marz.ActOn(marz.Hold), marz.ActConcur, marz.ActAsylum, marz.ActSupervise, marz.ActRoster, marz.ActIncident, marz.ActReadRecord, marz.ActReadHit,
	marz.ActReadIncident, marz.ActReadJournal, marz.ActEnrol, marz.ActErase, marz.ActManageLists, marz.ActTransfer}

// ask asks the question of the command line. The zone is the place's.
func ask(c *cobra.Command, f mayFlags, args []string) (agreement.Answer, *time.Location, error) {
	v, err := f.load(c.Context(), args[3:])
	if err != nil {
		return agreement.Answer{}, nil, err
	}
	q, err := f.question(v, args)
	if err != nil {
		return agreement.Answer{}, nil, err
	}
	return v.May(q), v.zones.of(q.Place), nil
}

func (f *mayFlags) question(v *view, args []string) (agreement.Question, error) {
	q := agreement.Question{Officer: marz.OfficerID(args[0]), Role: marz.Role(f.role), Action: marz.Action(args[1]), Place: marz.PlaceID(args[2]),
		Lane: marz.LaneID(f.lane), At: v.at, Field: marz.Field(f.field)}
	if err := q.Officer.Validate(); err != nil {
		return q, err
	}
	g := v.Ground()
	where, err := place(g, args[2])
	if err != nil {
		return q, err
	}
	if q.Lane != "" {
		if err := q.Lane.Validate(); err != nil {
			return q, err
		}
	}
	bad := func(subject, fix string) (agreement.Question, error) {
		return q, &marz.Error{Code: marz.Invalid, Op: "ask", Subject: fmt.Sprintf("%.40q", subject), Fix: fix}
	}
	switch _, known := g.Authority(q.Officer.Authority()); {
	case q.Lane != "" && where.Kind != "post":
		return bad(f.lane, string(where.ID)+" is a "+where.Kind+" and has no lanes; leave --lane out")
	case !known:
		return bad(args[0], "this authority is not known here; known are "+authorities(g))
	case !slices.Contains(actions, q.Action):
		return bad(args[1], "the action is not known; use one of "+joined(actions))
	case q.Role != marz.RoleOfficer && q.Role != marz.RoleSupervisor && q.Role != marz.RoleProgram:
		return bad(f.role, "the role is officer, supervisor or program")
	case q.Field != "" && !slices.Contains(marz.Fields(), q.Field):
		return bad(f.field, "the field is not known; use one of "+joined(marz.Fields()))
	}
	if len(f.owners) == 0 && f.nationality == "" && !f.asylum && f.field == "" {
		return q, nil
	}
	q.Record = &agreement.Record{Kind: recordKind(q.Action), Nationality: f.nationality, Asylum: f.asylum}
	for _, o := range f.owners {
		if _, ok := g.Authority(marz.AuthorityID(o)); !ok {
			return bad(o, "this authority is not known here; known are "+authorities(g))
		}
		q.Record.Owners = append(q.Record.Owners, marz.AuthorityID(o))
	}
	return q, nil
}

// recordKind is what is kept that an action is about.
func recordKind(a marz.Action) string {
	switch a {
	case marz.ActReadHit:
		return "hit"
	case marz.ActReadIncident, marz.ActIncident:
		return "incident"
	}
	return "record"
}

func authorities(g *agreement.Ground) string {
	var out []marz.AuthorityID
	for _, a := range g.Authorities {
		out = append(out, a.ID)
	}
	return joined(out)
}
