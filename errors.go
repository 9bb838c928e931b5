package marz

import (
	"errors"
	"fmt"
)

// Code says what kind of thing went wrong. There are few, they are defined here once, and package web maps each to one
// HTTP status.
type Code int

// The kinds of error.
const (
	Internal        Code = iota // a fault of Marz or its machine
	Invalid                     // what was given is not well formed; the Fix says what would be
	NotFound                    // no such thing
	Conflict                    // it cannot be done in the present state, for example a second decision
	Unauthenticated             // nobody is signed in
	Forbidden                   // no article in force allows it
	Unavailable                 // the node is stopping or stopped
)

var codeNames = [...]string{"internal", "invalid", "not found", "conflict", "unauthenticated", "forbidden", "unavailable"}

// String returns the name of the code.
func (c Code) String() string {
	if c < 0 || int(c) >= len(codeNames) {
		return fmt.Sprintf("code %d", int(c))
	}
	return codeNames[c]
}

// Error is the project's error: what was being done, to what, and what the reader can do about it. None of its fields
// may hold personal data, since errors are logged and shown.
type Error struct {
	Code    Code
	Op      string // what was being done, for example "load list"
	Subject string // the thing it was done to, for example "sdn.csv:120"
	Fix     string // what is wrong and what to do, in words for the person who reads it
	Err     error  // the cause, or nil
}

// Error returns one line: operation, subject, cause and what to do.
func (e *Error) Error() string {
	s := e.Op
	if e.Subject != "" {
		s += " " + e.Subject
	}
	if e.Fix != "" {
		s += ": " + e.Fix
	}
	if e.Err != nil {
		s += ": " + e.Err.Error()
	}
	return s
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// CodeOf returns the code of the first *Error in err's chain, and Internal when there is none.
func CodeOf(err error) Code {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Code
	}
	return Internal
}
