// Package journal is a node's memory: one append-only log of entries, a Merkle tree over it, private payloads beside it,
// state tables folded from it, and a signed head over all, in one SQLite file.
//
// It owns the bytes that docs/spec/journal.md describes, and these promises:
//
//   - A change that returned nil is on the disk: entries, payloads, tree hashes, state and the signed head of one commit are
//     one SQLite transaction (WAL, synchronous=FULL), and callers hear of it after the commit, never before.
//   - One goroutine writes. Changes run inside it one after another, so a change sees the state that all changes
//     before it left, at the instant its entries will bear. Those that wait together share a commit.
//   - State is a fold: only State.Apply writes state tables, and only from an entry and its payload. Rebuild gives the same.
//   - After any I/O error the journal stops for good and says why (Failed). A driver that accepts appends after a failed fsync
//     has been seen to.
//   - It signs only what continues what it has acknowledged: a folder whose head file is ahead of its database is refused.
package journal
