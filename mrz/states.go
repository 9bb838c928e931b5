package mrz

import "strings"

// KnownCode reports whether a code can stand as issuer or nationality: ISO 3166-1 alpha-3, the codes that ICAO 9303-3 §5 adds
// (Part A: D, RKS and British nationalities; Part B: EUE; Part C: the United Nations; Part D: organisations; Part E: stateless
// persons and refugees; Part G: UTO, Utopia, the state of specimens), those withdrawn that stand on old documents (Part F has
// ANT and NTZ), and a few that are met without a clause. IAO (Part H) is for master lists, not for documents.
func KnownCode(code string) bool { return stateOf(code) != 0 }

// WithdrawnCode reports whether a code has been taken out of ISO 3166-1. It stands on old documents, and on none that was
// issued after it was withdrawn.
func WithdrawnCode(code string) bool { return stateOf(code) == withdrawnCode }

const (
	presentCode   = 1
	withdrawnCode = 2
)

// stateOf says whether a code is known, and whether it is withdrawn; 0 for one that is not known.
func stateOf(code string) uint8 {
	at, ok := codeAt(code)
	if !ok {
		return 0
	}
	return codeTable[at]
}

// codeAt is a number for each text of one to three letters.
func codeAt(code string) (at int, ok bool) {
	if !letters(code, 3) {
		return 0, false
	}
	for i := range len(code) {
		at = at*27 + int(code[i]-'A') + 1
	}
	return at, true
}

// codeTable says of each known code whether it is withdrawn.
var codeTable = func() (t [27 * 27 * 27]uint8) {
	for list, state := range map[string]uint8{codes: presentCode, withdrawn: withdrawnCode} {
		for _, c := range strings.Fields(list) {
			at, _ := codeAt(c)
			t[at] = state
		}
	}
	return t
}()

const codes = " " +
	"ABW AFG AGO AIA ALA ALB AND ARE ARG ARM ASM ATA ATF ATG AUS AUT AZE BDI BEL BEN BES BFA BGD BGR BHR BHS BIH BLM BLR BLZ " +
	"BMU BOL BRA BRB BRN BTN BVT BWA CAF CAN CCK CHE CHL CHN CIV CMR COD COG COK COL COM CPV CRI CUB CUW CXR CYM CYP CZE D DEU " +
	"DJI DMA DNK DOM DZA ECU EGY ERI ESH ESP EST ETH FIN FJI FLK FRA FRO FSM GAB GBR GEO GGY GHA GIB GIN GLP GMB GNB GNQ GRC " +
	"GRD GRL GTM GUF GUM GUY HKG HMD HND HRV HTI HUN IDN IMN IND IOT IRL IRN IRQ ISL ISR ITA JAM JEY JOR JPN KAZ KEN KGZ KHM " +
	"KIR KNA KOR KWT LAO LBN LBR LBY LCA LIE LKA LSO LTU LUX LVA MAC MAF MAR MCO MDA MDG MDV MEX MHL MKD MLI MLT MMR MNE MNG " +
	"MNP MOZ MRT MSR MTQ MUS MWI MYS MYT NAM NCL NER NFK NGA NIC NIU NLD NOR NPL NRU NZL OMN PAK PAN PCN PER PHL PLW PNG POL " +
	"PRI PRK PRT PRY PSE PYF QAT REU ROU RUS RWA SAU SDN SEN SGP SGS SHN SJM SLB SLE SLV SMR SOM SPM SRB SSD STP SUR SVK SVN " +
	"SWE SWZ SXM SYC SYR TCA TCD TGO THA TJK TKL TKM TLS TON TTO TUN TUR TUV TWN TZA UGA UKR UMI URY USA UZB VAT VCT VEN VGB " +
	"VIR VNM VUT WLF WSM YEM ZAF ZMB ZWE " +
	"GBD GBN GBO GBP GBS " + // British nationalities other than citizen
	"EUE UNO UNA UNK XBA XIM XCC XCE XCO XEC XPO XES XMP XOM XDC " + // organisations
	"XXA XXB XXC XXX " + // stateless, refugees, unspecified
	"RKS UTO " + // Kosovo, Utopia
	"XAU XCT XXK " // met, and in no clause of the eighth edition: African Union, the north of Cyprus, residents of Kosovo

// withdrawn are the codes of ISO 3166-3 since machine-readable documents are issued.
const withdrawn = "ANT BUR BYS CSK DDR FXX NTZ ROM SCG SUN TMP YMD YUG ZAR"
