package saved

import "testing"

// TestKeys: every key is whole, of its size, and there once.
func TestKeys(t *testing.T) {
	seen := map[string]bool{}
	for bits, n := range map[int]int{1024: 1, 2048: 3, 3072: 2, 4096: 2, 6144: 2} {
		for i := range n {
			k := Key(bits, i)
			if k == nil || k.N.BitLen() != bits || k.Validate() != nil || seen[k.N.String()] {
				t.Fatalf("key %d of %d bits", i, bits)
			}
			seen[k.N.String()] = true
		}
		if Key(bits, n) != nil {
			t.Errorf("%d bits: more keys than %d", bits, n)
		}
	}
}
