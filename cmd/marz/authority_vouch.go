package main

import (
	"fmt"
	"os"
	"strings"

	"github.com/BurntSushi/toml"
	"github.com/spf13/cobra"
	"golang.org/x/mod/sumdb/note"

	"marz"
	"marz/release"
)

// authorityVouchCommand signs, with an authority's own key, whose journal that of its headquarters is.
func authorityVouchCommand() *cobra.Command {
	var key, out string
	c := &cobra.Command{
		Use:   "vouch --key FILE IDENTITY --out VOUCHER",
		Short: "Sign whose journal the headquarters' is, so that posts believe it about officers",
		Long: "IDENTITY is what marz hq identity printed at the headquarters: be sure of that. The voucher is brought there with marz hq vouch. The key need not be on a machine\n" +
			"with a network.",
		Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			text, authority, err := voucherText(args[0])
			if err != nil {
				return err
			}
			secret, err := os.ReadFile(key)
			if err != nil {
				return &marz.Error{Code: marz.Invalid, Op: "read key", Subject: key, Err: err}
			}
			s, err := note.NewSigner(strings.TrimSpace(string(secret)))
			if err != nil || s.Name() != string(authority) {
				return &marz.Error{Code: marz.Invalid, Op: "vouch", Subject: key, Fix: fmt.Sprintf("it is not the secret key of %s, whose headquarters it is", authority)}
			}
			signed, err := note.Sign(&note.Note{Text: text}, s)
			if err != nil {
				return err
			}
			if err := os.WriteFile(out, signed, 0o644); err != nil {
				return &marz.Error{Op: "write", Subject: out, Err: err}
			}
			fmt.Fprintf(c.OutOrStdout(), "%s: bring it to the headquarters with marz hq vouch\n", out)
			return nil
		},
	}
	c.Flags().StringVar(&key, "key", "", "file with the authority's secret key")
	c.Flags().StringVar(&out, "out", "", "file to write")
	c.MarkFlagRequired("key")
	c.MarkFlagRequired("out")
	return c
}

// voucherText reads what marz hq identity printed.
func voucherText(path string) (string, marz.AuthorityID, error) {
	var in struct {
		Mirror []struct {
			Authority marz.AuthorityID `toml:"authority"`
			HQ        marz.Origin      `toml:"hq"`
			HQKey     string           `toml:"hq_key"`
		} `toml:"mirror"`
	}
	_, err := toml.DecodeFile(path, &in)
	if err != nil || len(in.Mirror) != 1 || in.Mirror[0].HQ == "" || in.Mirror[0].HQKey == "" {
		return "", "", &marz.Error{Code: marz.Invalid, Op: "vouch", Subject: path, Fix: "it is not what marz hq identity prints", Err: err}
	}
	m := in.Mirror[0]
	return release.VoucherText(m.HQ, m.HQKey), m.Authority, nil
}
