package nation

// Tables are all tables of the index.
var Tables = tables

// FoldBy makes the index fold so many entries in a transaction.
func (x *Index) FoldBy(n int64) { x.batch = n }
