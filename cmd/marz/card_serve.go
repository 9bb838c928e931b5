package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/BurntSushi/toml"
	"github.com/spf13/cobra"

	"marz"
	"marz/emrtd/chip"
	"marz/emrtd/specimen"
	"marz/emrtd/vpcd"
)

// cardServe is a virtual document by command.
type cardServe struct {
	vpcd, profile, portrait, out, at string
	again                            time.Duration
	flags                            specimen.Profile
}

func cardServeCommand() *cobra.Command {
	var f cardServe
	c := &cobra.Command{
		Use:   "serve [--vpcd HOST:PORT] [--profile FILE] [--out FOLDER]",
		Short: "Be a virtual travel document on vpcd's reader, sound or with faults",
		Long: `Makes a travel document of nobody, with an issuing authority of its own, and lays it on the virtual reader of Debian's package vsmartcard-vpcd, where every program that speaks PC/SC reads it as it reads a real one. It ends
with Ctrl-C. Into the folder --out it writes what the document is proven by: csca.cer, the authority's certificate, and crl.der, its revocation list; and zone.txt, the printed zone.

--profile names a TOML file with the flags below as keys, of which a flag on the command line takes the place: zone, can, access, curve, cipher, prove, signer, csca, sod, faults, short.

Keys are written as rsa2048 or the name of a curve, and then pss, explicit or plain, and a hash: rsa3072,pss,sha256 or brainpoolP384r1,explicit,sha384.

Faults:
` + faultHelp() + `
Nothing protects vpcd's protocol. Serve documents to readers on machines for tests alone.`,
		Example: `  marz card serve --access bac,cam --prove chip,active-rsa
  marz card serve --fault clone --fault wrong-hash=2 --signer rsa2048,pss,sha256`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return f.run(c) },
	}
	d := specimen.Defaults
	s := c.Flags()
	s.StringVar(&f.vpcd, "vpcd", vpcd.DefaultAddress, "where vpcd waits for a chip")
	s.StringVar(&f.profile, "profile", "", "a TOML file that describes the document")
	s.StringVar(&f.out, "out", "marz-card", "the folder for what the document is proven by")
	s.StringVar(&f.at, "at", "", "the instant at which it is made (default: the clock's)")
	s.DurationVar(&f.again, "again", 2*time.Second, "how long after it was lifted the document is laid down again; 0: not again")
	s.StringVar(&f.flags.Zone, "mrz", "", "the printed zone (default: ICAO's specimen)")
	s.StringVar(&f.flags.CAN, "can", "", "the card access number (default "+d.CAN+")")
	s.StringSliceVar(&f.flags.Access, "access", nil, "how it opens: open, or of bac, pace and cam (default "+strings.Join(d.Access, ",")+")")
	s.StringVar(&f.flags.Curve, "curve", "", "of PACE and of the chip's keys (default "+d.Curve+")")
	s.StringVar(&f.flags.Cipher, "cipher", "", "of PACE and chip authentication: 3des, aes128, aes192, aes256 (default "+d.Cipher+")")
	s.StringSliceVar(&f.flags.Prove, "prove", nil, "how it shows that it is no copy: none, or of chip, active-rsa and active-ec (default "+strings.Join(d.Prove, ",")+")")
	s.StringVar(&f.flags.Signer, "signer", "", "the signer's key (default "+d.Signer+")")
	s.StringVar(&f.flags.CSCA, "csca", "", "the authority's key (default "+d.CSCA+")")
	s.IntVar(&f.flags.SODVersion, "sod", 0, "the version of EF.SOD, 0 or 1")
	s.StringVar(&f.portrait, "portrait", "", "a JPEG (default: a face that is drawn)")
	s.StringArrayVar(&f.flags.Faults, "fault", nil, "a fault; may be given more than once")
	s.BoolVar(&f.flags.ShortOnly, "short", false, "refuse commands of extended length")
	return c
}

func faultHelp() string {
	var b strings.Builder
	for _, w := range specimen.FaultWords {
		fmt.Fprintf(&b, "  %-14s %s\n", w[0], w[1])
	}
	return b.String()
}

func (f *cardServe) run(c *cobra.Command) error {
	at := time.Now()
	if f.at != "" {
		i, err := marz.ParseInstant(f.at)
		if err != nil {
			return err
		}
		at = i.Time()
	}
	p, err := f.describe(c)
	if err != nil {
		return err
	}
	d, err := specimen.Make(p, rand.Reader, at)
	if err != nil {
		return err
	}
	if err := writeTrust(f.out, d); err != nil {
		return err
	}
	return f.lay(c.Context(), c.OutOrStdout(), d)
}

