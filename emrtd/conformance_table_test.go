package emrtd

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// cases are how many test cases each unit of BSI TR-03105-5.1 V1.5 has.
var cases = map[string]int{
	"ISO7816_A": 3, "ISO7816_B": 10, "ISO7816_C": 8, "ISO7816_D": 15, "ISO7816_E": 38, "ISO7816_F": 9, "ISO7816_G": 41,
	"LDS_A": 10, "LDS_B": 28, "LDS_C": 28, "LDS_D": 16, "LDS_E": 14, "LDS_F": 7, "LDS_G": 2, "LDS_H": 98, "LDS_I": 3, "LDS_J": 4, "LDS_K": 4,
}

var (
	caseRange = regexp.MustCompile(`((?:ISO7816|LDS)_[A-K])_(\d\d)(?: to (?:ISO7816|LDS)_[A-K]_(\d\d))?`)
	testName  = regexp.MustCompile("`((?:Test|Fuzz)[A-Za-z0-9]+)`")
	testFunc  = regexp.MustCompile(`(?m)^func ((?:Test|Fuzz)[A-Za-z0-9]+)\(`)
)

// TestConformanceTable: every test case of the plan stands in the table once, every row has a test or says why it has none, and every test that is named exists.
func TestConformanceTable(t *testing.T) {
	page, err := os.ReadFile("../docs/conformance-tr03105-5.1.md")
	if err != nil {
		t.Fatal(err)
	}
	exists := testsUnder(t, "..")
	seen := map[string]int{}
	for _, line := range strings.Split(string(page), "\n") {
		for _, m := range testName.FindAllStringSubmatch(line, -1) {
			if !exists[m[1]] {
				t.Errorf("there is no test %s: %.80s", m[1], line)
			}
		}
		cells := strings.Split(line, "|")
		if len(cells) != 6 || !caseRange.MatchString(cells[1]) {
			continue
		}
		for _, id := range expand(cells[1]) {
			seen[id]++
		}
		why := strings.Contains(cells[3], "not built") || strings.Contains(cells[3], "not automated") || strings.Contains(cells[3], "none of it is read")
		if !why && !testName.MatchString(cells[4]) {
			t.Errorf("neither a test nor why there is none: %.80s", line)
		}
	}
	total := 0
	for unit, n := range cases {
		total += n
		for i := 1; i <= n; i++ {
			if id := fmt.Sprintf("%s_%02d", unit, i); seen[id] != 1 {
				t.Errorf("%s stands in the table %d times", id, seen[id])
			}
			delete(seen, fmt.Sprintf("%s_%02d", unit, i))
		}
	}
	if len(seen) > 0 {
		t.Errorf("cases that the plan does not have: %v", seen)
	}
	if want := fmt.Sprintf("has %d numbered test cases", total); !strings.Contains(string(page), want) {
		t.Errorf("the page does not say %q", want)
	}
}

// expand writes out a list of cases and ranges of them.
func expand(cell string) []string {
	var out []string
	for _, m := range caseRange.FindAllStringSubmatch(cell, -1) {
		var from, to int
		_, _ = fmt.Sscan(strings.TrimPrefix(m[2], "0"), &from)
		if to = from; m[3] != "" {
			_, _ = fmt.Sscan(strings.TrimPrefix(m[3], "0"), &to)
		}
		for i := from; i <= to; i++ {
			out = append(out, fmt.Sprintf("%s_%02d", m[1], i))
		}
	}
	return out
}

// testsUnder are the names of all tests of the packages that the table speaks of.
func testsUnder(t *testing.T, root string) map[string]bool {
	t.Helper()
	out := map[string]bool{}
	for _, dir := range []string{"emrtd", "mrz"} {
		err := filepath.WalkDir(filepath.Join(root, dir), func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || !strings.HasSuffix(path, "_test.go") {
				return err
			}
			b, err := os.ReadFile(path)
			for _, m := range testFunc.FindAllStringSubmatch(string(b), -1) {
				out[m[1]] = true
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return out
}
