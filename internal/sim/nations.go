package sim

import (
	_ "embed"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"

	"github.com/BurntSushi/toml"
)

//go:embed names.toml
var namesTOML string

// A nation is what the simulation knows about the travellers of one nationality.
type nation struct {
	code    string  // ICAO 9303-3 §5
	iso     string  // ISO 3166-1 alpha-2 in lower case, as lists write it
	persons float64 // share of the persons flow
	trucks  float64 // share of the truck flow
	listed  float64 // share of the fictional list

	// A trip begins in one direction and, with the probability returns, ends in the other at the same post. Who does not live in
	// Armenia and comes from Iran begins with entry; Armenians, and travellers from the north, begin with exit.
	entryFirst float64 // probability that a trip begins with entry
	returns    float64

	passport string  // template of passport numbers, see serials
	card     string  // template of card numbers, "" when there are none
	cardSize int     // ICAO size of the card: 1 for TD1, 2 for TD2
	cards    float64 // share that travels on a card
	visas    float64 // share whose visa is read in place of the passport
	years    int     // validity of an adult's passport
	personal int     // digits of the personal number in the optional data, 0 when there is none

	wifeShares float64 // probability that a wife bears her husband's family name
	feminine   bool    // a woman's family name has a form of its own: -ov, -ova
	vague      float64 // share of birth dates of which only the year is known
	plate      string  // template of number plates

	male, female, family bag
}

// nations is the mix at Agarak: no register gives it, so the shares are guesses at what reports describe. Order matters for
// determinism.
var nations = loadNations([]nation{
	{code: "IRN", iso: "ir", persons: .475, trucks: .56, listed: .27, entryFirst: 1, returns: .93, passport: "@1#######", years: 5, personal: 10, plate: "##@###77"},
	{code: "ARM", iso: "am", persons: .345, trucks: .24, listed: .10, entryFirst: 0, returns: .95, passport: "@@1######", card: "01#######", cardSize: 1, cards: .05, years: 10, wifeShares: .5, plate: "##@@###"},
	{code: "GEO", iso: "ge", persons: .045, trucks: .09, listed: .07, entryFirst: .1, returns: .85, passport: "1#@@#####", card: "1#I@#####", cardSize: 1, cards: .06, years: 10, personal: 11, wifeShares: .3, plate: "@@###@@"},
	{code: "RUS", iso: "ru", persons: .045, trucks: .03, listed: .13, entryFirst: .15, returns: .8, passport: "71#######", years: 10, wifeShares: .9, feminine: true, plate: "@###@@77"},
	{code: "IND", iso: "in", persons: .022, listed: .04, entryFirst: .6, returns: .4, passport: "@1######", visas: .3, years: 10, wifeShares: .5, vague: .01, plate: "##@@####"},
	{code: "TUR", iso: "tr", persons: .012, trucks: .065, listed: .09, entryFirst: .4, returns: .75, passport: "U1#######", visas: .1, years: 10, personal: 11, wifeShares: .9, plate: "##@@###"},
	{code: "CHN", iso: "cn", persons: .012, listed: .03, entryFirst: .6, returns: .3, passport: "E1#######", years: 10, plate: "@@#####"},
	{code: "D", iso: "de", persons: .011, listed: .03, entryFirst: .5, returns: .25, passport: "C1@#@####", card: "1#@@#####", cardSize: 2, cards: .15, years: 10, wifeShares: .8, plate: "@@@###"},
	{code: "FRA", iso: "fr", persons: .010, listed: .03, entryFirst: .5, returns: .25, passport: "1#@@#####", years: 10, wifeShares: .7, plate: "@@###@@"},
	{code: "IRQ", iso: "iq", persons: .009, trucks: .005, listed: .13, entryFirst: .9, returns: .7, passport: "A1#######", visas: .4, years: 8, vague: .03, plate: "##@#####"},
	{code: "KAZ", iso: "kz", persons: .005, trucks: .01, listed: .04, entryFirst: .3, returns: .5, passport: "N1#######", years: 10, wifeShares: .9, feminine: true, plate: "###@@@##"},
	{code: "ITA", iso: "it", persons: .005, listed: .02, entryFirst: .5, returns: .25, passport: "Y@1######", years: 10, plate: "@@###@@"},
	{code: "USA", iso: "us", persons: .004, listed: .02, entryFirst: .5, returns: .3, passport: "1########", years: 10, wifeShares: .7, plate: "#@@@###"},
})

func loadNations(all []nation) []nation {
	var lists map[string]struct{ Male, Female, Family []string }
	if _, err := toml.Decode(namesTOML, &lists); err != nil {
		panic("sim: names.toml is broken: " + err.Error()) // embedded: a fault of the build
	}
	for i := range all {
		n := &all[i]
		l, ok := lists[n.code]
		if !ok || len(l.Male) == 0 || len(l.Female) == 0 || len(l.Family) == 0 {
			panic(fmt.Sprintf("sim: names.toml has no names for %s", n.code))
		}
		n.male, n.female, n.family = newBag(l.Male), newBag(l.Female), newBag(l.Family)
	}
	return all
}

func nationOf(is func(*nation) bool) *nation {
	if i := slices.IndexFunc(nations, func(n nation) bool { return is(&n) }); i >= 0 {
		return &nations[i]
	}
	return nil
}

// pickNation draws a nation by the share that weight gives it.
func pickNation(rng *rand.Rand, weight func(*nation) float64) *nation {
	var total float64
	for i := range nations {
		total += weight(&nations[i])
	}
	u := rng.Float64() * total
	for i := range nations {
		if u -= weight(&nations[i]); u < 0 {
			return &nations[i]
		}
	}
	return &nations[0]
}

// A bag is a list of words, of which the earlier are drawn more often.
type bag struct {
	words []string
	upTo  []int // cumulated weights
}

func newBag(words []string) bag {
	b := bag{words: words}
	sum := 0
	for i := range words {
		sum += 1_000_000 / (i + 12) // a flattened Zipf law
		b.upTo = append(b.upTo, sum)
	}
	return b
}

func (b bag) draw(rng *rand.Rand) string {
	u := rng.IntN(b.upTo[len(b.upTo)-1])
	i, _ := slices.BinarySearch(b.upTo, u+1)
	return b.words[i]
}

// familyName returns the form of a family name that a person of the sex bears.
func (n *nation) familyName(family, sex string) string {
	if !n.feminine || sex != "F" {
		return family
	}
	if stem, ok := strings.CutSuffix(family, "SKII"); ok {
		return stem + "SKAIA"
	}
	if strings.HasSuffix(family, "OV") || strings.HasSuffix(family, "EV") || strings.HasSuffix(family, "IN") {
		return family + "A"
	}
	return family
}

// givenName draws a given name for a person of the sex.
func (n *nation) givenName(rng *rand.Rand, sex string) string {
	if sex == "F" {
		return n.female.draw(rng)
	}
	return n.male.draw(rng)
}
