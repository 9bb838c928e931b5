package main

import (
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"marz"
	"marz/post"
	"marz/transfer"
)

type actFlags struct {
	transferSource
	keyFile, out string
	html         bool
}

// transferActCommand takes the act of handover away.
func transferActCommand() *cobra.Command {
	var f actFlags
	c := &cobra.Command{
		Use:   "act (--data FOLDER | --node URL --key FILE)",
		Short: "Take away the act of handover, which marz verify checks with public keys alone",
		Long: "Writes the act of handover of a transfer that was executed: the instrument that both signed, the entries with their proofs, the signed head,\n" +
			"and the signatures under it. It is JSON that marz verify reads, or with --html the page to print.",
		Example: "  marz transfer act --data /var/lib/marz/agarak -o act-agarak-1.json\n  marz verify act-agarak-1.json --authority am-bg+…",
		Args:    cobra.NoArgs,
		RunE:    func(c *cobra.Command, _ []string) error { return takeAct(c, &f) },
	}
	f.flags(c, "data folder of a post, which may be running")
	c.Flags().StringVar(&f.keyFile, "key", "", "with --node: file with the secret key of a side")
	c.Flags().StringVarP(&f.out, "out", "o", "", "new file to write it to (default: standard output)")
	c.Flags().BoolVar(&f.html, "html", false, "write the page to print")
	return c
}

func takeAct(c *cobra.Command, f *actFlags) error {
	var key *secretKey
	if f.keyFile != "" {
		k, err := readSecret(f.keyFile)
		if err != nil {
			return err
		}
		key = &k
	}
	all, err := f.read(c.Context(), key)
	if err != nil {
		return err
	}
	t, err := all.pick(f.id, func(t *transfer.Transfer) bool { return t.Execution != nil }, "has been executed")
	if err != nil {
		return err
	}
	if t.Execution == nil {
		return &marz.Error{Code: marz.Conflict, Op: "act of handover", Subject: string(t.Plan.ID), Fix: fmt.Sprintf("it is %s: there is an act once control has passed", t.Phase)}
	}
	a, err := f.act(c, key, t.Plan.ID)
	if err != nil {
		return err
	}
	write := func(w io.Writer) error {
		b, err := post.EncodeAct(a)
		if err == nil {
			_, err = w.Write(b)
		}
		return err
	}
	if f.html {
		write = func(w io.Writer) error { return post.PrintAct(w, a, all.zone.String()) }
	}
	if f.out == "" {
		return write(c.OutOrStdout())
	}
	if err := exportFile(f.out, write); err != nil {
		return err
	}
	signed := "nobody has signed it yet"
	if len(a.Closed) > 0 {
		var by []marz.AuthorityID
		for _, s := range a.Closed {
			by = append(by, s.Authority)
		}
		signed = "signed by " + joined(by)
	}
	fmt.Fprintf(c.OutOrStdout(), "%s: the act of %s, %s\n", f.out, t.Plan.ID, signed)
	return nil
}

// act returns the act of a transfer, from a folder or from a running post.
func (s *transferSource) act(c *cobra.Command, key *secretKey, id transfer.ID) (*transfer.Act, error) {
	if s.node == "" {
		return post.ReadAct(c.Context(), s.data, id)
	}
	a := new(transfer.Act)
	return a, s.ask(c.Context(), *key, "act", id, a)
}
