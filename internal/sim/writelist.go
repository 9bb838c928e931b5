package sim

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"strings"
	"time"
)

// WriteList writes a list of alerts about persons and, after them, about lost and stolen passports, as OpenSanctions publishes lists:
// one FollowTheMoney entity a line. All are fictional and say so. The same arguments write the same bytes.
//
// Names come from the lists that travellers' names come from, so that namesakes are frequent; document numbers are of series
// that no traveller bears by chance.
func WriteList(w io.Writer, seed uint64, persons, passports int) error {
	rng := rand.New(rand.NewPCG(seed, 0x6c697374))
	out := bufio.NewWriter(w)
	for i := range persons + passports {
		id := fmt.Sprintf("marz-fictional-%05d", i+1)
		n := pickNation(rng, func(n *nation) float64 { return n.listed })
		var e entity
		if i < persons {
			e = listedPerson(rng, id, n)
		} else {
			e = listedPassport(rng, id, n)
		}
		line, err := json.Marshal(e)
		if err != nil {
			return fmt.Errorf("write list: %w", err)
		}
		if _, err := out.Write(append(bytes.TrimSpace(line), '\n')); err != nil {
			return fmt.Errorf("write list: %w", err)
		}
	}
	if err := out.Flush(); err != nil {
		return fmt.Errorf("write list: %w", err)
	}
	return nil
}

// topics are OpenSanctions' words for why somebody is on a list; the commoner stand more often.
var topics = []string{"wanted", "wanted", "wanted", "wanted", "crime", "crime", "crime.fraud", "sanction", "sanction", "crime.terror", "crime.traffick", "poi"}

func listedPerson(rng *rand.Rand, id string, n *nation) entity {
	sex, gender := "M", "male"
	if rng.Float64() < .15 {
		sex, gender = "F", "female"
	}
	given := n.givenName(rng, sex)
	if more := n.givenName(rng, sex); rng.Float64() < .3 && !strings.Contains(given, " ") && !strings.Contains(more, given) {
		given += " " + more
	}
	// The family name is drawn evenly, else every bearer of the commonest names would have a namesake here.
	family := n.familyName(n.family.words[rng.IntN(len(n.family.words))], sex)
	name := title(given) + " " + title(family)
	p := map[string][]string{
		"name":        {name},
		"firstName":   {title(given)},
		"lastName":    {title(family)},
		"gender":      {gender},
		"nationality": {n.iso},
		"topics":      {topics[rng.IntN(len(topics))]},
		"notes":       {"Fictional person, generated for Marz."},
	}
	for rng.Float64() < .35 {
		alias := title(variant(rng, given) + " " + variant(rng, family))
		if alias == name || slices.Contains(p["alias"], alias) {
			break
		}
		p["alias"] = append(p["alias"], alias)
	}
	birth := time.Date(1952, 1, 1, 0, 0, 0, 0, time.UTC).AddDate(0, 0, rng.IntN(52*365))
	switch u := rng.Float64(); {
	case u < .82:
		p["birthDate"] = []string{birth.Format("2006-01-02")}
	case u < .94:
		p["birthDate"] = []string{birth.Format("2006")}
	}
	if rng.Float64() < .4 {
		p["passportNumber"] = []string{fill(rng, n.passport, true)}
	}
	return entity{ID: id, Caption: name, Schema: "Person", Datasets: []string{"marz-fictional"}, Properties: p}
}

func listedPassport(rng *rand.Rand, id string, n *nation) entity {
	number := fill(rng, n.passport, true)
	how := [...]string{"lost", "stolen"}[rng.IntN(2)]
	reported := time.Date(2019, 1, 1, 0, 0, 0, 0, time.UTC).AddDate(0, 0, rng.IntN(5*365))
	return entity{ID: id, Caption: number, Schema: "Passport", Datasets: []string{"marz-fictional"}, Properties: map[string][]string{
		"number":      {number},
		"country":     {n.iso},
		"type":        {"passport"},
		"summary":     {"Reported " + how + " on " + reported.Format("2006-01-02")},
		"description": {"Fictional document, generated for Marz."},
	}}
}

// title writes each word with one capital.
func title(s string) string {
	words := strings.Fields(s)
	for i, w := range words {
		words[i] = w[:1] + strings.ToLower(w[1:])
	}
	return strings.Join(words, " ")
}
