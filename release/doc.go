// Package release is what a headquarters gives out to posts, and takes back: versions of lists and changes of them, and officers who are known there.
//
// It owns the kinds of entry of a headquarters' journal that say so (docs/spec/hq-entries.md), and the fold over them: to whom each goes, and what is in force where. It is pure. Both ends fold the
// same entries: a headquarters to know what it may append and give to whom, a post to know what it is to have. It promises:
//
//   - What is given out goes to the posts that it names first, and to all only by an entry of its own.
//   - What is taken back is in force nowhere, and what was in force before it is again.
package release
