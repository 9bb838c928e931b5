package verify

import (
	"context"
	"fmt"
	"testing"
)

// BenchmarkFolder checks a closed journal of 20,000 entries, half of them with a payload. The commits are long in one run,
// so that hashing dominates, and of one entry each in another, so that signatures do.
func BenchmarkFolder(b *testing.B) {
	for _, perCommit := range []int{200, 1} {
		b.Run(fmt.Sprint(perCommit, " a commit"), func(b *testing.B) {
			j := sample(b, 20000, perCommit)
			for b.Loop() {
				r, err := Folder(context.Background(), j.dir, Options{})
				if err != nil || !r.OK() {
					b.Fatal(err, r)
				}
			}
			b.ReportMetric(float64(20000*b.N)/b.Elapsed().Seconds(), "entries/s")
		})
	}
}
