package main

import (
	"github.com/spf13/cobra"

	"marz"
	"marz/agreement"
)

type reportFlags struct {
	speakFlags
	article, status, at, evidence string
}

// registerReportCommand makes a report on an obligation.
func registerReportCommand() *cobra.Command {
	var f reportFlags
	c := &cobra.Command{
		Use:   "report --key FILE --article REF --status STATUS",
		Short: "Report that an obligation is pending, met, breached or waived",
		Long: "Makes and signs what one side of an obligation says about it, and writes it, or delivers it to a post. Who owes it and has met it\n" +
			"says where the evidence is; he cannot waive it. The evidence is named, never enclosed, and nothing in it is personal.",
		Example: "  marz register report --key ru-bg.key --article am-ru-2024-agarak/9 --status met --evidence 'act no. 4' --out r.signed.json",
		Args:    cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			key, err := readSecret(f.key)
			if err != nil {
				return err
			}
			r := agreement.Report{By: key.authority, Article: marz.ArticleRef(f.article), Status: f.status, At: systemClock(), Evidence: f.evidence}
			if f.at != "" {
				if r.At, err = flagInstant("--at", f.at); err != nil {
					return err
				}
			}
			return f.speak(c, key, agreement.Instrument{Report: &r})
		},
	}
	f.add(c)
	c.Flags().StringVar(&f.article, "article", "", "the obligation, as agreement/article")
	c.Flags().StringVar(&f.status, "status", "", "pending, met, breached or waived")
	c.Flags().StringVar(&f.at, "at", "", "the instant that it speaks of (default: now)")
	c.Flags().StringVar(&f.evidence, "evidence", "", "where the evidence can be found; nothing personal")
	c.MarkFlagRequired("article")
	c.MarkFlagRequired("status")
	return c
}
