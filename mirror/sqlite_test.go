package mirror_test

import (
	"context"
	"path/filepath"
	"testing"

	"marz/mirror"
	"marz/mirror/storetest"
)

func TestSQLite(t *testing.T) {
	storetest.Run(t, false, func(t testing.TB) func() (mirror.Store, error) {
		path := filepath.Join(t.TempDir(), "mirror.db")
		return func() (mirror.Store, error) { return mirror.OpenSQLite(context.Background(), path, "") }
	})
}
