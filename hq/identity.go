package hq

import (
	"path/filepath"

	"marz"
	"marz/folder"
	"marz/journal"
	"marz/mirror"
)

// Identity is a headquarters as posts know it: a table [[mirror]] of post.toml.
type Identity struct {
	Authority marz.AuthorityID `toml:"authority"`
	URL       string           `toml:"url"`    // of the mirror protocol
	Key       string           `toml:"key"`    // verifier key of its cosignatures
	HQ        marz.Origin      `toml:"hq"`     // its own journal
	HQKey     string           `toml:"hq_key"` // and that journal's verifier key
	TLS       string           `toml:"tls"`    // hex SHA-256 of its certificate's SubjectPublicKeyInfo
}

// ReadIdentity reads from a data folder who the headquarters is. It may be running.
func ReadIdentity(dir string) (Identity, error) {
	c, err := readConfig(filepath.Join(dir, configFile))
	if err != nil {
		return Identity{}, err
	}
	signer, err := folder.ReadKey(dir, signerFile, "the node's key")
	if err != nil {
		return Identity{}, err
	}
	_, verifier, vkey, err := journal.OpenKey(signer)
	if err != nil {
		return Identity{}, err
	}
	text, err := folder.ReadKey(dir, mirrorFile, "the key of cosignatures")
	if err != nil {
		return Identity{}, err
	}
	cosigner, err := mirror.NewCosigner(text, nil)
	if err != nil {
		return Identity{}, err
	}
	cert, err := folder.SelfSigned(dir, nodesFile)
	if err != nil {
		return Identity{}, err
	}
	return Identity{Authority: c.Authority, URL: "https://" + c.at(c.Nodes) + "/mirror", Key: cosigner.VerifierKey(), HQ: marz.Origin(verifier.Name()), HQKey: vkey, TLS: folder.KeyOf(cert.Leaf)}, nil
}
