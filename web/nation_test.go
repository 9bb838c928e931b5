package web_test

import (
	"strings"
	"testing"

	"marz/web"
)

// TestNationPage holds what the page of all posts says of the sample, part by part.
func TestNationPage(t *testing.T) {
	got := html(t, "nation", sampleBodies["nation"])
	for what, want := range map[string]string{
		"a post that is silent":       `<span class="state" data-state="missing">missing</span><span class="sub">nothing has come for 4 hours`,
		"a post with things to do":    `12 entries are still to come; a case is open for 40 minutes; 1 entries could not be understood; a list was refused`,
		"a post that is well":         `<span class="state" data-state="good">good</span>`,
		"who controls lanes":          `<strong class="id">am-bg</strong> lane 5, 6`,
		"who controls nothing":        `not known`,
		"manned lanes":                `<td class="number id">1 of 2</td>`,
		"the link to a day":           `href="/nation/day?post=armenia%2Fagarak"`,
		"a mark on the map":           `<a class="place is-a2" href="/nation/day?post=armenia%2Fagarak">`,
		"an hour of the chart":        `23 entries`,
		"who did not pass":            `class="stopped"`,
		"the largest nationality":     `<rect width="100%" height="14"/>`,
		"a nationality not known":     `not known here`,
		"a referral that is open":     `data-state="waiting">not known`,
		"one that has ended":          `decided since`,
		"asylum":                      `Referred, asylum asked for`,
		"a late hit":                  `Late hits that nobody has answered for: 2`,
		"a late hit on an open case":  `open still`,
		"an obligation":               `Each member gives the attacked one all necessary help.`,
		"a transfer that is overdue":  `<span class="state" data-state="overdue">overdue</span> <span class="state" data-state="planned">planned</span>`,
		"a transfer that is prepared": `am-bg, ru-bg`,
		"what days were chosen":       `value="1" aria-current="true"`,
	} {
		if !strings.Contains(got, want) {
			t.Errorf("%s: the page lacks %s", what, want)
		}
	}
}

func TestNationPagesWithoutAnything(t *testing.T) {
	for name, body := range map[string]any{"nation": &web.NationBody{}, "postday": &web.PostDayBody{}, "history": &web.HistoryBody{}} {
		got := html(t, name, body)
		if !strings.Contains(got, "No crossing") && !strings.Contains(got, "Nothing has come") {
			t.Errorf("the empty page %s does not say that there is nothing", name)
		}
	}
}

// TestHistoryPage holds that it says by which entry and why it was asked, and how much is not known.
func TestHistoryPage(t *testing.T) {
	got := html(t, "history", sampleBodies["history"])
	for _, want := range []string{"Asked for under entry 417, reason: court", "12 of 180 days used in the last 365, at all posts; an entry or exit is missing", "There are older crossings", "Withdrawn", "MARYAM ZAHRA"} {
		if !strings.Contains(got, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
}
