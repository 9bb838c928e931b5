package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"

	"marz"
	"marz/scenarios/armenia"
)

// place is a post of the campaign, and the instant at which its exercise begins.
type place struct {
	id    marz.PostID
	start string
}

const (
	ordinary = "2025-02-03T09:00:00+04:00"
	passing  = "2024-12-31T23:52:00+04:00" // some minutes of the exercise's clock before control of Agarak passes
)

// real are posts of the Armenian scenario: at the first control passes during the campaign, at the next two both authorities serve.
var real = []place{{"agarak", passing}, {"akhurik", ordinary}, {"margara", ordinary}, {"bagratashen", ordinary}, {"zvartnots", ordinary}}

// writeScenario writes the Armenian scenario with as many invented posts as are wanted beside its own, and returns the posts. At every third of them two authorities serve jointly.
func writeScenario(dir string, posts int) ([]place, error) {
	all := real[:min(posts, len(real))]
	all = all[:len(all):len(all)]
	scenario := bytes.NewBuffer(armenia.Scenario())
	agreements := bytes.NewBuffer(armenia.Agreements())
	var alone, joint []string
	for i := len(all); i < posts; i++ {
		id := fmt.Sprintf("fleet-%02d", i+1)
		all = append(all, place{marz.PostID(id), ordinary})
		if i%3 == 0 {
			joint = append(joint, id)
		} else {
			alone = append(alone, id)
		}
		fmt.Fprintf(scenario, inventedPost, id, i+1, 39+float64(i%20)/10, 44+float64(i/20)/10)
	}
	writeAgreement(agreements, alone, joint)
	if err := os.WriteFile(filepath.Join(dir, "scenario.toml"), scenario.Bytes(), 0o600); err != nil {
		return nil, err
	}
	return all, os.WriteFile(filepath.Join(dir, "agreements.toml"), agreements.Bytes(), 0o600)
}

const inventedPost = `
[[post]]
id = "%s"
name = "Fleet %d"
state = "ARM"
frontier = "am-tr"
kind = "road"
lat = %.2f
lon = %.2f
zone = "Asia/Yerevan"
source = "Invented for the campaign."
lane = [
  { id = "1", direction = "entry", flow = "persons" },
  { id = "2", direction = "exit", flow = "persons" },
  { id = "t1", direction = "entry", flow = "trucks" },
  { id = "t2", direction = "exit", flow = "trucks" },
]
`

// writeAgreement adds the agreement by which the invented posts are controlled: some by one authority alone, some by the other with both serving jointly.
func writeAgreement(b *bytes.Buffer, alone, joint []string) {
	if len(alone)+len(joint) == 0 {
		return
	}
	b.WriteString(`
[[agreement]]
id = "fleet"
title = "Invented posts"
parties = ["am-bg", "ru-bg"]
signed = "2024-10-08"
from = "2024-10-08T00:00:00+04:00"
source = "Invented for the campaign."
reconstruction = true
`)
	for _, a := range []struct {
		id     string
		places []string
		rest   string
	}{
		{"1", alone, "kind = \"control\"\nauthority = \"am-bg\""},
		{"2", joint, "kind = \"control\"\nauthority = \"ru-bg\""},
		{"3", joint, "kind = \"joint\"\nauthorities = [\"am-bg\", \"ru-bg\"]\ndecisions = [\"refuse\", \"hold\"]"},
	} {
		if len(a.places) > 0 {
			fmt.Fprintf(b, "\n[[agreement.article]]\nid = %q\n%s\nplaces = [%s]\ntext = \"Invented.\"\n", a.id, a.rest, quoted(a.places))
		}
	}
}

func quoted(all []string) string {
	var b bytes.Buffer
	for i, s := range all {
		if i > 0 {
			b.WriteString(", ")
		}
		fmt.Fprintf(&b, "%q", s)
	}
	return b.String()
}
