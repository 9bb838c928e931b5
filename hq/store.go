package hq

import (
	"context"
	"path/filepath"

	"marz/mirror"
	"marz/mirror/pgstore"
)

// storeFile is the database of a headquarters of one node.
const storeFile = "hq.db"

// openStore opens what lies under a headquarters: the PostgreSQL of a URL, or the file in its folder.
func openStore(ctx context.Context, dir, database string) (mirror.Store, error) {
	if database != "" {
		return pgstore.Open(ctx, database)
	}
	return mirror.OpenSQLite(ctx, filepath.Join(dir, storeFile), "")
}
