package curve

import "testing"

// BenchmarkVerify verifies signatures of one key with each curve.
func BenchmarkVerify(b *testing.B) {
	for _, c := range Known() {
		e := exampleOf(c, "bench")
		b.Run(c.Name(), func(b *testing.B) {
			for b.Loop() {
				if err := c.Verify(e.key, e.hash, e.r, e.s); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "verifies/s")
		})
		b.Run(c.Name()+" prepared", func(b *testing.B) {
			p, err := c.Prepare(e.key)
			if err != nil {
				b.Fatal(err)
			}
			for b.Loop() {
				if err := p.Verify(e.hash, e.r, e.s); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "verifies/s")
		})
	}
}
