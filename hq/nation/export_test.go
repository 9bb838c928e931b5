package nation

// Tables are all tables of the index.
var Tables = tables
