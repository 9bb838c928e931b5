//go:build !linux

package post

import "errors"

// boots has no answer on this system: the second source of time has to be configured.
func boots() (id string, ran int64, err error) { return "", 0, errors.ErrUnsupported }

// room has no answer on this system.
func room(string) (int64, error) { return 0, errors.ErrUnsupported }
