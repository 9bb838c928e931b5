// Package pcsc reaches document readers through pcscd, the service for card readers of Linux (PC/SC Lite), by its own socket and without a line of C.
//
// It owns the protocol of that socket (4:4, which every pcscd since 1.8.24 of 2018 understands), what readers there are and whether a document lies on them, and the way of one command to a document and back. It knows nothing of what a
// command means; a *Card is a chip.Card.
//
// It promises: whatever waits ends at once when its context does; errors say whether pcscd, the reader or the document is missing and what to do; a document that was lifted and laid down again is never taken for the one before.
//
// Each question opens a connection of its own, so that a Service is a value that any number of goroutines may use. A Card belongs to one goroutine.
package pcsc
