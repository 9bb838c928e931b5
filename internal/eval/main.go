// Command eval measures the watchlist engine: what it finds, what it hits falsely, how long it takes and how much memory it needs. It uses the engine as anybody does, by its public
// functions, on public data that the project does not ship, and prints tables. With -write it puts them into docs/SCREENING.md.
package main

import (
	"flag"
	"fmt"
	"io"
	"os"
	"strings"
)

func main() {
	if err := run(os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "eval:", err)
		os.Exit(1)
	}
}

type options struct {
	data      string
	n         int
	documents int
	dir       string // of the files that speed measures
	show      bool
	profile   string
	out       io.Writer
	table     strings.Builder
}

func run(args []string, out io.Writer) error {
	o := &options{out: out}
	f := flag.NewFlagSet("eval", flag.ContinueOnError)
	f.StringVar(&o.data, "data", "../shared/data", "folder of the public data")
	only := f.String("only", "", "quality, build or speed")
	f.IntVar(&o.n, "n", 1_500_000, "alerts of the generated list")
	f.IntVar(&o.documents, "documents", 100_000_000, "numbers of the generated table")
	f.StringVar(&o.dir, "dir", "tmp/eval", "folder of the generated files")
	f.BoolVar(&o.show, "show", false, "print what was missed and what was hit falsely")
	profile := f.String("profile", "", "file for a processor profile of the questions about speed")
	write := f.String("write", "", "document whose part between the marks is replaced")
	if err := f.Parse(args); err != nil {
		return err
	}
	if *only == "quality" {
		if err := o.quality(); err != nil {
			return err
		}
	}
	if *only == "build" {
		return o.build()
	}
	if *only == "speed" {
		o.profile = *profile
		if err := o.speed(); err != nil {
			return err
		}
	}
	if *write == "" {
		return nil
	}
	return replace(*write, *only, o.table.String())
}

// say prints a line, and keeps it for the document.
func (o *options) say(format string, args ...any) {
	line := fmt.Sprintf(format, args...) + "\n"
	o.table.WriteString(line)
	io.WriteString(o.out, line)
}

// replace puts tables between the marks of a document.
func replace(path, only, tables string) error {
	b, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	first, last := "<!-- eval "+only+" -->\n", "<!-- end "+only+" -->\n"
	before, rest, ok := strings.Cut(string(b), first)
	_, after, ok2 := strings.Cut(rest, last)
	if !ok || !ok2 {
		return fmt.Errorf("%s: the marks %q and %q are not there", path, strings.TrimSpace(first), strings.TrimSpace(last))
	}
	return os.WriteFile(path, []byte(before+first+"\n"+strings.TrimSpace(tables)+"\n\n"+last+after), 0o644)
}
