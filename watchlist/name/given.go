package name

import (
	_ "embed"
	"strconv"
	"strings"
	"sync"
)

//go:embed given.txt
var givenText string

// given is the table of given names: which class a form is of, and how many people bear it.
type given struct {
	of    map[string]givenForm
	forms [][]string // of each class
}

type givenForm struct {
	class  int
	weak   bool
	common float64
}

var givenNames = sync.OnceValue(func() *given {
	g := &given{of: map[string]givenForm{}}
	for line := range strings.Lines(givenText) {
		f := strings.Fields(line)
		if len(f) < 3 || f[0] == "#" {
			continue
		}
		common, err := strconv.ParseFloat(f[0], 64)
		if err != nil {
			continue
		}
		g.add(f[1:], common/1e6)
	}
	return g
})

// add takes one class. A form that stands in several classes is of the first.
func (g *given) add(forms []string, common float64) {
	class := len(g.forms)
	var all []string
	weak := false
	for _, s := range forms {
		if s == "|" {
			weak = true
			continue
		}
		parts := Parts(s)
		if len(parts) != 1 {
			continue
		}
		if _, taken := g.of[parts[0]]; taken {
			continue
		}
		g.of[parts[0]] = givenForm{class, weak, common}
		all = append(all, parts[0])
	}
	g.forms = append(g.forms, all)
}

// Class returns the class of given names that a part is a form of, and whether it is a short or pet form.
func Class(part string) (class int, weak, ok bool) {
	f, ok := givenNames().of[part]
	return f.class, f.weak, ok
}

// Forms returns all forms of a class.
func Forms(class int) []string { return givenNames().forms[class] }

// Commonness returns the share of people who bear a part, roughly, or 0 where the table does not say.
func Commonness(part string) float64 { return givenNames().of[part].common }

// particles are articles, words for son and daughter of, and titles: parts that come and go between a person's documents.
var particles = func() map[string]bool {
	m := map[string]bool{}
	for _, p := range strings.Fields(`al el ul ur as ash at az an ad ar il bin ibn ben bint bte binti binte ould ait oglu ogly ugli ugly oghlu kyzy kizi qizi zoda zadeh
		de del della di da do das dos du des la le les los las van von der den ter ten zu zur af av y e und et
		mr mrs ms dr prof sir hajji haji hadji hajj hac sheikh shaykh cheikh sheik shaikh mullah mulla mawlawi maulavi maulana sayyid syed sayed seyed hafiz ustad qari umm
		jr sr ii iii ال بن ابن بنت حاج شيخ سيد د оглы кызы`) {
		for _, s := range Parts(p) {
			m[s] = true
		}
	}
	return m
}()

// IsParticle reports whether a part is an article, a word for son or daughter of, or a title.
func IsParticle(part string) bool { return particles[part] }
