package watchlist

import (
	"bytes"
	"slices"
	"strings"
)

// reader returns the importer of a file by its first bytes, nil when it is in none of the formats that are read.
func (in source) reader(head []byte) func(name string) (*List, error) {
	switch head[0] {
	case '<':
		switch rootOf(head) {
		case "sdnList":
			return in.ofacXML
		case "export":
			return in.eu
		case "Sanctions":
			return func(name string) (*List, error) {
				return nil, in.bad(name, 1, "it is OFAC's advanced form, which is not read; fetch sdn.xml, or sdn.csv with the files beside it")
			}
		}
		return in.un
	case '{':
		if isDelta(head) {
			return func(name string) (*List, error) {
				return nil, in.bad(name, 1, "it is a delta of OpenSanctions, which is no list: marz list import --base with the entities before it makes a change of it")
			}
		}
		return in.ftm
	}
	first, rest, _ := strings.Cut(string(head), "\n")
	second, _, _ := strings.Cut(rest, "\n")
	switch columns := columnsIn(first, ","); {
	case slices.Contains(columnsIn(first, ";"), "entitylogicalid"):
		return in.euCSV
	case slices.Contains(columnsIn(second, ","), "name6"):
		return in.uk
	case slices.Contains(columns, "kind") && (slices.Contains(columns, "number") || slices.Contains(columns, "name")):
		return in.own
	case head[0] == '"' || '0' <= head[0] && head[0] <= '9':
		return in.ofac
	}
	return nil
}

// columnsIn are the columns that a line names, if it is a header.
func columnsIn(line, comma string) []string {
	out := strings.Split(line, comma)
	for i := range out {
		out[i] = column(out[i])
	}
	return out
}

// rootOf is the name of the first element in the beginning of a file, without its namespace's prefix.
func rootOf(head []byte) string {
	for {
		i := bytes.IndexByte(head, '<')
		if i < 0 || i+1 >= len(head) {
			return ""
		}
		head = head[i+1:]
		if head[0] == '?' {
			continue
		}
		if bytes.HasPrefix(head, []byte("!--")) {
			if i = bytes.Index(head, []byte("-->")); i < 0 {
				return ""
			}
			head = head[i+3:]
			continue
		}
		end := bytes.IndexAny(head, " \t\r\n/>")
		if end < 0 {
			end = len(head)
		}
		name := string(head[:end])
		return name[strings.IndexByte(name, ':')+1:]
	}
}
