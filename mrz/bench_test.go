package mrz

import (
	"crypto/sha256"
	"testing"
	"time"
)

// BenchmarkParse prints for each format how many zones are read a second, what that costs in memory, and, as "x-sha256", how
// many times as long reading a zone takes as hashing its text. It reads and hashes in turns of some milliseconds, the collector's
// work in them, and takes the best turn of each: a busy machine takes the processor away in most, and not in all.
//
//	go test ./mrz -run xxx -bench Parse -cpu 1
func BenchmarkParse(b *testing.B) {
	for _, s := range specimens {
		b.Run(s.source, func(b *testing.B) {
			b.ReportAllocs()
			text := []byte(s.text)
			const turn = 5000
			best := func(what func()) time.Duration {
				start := time.Now()
				for range turn {
					what()
				}
				return time.Since(start)
			}
			read, hashed := time.Hour, time.Hour
			for n := 0; n < b.N; n += turn {
				read = min(read, best(func() {
					if _, err := Parse(s.text, testToday); err != nil {
						b.Fatal(err)
					}
				}))
				hashed = min(hashed, best(func() { sink += sha256.Sum256(text)[0] }))
			}
			b.ReportMetric(turn/read.Seconds(), "zones/s")
			b.ReportMetric(float64(read)/float64(hashed), "x-sha256")
			b.ReportMetric(0, "ns/op")
		})
	}
}

// sink keeps the hashes from being left out.
var sink byte
