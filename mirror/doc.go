// Package mirror keeps verified copies of journals at other nodes.
//
// It owns the protocol by which a node gives its journal away and gets it back (docs/spec/mirror.md, in the shapes of C2SP tlog-mirror), its two
// ends, and the store between them. It promises:
//
//   - A mirror holds nothing of a journal that it has not proven against a head that the node signed, and says that it holds it,
//     by its cosignature, only after all of it is on the disk.
//   - A head that contradicts what is held is refused, and kept with what proves it to anybody (Evidence).
//   - A private payload is held only where the node gives it and the mirror may have it, under the digest in its entry; an erasure in the journal erases it
//     here as well, and it is not taken again.
//   - A node's feed never makes the node wait, goes on where the mirror is, and ends where it is told to.
//   - A node that is behind what it has signed is told so, stops, and can be rebuilt from its mirrors (Ahead, Recover).
package mirror
