package main

import (
	"cmp"
	"fmt"
	"io"
	"slices"

	"github.com/spf13/cobra"

	"marz"
	"marz/emrtd"
	"marz/emrtd/cert"
	"marz/emrtd/der"
)

func masterlistShowCommand() *cobra.Command {
	var trust []string
	var asJSON bool
	c := &cobra.Command{
		Use:   "show FILE…",
		Short: "Say of each certificate of master lists whether it could be read and verified, and why not",
		Long: `Reads signed master lists, checks each list's own signature, and verifies every certificate in them: one that signed itself by its own key, a link by the key of its
issuer, looked for in all lists given. What could not be verified stands with its reason.

--trust names certificates (DER or PEM) by which a list's signature has to be proven. Without it the signature is checked and nobody is known to stand behind it.

Exit code 1 when a list's signature is not good, does not lead to a certificate of --trust where that is given, or a certificate cannot be read; 0 otherwise, also with
certificates whose issuer is not at hand.`,
		Example: "  marz masterlist show german.ml --trust german-csca.cer\n  marz masterlist show german.ml dutch.ml --json",
		Args:    cobra.MinimumNArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			roots, err := readRoots(trust)
			if err != nil {
				return err
			}
			shown, err := showLists(args, roots, len(trust) > 0)
			if err != nil {
				return err
			}
			if asJSON {
				err = printJSON(c.OutOrStdout(), shown)
			} else {
				shown.say(c.OutOrStdout())
			}
			if err == nil && !shown.Good {
				err = &exitError{code: 1}
			}
			return err
		},
	}
	c.Flags().StringArrayVar(&trust, "trust", nil, "a certificate that stands behind a list; may be given more than once")
	c.Flags().BoolVar(&asJSON, "json", false, "write one JSON object")
	return c
}

// shownLists is what is said of master lists. Entries are those of all lists, each certificate once.
type shownLists struct {
	Good    bool                      `json:"good"`
	Lists   []shownList               `json:"lists"`
	Counts  map[emrtd.EntryStatus]int `json:"counts"`
	Entries []shownEntry              `json:"certificates"`
}

type shownList struct {
	File         string       `json:"file"`
	SHA256       string       `json:"sha256"`
	SignedAt     string       `json:"signed_at,omitempty"`
	Signature    marz.Result  `json:"signature"`
	Reason       string       `json:"reason,omitempty"`
	Signer       string       `json:"signer,omitempty"`
	Root         string       `json:"root,omitempty"`
	Certificates int          `json:"certificates"`
	Unreadable   []unreadable `json:"unreadable"`
	Defects      []der.Defect `json:"defects"`
}

type unreadable struct {
	Offset int    `json:"offset"`
	Reason string `json:"reason"`
}

type shownEntry struct {
	Status  emrtd.EntryStatus `json:"status"`
	Reason  string            `json:"reason,omitempty"`
	Country string            `json:"country"`
	Subject string            `json:"subject"`
	Issuer  string            `json:"issuer"`
	Serial  string            `json:"serial"`
	From    string            `json:"from"`
	Until   string            `json:"until"`
	Key     string            `json:"key"`
	Written bool              `json:"curve_written_out,omitempty"`
	Signed  string            `json:"algorithm"`
	SHA256  string            `json:"sha256"`
	By      string            `json:"signed_by,omitempty"` // SHA-256 of the certificate whose key made the signature
	Sources []string          `json:"sources"`
	Defects []der.Defect      `json:"defects"`
}

func showLists(paths []string, roots *cert.Store, rooted bool) (*shownLists, error) {
	s := &shownLists{Good: true, Lists: []shownList{}, Counts: map[emrtd.EntryStatus]int{}, Entries: []shownEntry{}}
	all := cert.NewStore()
	for _, path := range paths {
		l, err := readMasterList(path)
		if err != nil {
			return nil, err
		}
		shown := showList(path, l, roots, rooted)
		s.Good = s.Good && len(shown.Unreadable) == 0 && (shown.Signature == marz.Successful || !rooted && shown.Signature == marz.Undetermined)
		s.Lists = append(s.Lists, shown)
		for _, e := range l.Entries {
			all.Add(e.Certificate, path)
		}
	}
	for _, c := range all.All() {
		e := showEntry(emrtd.CheckEntry(c, all), all.From(c))
		s.Counts[e.Status]++
		s.Entries = append(s.Entries, e)
	}
	return s, nil
}

