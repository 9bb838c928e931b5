package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"marz"
	"marz/watchlist"
)

// maxQuery bounds one line of queries, in bytes.
const maxQuery = 1 << 20

func screenCommand() *cobra.Command {
	var lists, deltas []string
	var queries string
	cmd := &cobra.Command{
		Use:   "screen --list FILE [--list FILE ...] [--delta FILE ...] [--queries FILE]",
		Short: "Search watchlists for travellers, documents and vehicles",
		Long: `Search watchlists for travellers, documents and vehicles.

Lists are OFAC's sdn.csv (or the folder with its files), the United Nations' consolidated XML, the European
Union's list in XML or CSV, the United Kingdom's in CSV, FollowTheMoney JSON lines, plain values as docs/spec/list-csv.md
has them, or what marz list build has made; the format is found by content. Changes that marz list diff has written
are applied in the order in which they are named; so are OpenSanctions' deltas (entities.delta.json), over the one list of entities to which they apply. Queries are JSON objects, one a line, with the keys id, primary, secondary,
names, birth, nationality, sex, document, document_check, vehicle, each optional. Each gives one line of JSON with its hits. A line that cannot
be read gives {"error":…,"line":…} in its place, and the exit code is 1 at the end.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			set, err := loadLists(cmd.Context(), lists, deltas, cmd.ErrOrStderr())
			if err != nil {
				return err
			}
			in := cmd.InOrStdin()
			if queries != "" && queries != "-" {
				f, err := os.Open(queries)
				if err != nil {
					return &marz.Error{Code: marz.NotFound, Op: "screen", Subject: queries,
						Fix: "the queries cannot be opened", Err: err}
				}
				defer f.Close()
				in = f
			}
			return screenLines(cmd.Context(), set, in, cmd.OutOrStdout())
		},
	}
	cmd.Flags().StringArrayVar(&lists, "list", nil, "a list to search; can be given several times")
	cmd.Flags().StringArrayVar(&deltas, "delta", nil, "a file of changes of one of the lists; can be given several times")
	cmd.Flags().StringVar(&queries, "queries", "", "a file of queries, one JSON object a line (default standard input)")
	if err := cmd.MarkFlagRequired("list"); err != nil {
		panic(err) // the flag is defined above
	}
	return cmd
}

// badLine stands in the output for a query that could not be read.
type badLine struct {
	Error string `json:"error"`
	Line  int    `json:"line"`
}

// screenLines answers queries line by line. It holds a few lines at a time, and hands answers on before it waits for
// more input, so that a program can talk with it.
func screenLines(ctx context.Context, set *watchlist.Set, in io.Reader, stdout io.Writer) error {
	lines := readQueries(ctx, in)
	w := bufio.NewWriter(stdout)
	out := json.NewEncoder(w)
	out.SetEscapeHTML(false)
	bad := false
	for {
		l, more, err := nextLine(ctx, lines, w)
		if err != nil {
			return err
		}
		if !more {
			break
		}
		if l.err == nil && len(l.text) == 0 {
			continue
		}
		answer, ok := answerLine(ctx, set, l)
		bad = bad || !ok
		if err := out.Encode(answer); err != nil {
			return err
		}
	}
	if err := w.Flush(); err != nil {
		return err
	}
	if bad {
		return &exitError{code: 1}
	}
	return nil
}

// answerLine answers one line, and reports whether it could be read.
func answerLine(ctx context.Context, set *watchlist.Set, l queryLine) (any, bool) {
	err := l.err
	var q watchlist.Query
	if err == nil {
		q, err = watchlist.ParseQuery(l.text)
	}
	if err != nil {
		return badLine{err.Error(), l.number}, false
	}
	return set.Screen(ctx, q), true
}

// queryLine is one line of input, or why it could not be read.
type queryLine struct {
	number int
	text   []byte
	err    error
}

// readQueries reads lines in a goroutine of its own, since a read cannot be interrupted and the command can. The
// channel is closed after the last line or the first read error.
func readQueries(ctx context.Context, in io.Reader) <-chan queryLine {
	lines := make(chan queryLine, 16)
	go func() {
		defer close(lines)
		r := bufio.NewReaderSize(in, 64<<10)
		for n := 1; ; n++ {
			text, err := readLine(r)
			if errors.Is(err, io.EOF) {
				return
			}
			select {
			case lines <- queryLine{n, text, err}:
			case <-ctx.Done():
				return
			}
			if err != nil && !errors.Is(err, errLongQuery) {
				return
			}
		}
	}()
	return lines
}

// nextLine returns the next line, and flushes what has been answered before it waits for one.
func nextLine(ctx context.Context, lines <-chan queryLine, w *bufio.Writer) (l queryLine, more bool, err error) {
	select {
	case l, more = <-lines:
		return l, more, nil
	default:
	}
	if err := w.Flush(); err != nil {
		return l, false, err
	}
	select {
	case l, more = <-lines:
		return l, more, nil
	case <-ctx.Done():
		return l, false, ctx.Err()
	}
}

var errLongQuery = fmt.Errorf("query: the line is longer than %d bytes", maxQuery)

// readLine returns the next line without white space around it, errLongQuery after skipping one that is too long, and
// io.EOF when there is none.
func readLine(r *bufio.Reader) ([]byte, error) {
	var line []byte
	long := false
	for {
		part, err := r.ReadSlice('\n')
		if long = long || len(line)+len(part) > maxQuery; !long {
			line = append(line, part...)
		}
		switch {
		case errors.Is(err, bufio.ErrBufferFull):
			continue
		case errors.Is(err, io.EOF) && len(line) == 0 && !long:
			return nil, io.EOF
		case err != nil && !errors.Is(err, io.EOF):
			return nil, err
		case long:
			return nil, errLongQuery
		}
		return bytes.TrimSpace(line), nil
	}
}
