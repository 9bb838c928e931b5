package main

import (
	"github.com/spf13/cobra"

	"marz/hq"
	"marz/post"
)

// openapiCommand prints what other programs can ask of a node, as a document for their makers' tools.
func openapiCommand() *cobra.Command {
	var headquarters bool
	c := &cobra.Command{
		Use:   "openapi",
		Short: "Print the OpenAPI document of the interface for other programs",
		Long: "The OpenAPI 3.1 document of /api/v1 at a post or a headquarters, as the node itself serves it at /api/v1/openapi.json.\n\n" +
			"docs/guides/api.md says how a program is accepted, and what to send.",
		Example: "  marz openapi > marz.json",
		Args:    cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			document := post.OpenAPI
			if headquarters {
				document = hq.OpenAPI
			}
			_, err := c.OutOrStdout().Write(document())
			return err
		},
	}
	c.Flags().BoolVar(&headquarters, "headquarters", false, "of a headquarters, in place of a post's")
	return c
}
