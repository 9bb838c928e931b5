package vpcd

import (
	"net"
	"syscall"
)

// acknowledge has what comes next acknowledged at once. vpcd sends a message's length and the message apart, the second only when the first was acknowledged; without this each command would wait 40 ms for it.
func acknowledge(conn net.Conn) {
	c, ok := conn.(syscall.Conn)
	if !ok {
		return
	}
	raw, err := c.SyscallConn()
	if err != nil {
		return
	}
	raw.Control(func(fd uintptr) { syscall.SetsockoptInt(int(fd), syscall.IPPROTO_TCP, syscall.TCP_QUICKACK, 1) })
}
