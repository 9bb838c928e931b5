package watchlist

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"marz"
)

var update = flag.Bool("update", false, "write the golden files anew")

// ours are the fictional lists of this package, one of each format.
var ours = []string{"testdata/ofac", "testdata/un.xml", "testdata/fictional.ftm.json"}

func importOurs(t testing.TB) []*List {
	t.Helper()
	var out []*List
	for _, path := range ours {
		l, err := Import(path, Options{Loaded: 1767225600000})
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, l)
	}
	return out
}

func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata/golden", name)
	if *update {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(string(want), string(got)); d != "" {
		t.Errorf("%s (run with -update if this is meant):\n%s", path, d)
	}
}

func indented(t *testing.T, v any) []byte {
	t.Helper()
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", " ")
	if err := e.Encode(v); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestImportGolden(t *testing.T) {
	for _, l := range importOurs(t) {
		golden(t, string(l.ID)+".json", indented(t, l))
	}
}

func TestImportOptions(t *testing.T) {
	o := Options{ID: "mine", Name: "My list", Owner: "am-bg", Loaded: 7}
	l, err := Import("testdata/un.xml", o)
	if err != nil {
		t.Fatal(err)
	}
	if got := (Options{l.ID, l.Name, l.Owner, l.Loaded}); got != o || l.Alerts[0].Owner != "am-bg" {
		t.Errorf("got %+v with alerts of %s, want %+v", got, l.Alerts[0].Owner, o)
	}
}

// ofacFiles returns our OFAC files, to be broken.
func ofacFiles(t testing.TB) fstest.MapFS {
	t.Helper()
	m := fstest.MapFS{}
	for _, n := range []string{"sdn.csv", "alt.csv", "add.csv", "sdn_comments.csv"} {
		b, err := os.ReadFile(filepath.Join("testdata/ofac", n))
		if err != nil {
			t.Fatal(err)
		}
		m[n] = &fstest.MapFile{Data: b}
	}
	return m
}

// A byte order mark, other line ends, capitals in names and the absence of the further files change nothing that is
// there.
func TestImportTolerates(t *testing.T) {
	want, err := ImportFS(ofacFiles(t), "sdn.csv", Options{})
	if err != nil {
		t.Fatal(err)
	}
	m := fstest.MapFS{}
	for name, f := range ofacFiles(t) {
		b := bytes.TrimRight(bytes.ReplaceAll(f.Data, []byte("\r\n"), []byte("\n")), "\x1a")
		m[strings.ToUpper(name)] = &fstest.MapFile{Data: append([]byte("\ufeff"), b...)}
	}
	got, err := ImportFS(m, "SDN.CSV", Options{})
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(want.Alerts, got.Alerts); d != "" {
		t.Error(d)
	}
	if got.Version == want.Version {
		t.Error("other bytes have the same version")
	}
	alone, err := ImportFS(fstest.MapFS{"sdn.csv": m["SDN.CSV"]}, "sdn.csv", Options{})
	if err != nil {
		t.Fatal(err)
	}
	if len(alone.Alerts) != len(want.Alerts) || len(alone.Notes) != 5 || !strings.Contains(alone.Notes[1], "alt.csv is not beside") {
		t.Errorf("%d alerts, notes %q", len(alone.Alerts), alone.Notes)
	}
}

func TestImportRefuses(t *testing.T) {
	row := `7,"A NAME",-0- ,"P",-0- ,-0- ,-0- ,-0- ,-0- ,-0- ,-0- ,-0- ` + "\r\n"
	person := `{"id":"a","schema":"Person","properties":{"name":["A"]}}` + "\n"
	xml := func(s string) string { return "<CONSOLIDATED_LIST>\n" + s + "\n</CONSOLIDATED_LIST>" }
	ind := "<INDIVIDUAL><DATAID>1</DATAID><FIRST_NAME>A</FIRST_NAME></INDIVIDUAL>"
	for what, c := range map[string]struct{ file, subject, says string }{
		"empty":             {"", "f", "empty"},
		"spaces":            {"\ufeff \r\n\t", "f", "empty"},
		"words":             {"hello", "f:1", "none of the formats"},
		"binary":            {"\x00\x01\x02", "f:1", "none of the formats"},
		"array":             {"[1]", "f:1", "none of the formats"},
		"gzip":              {"\x1f\x8b\x08\x00", "f", "compressed"},
		"zip":               {"PK\x03\x04....", "f", "compressed"},
		"utf-16":            {"\xff\xfe<\x00", "f", "UTF-16"},
		"csv fields":        {row + `8,"B"` + "\n", "f:2", "2 fields"},
		"csv cut":           {row + row[:20], "f:2", "fields"},
		"csv quote":         {row + `8,"B`, "f:2", "broken"},
		"csv latin-1":       {row + "8,\"M\xfcller\"", "f:2", "UTF-8"},
		"csv zero":          {row + "8,\"M\x00ller\"", "f:2", "zero byte"},
		"csv twice":         {row + row, "f:2", "stands twice"},
		"csv kind":          {strings.Replace(row, "-0- ", `"spirit"`, 1), "f:1", "none of individual"},
		"csv number":        {strings.Replace(row, "7", "7x", 1), "f:1", "not the number"},
		"csv no name":       {strings.Replace(row, `"A NAME"`, "-0- ", 1), "f:1", "no name"},
		"csv header":        {`"ent_num","SDN_Name"`, "f:1", "fields"},
		"xml cut":           {xml(ind)[:60], "f:2", ""},
		"xml other":         {"<html></html>", "f:1", "not the consolidated list"},
		"xml two roots":     {xml(ind) + "\n<b/>", "f:4", "only one"},
		"xml text after":    {xml(ind) + "\nrest", "f:4", "text outside"},
		"xml none":          {xml(""), "f", "no alerts"},
		"xml doctype":       {"<!DOCTYPE a [<!ENTITY b \"c\">]>\n" + xml(ind), "f:1", "document type"},
		"xml entity":        {xml("<INDIVIDUAL><DATAID>&b;</DATAID></INDIVIDUAL>"), "f:2", "entity"},
		"xml encoding":      {`<?xml version="1.0" encoding="ISO-8859-1"?>` + xml(ind), "f:1", "UTF-8"},
		"xml latin-1":       {xml("\xe9"), "f:2", "UTF-8"},
		"xml twice":         {xml(ind + "\n" + ind), "f:3", "stands twice"},
		"xml no name":       {xml("<ENTITY><DATAID>1</DATAID></ENTITY>"), "f:2", "no name"},
		"xml no id":         {xml("<ENTITY><FIRST_NAME>A</FIRST_NAME></ENTITY>"), "f:2", "neither"},
		"xml deep":          {xml(strings.Repeat("<a>", 100000)), "f:2", "too deep"},
		"xml deep in entry": {xml("<ENTITY>" + strings.Repeat("<a>", 100000)), "f:2", "too deep"},
		"ftm cut":           {person + person[:30], "f:2", "cut short"},
		"ftm pretty":        {"{\n\"id\": \"a\"\n}", "f:1", "not one JSON"},
		"ftm latin-1":       {person + "{\"id\":\"\xe9\"}", "f:2", "UTF-8"},
		"ftm twice":         {person + "\n" + person, "f:3", "stands twice"},
		"ftm no schema":     {`{"id":"a","properties":{}}`, "f:1", "lacks"},
		"ftm type":          {`{"id":1}`, "f:1", "number"},
		"ftm property":      {`{"id":"a","schema":"Person","properties":{"name":"A"}}`, "f:1", `"name"`},
		"ftm many names":    {`{"id":"a","schema":"Person","properties":{"name":["A"` + strings.Repeat(`,"A"`, 100000) + `]}}`, "f:1", "at most"},
		"ftm long line":     {person + `{"id":"` + strings.Repeat("a", maxLineBytes) + `"}`, "f:2", "longer"},
		"csv many values":   {strings.TrimSuffix(row, "-0- \r\n") + `"` + strings.Repeat("Passport 123456789; ", 100000) + `"`, "f", "more than"},
		"ftm no name":       {`{"id":"a","schema":"Person","properties":{}}`, "f:1", "no name"},
		"ftm none":          {`{"id":"a","schema":"Address","properties":{}}`, "f", "no alerts"},
	} {
		t.Run(what, func(t *testing.T) {
			l, err := ImportFS(fstest.MapFS{"f": {Data: []byte(c.file)}}, "f", Options{})
			wantRefusal(t, l, err, c.subject, c.says)
		})
	}
}

func wantRefusal(t *testing.T, l *List, err error, subject, says string) {
	t.Helper()
	if l != nil {
		t.Error("there is a list beside the error")
	}
	e, ok := errors.AsType[*marz.Error](err)
	if !ok {
		t.Fatalf("the error is %v, not of the project's type", err)
	}
	if e.Subject != subject || !strings.Contains(e.Error(), says) {
		t.Errorf("the error is about %q and says %q, want %q and %q", e.Subject, e, subject, says)
	}
}

// A fault in any of OFAC's files leaves no list.
func TestImportRefusesOFACSiblings(t *testing.T) {
	for _, c := range []struct{ file, content, subject, says string }{
		{"alt.csv", `999,1,"aka","A",-0- `, "alt.csv:1", "999"},
		{"alt.csv", `101,1,"aka","A"`, "alt.csv:1", "4 fields"},
		{"add.csv", "101,1\n", "add.csv:1", "2 fields"},
		{"sdn_comments.csv", "101,\"x\xff\"", "sdn_comments.csv:1", "UTF-8"},
	} {
		m := ofacFiles(t)
		m[c.file] = &fstest.MapFile{Data: []byte(c.content)}
		l, err := ImportFS(m, "sdn.csv", Options{})
		wantRefusal(t, l, err, c.subject, c.says)
	}
}

// What add.csv remarks on an address stands behind it.
func TestImportOFACAddressRemark(t *testing.T) {
	m := ofacFiles(t)
	m["add.csv"] = &fstest.MapFile{Data: []byte(`101,1,"1 Example Street","Yerevan","Armenia","until 2019"` + "\r\n\x1a")}
	l, err := ImportFS(m, "sdn.csv", Options{})
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff([]string{"1 Example Street, Yerevan, Armenia, until 2019"}, l.Alerts[0].Addresses); d != "" {
		t.Error(d)
	}
}

func TestImportPaths(t *testing.T) {
	for _, path := range []string{"testdata/none.csv", "testdata/golden"} {
		l, err := Import(path, Options{})
		wantRefusal(t, l, err, path, "")
	}
}

// Every list of ours, cut anywhere, is refused or is whole up to there: there is no panic and no alert without an ID.
func TestImportCutAnywhere(t *testing.T) {
	files := ofacFiles(t)
	files["un.xml"] = &fstest.MapFile{Data: readFile(t, "testdata/un.xml")}
	files["f.json"] = &fstest.MapFile{Data: readFile(t, "testdata/fictional.ftm.json")}
	files["sdn.xml"] = &fstest.MapFile{Data: readFile(t, "testdata/more/sdn.xml")}
	names := slices.Sorted(maps.Keys(files))
	for _, name := range names {
		whole := files[name].Data
		main := "sdn.csv"
		if name == "un.xml" || name == "sdn.xml" || name == "f.json" {
			main = name
		}
		for n := 0; n < len(whole); n += 7 {
			files[name] = &fstest.MapFile{Data: whole[:n]}
			l, err := ImportFS(files, main, Options{})
			if err == nil && strings.HasSuffix(name, ".xml") && n < len(bytes.TrimSpace(whole)) {
				t.Fatalf("%s cut at %d is taken for whole", name, n)
			}
			if err == nil {
				checkList(t, l)
			}
		}
		files[name] = &fstest.MapFile{Data: whole}
	}
}

func readFile(t testing.TB, path string) []byte {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// checkList states what holds for every list that an importer gives.
func checkList(t testing.TB, l *List) {
	t.Helper()
	if err := l.check(); err != nil {
		t.Fatal(err)
	}
	if l.Version == "" || l.Name == "" {
		t.Fatal("the list has no version or name")
	}
	for _, a := range l.Alerts {
		if a.Kind == "" || a.Version != a.digest() || a.Owner == "" {
			t.Fatalf("alert %q is not sealed", a.ID)
		}
		if len(a.Names)+len(a.Documents)+len(a.Vehicles) == 0 {
			t.Fatalf("alert %q cannot be found", a.ID)
		}
		for _, b := range a.Births {
			if !b.From.Valid() || !b.To.Valid() || b.From.Year == 0 {
				t.Fatalf("alert %q has the birth date %v", a.ID, b)
			}
		}
	}
}

// FuzzImport gives any bytes to every importer, as the main file and as OFAC's alt.csv.
func FuzzImport(f *testing.F) {
	for _, path := range []string{"testdata/un.xml", "testdata/fictional.ftm.json", "testdata/ofac/sdn.csv", "testdata/ofac/alt.csv",
		"testdata/more/uk-conlist.csv", "testdata/more/uk-sanctions-list.csv", "testdata/more/eu.xml", "testdata/more/eu.csv", "testdata/more/own.csv", "testdata/more/sdn.xml", peopleBase, peopleDelta,
		"testdata/varied/un.xml", "testdata/varied/eu.xml", "testdata/varied/eu.csv", "testdata/varied/uk-conlist.csv", "testdata/varied/uk-sanctions-list.csv"} {
		f.Add(readFile(f, path))
	}
	base := ofacFiles(f)
	f.Fuzz(func(t *testing.T, b []byte) {
		m := maps.Clone(base)
		m["f"] = &fstest.MapFile{Data: b}
		m["alt.csv"] = &fstest.MapFile{Data: b}
		for _, name := range []string{"f", "sdn.csv"} {
			l, err := ImportFS(m, name, Options{})
			if (l == nil) == (err == nil) {
				t.Fatal("neither a list nor an error, or both")
			}
			if err != nil {
				if _, ok := errors.AsType[*marz.Error](err); !ok {
					t.Fatalf("the error %v is not of the project's type", err)
				}
				continue
			}
			checkList(t, l)
			build(l.Alerts, nil, nil)
		}
	})
}
