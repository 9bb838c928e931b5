package number

import (
	"context"
	"iter"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"sync/atomic"
	"testing"
	"time"
)

// BenchmarkFind builds a table of a million numbers, or with MARZ_BIG=1 of a hundred million, and finds in it, beside a binary search in a sorted slice of as many 64-bit keys. It
// prints the bytes a number, the time and memory of the build, and of a find the median and the 99th of 100. They judge nothing.
//
//	MARZ_BIG=1 go test ./watchlist/number -run xxx -bench Find -v
func BenchmarkFind(b *testing.B) {
	n := uint64(1_000_000)
	if os.Getenv("MARZ_BIG") == "1" {
		n = 100_000_000
	}
	path := filepath.Join(b.TempDir(), "t")
	done := peak()
	began := time.Now()
	info, err := Build(context.Background(), path, invented(n), Options{})
	if err != nil {
		b.Fatal(err)
	}
	b.Logf("%d numbers, %.3f bytes each, %d origins; built in %.1f s with at most %d MB", info.Numbers, float64(info.Bytes)/float64(info.Numbers), info.Origins,
		time.Since(began).Seconds(), done()>>20)
	began = time.Now()
	x, err := Open(path)
	if err != nil {
		b.Fatal(err)
	}
	defer x.Close()
	opened := time.Since(began)
	began = time.Now()
	if err := x.Verify(context.Background(), nil); err != nil {
		b.Fatal(err)
	}
	b.Logf("opened in %v, verified in %.1f s", opened, time.Since(began).Seconds())

	var buf []Match
	b.Run("listed", func(b *testing.B) {
		measure(b, func(i uint64) string { return inventedNumber(scatter(i) % n) }, func(s string) {
			if buf = x.Find(Document, s, buf[:0]); len(buf) == 0 || !buf[0].Exact {
				b.Fatal("a listed number is not found")
			}
		})
	})
	b.Run("not listed", func(b *testing.B) {
		measure(b, func(i uint64) string { return inventedNumber(n + scatter(i)%n) }, func(s string) { buf = x.Find(Document, s, buf[:0]) })
	})
	b.Run("checked", func(b *testing.B) {
		measure(b, func(i uint64) string { return inventedNumber(scatter(i) % n) }, func(s string) { buf = x.FindChecked(Document, s, '7', buf[:0]) })
	})
	b.Run("reference: binary search", func(b *testing.B) {
		keys := make([]uint64, n)
		for i := range keys {
			keys[i] = scatter(uint64(i))
		}
		slices.Sort(keys)
		found := 0
		measure(b, func(i uint64) string { return strconv.FormatUint(scatter(scatter(i)%n), 10) }, func(s string) {
			k, _ := strconv.ParseUint(s, 10, 64)
			if _, ok := slices.BinarySearch(keys, k); ok {
				found++
			}
		})
	})
}

// scatter takes numbers to numbers without order, and no two to one.
func scatter(i uint64) uint64 {
	i = (i ^ i>>30) * 0xbf58476d1ce4e5b9
	i = (i ^ i>>27) * 0x94d049bb133111eb
	return i ^ i>>31
}

// inventedNumber makes two letters and seven digits, of each i another.
func inventedNumber(i uint64) string {
	i = i * 3_000_000_019 % 6_760_000_000 // so that neighbours are far apart
	b := []byte{'A' + byte(i/260_000_000), 'A' + byte(i/10_000_000%26), 0, 0, 0, 0, 0, 0, 0}
	for at := 8; at >= 2; at-- {
		b[at] = '0' + byte(i%10)
		i /= 10
	}
	return string(b)
}

// invented gives rows of 250 issuers and 4 types.
func invented(n uint64) iter.Seq2[Row, error] {
	var issuers []string
	for i := range 250 {
		issuers = append(issuers, string([]byte{'A' + byte(i/26), 'A' + byte(i%26), 'X'}))
	}
	return func(yield func(Row, error) bool) {
		for i := range n {
			r := Row{Document, inventedNumber(i), issuers[scatter(i)%250], [...]string{"passport", "identity card", "visa", "permit"}[scatter(i)>>32%4]}
			if !yield(r, nil) {
				return
			}
		}
	}
}

// measure times single finds of what was prepared apart.
func measure(b *testing.B, number func(uint64) string, find func(string)) {
	asked := make([]string, 1<<16)
	times := make([]time.Duration, 0, 1<<20)
	base := uint64(0)
	b.ReportAllocs()
	for b.Loop() {
		if at := base & (1<<16 - 1); at == 0 {
			b.StopTimer()
			for i := range asked {
				asked[i] = number(base + uint64(i))
			}
			b.StartTimer()
		}
		began := time.Now()
		find(asked[base&(1<<16-1)])
		if took := time.Since(began); len(times) < cap(times) {
			times = append(times, took)
		}
		base++
	}
	slices.Sort(times)
	b.ReportMetric(float64(times[len(times)/2]), "p50-ns")
	b.ReportMetric(float64(times[len(times)*99/100]), "p99-ns")
}

// peak watches the memory that Go has from the system until the function that it returns is called.
func peak() (most func() uint64) {
	var stop atomic.Bool
	result := make(chan uint64)
	go func() {
		var m runtime.MemStats
		most := uint64(0)
		for !stop.Load() {
			runtime.ReadMemStats(&m)
			most = max(most, m.Sys-m.HeapReleased)
			time.Sleep(20 * time.Millisecond)
		}
		result <- most
	}()
	return func() uint64 { stop.Store(true); return <-result }
}
