// Package post is a node at a border crossing point: its officers, lanes, inspections and lists over one journal, and the pages and
// endpoints with which people reach them.
//
// It owns the kinds of entry that a post writes (entries.go), the state folded from them (state.go), and the wiring of a node.
// It promises:
//
//   - Every act passes through act: it happens at the instant of its entry, by an officer whose session is open, under an article that
//     gives him the power then and there; the article's number is on the entry.
//   - Exactly one authority controls the post at every entry. When an article moves control, the entry that says so comes
//     before any other that bears that instant or a later one, and ends the sessions of those who have no power left.
//   - A decision is an officer's. Whatever is not ordinary needs a reason and a second act, and the journal holds both.
//   - The same scan or the same key twice gives the same answer and no second entry.
//   - Reading a person's record is an entry.
package post
