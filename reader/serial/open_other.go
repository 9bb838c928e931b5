//go:build !linux

package serial

import (
	"os"

	"marz"
)

// Open opens lines on Linux alone.
func Open(path string, s Settings) (*os.File, error) {
	if _, err := s.Complete(); err != nil {
		return nil, err
	}
	return nil, &marz.Error{Code: marz.Unavailable, Op: "open line", Subject: path, Fix: "serial lines are opened on Linux alone; let the reader's own service post to the station"}
}
