package main

import (
	"errors"
	"os"

	"github.com/spf13/cobra"

	"marz"
	"marz/agreement"
)

// registerAddCommand records at a post what its parties have signed.
func registerAddCommand() *cobra.Command {
	var t target
	c := &cobra.Command{
		Use:   "add FILE…",
		Short: "Record signed instruments at a post",
		Long: "Delivers signed instruments, all or none: into the data folder of a stopped post, or to a running one by its address. Everybody who\n" +
			"has to sign must have signed, with the keys that the post knows. The signatures are the authority for it: who brings it does\n" +
			"not matter. Of one instrument in several files the signatures are put together. What is recorded already is passed over.",
		Example: "  marz register add agarak.signed.json --data /var/lib/marz/agarak\n" +
			"  marz register add agarak.signed.json --node https://agarak.example:8443 --ca ca.crt",
		Args: cobra.MinimumNArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			all, err := readSigned(args)
			if err != nil {
				return err
			}
			return t.deliver(c, all)
		},
	}
	c.Flags().StringVar(&t.data, "data", "", "data folder of a stopped post")
	c.Flags().StringVar(&t.node, "node", "", "address of a running post, for example https://agarak.example:8443")
	c.Flags().StringVar(&t.ca, "ca", "", "with --node: the post's certificate authority, keys/ca.crt (default: the machine's)")
	c.MarkFlagsMutuallyExclusive("data", "node")
	c.MarkFlagsMutuallyExclusive("data", "ca")
	c.MarkFlagsOneRequired("data", "node")
	return c
}

// readSigned reads files of signed instruments and puts them together.
func readSigned(files []string) ([]agreement.Instrument, error) {
	var lists [][]agreement.Instrument
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil {
			return nil, &marz.Error{Code: marz.NotFound, Op: "read", Subject: f, Fix: "name a file of signed instruments", Err: err}
		}
		all, err := agreement.ParseSigned(f, b)
		if err != nil {
			if _, e := agreement.Parse(f, b); e == nil {
				err = &marz.Error{Code: marz.Invalid, Op: "add", Subject: f, Fix: "sign it first: marz register sign"}
			} else if e, ok := errors.AsType[*marz.Error](err); ok && e.Err != nil {
				e.Err = nil // what the JSON decoder says of a file that is none helps nobody
			}
			return nil, err
		}
		lists = append(lists, all)
	}
	return mergeInstruments(lists...), nil
}
