package watchlist

import (
	"bufio"
	"bytes"
	"context"
	"encoding/csv"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"os"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"

	"marz"
	"marz/watchlist/number"
)

// NoteSuffix is what the name of a table's note has after that of the table. The note says which list the table is, and holds the digest of its head.
const NoteSuffix = ".note"

// NumbersOptions say how a table is built. The zero value will do.
type NumbersOptions struct {
	Signer   note.Signer // nil: its note is not signed
	Progress func(number.Progress)
}

// BuildNumbers builds a table of numbers and writes its note beside it. A version that is not given is the digest of the table.
func BuildNumbers(ctx context.Context, path string, info ListInfo, rows iter.Seq2[number.Row, error], o NumbersOptions) (number.Info, error) {
	if info.ID == "" {
		return number.Info{}, &marz.Error{Code: marz.Invalid, Op: "build number table", Subject: path, Fix: "the list has no ID"}
	}
	if _, err := writePage(path, numbersFormat, nil, string(info.ID), info.Name, string(info.Owner), info.Version, "", "", ""); err != nil {
		return number.Info{}, err
	}
	built, err := number.Build(ctx, path, rows, number.Options{Progress: o.Progress})
	if err != nil {
		return built, err
	}
	t, err := number.Open(path)
	if err != nil {
		return built, err
	}
	defer t.Close()
	head := t.Digest()
	if info.Version == "" {
		info.Version = tableVersion(t)
	}
	page, err := writePage(path, numbersFormat, o.Signer, string(info.ID), info.Name, string(info.Owner), info.Version, info.Loaded.String(), strconv.FormatInt(built.Numbers, 10), hex.EncodeToString(head[:]))
	if err != nil {
		return built, err
	}
	return built, replaceFile(path+NoteSuffix, func(_ *os.File, w *bufio.Writer) error {
		_, err := w.Write(page)
		return err
	})
}

// tableVersion is the version of a table that has none: from its content.
func tableVersion(t *number.Table) string {
	sum := t.Digest()
	return "sha256-" + hex.EncodeToString(sum[:8])
}

// NumbersFile is a table of numbers with what its note says.
type NumbersFile struct {
	*number.Table
	ListInfo
	Signers []string // names of the keys that have signed its note, whether they were checked or not
	Signer  string   // the one that was checked
}

// OpenNumbers opens a table, reads it whole and compares it with its digests. Its note, if there is one beside it, says which list it is; with a verifier there has to be one, signed with its key. Without a note the list has no ID.
func OpenNumbers(ctx context.Context, path string, verifier note.Verifier) (*NumbersFile, error) {
	t, err := number.Open(path)
	if err != nil {
		return nil, err
	}
	f := &NumbersFile{Table: t, ListInfo: ListInfo{Version: tableVersion(t), Alerts: int(t.Info().Numbers)}}
	if err := f.readNote(path+NoteSuffix, verifier); err != nil {
		return nil, err
	}
	if err := t.Verify(ctx, nil); err != nil {
		return nil, err
	}
	return f, nil
}

func (f *NumbersFile) readNote(path string, verifier note.Verifier) error {
	b, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) && verifier == nil {
		return nil
	}
	if err != nil {
		return fileError(marz.CodeOf(err), path, "the note of a table has to lie beside it, since it has to be signed", cause(err))
	}
	p, err := readPage(path, b, numbersFormat, verifier)
	if err != nil {
		return err
	}
	info, err := p.info(path)
	if err != nil {
		return err
	}
	if info.Alerts, err = p.count(path, "numbers"); err != nil {
		return err
	}
	if head := f.Digest(); p.values["head"] != hex.EncodeToString(head[:]) || info.Alerts != f.Alerts {
		return fileError(marz.Invalid, path, "it is the note of another table; copy both again", nil)
	}
	f.ListInfo, f.Signers, f.Signer = info, p.signers, p.signer
	return nil
}

// NumbersOf gives the numbers of a list's alerts as rows of a table. An alert that has more than numbers is an error: it would be lost.
func NumbersOf(l *List) iter.Seq2[number.Row, error] {
	return func(yield func(number.Row, error) bool) {
		for i := range l.Alerts {
			a := &l.Alerts[i]
			if len(a.Names) > 0 {
				yield(number.Row{}, &marz.Error{Code: marz.Invalid, Op: "take", Subject: fmt.Sprintf("alert %.60q", a.ID), Fix: "it has names, which a table of numbers does not hold; build a list"})
				return
			}
			for _, n := range a.Documents {
				if !yield(number.Row{Kind: number.Document, Number: n.Number, Country: n.Country, Type: n.Type}, nil) {
					return
				}
			}
			for _, n := range a.Vehicles {
				if !yield(number.Row{Kind: number.Vehicle, Number: vehicle(n.Number), Country: n.Country, Type: n.Type}, nil) {
					return
				}
			}
		}
	}
}

