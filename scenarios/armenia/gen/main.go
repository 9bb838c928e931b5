// Command gen writes the fictional list of the scenario. It is run by go generate and always writes the same bytes.
package main

import (
	"bytes"
	"flag"
	"fmt"
	"os"

	"marz/internal/sim"
)

// What the committed list was made with.
const (
	seed      = 1992
	persons   = 3000
	passports = 40
)

func main() {
	out := flag.String("out", "", "the `file` to write")
	flag.Parse()
	if err := run(*out); err != nil {
		fmt.Fprintln(os.Stderr, "gen:", err)
		os.Exit(1)
	}
}

func run(out string) error {
	data, err := list()
	if err != nil {
		return err
	}
	return os.WriteFile(out, data, 0o644)
}

func list() ([]byte, error) {
	var b bytes.Buffer
	err := sim.WriteList(&b, seed, persons, passports)
	return b.Bytes(), err
}
