package post

import (
	"encoding/hex"
	"path/filepath"

	"marz"
	"marz/folder"
)

// The files of keys/ that are a post's own. All are made by marz init.
const (
	keyDir     = folder.Keys
	signerFile = "node.key"  // signs heads
	indexFile  = "index.key" // keyed digests of travellers
	caFile     = folder.CAFile
)

func readSigner(dir string) (string, error) {
	return folder.ReadKey(dir, signerFile, "the node's key")
}

func readKey(dir string) ([]byte, error) {
	text, err := folder.ReadKey(dir, indexFile, "the key of the travellers' index")
	if err != nil {
		return nil, err
	}
	key, err := hex.DecodeString(text)
	if err != nil || len(key) != 32 {
		return nil, &marz.Error{Code: marz.Invalid, Op: "open post", Subject: filepath.Join(dir, keyDir, indexFile), Fix: "it is not 32 bytes in hex"}
	}
	return key, nil
}
