package main

import (
	"fmt"
	"os"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"marz/emrtd/pcsc"
)

// cardCommand groups what is done with document readers that speak PC/SC.
func cardCommand() *cobra.Command {
	c := &cobra.Command{Use: "card", Short: "Read documents' chips at PC/SC readers, and be one for tests", Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return c.Help() }}
	c.AddCommand(cardReadCommand(), cardReadersCommand(), cardServeCommand())
	return c
}

// socketFlag is where pcscd listens: what other programs go by, unless it is given.
func socketFlag(c *cobra.Command, to *string) {
	at := pcsc.DefaultSocket
	if s := os.Getenv("PCSCLITE_CSOCK_NAME"); s != "" {
		at = s
	}
	c.Flags().StringVar(to, "pcscd", at, "the socket of pcscd (default: $PCSCLITE_CSOCK_NAME, or where Debian has it)")
}

func cardReadersCommand() *cobra.Command {
	var socket string
	c := &cobra.Command{
		Use:   "readers",
		Short: "List the readers that pcscd has, and whether a document lies on them",
		Args:  cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			list, err := pcsc.Service{Socket: socket}.Readers(c.Context())
			if err != nil {
				return err
			}
			if len(list) == 0 {
				fmt.Fprintln(c.ErrOrStderr(), "pcscd has no reader; plug one in")
			}
			w := tabwriter.NewWriter(c.OutOrStdout(), 0, 0, 2, ' ', 0)
			for _, r := range list {
				state := "empty"
				if r.Document {
					state = fmt.Sprintf("a document, %X", r.ATR)
				}
				fmt.Fprintf(w, "%s\t%s\n", r.Name, state)
			}
			return w.Flush()
		},
	}
	socketFlag(c, &socket)
	return c
}