// numberColumns are the columns of a file of numbers. All but number may be missing; without kind all are documents.
var numberColumns = []string{"kind", "number", "country", "type"}

// IsNumbersCSV reports whether a file is one of numbers: comma-separated values whose first line names none but the columns kind, number, country and type, in any order.
func IsNumbersCSV(path string) bool {
	f, err := os.Open(path)
	if err != nil {
		return false
	}
	defer f.Close()
	b := make([]byte, 256)
	n, _ := io.ReadFull(f, b)
	line, _, _ := bytes.Cut(b[:n], []byte("\n"))
	_, ok := columnsOf(strings.Split(strings.TrimSpace(string(bytes.TrimPrefix(line, utf8BOM))), ","))
	return ok
}

// columnsOf returns where each of the columns stands, -1 for one that is missing.
func columnsOf(names []string) (at [4]int, ok bool) {
	at = [4]int{-1, -1, -1, -1}
	for i, n := range names {
		c := slices.Index(numberColumns, strings.ToLower(strings.Trim(n, ` "`)))
		if c < 0 || at[c] >= 0 {
			return at, false
		}
		at[c] = i
	}
	return at, at[1] >= 0
}

// NumberRows reads a file of numbers, row by row, however long it is.
func NumberRows(path string) iter.Seq2[number.Row, error] {
	return func(yield func(number.Row, error) bool) {
		f, err := os.Open(path)
		if err != nil {
			yield(number.Row{}, &marz.Error{Code: marz.NotFound, Op: "load list", Subject: path, Fix: "the file cannot be opened", Err: cause(err)})
			return
		}
		defer f.Close()
		in := bufio.NewReaderSize(f, 1<<20)
		if b, _ := in.Peek(len(utf8BOM)); bytes.Equal(b, utf8BOM) {
			in.Discard(len(utf8BOM))
		}
		r := csv.NewReader(in)
		r.ReuseRecord = true
		readNumberRows(path, r, yield)
	}
}

func readNumberRows(path string, r *csv.Reader, yield func(number.Row, error) bool) {
	bad := func(fix string, err error) {
		line, _ := r.FieldPos(0)
		yield(number.Row{}, &marz.Error{Code: marz.Invalid, Op: "load list", Subject: fmt.Sprintf("%s:%d", path, line), Fix: fix, Err: err})
	}
	first, err := r.Read()
	if err != nil {
		yield(number.Row{}, &marz.Error{Code: marz.Invalid, Op: "load list", Subject: path, Fix: "its first line has to name the columns: kind,number,country,type"})
		return
	}
	at, ok := columnsOf(first)
	if !ok {
		bad("its first line has to name the columns: kind,number,country,type", nil)
		return
	}
	for {
		fields, err := r.Read()
		if errors.Is(err, io.EOF) {
			return
		}
		if e, ok := errors.AsType[*csv.ParseError](err); ok {
			yield(number.Row{}, &marz.Error{Code: marz.Invalid, Op: "load list", Subject: fmt.Sprintf("%s:%d", path, e.Line), Fix: "the row is broken: " + e.Err.Error()})
			return
		}
		if err != nil {
			yield(number.Row{}, &marz.Error{Op: "load list", Subject: path, Fix: "the file cannot be read", Err: cause(err)})
			return
		}
		row, ok := numberRow(fields, at)
		if !ok {
			bad("the kind is neither document nor vehicle", nil)
			return
		}
		if !yield(row, nil) {
			return
		}
	}
}

// numberRow makes a row of the fields of a line.
func numberRow(fields []string, at [4]int) (number.Row, bool) {
	field := func(c int) string {
		if at[c] < 0 {
			return ""
		}
		return strings.TrimSpace(fields[at[c]])
	}
	row := number.Row{Kind: number.Document, Number: field(1), Country: strings.ToUpper(field(2)), Type: field(3)}
	switch strings.ToLower(field(0)) {
	case "", "document":
	case "vehicle":
		row.Kind, row.Number = number.Vehicle, vehicle(row.Number)
	default:
		return row, false
	}
	return row, true
}
