package main

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"

	"github.com/go-webauthn/webauthn/protocol/webauthncose"
	"github.com/spf13/cobra"

	"marz"
	"marz/agreement"
)

type commissionFlags struct {
	speakFlags
	officer, passkey, place, from, until, source string
	revoke                                       bool
}

// authorityCommissionCommand lets an officer's passkey sign for his authority.
func authorityCommissionCommand() *cobra.Command {
	var f commissionFlags
	c := &cobra.Command{
		Use:   "commission --key FILE --officer OFFICER --passkey BASE64 --place PLACE --until INSTANT",
		Short: "Let an officer's passkey sign for his authority in transfers of control of a place",
		Long: "Makes and signs the authority's word that one passkey of one of its officers signs for it in transfers of control of a place, from an\n" +
			"instant until another, and writes it, or delivers it to a post. Of one passkey the newest word counts: another end replaces the one\n" +
			"before, and --revoke ends it from an instant on. The post shows an officer his passkey's public key, and the file that asks for it,\n" +
			"which marz register sign signs as well.",
		Example: "  marz authority commission --key am-bg.key --officer am-bg/0001 --passkey pQECAyYgASFYI… --place agarak --until 2025-02-01T00:00:00+04:00 --out c.signed.json\n" +
			"  marz register add c.signed.json --data /var/lib/marz/agarak",
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return commission(c, f) },
	}
	f.add(c)
	c.Flags().StringVar(&f.officer, "officer", "", "the officer, for example am-bg/0001")
	c.Flags().StringVar(&f.passkey, "passkey", "", "the public key of his passkey: base64 of its COSE_Key")
	c.Flags().StringVar(&f.place, "place", "", "the place whose control is transferred")
	c.Flags().StringVar(&f.from, "from", "", "from which instant on (default: now)")
	c.Flags().StringVar(&f.until, "until", "", "up to which instant")
	c.Flags().StringVar(&f.source, "source", "", "where it was made known; nothing personal")
	c.Flags().BoolVar(&f.revoke, "revoke", false, "from that instant on the passkey does not sign any longer")
	for _, name := range []string{"officer", "passkey", "place"} {
		c.MarkFlagRequired(name)
	}
	c.MarkFlagsOneRequired("until", "revoke")
	c.MarkFlagsMutuallyExclusive("until", "revoke")
	return c
}

func commission(c *cobra.Command, f commissionFlags) error {
	key, err := readSecret(f.key)
	if err != nil {
		return err
	}
	now := systemClock()
	m := agreement.Commission{By: key.authority, Officer: marz.OfficerID(f.officer), Key: f.passkey, Place: marz.PlaceID(f.place), From: now, Revoked: f.revoke, Issued: now, Source: f.source}
	if f.from != "" {
		if m.From, err = flagInstant("--from", f.from); err != nil {
			return err
		}
	}
	if f.until != "" {
		if m.Until, err = flagInstant("--until", f.until); err != nil {
			return err
		}
	}
	if err := m.Validate(); err != nil {
		return err
	}
	raw, err := base64.StdEncoding.DecodeString(f.passkey)
	if err == nil {
		_, err = webauthncose.ParsePublicKey(raw)
	}
	if err != nil {
		return &marz.Error{Code: marz.Invalid, Op: "read flag", Subject: "--passkey", Fix: "this is no public key of a passkey; copy it whole from the page that shows it"}
	}
	return f.speak(c, key, agreement.Instrument{Commission: &m})
}

// passkeyName is how a passkey is told from others: the first 16 hex digits of the SHA-256 of its key.
func passkeyName(key string) string {
	raw, err := base64.StdEncoding.DecodeString(key)
	if err != nil {
		return ""
	}
	sum := sha256.Sum256(raw)
	return hex.EncodeToString(sum[:8])
}
