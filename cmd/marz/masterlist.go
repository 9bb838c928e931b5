package main

import (
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"marz"
	"marz/emrtd"
	"marz/emrtd/cert"
)

// masterlistCommand groups what is done with lists of issuing authorities' certificates.
func masterlistCommand() *cobra.Command {
	c := &cobra.Command{Use: "masterlist", Short: "Show and compare master lists, and keep a post's trust: the certificates by which travel documents' chips are proven", Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return c.Help() }}
	c.AddCommand(masterlistShowCommand(), masterlistDiffCommand(), masterlistImportCommand(), masterlistRollbackCommand(), masterlistHistoryCommand())
	return c
}

// readChipFile reads a file of a chip or of its trust, up to the largest that is read.
func readChipFile(op, path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, &marz.Error{Code: marz.NotFound, Op: op, Subject: path, Fix: "name a file that can be read", Err: err}
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, maxTrustFile+1))
	if err != nil {
		return nil, &marz.Error{Code: marz.Internal, Op: op, Subject: path, Err: err}
	}
	if len(b) > maxTrustFile {
		return nil, &marz.Error{Code: marz.Invalid, Op: op, Subject: path, Fix: fmt.Sprintf("it has more than %d bytes", maxTrustFile)}
	}
	return b, nil
}

// maxTrustFile bounds a file. ICAO's whole directory is some 100 MB as text.
const maxTrustFile = 512 << 20

func readMasterList(path string) (*emrtd.MasterList, error) {
	b, err := readChipFile("read master list", path)
	if err != nil {
		return nil, err
	}
	l, err := emrtd.ParseMasterList(b)
	if err != nil {
		return nil, &marz.Error{Code: marz.Invalid, Op: "read master list", Subject: path, Fix: "give a signed list as its publisher sends it (often .ml)", Err: err}
	}
	return l, nil
}

// readRoots reads certificates from files.
func readRoots(paths []string) (*cert.Store, error) {
	roots := cert.NewStore()
	for _, path := range paths {
		b, err := readChipFile("read certificate", path)
		if err != nil {
			return nil, err
		}
		list, err := cert.ParseFile(b)
		if err != nil {
			return nil, &marz.Error{Code: marz.Invalid, Op: "read certificate", Subject: path, Fix: "give certificates in DER or PEM", Err: err}
		}
		for _, c := range list {
			roots.Add(c, path)
		}
	}
	return roots, nil
}

func masterlistDiffCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "diff A B",
		Short: "Say which certificates one master list has and the other has not",
		Long:  "Writes a line for every certificate that only B has (+) and that only A has (-), by country, and how many both have. Certificates are compared by their bytes.\nNo signature is checked: marz masterlist show does that.",
		Args:  cobra.ExactArgs(2),
		RunE: func(c *cobra.Command, args []string) error {
			a, err := readMasterList(args[0])
			if err != nil {
				return err
			}
			b, err := readMasterList(args[1])
			if err != nil {
				return err
			}
			d := emrtd.Difference(a, b)
			t := newTable()
			for _, x := range d.Removed {
				t.row("-", x.Subject.Country(), x.Fingerprint()[:16], lastDay(x), x.Subject.String())
			}
			for _, x := range d.Added {
				t.row("+", x.Subject.Country(), x.Fingerprint()[:16], lastDay(x), x.Subject.String())
			}
			if len(d.Added)+len(d.Removed) > 0 {
				fmt.Fprint(c.OutOrStdout(), t)
			}
			fmt.Fprintf(c.OutOrStdout(), "%d only in the second, %d only in the first, %d in both\n", len(d.Added), len(d.Removed), d.Same)
			return nil
		},
	}
}

// lastDay is the day on which a certificate's validity ends.
func lastDay(c *cert.Certificate) string {
	if c.NotAfter.IsZero() {
		return "unreadable"
	}
	return marz.DateOf(c.NotAfter).String()
}
