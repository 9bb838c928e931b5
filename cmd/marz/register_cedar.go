package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"marz/agreement"
)

// registerCedarCommand prints what articles compile to.
func registerCedarCommand() *cobra.Command {
	var s registerSource
	c := &cobra.Command{
		Use:   "cedar [PLACE [FILE…]]",
		Short: "Print the Cedar policies that bear on a place, or the schema that they are held to",
		Long: "Without PLACE it prints the Cedar schema. With PLACE it prints every policy that bears on the place, Marz's own rules first. Each is\n" +
			"annotated with its agreement and article. The policies of all times are there: each names its time.",
		Example: "  marz register cedar > marz.cedarschema\n  marz register cedar agarak > agarak.cedar",
		RunE: func(c *cobra.Command, args []string) error {
			if len(args) == 0 {
				fmt.Fprint(c.OutOrStdout(), agreement.Schema())
				return nil
			}
			v, err := s.load(c.Context(), args[1:])
			if err != nil {
				return err
			}
			p, err := place(v.Ground(), args[0])
			if err != nil {
				return err
			}
			text := strings.TrimSpace(v.CedarAt(p.ID))
			if text == "" {
				text = "// no article names " + string(p.ID) + ": nothing is allowed there"
			}
			fmt.Fprintln(c.OutOrStdout(), text)
			return nil
		},
	}
	s.flags(c)
	return c
}
