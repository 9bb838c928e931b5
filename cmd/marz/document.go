package main

import (
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"marz"
	"marz/emrtd"
	"marz/emrtd/trust"
)

// documentCommand groups what is done with the data of a document's chip.
func documentCommand() *cobra.Command {
	c := &cobra.Command{Use: "document", Short: "Prove the data of a travel document's chip", Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return c.Help() }}
	c.AddCommand(documentVerifyCommand())
	return c
}

// documentFlags are what a document is made of beside EF.SOD, and what it is checked against.
type documentFlags struct {
	trust, groups []string
	com, zone, at string
}

func documentVerifyCommand() *cobra.Command {
	var f documentFlags
	c := &cobra.Command{
		Use:   "verify --trust FILE|FOLDER… EF_SOD [--dg N=FILE]… [--mrz TEXT] [--at INSTANT]",
		Short: "Check by passive authentication whether a chip's data are those that a state signed",
		Long: `Reads EF.SOD as a chip holds it, and checks who signed it, whether that follows from an issuing authority that is trusted and is not revoked, whether each data group that
is given is the signed one, and whether it agrees with the printed zone. Writes one JSON object: each check apart, in the five results of BSI TR-03135 (successful, failed,
undetermined, not-supported, aborted), and every defect that was tolerated. docs/documents.md says what each check proves.

--trust takes certificates (DER or PEM), master lists, revocation lists, defect lists and exports of ICAO's directory (LDIF), and the folder in which marz masterlist import keeps
them. A certificate is trusted because you give it; a master list
only when its signature leads to a certificate that you give as well.

Exit code 0 when the result is successful, 1 when it failed or nothing could be read, 2 when it is undetermined.`,
		Example: "  marz document verify --trust german.ml --trust german-csca.cer EF_SOD.bin --dg 1=DG1.bin --dg 2=DG2.bin",
		Args:    cobra.ExactArgs(1),
		RunE:    func(c *cobra.Command, args []string) error { return f.verify(c, args[0]) },
	}
	c.Flags().StringArrayVar(&f.trust, "trust", nil, "a file to check against, or a folder of marz masterlist import; may be given more than once")
	c.Flags().StringArrayVar(&f.groups, "dg", nil, "a data group, as NUMBER=FILE; may be given more than once")
	c.Flags().StringVar(&f.com, "com", "", "the file EF.COM")
	c.Flags().StringVar(&f.zone, "mrz", "", "the printed zone; - reads it from standard input")
	c.Flags().StringVar(&f.at, "at", "", "the instant for which validity is asked (default: the clock's)")
	return c
}

func (f *documentFlags) verify(c *cobra.Command, path string) error {
	at := marz.InstantOf(time.Now())
	if f.at != "" {
		var err error
		if at, err = marz.ParseInstant(f.at); err != nil {
			return err
		}
	}
	if len(f.trust) == 0 {
		return &marz.Error{Code: marz.Invalid, Op: "verify document", Fix: "give what to check against with --trust"}
	}
	doc, err := f.document(c.InOrStdin(), path)
	if err != nil {
		return err
	}
	against, notes, err := readTrust(f.trust, at)
	if err != nil {
		return err
	}
	report, err := emrtd.Verify(doc, against, at)
	if err != nil {
		return err
	}
	for _, n := range notes {
		fmt.Fprintln(c.ErrOrStderr(), "note: "+n)
	}
	if err := printJSON(c.OutOrStdout(), report); err != nil {
		return err
	}
	switch report.Result {
	case marz.Successful:
		return nil
	case marz.Failed:
		return &exitError{code: 1}
	}
	return &exitError{code: 2}
}

// document reads the files of the document.
func (f *documentFlags) document(stdin io.Reader, path string) (doc emrtd.Document, err error) {
	if doc.SOD, err = readChipFile("read EF.SOD", path); err != nil {
		return doc, err
	}
	doc.Groups = map[int][]byte{}
	for _, g := range f.groups {
		number, file, _ := strings.Cut(g, "=")
		n, err := strconv.Atoi(number)
		if err != nil || n < 1 || n > 16 || file == "" || doc.Groups[n] != nil {
			return doc, &marz.Error{Code: marz.Invalid, Op: "verify document", Subject: fmt.Sprintf("--dg %.40q", g), Fix: "write the number of a data group, 1 to 16 and each once, and its file: --dg 1=DG1.bin"}
		}
		if doc.Groups[n], err = readChipFile("read data group", file); err != nil {
			return doc, err
		}
	}
	if f.com != "" {
		if doc.COM, err = readChipFile("read EF.COM", f.com); err != nil {
			return doc, err
		}
	}
	doc.Zone = f.zone
	if f.zone == "-" {
		b, err := io.ReadAll(io.LimitReader(stdin, 4096))
		if err != nil {
			return doc, &marz.Error{Code: marz.Invalid, Op: "verify document", Subject: "standard input", Err: err}
		}
		doc.Zone = string(b)
	}
	return doc, nil
}

// readTrust reads what is given to check against: files, and folders in which trust is kept. The notes say what was passed over, by which version of a folder was checked, and which revocation
// lists are out of date at the instant.
func readTrust(paths []string, at marz.Instant) (emrtd.Trust, []string, error) {
	b := emrtd.NewTrustBuilder()
	var versions []string
	for _, path := range paths {
		files, version, err := trustFiles(path)
		if err != nil {
			return emrtd.Trust{}, nil, err
		}
		if version != "" {
			versions = append(versions, version)
		}
		for _, f := range files {
			if err := b.Add(f.Name, f.Content); err != nil {
				return emrtd.Trust{}, nil, err
			}
		}
	}
	t, err := b.Trust()
	if len(versions) > 0 {
		versions = append(versions, t.Stale(at)...)
	}
	return t, append(versions, b.Notes...), err
}

// trustFiles reads one file, or those of the version in force in a folder, and says in words which one that is.
func trustFiles(path string) ([]trust.Given, string, error) {
	if info, err := os.Stat(path); err != nil || !info.IsDir() {
		content, err := readChipFile("read trust", path)
		return []trust.Given{{Name: path, Content: content}}, "", err
	}
	files, v, err := trust.At(path, trust.OS{}).Files()
	return files, fmt.Sprintf("checked against version %d of %s, made at %v, digest %s", v.Number, path, v.At, v.Digest), err
}
