package name

import (
	"testing"
	"time"
)

// The digest is the same every time, and cheap enough to be made at a start.
func TestTables(t *testing.T) {
	began := time.Now()
	if a, b := Tables(), Tables(); a != b || len(a) != 32 {
		t.Error(a, b)
	}
	t.Log(time.Since(began), Classes())
}