// describe reads the profile's file, and then the flags that were given.
func (f *cardServe) describe(c *cobra.Command) (specimen.Profile, error) {
	p := f.flags
	if f.profile != "" {
		p = specimen.Profile{}
		meta, err := toml.DecodeFile(f.profile, &p)
		if err != nil {
			return p, &marz.Error{Code: marz.Invalid, Op: "read profile", Subject: f.profile, Fix: "write it as TOML with the keys that marz card serve --help names", Err: err}
		}
		if unknown := meta.Undecoded(); len(unknown) > 0 {
			return p, &marz.Error{Code: marz.Invalid, Op: "read profile", Subject: f.profile, Fix: fmt.Sprintf("there is no key %q; marz card serve --help names them", unknown[0].String())}
		}
		f.over(c, &p)
	}
	if f.portrait != "" {
		b, err := readChipFile("read portrait", f.portrait)
		if err != nil {
			return p, err
		}
		p.Portrait = b
	}
	return p, nil
}

// over puts the flags that were given over what the file says.
func (f *cardServe) over(c *cobra.Command, p *specimen.Profile) {
	for name, set := range map[string]func(){
		"mrz": func() { p.Zone = f.flags.Zone }, "can": func() { p.CAN = f.flags.CAN }, "access": func() { p.Access = f.flags.Access }, "curve": func() { p.Curve = f.flags.Curve }, "cipher": func() { p.Cipher = f.flags.Cipher },
		"prove": func() { p.Prove = f.flags.Prove }, "signer": func() { p.Signer = f.flags.Signer }, "csca": func() { p.CSCA = f.flags.CSCA }, "sod": func() { p.SODVersion = f.flags.SODVersion },
		"fault": func() { p.Faults = f.flags.Faults }, "short": func() { p.ShortOnly = f.flags.ShortOnly },
	} {
		if c.Flags().Changed(name) {
			set()
		}
	}
}

// writeTrust writes what the document is proven by.
func writeTrust(dir string, d *specimen.Document) error {
	files := maps.Clone(d.Trust)
	files["zone.txt"] = []byte(d.Zone + "\n")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return &marz.Error{Code: marz.Internal, Op: "write trust", Subject: dir, Err: err}
	}
	for name, b := range files {
		if err := os.WriteFile(filepath.Join(dir, name), b, 0o644); err != nil {
			return &marz.Error{Code: marz.Internal, Op: "write trust", Subject: dir, Err: err}
		}
	}
	return nil
}

// lay lays the document down, and again after it was lifted, until the context ends.
func (f *cardServe) lay(ctx context.Context, stdout io.Writer, d *specimen.Document) error {
	for first := true; ; first = false {
		conn, err := vpcd.Dial(ctx, f.vpcd)
		if ctx.Err() != nil {
			return nil
		}
		if err != nil {
			return err
		}
		if first {
			f.describeTo(stdout, d)
		} else {
			fmt.Fprintln(stdout, "laid down again")
		}
		err = vpcd.Serve(ctx, conn, d.Chip, vpcd.ATR(!d.Chip.Faults.ShortOnly))
		if lifted := (*vpcd.Lifted)(nil); !errors.As(err, &lifted) {
			return err
		}
		fmt.Fprintln(stdout, "lifted")
		if f.again == 0 {
			return nil
		}
		select { // pcscd looks at its readers a few times a second, and a document that comes back sooner was never gone
		case <-ctx.Done():
			return nil
		case <-time.After(f.again):
		}
	}
}

func (f *cardServe) describeTo(w io.Writer, d *specimen.Document) {
	var ways []string
	if b := d.Chip.Master[chip.EFCardAccess]; b != nil {
		if offered, err := chip.ReadCardAccess(b); err == nil {
			for _, p := range offered {
				ways = append(ways, p.String())
			}
		}
	}
	switch {
	case d.Chip.Key == nil:
		ways = append(ways, "open to everybody")
	case !d.Chip.WithoutBAC:
		ways = append(ways, "BAC")
	}
	fmt.Fprintf(w, "a document lies on the virtual reader at %s; lift it with Ctrl-C\n%s\n", f.vpcd, d.Zone)
	if d.CAN != "" && d.Chip.CAN != nil {
		fmt.Fprintf(w, "card access number %s\n", d.CAN)
	}
	fmt.Fprintf(w, "opens by: %s\ndata groups: %s\nproven by: %s\n", strings.Join(ways, "; "), strings.Trim(fmt.Sprint(d.Groups), "[]"),
		strings.Join(pathsIn(f.out, slices.Sorted(maps.Keys(d.Trust))), ", "))
}

func pathsIn(dir string, names []string) []string {
	var out []string
	for _, n := range names {
		out = append(out, filepath.Join(dir, n))
	}
	return out
}
