// Package hq runs the headquarters of an authority: it mirrors the journals of the authority's posts, keeps a journal of its own with register and nodes, and shows how far
// and how old everything is.
//
// Any number of nodes with the same keys stand before one database, which holds the mirrored journals and the headquarters' own. What a node has in memory is a fold over that
// journal (package hq/ledger) and nothing else, so that any node can serve any request.
//
// It promises:
//
//   - A journal is mirrored only for a node that was enrolled, as an entry, and for the client key in that entry. A dismissal is felt at every node within a second.
//   - What the authority's officers do among themselves stands under Marz's own rule marz/own-house, which gives nothing at any place. What is about a place or a person is
//     asked of the register, as at the place itself (HQ.Read), and is an entry.
//   - Evidence against a node is shown with both heads and the way to check it, and is nobody's decision.
package hq
