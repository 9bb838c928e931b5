package pgstore

import (
	"net"
	"time"
)

// How long a server may be silent. One whose machine has vanished says nothing at all, and without these nobody would notice for a quarter of an hour.
const (
	longestConnect = 10 * time.Second // to one host, where the connection string does not say connect_timeout
	longestUnheard = 25 * time.Second // until what was sent is at the server's machine
)

func dialer() *net.Dialer {
	return &net.Dialer{
		KeepAliveConfig: net.KeepAliveConfig{Enable: true, Idle: 10 * time.Second, Interval: 5 * time.Second, Count: 3},
		Control:         control,
	}
}
