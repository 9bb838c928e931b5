package sim

import (
	"math/rand/v2"
	"strings"
)

// spellings says how another clerk may write the left side. Each is one that documents of one bearer do show. "^" and "$" tie the
// left side to the beginning and the end of a name.
var spellings = [][2]string{
	{"MOHAMMAD", "MUHAMMAD"}, {"MOHAMMAD", "MOHAMED"}, {"MOHAMMED", "MOHAMAD"}, {"HOSSEIN", "HUSSEIN"}, {"HUSSEIN", "HOSEIN"},
	{"HUSEYIN", "HUSSEIN"}, {"YOUSEF", "YUSUF"}, {"YUSUF", "YOUSSEF"}, {"SAEED", "SAID"}, {"FATEMEH", "FATIMA"}, {"YAN$", "IAN"},
	{"OU", "U"}, {"EI", "EY"}, {"GH", "Q"}, {"GH", "G"}, {"Q", "GH"}, {"KH", "H"}, {"II$", "Y"}, {"II$", "IY"}, {"TS", "TZ"}, {"ZH", "J"},
	{"UE", "U"}, {"OE", "O"}, {"EH$", "A"}, {"EH$", "E"}, {"IA$", "YA"}, {"^IU", "YU"}, {"^IA", "YA"}, {"^EV", "YEV"}, {"^EG", "YEG"},
	{"SS", "S"}, {"MM", "M"}, {"LL", "L"}, {"AEI$", "AI"}, {"AL ", "AL"}, {"EE", "I"}, {"ADZE$", "ADSE"}, {"OV$", "OFF"}, {"EV$", "EFF"},
	{"^J", "DJ"}, {"AY", "AI"}, {"ID$", "EED"}, {"IM$", "EEM"}, {"OO", "U"}, {"EDDY$", "EDDI"}, {"KSANDR", "XANDR"}, {"KSEI", "XEY"},
	{"^HOVH", "OVH"}, {"^HAR", "AR"}, {"CHY", "TCHY"}, {"SHV", "CHV"}, {"DAV", "DAW"}, {"ZADEH$", "ZADE"}, {"PH", "F"}, {"OGLU$", "OGLOU"},
}

// variant returns another spelling of a name, or the name itself where none is known.
func variant(rng *rand.Rand, name string) string {
	start := rng.IntN(len(spellings))
	for i := range spellings {
		p := spellings[(start+i)%len(spellings)]
		if v := respell(name, p[0], p[1]); v != name && plain(v) {
			return v
		}
	}
	return name
}

func respell(name, from, to string) string {
	if tail, ok := strings.CutPrefix(from, "^"); ok {
		if rest, ok := strings.CutPrefix(name, tail); ok {
			return to + rest
		}
		return name
	}
	if end, ok := strings.CutSuffix(from, "$"); ok {
		if stem, ok := strings.CutSuffix(name, end); ok {
			return stem + to
		}
		return name
	}
	return strings.Replace(name, from, to, 1)
}
