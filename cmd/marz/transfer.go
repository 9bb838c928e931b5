package main

import (
	"github.com/spf13/cobra"
)

// transferCommand groups what can be done with transfers of control outside the pages of a post.
func transferCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "transfer",
		Short: "Show transfers of control, turn an authority's key for one or take it back, and take the act away",
		Long: "A transfer hands control of a place from one authority to another. An article of an agreement plans it; supervisors of both sides\n" +
			"prepare it on the post's pages; each side turns its key for the same digest; the post executes it at its instant; both sign the act.\n" +
			"What stands here is for headquarters: they sign with the authority's own key, and see from outside how far it has come.",
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	for _, sub := range []func() *cobra.Command{
		transferPlanCommand,
		transferStatusCommand,
		transferArmCommand,
		transferDisarmCommand,
		transferCancelCommand,
		transferNowCommand,
		transferCloseCommand,
		transferActCommand,
	} {
		c.AddCommand(sub())
	}
	return c
}
