package main

import (
	"encoding/csv"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"marz"
	"marz/watchlist"
)

// lists imports the public lists.
func (o *options) lists() ([]*watchlist.List, error) {
	var out []*watchlist.List
	for _, path := range []string{"lists/ofac", "lists/un/un_consolidated.xml"} {
		l, err := watchlist.Import(filepath.Join(o.data, path), watchlist.Options{Loaded: 1})
		if err != nil {
			return nil, err
		}
		out = append(out, l)
	}
	return out, nil
}

// rows reads a CSV file with a header as maps.
func (o *options) rows(path string) ([]map[string]string, error) {
	f, err := os.Open(filepath.Join(o.data, path))
	if err != nil {
		return nil, err
	}
	defer f.Close()
	all, err := csv.NewReader(f).ReadAll()
	if err != nil {
		return nil, err
	}
	var out []map[string]string
	for _, r := range all[1:] {
		m := map[string]string{}
		for i, v := range r {
			m[all[0][i]] = v
		}
		out = append(out, m)
	}
	return out, nil
}

// traveller is a person of screening/*.csv as a query.
func traveller(m map[string]string) watchlist.Query {
	d, _ := marz.ParseDate(m["date_of_birth"])
	return watchlist.Query{Names: []string{m["full_name"]}, Birth: d, Sex: m["gender"], Nationality: m["nationality"]}
}

// pair is a name in Latin letters and in its own, and how often it was seen so.
type pair struct {
	latin, native string
	count         int
}

func (o *options) pairs(path string) ([]pair, error) {
	b, err := os.ReadFile(filepath.Join(o.data, path))
	if err != nil {
		return nil, err
	}
	var out []pair
	for line := range strings.Lines(string(b)) {
		f := strings.Split(strings.TrimRight(line, "\r\n"), "\t")
		if len(f) != 3 {
			continue
		}
		n, _ := strconv.Atoi(f[2])
		out = append(out, pair{f[0], strings.ReplaceAll(f[1], " ", ""), n})
	}
	return out, nil
}
