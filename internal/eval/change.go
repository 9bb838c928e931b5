package main

import (
	"math/rand/v2"
	"strings"

	"marz/watchlist"
	"marz/watchlist/name"
)

// change writes the name of an alert as it is written otherwise; "" when it cannot be.
type change struct {
	what string
	do   func(r *rand.Rand, a *watchlist.Alert, parts []string) string
}

var changes = []change{
	{"unchanged", func(_ *rand.Rand, _ *watchlist.Alert, p []string) string { return join(p) }},
	{"a part dropped", dropped},
	{"one misspelling", func(r *rand.Rand, _ *watchlist.Alert, p []string) string { return misspelt(r, p, 1) }},
	{"one in each of two parts", func(r *rand.Rand, _ *watchlist.Alert, p []string) string { return misspelt(r, p, 2) }},
	{"parts in another order", func(r *rand.Rand, _ *watchlist.Alert, p []string) string {
		if len(p) < 2 {
			return ""
		}
		q := append([]string{p[len(p)-1]}, p[:len(p)-1]...)
		return join(q)
	}},
	{"two parts written as one", func(r *rand.Rand, _ *watchlist.Alert, p []string) string {
		if len(p) < 2 {
			return ""
		}
		i := r.IntN(len(p) - 1)
		return join(p[:i]) + " " + p[i] + p[i+1] + " " + join(p[i+2:])
	}},
	{"a part written as two", func(r *rand.Rand, _ *watchlist.Alert, p []string) string {
		i := long(r, p, 6)
		if i < 0 {
			return ""
		}
		k := 2 + r.IntN(len(p[i])-4)
		return join(p[:i]) + " " + p[i][:k] + " " + p[i][k:] + " " + join(p[i+1:])
	}},
	{"cut off at 39 characters", func(_ *rand.Rand, a *watchlist.Alert, p []string) string {
		s := join(p)
		if len(s) <= 39 {
			return ""
		}
		return s[:39]
	}},
	{"an initial for a part", func(r *rand.Rand, _ *watchlist.Alert, p []string) string {
		if len(p) < 3 {
			return ""
		}
		i := 1 + r.IntN(len(p)-2)
		return join(p[:i]) + " " + p[i][:1] + " " + join(p[i+1:])
	}},
	{"in its own script", func(_ *rand.Rand, a *watchlist.Alert, _ []string) string {
		for _, n := range a.Names {
			if n.Kind == watchlist.NativeScript {
				return n.Text
			}
		}
		return ""
	}},
}

func join(p []string) string { return strings.Join(p, " ") }

func dropped(r *rand.Rand, _ *watchlist.Alert, p []string) string {
	var which []int
	for i := range p {
		if !name.Particle(p[i]) {
			which = append(which, i)
		}
	}
	if len(which) < 3 {
		return ""
	}
	i := which[r.IntN(len(which))]
	return join(append(append([]string{}, p[:i]...), p[i+1:]...))
}

// long returns a part of at least so many letters, or -1.
func long(r *rand.Rand, p []string, letters int) int {
	var which []int
	for i := range p {
		if len(p[i]) >= letters {
			which = append(which, i)
		}
	}
	if len(which) == 0 {
		return -1
	}
	return which[r.IntN(len(which))]
}

// misspelt makes one slip in each of n parts of four letters or more.
func misspelt(r *rand.Rand, p []string, n int) string {
	q := append([]string{}, p...)
	var which []int
	for i := range q {
		if len(q[i]) >= 4 {
			which = append(which, i)
		}
	}
	if len(which) < n {
		return ""
	}
	r.Shuffle(len(which), func(i, j int) { which[i], which[j] = which[j], which[i] })
	for _, i := range which[:n] {
		q[i] = slip(r, q[i])
	}
	return join(q)
}

func slip(r *rand.Rand, s string) string {
	for {
		i := r.IntN(len(s))
		c := string(rune('a' + r.IntN(26)))
		var out string
		switch r.IntN(4) {
		case 0:
			out = s[:i] + c + s[i:]
		case 1:
			out = s[:i] + s[i+1:]
		case 2:
			out = s[:i] + c + s[i+1:]
		default:
			if i+1 < len(s) {
				out = s[:i] + s[i+1:i+2] + s[i:i+1] + s[i+2:]
			}
		}
		if out != "" && out != s {
			return out
		}
	}
}
