package name

import "testing"

func TestCost(t *testing.T) {
	for _, c := range []struct {
		a, b string
		near bool
	}{
		{"sergey", "sergei", true}, {"sergey", "sergej", true}, {"khrushchev", "chruschtschow", true}, {"wolodymyr", "volodymyr", true},
		{"yevgeny", "evgenii", true}, {"hassan", "hasan", true}, {"schulze", "scholz", true}, {"tchaikovsky", "chaikovskii", true},
		{"smith", "jones", false}, {"ivanov", "petrov", false}, {"kim", "lee", false}, {"rahman", "rehman", true}, {"putin", "pautin", true},
		{"mohammad", "muhammed", true}, {"ali", "ala", false},
	} {
		a, b := Of(c.a), Of(c.b)
		cost, ok := Cost(&a, &b)
		t.Logf("%s %s: %s %s cost %d limit %d", c.a, c.b, a.Sounds, b.Sounds, cost, Limit(&a, &b))
		if ok != c.near {
			t.Errorf("%s and %s: near %v, want %v", c.a, c.b, ok, c.near)
		}
	}
}

func BenchmarkCost(b *testing.B) {
	x, y, z := Of("mohammadi"), Of("muhamedov"), Of("abdulrahman")
	for b.Loop() {
		Cost(&x, &y)
		Cost(&x, &z)
	}
}
