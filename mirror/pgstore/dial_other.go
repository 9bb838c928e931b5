//go:build !linux

package pgstore

import "syscall"

// control has nothing to say on this system: what is lost is noticed as late as the system notices.
var control func(network, address string, c syscall.RawConn) error
