package main

import (
	"encoding/json"
	"io"
	"os"
	"time"

	"github.com/spf13/cobra"

	"marz"
	"marz/emrtd/barcode"
	"marz/emrtd/cert"
	"marz/emrtd/seal"
	"marz/emrtd/trust"
)

// sealCommand groups what is done with visible digital seals.
func sealCommand() *cobra.Command {
	c := &cobra.Command{Use: "seal", Short: "Read visible digital seals, and prove who made them", Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return c.Help() }}
	c.AddCommand(sealVerifyCommand())
	return c
}

func sealVerifyCommand() *cobra.Command {
	var files []string
	c := &cobra.Command{
		Use:   "verify [--trust FILE ...] FILE",
		Short: "Read a seal and check its signature",
		Long: `Read the visible digital seal of FILE and print what it says and what its signature proves, as JSON.

FILE holds the bytes of a seal (ICAO 9303-13, BSI TR-03137), a seal in JSON (VDS-NC), or a picture of its Data Matrix or QR code in PNG or
JPEG; "-" stands for standard input. With --trust the certificates of signers are given, or of the authorities that issue them, in DER or PEM,
or the folder in which marz masterlist import keeps them: without them nobody can be known. "result" is valid, invalid, signer-unknown, signer-other (a given certificate of another state made the
signature) or unsupported.

Exit code 0 when the seal is valid, 1 when it is not or cannot be read.`,
		Example: "  marz seal verify --trust UT-OS.crt visa.png",
		Args:    cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			given, err := readCertificates(files)
			if err != nil {
				return err
			}
			b, err := readSeal(c.InOrStdin(), args[0])
			if err != nil {
				return err
			}
			report, err := judgeSeal(b, given)
			if err != nil {
				return err
			}
			out := json.NewEncoder(c.OutOrStdout())
			out.SetEscapeHTML(false)
			out.SetIndent("", "  ")
			if err := out.Encode(report); err != nil {
				return err
			}
			if report.Result != seal.Valid {
				return &exitError{code: 1}
			}
			return nil
		},
	}
	c.Flags().StringArrayVar(&files, "trust", nil, "a file with certificates that are trusted, or a folder of marz masterlist import; can be given several times")
	return c
}

// readCertificates reads certificates that somebody trusts: those of files, and of folders in which trust is kept the authorities and those signers that follow from them.
func readCertificates(paths []string) ([]*cert.Certificate, error) {
	var out []*cert.Certificate
	for _, path := range paths {
		if info, err := os.Stat(path); err == nil && info.IsDir() {
			t, _, err := trust.Open(path)
			if err != nil {
				return nil, err
			}
			out = append(out, t.Sealers()...)
			continue
		}
		b, err := os.ReadFile(path)
		if err != nil {
			return nil, &marz.Error{Code: marz.NotFound, Op: "read certificate", Subject: path, Fix: "name a file that can be read", Err: err}
		}
		all, err := cert.ParseFile(b)
		if err != nil {
			return nil, &marz.Error{Code: marz.Invalid, Op: "read certificate", Subject: path, Fix: "it holds no certificate in DER or PEM", Err: err}
		}
		out = append(out, all...)
	}
	return out, nil
}

// mostSealFile bounds the picture of a seal.
const mostSealFile = 32 << 20

// readSeal reads the bytes of a seal, out of its picture if it is one.
func readSeal(stdin io.Reader, path string) ([]byte, error) {
	in := stdin
	if path != "-" {
		f, err := os.Open(path)
		if err != nil {
			return nil, &marz.Error{Code: marz.NotFound, Op: "read seal", Subject: path, Fix: "name a file that can be read", Err: err}
		}
		defer f.Close()
		in = f
	}
	b, err := io.ReadAll(io.LimitReader(in, mostSealFile+1))
	if err != nil {
		return nil, &marz.Error{Code: marz.Internal, Op: "read seal", Subject: path, Fix: "it cannot be read", Err: err}
	}
	if len(b) > mostSealFile {
		return nil, &marz.Error{Code: marz.Invalid, Op: "read seal", Subject: path, Fix: "it is larger than a picture of a seal is"}
	}
	if !barcode.IsPicture(b) {
		return b, nil
	}
	if b, err = barcode.Read(b); err != nil {
		return nil, &marz.Error{Code: marz.Invalid, Op: "read seal", Subject: path, Fix: err.Error()}
	}
	return b, nil
}

// sealReport is what is printed of a seal.
type sealReport struct {
	Result  seal.Result `json:"result"`
	Why     string      `json:"why,omitempty"`
	Signer  string      `json:"signer_certificate,omitempty"`
	Trusted string      `json:"trusted,omitempty"`
	Defects []string    `json:"defects"`
	Seal    any         `json:"seal"`
}

// sealShown is a seal of bytes as it is printed.
type sealShown struct {
	Version   int              `json:"version"`
	Country   string           `json:"country"`
	Signer    string           `json:"signer"`
	Reference string           `json:"reference"`
	Issued    string           `json:"issued,omitempty"`
	Sealed    string           `json:"sealed,omitempty"`
	Feature   byte             `json:"feature"`
	Category  byte             `json:"category"`
	Fields    []sealFieldShown `json:"fields"`
}

type sealFieldShown struct {
	Tag  byte   `json:"tag"`
	Name string `json:"name,omitempty"`
	Text string `json:"text,omitempty"`
	Raw  []byte `json:"raw"`
}

// sealNCShown is a seal in JSON as it is printed.
type sealNCShown struct {
	Type    string         `json:"type"`
	Version int            `json:"version"`
	Issuer  string         `json:"issuer"`
	Message map[string]any `json:"message"`
}

// judgeSeal reads a seal of either kind and checks its signature.
func judgeSeal(b []byte, given []*cert.Certificate) (*sealReport, error) {
	if len(b) > 0 && b[0] == '{' {
		n, err := seal.ParseNC(b)
		if err != nil {
			return nil, err
		}
		return reportSeal(n.Verify(given), nil, sealNCShown{n.Type, n.Version, n.Issuer, n.Message}), nil
	}
	s, err := seal.Parse(b)
	if err != nil {
		return nil, err
	}
	shown := sealShown{Version: int(s.Version), Country: s.Country, Signer: s.Signer, Reference: s.Reference, Issued: onDay(s.Issued), Sealed: onDay(s.Sealed), Feature: s.Feature, Category: s.Category, Fields: []sealFieldShown{}}
	for _, f := range s.Fields {
		shown.Fields = append(shown.Fields, sealFieldShown(f))
	}
	defects := []string{}
	for _, d := range s.Defects {
		defects = append(defects, d.String())
	}
	return reportSeal(s.Verify(given), defects, shown), nil
}

func onDay(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.Format(time.DateOnly)
}

func reportSeal(v seal.Verdict, defects []string, shown any) *sealReport {
	r := &sealReport{Result: v.Result, Why: v.Why, Trusted: v.Trusted, Defects: append([]string{}, defects...), Seal: shown}
	if v.Signer != nil {
		r.Signer = v.Signer.Subject.String()
	}
	for _, d := range v.Defects {
		r.Defects = append(r.Defects, d.String())
	}
	return r
}
