package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"marz"
	"marz/agreement"
)

type signFlags struct {
	registerSource
	key, out string
	with     []string
}

// registerSignCommand puts an authority's signature under what it signs of a document.
func registerSignCommand() *cobra.Command {
	var f signFlags
	c := &cobra.Command{
		Use:   "sign --key FILE DOC",
		Short: "Put an authority's signature under the instruments of a document",
		Long: "Writes DOC.signed.json (of agarak.toml: agarak.signed.json) with the authority's signature under every instrument that it signs:\n" +
			"agreements to which it is a party, and its own statements and reports. If that file is there already with the same\n" +
			"instruments, the signature is added, so that the parties sign one file in turn. A document that does not pass\n" +
			"marz register check is not signed. What the document builds on is named with --with, or is a post's with --data.",
		Example: "  marz register sign --key am-bg.key agarak.toml\n  marz register sign --key ru-bg.key agarak.signed.json\n" +
			"  marz register sign --key am-bg.key amendment.toml --with armenia",
		Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error { return signDocument(c, f, args[0]) },
	}
	f.flags(c)
	c.Flags().StringVar(&f.key, "key", "", "file with the authority's secret key")
	c.Flags().StringVar(&f.out, "out", "", "file to write or add to (default: DOC.signed.json)")
	c.Flags().StringArrayVar(&f.with, "with", nil, "a document on which this one builds (repeatable)")
	c.MarkFlagRequired("key")
	return c
}

func signDocument(c *cobra.Command, f signFlags, path string) error {
	key, err := readSecret(f.key)
	if err != nil {
		return err
	}
	b, err := f.open(c.Context(), append([]string{path}, f.with...)...)
	if err != nil {
		return err
	}
	docs, err := readDocuments(append([]string{path}, f.with...))
	if err != nil {
		return err
	}
	if _, err := b.check(docs); err != nil {
		return err
	}
	g, err := key.in(b.history.Ground())
	if err != nil {
		return err
	}
	out := or(f.out, signedName(path))
	all, err := mergeFile(out, docs[0].instruments)
	if err != nil {
		return err
	}
	if err := key.sign(&g, out, all); err != nil {
		return err
	}
	if err := replaceFile(out, agreement.EncodeSigned(all)); err != nil {
		return err
	}
	fmt.Fprintf(c.OutOrStdout(), "%s has signed in %s\n\n", key.authority, out)
	t := newTable("INSTRUMENT", "SIGNATURES")
	for i := range all {
		t.row(all[i].Name(), signedWords(signaturesOf(&all[i], &g)))
	}
	fmt.Fprint(c.OutOrStdout(), t)
	return nil
}

// in returns the ground with this key for its authority. Another key that is known there is not this one.
func (k secretKey) in(g agreement.Ground) (agreement.Ground, error) {
	i := indexAuthority(g.Authorities, k.authority)
	if i < 0 {
		return g, &marz.Error{Code: marz.NotFound, Op: "sign", Subject: string(k.authority), Fix: "it is not an authority that is known here; name its scenario or the post's folder"}
	}
	if known := g.Authorities[i].Key; known != "" && known != k.verifier {
		return g, &marz.Error{Code: marz.Invalid, Op: "sign", Subject: string(k.authority), Fix: "this is not the key by which it is known here; sign with that one"}
	}
	g.Authorities = slices.Clone(g.Authorities)
	g.Authorities[i].Key = k.verifier
	return g, nil
}

// sign signs what the authority signs of the instruments of a file. Signatures of others that are there must be good; one of its own that is not is replaced.
func (k secretKey) sign(g *agreement.Ground, name string, all []agreement.Instrument) error {
	n := 0
	for i := range all {
		one := &all[i]
		if !slices.Contains(one.Signers(), k.authority) {
			continue
		}
		n++
		if !slices.Contains(one.Signed(g), k.authority) {
			one.Signatures = slices.DeleteFunc(one.Signatures, func(l string) bool { return isBy(l, k.authority) })
		}
		if err := one.Sign(k.signer); err != nil {
			return err
		}
	}
	if n == 0 {
		return &marz.Error{Code: marz.Invalid, Op: "sign", Subject: name, Fix: fmt.Sprintf("there is nothing in it that %s signs", k.authority)}
	}
	return checkSigned(g, []document{{&agreement.Document{Name: name}, all, true}})
}

// signedName is the file in which a document is signed.
func signedName(path string) string {
	if strings.HasSuffix(path, ".signed.json") {
		return path
	}
	if info, err := os.Stat(path); err == nil && info.IsDir() {
		return filepath.Join(path, signedFile)
	}
	return strings.TrimSuffix(path, filepath.Ext(path)) + ".signed.json"
}

// mergeFile returns the instruments with the signatures that a file holds already. One with other instruments is refused.
func mergeFile(path string, all []agreement.Instrument) ([]agreement.Instrument, error) {
	b, err := os.ReadFile(path)
	if os.IsNotExist(err) {
		return all, nil
	}
	if err != nil {
		return nil, &marz.Error{Op: "sign", Subject: path, Err: err}
	}
	there, err := agreement.ParseSigned(path, b)
	if err != nil {
		return nil, err
	}
	if merged := mergeInstruments(all, there); len(there) == len(all) && len(merged) == len(all) {
		return merged, nil
	}
	return nil, &marz.Error{Code: marz.Conflict, Op: "sign", Subject: path, Fix: "this file holds other instruments than the document; move it away, or write another with --out"}
}

// mergeInstruments puts lists together: of instruments that say the same there is one, with the signatures of all.
func mergeInstruments(lists ...[]agreement.Instrument) []agreement.Instrument {
	var out []agreement.Instrument
	at := map[string]int{}
	for _, i := range slices.Concat(lists...) {
		n, ok := at[i.Digest()]
		if !ok {
			at[i.Digest()] = len(out)
			i.Signatures = slices.Clone(i.Signatures)
			out = append(out, i)
			continue
		}
		for _, l := range i.Signatures {
			if !slices.Contains(out[n].Signatures, l) {
				out[n].Signatures = append(out[n].Signatures, l)
			}
		}
	}
	return out
}

// replaceFile writes a whole file or none, over one that is there.
func replaceFile(path string, data []byte) error {
	f, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".*")
	if err == nil {
		if _, err = f.Write(data); err == nil {
			err = f.Chmod(0o644)
		}
		if err == nil {
			err = f.Sync()
		}
		if e := f.Close(); err == nil {
			err = e
		}
		if err == nil {
			err = os.Rename(f.Name(), path)
		}
		if err != nil {
			os.Remove(f.Name())
		}
	}
	if err != nil {
		return &marz.Error{Op: "write", Subject: path, Fix: "choose another file with --out", Err: err}
	}
	return nil
}
