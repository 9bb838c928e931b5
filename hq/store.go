package hq

import (
	"context"
	"path/filepath"

	"marz"
	"marz/mirror"
)

// storeFile is the database of a headquarters of one node.
const storeFile = "hq.db"

// openStore opens what lies under a headquarters: the PostgreSQL of a URL, or the file in its folder.
func openStore(ctx context.Context, dir, database string) (mirror.Store, error) {
	if database == "" {
		return mirror.OpenSQLite(ctx, filepath.Join(dir, storeFile), "")
	}
	return nil, &marz.Error{Code: marz.Invalid, Op: "open database", Fix: "this marz was built without PostgreSQL"}
}