func showList(path string, l *emrtd.MasterList, roots *cert.Store, rooted bool) shownList {
	check := l.Verify(roots)
	s := shownList{File: path, SHA256: l.Digest, Certificates: len(l.Entries), Unreadable: []unreadable{}, Defects: orEmpty(check.Defects), Reason: check.Why(),
		SignedAt: emrtd.Written(l.SignedAt())}
	if c := check.Signature.Certificate; c != nil {
		s.Signer = c.Subject.String()
	}
	if c := check.Chain.Trusted; c != nil {
		s.Root = c.Subject.String()
	}
	switch {
	case check.Good():
		s.Signature = marz.Successful
	case check.Signature.Err == nil && !rooted:
		s.Signature, s.Reason = marz.Undetermined, "the signature is the signer's, and nobody is known to stand behind the signer: give --trust"
	case check.Signature.Err == nil && check.Chain.Trusted == nil && check.Chain.Err().Reason == cert.IssuerMissing:
		s.Signature = marz.Undetermined
	default:
		s.Signature = marz.Failed
	}
	for _, e := range l.Unreadable {
		s.Unreadable = append(s.Unreadable, unreadable{e.Offset, e.Err.Error()})
	}
	return s
}

func orEmpty(d []der.Defect) []der.Defect {
	if d == nil {
		return []der.Defect{}
	}
	return d
}

func showEntry(check emrtd.EntryCheck, sources []string) shownEntry {
	c := check.Certificate
	e := shownEntry{Status: check.Status, Country: c.Subject.Country(), Subject: c.Subject.String(), Issuer: c.Issuer.String(), Serial: c.Serial.Text(16), Key: c.Key.Name(),
		Written: c.Key.Explicit, Signed: c.Algorithm.String(), SHA256: c.Fingerprint(), Sources: sources, Defects: orEmpty(check.Defects),
		From: emrtd.Written(c.NotBefore), Until: emrtd.Written(c.NotAfter)}
	if check.Issuer != nil {
		e.By = check.Issuer.Fingerprint()
	}
	if check.Err != nil {
		e.Reason = check.Err.Error()
	}
	if e.Reason == "" && c.Key.Fault != "" {
		e.Reason = "its key cannot be used: " + c.Key.Fault
	}
	return e
}

func (s *shownLists) say(w io.Writer) {
	for _, l := range s.Lists {
		t := newTable("LIST", l.File)
		t.row("SHA-256", l.SHA256)
		t.row("signed", l.SignedAt)
		t.row("by", l.Signer)
		t.row("root", l.Root)
		t.row("signature", string(l.Signature)+reasonWords(l.Reason))
		t.row("certificates", fmt.Sprintf("%d read, %d unreadable", l.Certificates, len(l.Unreadable)))
		fmt.Fprint(w, t)
		for _, u := range l.Unreadable {
			fmt.Fprintf(w, "unreadable at byte %d: %s\n", u.Offset, u.Reason)
		}
		for _, d := range l.Defects {
			fmt.Fprintln(w, "defect: "+d.String())
		}
		fmt.Fprintln(w)
	}
	sorted := slices.Clone(s.Entries)
	slices.SortStableFunc(sorted, func(a, b shownEntry) int { return cmp.Compare(a.Country, b.Country) })
	t := newTable("COUNTRY", "UNTIL", "STATUS", "KEY", "SHA-256", "SUBJECT")
	for _, e := range sorted {
		t.row(e.Country, day(e.Until), string(e.Status), e.Key, e.SHA256[:16], e.Subject+reasonWords(e.Reason))
	}
	fmt.Fprint(w, t)
	fmt.Fprintf(w, "\n%d certificates: %d self-signed, %d linked, %d linked under another name, %d unverified\n", len(s.Entries),
		s.Counts[emrtd.SelfSigned], s.Counts[emrtd.Linked], s.Counts[emrtd.LinkedRenamed], s.Counts[emrtd.Unverified])
}

func reasonWords(reason string) string {
	if reason == "" {
		return ""
	}
	return ": " + reason
}

// day is the date of a written instant.
func day(instant string) string { return instant[:min(len(instant), 10)] }
