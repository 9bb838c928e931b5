package main

import (
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"marz"
	"marz/agreement"
)

// speakFlags are those of commands by which one authority says something.
type speakFlags struct {
	registerSource
	key, out, node, ca string
	with               []string
}

func (f *speakFlags) add(c *cobra.Command) {
	f.flags(c)
	c.Flags().Lookup("data").Usage = "data folder of a stopped post: it is recorded there"
	c.Flags().StringVar(&f.key, "key", "", "file with the authority's secret key")
	c.Flags().StringVar(&f.out, "out", "", "new file to write it to, signed (default: standard output)")
	c.Flags().StringVar(&f.node, "node", "", "address of a running post, to which it is delivered")
	c.Flags().StringVar(&f.ca, "ca", "", "with --node: the post's certificate authority, keys/ca.crt (default: the machine's)")
	c.Flags().StringArrayVar(&f.with, "with", nil, "a document that holds the agreement (repeatable; default: the scenario's agreements)")
	c.MarkFlagRequired("key")
	c.MarkFlagsMutuallyExclusive("out", "node", "data")
}

// speak signs what an authority says, holds it to the register, and writes or delivers it. A node holds it to its own register.
func (f *speakFlags) speak(c *cobra.Command, key secretKey, i agreement.Instrument) error {
	if err := i.Sign(key.signer); err != nil {
		return err
	}
	to := target{data: f.data, node: f.node, ca: f.ca}
	if f.node != "" {
		return to.deliver(c, []agreement.Instrument{i})
	}
	b, err := f.open(c.Context(), f.with...)
	if err != nil {
		return err
	}
	if _, err := key.in(b.history.Ground()); err != nil {
		return err
	}
	docs := b.own
	if len(f.with) > 0 {
		if docs, err = readDocuments(f.with); err != nil {
			return err
		}
	}
	text := agreement.EncodeSigned([]agreement.Instrument{i})
	own, err := parseDocument("declaration.json", text)
	if err != nil {
		return err
	}
	own.signed = false // no file yet that a fault could name
	if _, err := b.check(append(docs, own)); err != nil {
		return err
	}
	switch {
	case f.data != "":
		return to.deliver(c, []agreement.Instrument{i})
	case f.out == "":
		_, err := c.OutOrStdout().Write(text)
		return err
	}
	err = exportFile(f.out, func(w io.Writer) error {
		_, err := w.Write(text)
		return err
	})
	if err == nil {
		fmt.Fprintf(c.OutOrStdout(), "%s has signed in %s: %s\n", key.authority, f.out, i.Name())
	}
	return err
}

type declareFlags struct {
	speakFlags
	status, agreement, article, bloc, state, from, expires, source string
}

// registerDeclareCommand makes a statement.
func registerDeclareCommand() *cobra.Command {
	var f declareFlags
	c := &cobra.Command{
		Use:   "declare --key FILE --status STATUS (--agreement ID [--article N] | --bloc BLOC --state STATE)",
		Short: "State that an agreement, an article or a membership is active, suspended or withdrawn",
		Long: "Makes and signs an authority's statement on the standing of an agreement or article to which it is a party, or of its state's\n" +
			"membership of a bloc, and writes it, or delivers it to a post, where it is in force from its recording on. The newest statement\n" +
			"of an authority counts. Withdrawn is for good. A statement that expires must be renewed before.",
		Example: "  marz register declare --key am-bg.key --status suspended --agreement am-ru-2024-agarak --article 3 --out s.signed.json\n" +
			"  marz register declare --key am-bg.key --status active --bloc csto --state ARM --expires 72h --node https://agarak.example:8443 --ca ca.crt",
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return declare(c, f) },
	}
	f.add(c)
	c.Flags().StringVar(&f.status, "status", "", "active, suspended or withdrawn")
	c.Flags().StringVar(&f.agreement, "agreement", "", "the agreement")
	c.Flags().StringVar(&f.article, "article", "", "number of the article (default: the whole agreement)")
	c.Flags().StringVar(&f.bloc, "bloc", "", "the bloc")
	c.Flags().StringVar(&f.state, "state", "", "the state that is its member, ICAO code, for example ARM")
	c.Flags().StringVar(&f.from, "from", "", "from which instant on (default: now)")
	c.Flags().StringVar(&f.expires, "expires", "", "for how long it is to be believed, for example 72h (default: for good)")
	c.Flags().StringVar(&f.source, "source", "", "where it was made known")
	c.MarkFlagRequired("status")
	c.MarkFlagsOneRequired("agreement", "bloc")
	c.MarkFlagsMutuallyExclusive("agreement", "bloc")
	c.MarkFlagsMutuallyExclusive("article", "bloc")
	c.MarkFlagsRequiredTogether("bloc", "state")
	return c
}

func declare(c *cobra.Command, f declareFlags) error {
	key, err := readSecret(f.key)
	if err != nil {
		return err
	}
	now := systemClock()
	s := agreement.Statement{By: key.authority, Agreement: f.agreement, Article: f.article, Bloc: marz.BlocID(f.bloc), State: f.state,
		Status: agreement.Status(f.status), From: now, Issued: now, Source: f.source}
	if f.from != "" {
		if s.From, err = flagInstant("--from", f.from); err != nil {
			return err
		}
	}
	if f.expires != "" {
		var d agreement.Duration
		if err := d.UnmarshalText([]byte(f.expires)); err != nil {
			return &marz.Error{Code: marz.Invalid, Op: "read flag", Subject: "--expires", Err: err}
		}
		s.Expires = now + marz.Instant(d)/1e6
	}
	return f.speak(c, key, agreement.Instrument{Statement: &s})
}
