package pgtest

import (
	"sync"
	"testing"
)

// The server that all tests of a binary share.
var (
	sharedMu sync.Mutex
	shared   *Server
)

// Shared returns the server of the test binary, and starts it the first time. Main ends it.
func Shared(tb testing.TB) *Server {
	tb.Helper()
	sharedMu.Lock()
	defer sharedMu.Unlock()
	if shared == nil {
		s := create(tb)
		s.start(tb)
		shared = s
	}
	return shared
}

// Main runs the tests of a binary that uses Shared, and ends the server. It is what TestMain calls, and returns the exit code.
func Main(m *testing.M) int {
	defer func() {
		if shared != nil {
			shared.remove()
		}
	}()
	return m.Run()
}
