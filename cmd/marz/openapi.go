package main

import (
	"github.com/spf13/cobra"

	"marz/post"
)

// openapiCommand prints what other programs can ask of a post, as a document for their makers' tools.
func openapiCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "openapi",
		Short: "Print the OpenAPI document of the interface for other programs",
		Long: "The OpenAPI 3.1 document of /api/v1 at a post, as the post itself serves it at /api/v1/openapi.json.\n\n" +
			"docs/guides/api.md says how a program is accepted, and what to send.",
		Example: "  marz openapi > marz.json",
		Args:    cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			_, err := c.OutOrStdout().Write(post.OpenAPI())
			return err
		},
	}
}
