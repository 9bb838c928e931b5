package main

import (
	"crypto/ed25519"
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/mod/sumdb/note"

	"marz"
	"marz/agreement"
)

// authorityCommand groups what an authority does for itself.
func authorityCommand() *cobra.Command {
	c := &cobra.Command{Use: "authority", Short: "Draw the key with which an authority signs, and commission officers to sign for it", Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return c.Help() }}
	c.AddCommand(authorityKeyCommand(), authorityCommissionCommand(), authorityVouchCommand())
	return c
}

func authorityKeyCommand() *cobra.Command {
	var out string
	c := &cobra.Command{
		Use:   "key ID",
		Short: "Draw an authority's key: the secret half signs, the verifier half goes to everybody else",
		Long: "Draws a key (Ed25519, as C2SP signed-note has it). With --out the secret half goes to a new file that its owner alone can read,\n" +
			"and the verifier half is printed. Without --out the secret half is printed and the verifier half goes to standard error.\n" +
			"Keep the secret half where nobody else reaches it: whoever has it signs for the authority.",
		Example: "  marz authority key am-bg --out am-bg.key\n  marz init post --authority-key am-bg=am-bg.key …",
		Args:    cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			signer, verifier, err := agreement.NewKey(rand.Reader, marz.AuthorityID(args[0]))
			if err != nil {
				return err
			}
			if out == "" {
				fmt.Fprintln(c.OutOrStdout(), signer)
				fmt.Fprintln(c.ErrOrStderr(), "verifier key: "+verifier)
				return nil
			}
			err = exportFile(out, func(w io.Writer) error {
				_, err := io.WriteString(w, signer+"\n")
				return err
			})
			if err == nil {
				fmt.Fprintln(c.OutOrStdout(), verifier)
			}
			return err
		},
	}
	c.Flags().StringVar(&out, "out", "", "new file for the secret half")
	return c
}

// secretPrefix begins the secret half of a key.
const secretPrefix = "PRIVATE+KEY+"

// secretKey is an authority's key as its file holds it.
type secretKey struct {
	authority        marz.AuthorityID
	signer, verifier string
}

// readSecret reads the secret half of an authority's key from its file.
func readSecret(path string) (secretKey, error) {
	bad := func(fix string, err error) (secretKey, error) {
		return secretKey{}, &marz.Error{Code: marz.Invalid, Op: "read key", Subject: path, Fix: fix, Err: err}
	}
	b, err := os.ReadFile(path)
	if err != nil {
		return bad("name the file that marz authority key wrote", err)
	}
	text := strings.TrimSpace(string(b))
	if !strings.HasPrefix(text, secretPrefix) {
		return bad("this is no authority's secret key; it begins with "+secretPrefix, nil)
	}
	name, verifier, err := verifierOf(text)
	if err != nil {
		return bad("this is no authority's secret key: "+err.Error(), nil) // of which nothing is quoted
	}
	return secretKey{name, text, verifier}, nil
}

// verifierOf returns the other half of a secret key. Its errors quote nothing of the key.
func verifierOf(secret string) (marz.AuthorityID, string, error) {
	s, err := note.NewSigner(secret)
	if err != nil {
		return "", "", fmt.Errorf("it is damaged")
	}
	parts := strings.SplitN(secret, "+", 5) // PRIVATE, KEY, name, hash, base64 of algorithm and seed
	raw, err := base64.StdEncoding.DecodeString(parts[len(parts)-1])
	if err != nil || len(raw) != 1+ed25519.SeedSize {
		return "", "", fmt.Errorf("it is not Ed25519")
	}
	public := ed25519.NewKeyFromSeed(raw[1:]).Public().(ed25519.PublicKey)
	verifier, err := note.NewEd25519VerifierKey(s.Name(), public)
	return marz.AuthorityID(s.Name()), verifier, err
}

// readVerifier returns the verifier half of a key that is given as itself, or as a file that holds either half.
func readVerifier(id marz.AuthorityID, given string) (string, error) {
	bad := func(fix string) (string, error) {
		return "", &marz.Error{Code: marz.Invalid, Op: "read key", Subject: "of " + string(id), Fix: fix}
	}
	if strings.HasPrefix(given, secretPrefix) {
		return bad("a secret key does not belong on a command line, where others see it; name its file, and draw a new key")
	}
	text, where := given, "it"
	if _, err := note.NewVerifier(given); err != nil {
		b, err := os.ReadFile(given)
		if err != nil {
			return bad(fmt.Sprintf("%.80q is neither a verifier key nor a file that can be read", given))
		}
		text, where = strings.TrimSpace(string(b)), given
	}
	name := id
	if strings.HasPrefix(text, secretPrefix) {
		var err error
		if name, text, err = verifierOf(text); err != nil {
			return bad("the secret key in " + where + ": " + err.Error())
		}
	}
	v, err := note.NewVerifier(text)
	if err != nil {
		return bad(where + " holds no key of an authority")
	}
	if v.Name() != string(id) || name != id {
		return bad(fmt.Sprintf("%s is the key of %.40q", where, v.Name()))
	}
	return text, nil
}

// setKeys gives authorities their verifier keys, from flags of the form ID=KEY-OR-FILE.
func setKeys(authorities []marz.Authority, flags []string) error {
	for _, f := range flags {
		id, given, ok := strings.Cut(f, "=")
		if !ok || id == "" || given == "" {
			return &marz.Error{Code: marz.Invalid, Op: "read flag", Subject: "--authority-key", Fix: "write it as ID=KEY or ID=FILE, for example am-bg=am-bg.key"}
		}
		i := indexAuthority(authorities, marz.AuthorityID(id))
		if i < 0 {
			return &marz.Error{Code: marz.NotFound, Op: "read flag", Subject: "--authority-key " + fmt.Sprintf("%.40q", id), Fix: "the scenario has no such authority"}
		}
		key, err := readVerifier(authorities[i].ID, given)
		if err != nil {
			return err
		}
		authorities[i].Key = key
	}
	return nil
}

func indexAuthority(all []marz.Authority, id marz.AuthorityID) int {
	for i := range all {
		if all[i].ID == id {
			return i
		}
	}
	return -1
}
