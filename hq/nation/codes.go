package nation

import (
	"slices"

	"marz"
)

// The words that stand as numbers in the tables: each is its place here. They are never put in another order; schemaVersion changes with them.
var (
	directions = []marz.Direction{marz.EntryDirection, marz.ExitDirection}
	verdicts   = []marz.Verdict{marz.Clear, marz.Attention, marz.Stop}
	decisions  = []marz.Decision{marz.Admit, marz.Refuse, marz.Refer, marz.Depart, marz.Hold}
)

// How far an inspection is.
const (
	stateOpen = iota
	stateProposed
	stateAwaiting
	stateDecided
	stateWithdrawn
)

const noDecision = -1

// What is known of a payload.
const (
	payloadNone   = 0 // not held, or not yet
	payloadHeld   = 1
	payloadErased = 2
)

// code returns the number of a word, or -1.
func code[T comparable](words []T, w T) int { return slices.Index(words, w) }
