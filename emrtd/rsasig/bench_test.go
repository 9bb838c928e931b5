package rsasig

import (
	"fmt"
	"math/big"
	"math/rand"
	"testing"
)

func BenchmarkPower(b *testing.B) {
	r := rand.New(rand.NewSource(1))
	for _, bitsN := range []int{1024, 2048, 3072, 4096, 8192} {
		n := new(big.Int).Rand(r, new(big.Int).Lsh(big.NewInt(1), uint(bitsN)))
		n.SetBit(n, bitsN-1, 1).SetBit(n, 0, 1)
		e := big.NewInt(65537)
		k, _ := NewKey(n, e)
		s := new(big.Int).Rand(r, n)
		z := new(big.Int)
		if k.modulus.power(s, 65537).Cmp(z.Exp(s, e, n)) != 0 {
			b.Fatal("wrong")
		}
		b.Run(fmt.Sprint("exp", bitsN), func(b *testing.B) {
			for b.Loop() {
				z.Exp(s, e, n)
			}
		})
		b.Run(fmt.Sprint("mont", bitsN), func(b *testing.B) {
			for b.Loop() {
				k.modulus.power(s, 65537)
			}
		})
		b.Run(fmt.Sprint("new", bitsN), func(b *testing.B) {
			for b.Loop() {
				NewKey(n, e)
			}
		})
	}
}
