// Package handover runs transfers of control on the real node, from one seed each, and holds what the journal then says to the laws.
//
// A run has a post in a folder of its own, clocks that lie, sources of time that fail, commits that are lost or done without anybody hearing of it, a process that is
// killed, commanders of three authorities who do the right and the wrong thing in any order, and officers of both sides who work at the lanes all the while. One
// goroutine drives it; every instant and every choice comes from the seed. The checker (law.go) folds the journal by itself and shares no code with the post or with
// package transfer: what they agree on, two readings of the same text agree on.
//
// go test ./internal/handover -seeds 10000 runs that many seeds; -seed N runs one and prints every step.
package handover
