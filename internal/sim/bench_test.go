package sim

import "testing"

func BenchmarkNext(b *testing.B) {
	s := New(1, Options{Start: instant(b, "2024-12-20T00:00:00+04:00"), List: fictional(b)})
	b.ReportAllocs()
	for b.Loop() {
		s.Next()
	}
}
