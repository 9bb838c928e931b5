//go:build race

package mirror

// raced says that the race detector is on, under which SQLite is ten times as slow: what is tried many times is then tried fewer.
const raced = true
