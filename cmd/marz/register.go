package main

import (
	"github.com/spf13/cobra"
)

// registerCommand groups what can be done with the register: agreements, statements on their standing, reports on obligations.
func registerCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "register",
		Short: "Check, sign, show and record agreements; ask who may do what, where, when and why",
		Long: "The register is which agreements there are, and what their articles give to whom, where and when.\n\n" +
			"A FILE is a TOML document, a file of signed instruments (.json), the folder of a scenario, or the word armenia for the\n" +
			"agreements of the built-in scenario. Instants are RFC 3339 with an offset, for example 2025-01-01T00:00:00+04:00.",
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	for _, sub := range []func() *cobra.Command{
		registerCheckCommand,
		registerSignCommand,
		registerShowCommand,
		registerTimelineCommand,
		registerMayCommand,
		registerCedarCommand,
		registerDeclareCommand,
		registerReportCommand,
		registerAddCommand,
	} {
		c.AddCommand(sub())
	}
	return c
}
