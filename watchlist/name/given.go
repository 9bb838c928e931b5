package name

import (
	_ "embed"
	"strconv"
	"strings"
	"sync"
)

// given.txt holds classes of names that are one name in different languages and scripts, a class a line: how many of a
// million people bear it, the spellings as normalised, the most usual first, and after | those that are weaker
// evidence: short and pet forms. A spelling stands in its first class only. The figures are rough, one digit.
//
//go:embed given.txt
var givenText string

type class struct {
	million float64 // people of a million that bear it
	names   []string
}

type membership struct {
	id   int
	weak bool
}

type givenTable struct {
	classes []class
	of      map[string]membership
}

var given = sync.OnceValue(func() givenTable { return parseGiven(givenText) })

func parseGiven(text string) givenTable {
	type pet struct {
		name string
		id   int
	}
	var pets []pet
	t := givenTable{of: make(map[string]membership, 10000)}
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' {
			continue
		}
		count, names, _ := strings.Cut(line, " ")
		million, err := strconv.ParseFloat(count, 64)
		if err != nil {
			panic("given.txt: " + line)
		}
		strong, weak, _ := strings.Cut(names, "|")
		c := class{million: million, names: strings.Fields(strong)}
		for _, n := range c.names {
			t.enter(n, membership{len(t.classes), false})
		}
		for _, n := range strings.Fields(weak) {
			pets = append(pets, pet{n, len(t.classes)})
		}
		t.classes = append(t.classes, c)
	}
	for _, p := range pets { // a name in its own right comes first
		t.enter(p.name, membership{p.id, true})
	}
	return t
}

func (t *givenTable) enter(name string, m membership) {
	if _, ok := t.of[name]; !ok {
		t.of[name] = m
	}
}

// Class returns the class of names that a normalised part belongs to. Parts of one class are one name (Yusuf, Joseph);
// weak says that the part is a short or pet form, which other names may have as well. ok is false for a part in none.
func Class(part string) (id int, weak bool, ok bool) {
	m, ok := given().of[part]
	return m.id, m.weak, ok
}

// Commonness returns the share of people worldwide, 0 to 1, that bear a normalised part or another name of its class;
// 0 where it is not known. It is rough: right within a factor of three or so.
func Commonness(part string) float64 {
	m, ok := given().of[part]
	if !ok {
		return 0
	}
	return given().classes[m.id].million / 1e6
}

// classLatin returns the most usual Latin spellings of the class of a native part, at most four.
func classLatin(part string) []string {
	m, ok := given().of[part]
	if !ok || m.weak {
		return nil
	}
	var out []string
	for _, n := range given().classes[m.id].names {
		if n[0] < 0x80 && len(out) < 4 {
			out = append(out, n)
		}
	}
	return out
}

// ParticleKind says what a part is that is not itself a name.
type ParticleKind int

const (
	NoParticle ParticleKind = iota
	Article                 // al, de, van: comes and goes with the language and the clerk
	Nasab                   // ibn, bint, abu: says whose child or parent someone is
	Title                   // haji, sheikh, dr: no part of the name
)

var particles = map[ParticleKind]string{
	Article: `al el ul ol il ar as ash at ad an az adh ath ud ed us es ur er ech ال
		de da do dos das du des d del della dello degli dei di la le las les los l lo y e i et
		van von vom zu zum zur den der ten ter het te op aan af av of the and o und
		mac mc ap ab
		дер фон ван де ди да дель эль аль ال`,
	Nasab: `ibn bin ben ibni ebn ebne ibnu ibne bint binti binte bent bte bt binn wuld ould weld ould walad wlad oulad awlad
		abu abou abi aboo bu bou abo abul abdoul umm um oum om omm ummu ummi
		ogly oglu oglou ogli ogluu ugli uulu uly uli qizi kyzy kizi gyzy qyzy
		zadeh zada
		ибн бин бен бинт абу умм оглы оглу огли улы уулу кызы кизи гызы угли
		ابن بن بنت ولد ابو ابي ام اغلو اوغلو زاده בן בת בר אבן bar bat`,
	Title: `haji hajji hadji hadj hajj haj alhaji alhaj elhadj elhadji hajja haci hoca khoja hodja
		sheikh shaikh sheik shaykh shaik cheikh cheick seikh sheykh sheh seyh seh shaikha sheikha
		mullah mulla mullo molla mollah moulla maulvi mawlawi maulawi mawlavi mawlana maulana moulana molavi
		ustad ustaz ustadh ayatollah ayatullah hojjatoleslam allama allamah imam emam mufti qari qazi kadi hafiz hafez
		dr dra prof professor eng ing engr mr mrs ms miss mister mme mlle monsieur madame herr frau
		sir dame lady lord rev fr sr jr junior senior ii iii iv gen general col colonel maj major capt captain cap lt sgt
		brig brigadier cdr adm admiral cmdr commander commandante comandante
		don dona dom shri sri smt pandit begum sahib saheb sahab bey beg efendi effendi pasha pacha agha aga
		prince princess king
		dhr mevr pan pani gospodin
		хаджи хаджа шеих мулла маулана имам доктор проф господин
		حاج الحاج حاجي شيخ الشيخ ملا مولوي مولانا استاد استاذ دكتور الدكتور امام`,
}

var particleKinds = sync.OnceValue(func() map[string]ParticleKind {
	m := map[string]ParticleKind{}
	for _, k := range []ParticleKind{Article, Nasab, Title} {
		for _, w := range strings.Fields(particles[k]) {
			if _, ok := m[w]; !ok {
				m[w] = k
			}
		}
	}
	return m
})

// KindOf returns what kind of particle a normalised part is. A part can be a particle in one language and a name in
// another (bin, do, an): it says little, rather than nothing.
func KindOf(part string) ParticleKind { return particleKinds()[part] }

// Particle reports whether the presence or absence of a normalised part says little about who someone is.
func Particle(part string) bool { return KindOf(part) != NoParticle }

// Forms returns the names of a class.
func Forms(class int) []string { return given().classes[class].names }
