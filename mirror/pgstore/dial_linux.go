package pgstore

import (
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// control has a connection given up on which nothing that was sent arrives.
func control(network, _ string, c syscall.RawConn) error {
	if !strings.HasPrefix(network, "tcp") {
		return nil
	}
	var err error
	fault := c.Control(func(fd uintptr) {
		err = unix.SetsockoptInt(int(fd), unix.IPPROTO_TCP, unix.TCP_USER_TIMEOUT, int(longestUnheard.Milliseconds()))
	})
	if err == nil {
		err = fault
	}
	return err
}
