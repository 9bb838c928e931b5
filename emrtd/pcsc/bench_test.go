package pcsc_test

import (
	"context"
	"crypto/rand"
	"sync/atomic"
	"testing"
	"time"

	"marz"
	"marz/emrtd/chip"
	"marz/emrtd/pcsc"
	"marz/emrtd/reading"
	"marz/emrtd/specimen"
	"marz/internal/pcsctest"
)

// timedChip takes the time that the virtual chip itself computes.
type timedChip struct {
	*chip.Virtual
	spent atomic.Int64
}

func (c *timedChip) Transmit(ctx context.Context, command []byte) ([]byte, error) {
	defer func(began time.Time) { c.spent.Add(int64(time.Since(began))) }(time.Now())
	return c.Virtual.Transmit(ctx, command)
}

// timedCard takes the time that is waited for answers.
type timedCard struct {
	chip.Card
	waited   time.Duration
	commands int
}

func (c *timedCard) Transmit(ctx context.Context, command []byte) ([]byte, error) {
	defer func(began time.Time) { c.waited += time.Since(began) }(time.Now())
	c.commands++
	return c.Card.Transmit(ctx, command)
}

// BenchmarkReading is the time of one reading through pcscd and vpcd, opening, files and proof of the chip: our own computing (own-ms), and what was waited for answers (wait-ms), of which the virtual chip computed chip-ms. As a reference in the same run: as
// many commands that the chip refuses at once (way-ms), which is what pcscd and vpcd alone take.
func BenchmarkReading(b *testing.B) {
	for _, c := range []struct {
		name    string
		profile specimen.Profile
	}{
		{"BAC", specimen.Profile{Access: []string{"bac"}, Prove: []string{"none"}}},
		{"BAC-chip-authentication", specimen.Profile{Access: []string{"bac"}}},
		{"PACE-brainpoolP256r1", specimen.Profile{Prove: []string{"none"}}},
		{"PACE-chip-authentication", specimen.Profile{}},
		{"CAM-brainpoolP256r1", specimen.Profile{Access: []string{"cam"}, Prove: []string{"none"}}},
		{"CAM-P-384-active-rsa", specimen.Profile{Access: []string{"cam"}, Curve: "P-384", Cipher: "aes256", Prove: []string{"active-rsa"}}},
	} {
		for _, long := range []bool{false, true} {
			name := c.name + "/short"
			if long {
				name = c.name + "/long"
			}
			b.Run(name, func(b *testing.B) { benchmarkReading(b, c.profile, long) })
		}
	}
}

func benchmarkReading(b *testing.B, p specimen.Profile, long bool) {
	d := pcsctest.Start(b)
	p.Signer, p.CSCA = "P-256", "P-256"
	doc, err := specimen.Make(p, rand.Reader, noon)
	if err != nil {
		b.Fatal(err)
	}
	c := &timedChip{Virtual: doc.Chip}
	d.Lay(b, c)
	if _, err := d.Service().WaitDocument(b.Context(), d.Reader); err != nil {
		b.Fatal(err)
	}
	var total, waited, computed, way time.Duration
	commands := 0
	for b.Loop() {
		card, err := d.Service().Open(b.Context(), d.Reader)
		if err != nil {
			b.Fatal(err)
		}
		timed := &timedCard{Card: card}
		chipBefore, began := c.spent.Load(), time.Now()
		got := reading.ReadChip(b.Context(), timed, reading.Options{Zone: doc.Zone, Long: long})
		total += time.Since(began)
		computed += time.Duration(c.spent.Load() - chipBefore)
		if got.Result != marz.Successful {
			b.Fatal(got.Reason)
		}
		waited += timed.waited
		commands += timed.commands
		way += refused(b, card, timed.commands)
		if err := card.Close(); err != nil {
			b.Fatal(err)
		}
	}
	ms := func(t time.Duration) float64 { return float64(t.Microseconds()) / 1000 / float64(b.N) }
	b.ReportMetric(ms(total-waited), "own-ms")
	b.ReportMetric(ms(waited), "wait-ms")
	b.ReportMetric(ms(computed), "chip-ms")
	b.ReportMetric(ms(way), "way-ms")
	b.ReportMetric(float64(total)/float64(way), "x-way")
	b.ReportMetric(float64(commands)/float64(b.N), "commands")
	b.ReportMetric(0, "ns/op")
}

// refused is how long some commands take that the chip refuses at once.
func refused(b *testing.B, card *pcsc.Card, n int) time.Duration {
	began := time.Now()
	for range n {
		if _, err := card.Transmit(b.Context(), []byte{0x80, 0xca, 0, 0}); err != nil {
			b.Fatal(err)
		}
	}
	return time.Since(began)
}
