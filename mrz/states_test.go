package mrz

import (
	"strings"
	"testing"
)

// The codes of 9303-3 §5, Parts A to H, beside those of ISO 3166-1, and what is met without a clause.
func TestCodes(t *testing.T) {
	for what, list := range map[string]string{
		"Part A": "D RKS GBD GBN GBO GBS GBP", "Part B": "EUE", "Part C": "UNO UNA UNK",
		"Part D": "XBA XIM XCC XCE XCO XEC XPO XES XMP XOM XDC", "Part E": "XXA XXB XXC XXX", "Part G": "UTO",
		"no clause": "XAU XCT XXK", "ISO 3166-1": "ARM IRN RUS TUR GEO DEU GBR SSD TLS SXM",
	} {
		for _, code := range strings.Fields(list) {
			if !KnownCode(code) || WithdrawnCode(code) {
				t.Errorf("%s, %s: known %v, withdrawn %v", what, code, KnownCode(code), WithdrawnCode(code))
			}
		}
	}
	for _, code := range strings.Fields("ANT NTZ YUG SUN CSK DDR SCG TMP ROM ZAR BUR BYS FXX YMD") {
		if !KnownCode(code) || !WithdrawnCode(code) {
			t.Errorf("%s: known %v, withdrawn %v", code, KnownCode(code), WithdrawnCode(code))
		}
	}
	for _, code := range []string{"", "A", "DE", "AAA", "IAO", "uto", "U7O", "D<<", "UTOP", "Ä", "ZZZ"} {
		if KnownCode(code) || WithdrawnCode(code) {
			t.Errorf("%q is known", code)
		}
	}
	if n := len(strings.Fields(codes)) + len(strings.Fields(withdrawn)); n != func() (n int) {
		for _, state := range codeTable {
			if state != 0 {
				n++
			}
		}
		return n
	}() {
		t.Error("a code stands twice in the lists")
	}
}
