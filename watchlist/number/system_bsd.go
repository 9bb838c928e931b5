//go:build darwin || freebsd || netbsd || openbsd || dragonfly

package number

func scattered([]byte) {}
