package web

import (
	"testing"
	"time"

	"marz"
)

// Reasons come with UTC instants, and are shown in the post's time like all else on the page.
func TestReasonsAreInLocalTime(t *testing.T) {
	for reason, want := range map[string]string{
		"it ended at 2024-12-31T20:00:00.000Z":                         "it ended at 2025-01-01 00:00",
		"from 2024-12-31T20:00:01.000Z until 2025-01-31T20:00:00.000Z": "from 2025-01-01 00:00:01 until 2025-02-01 00:00",
		"it ended at 2024-99-31T20:00:00.000Z":                         "it ended at 2024-99-31T20:00:00.000Z",
		"":                                                             "",
	} {
		if got := Local("Asia/Yerevan", reason); got != want {
			t.Errorf("%q: %q, want %q", reason, got, want)
		}
	}
}

func TestLag(t *testing.T) {
	planned := marz.InstantOf(time.Date(1992, 9, 29, 21, 0, 0, 0, time.UTC))
	for late, want := range map[time.Duration]string{0: "at the instant", 90 * time.Second: "1m30s after", 47 * time.Hour: "47h0m0s after",
		48 * time.Hour: "2 days after", 283544 * time.Hour: "11814 days after", -72 * time.Hour: "3 days before"} {
		if got := lag(Passed{Planned: planned, Actual: planned.Add(late)}); got != want {
			t.Errorf("%v: %q, want %q", late, got, want)
		}
	}
}
