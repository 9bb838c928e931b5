package mrz

import "strings"

// KnownCode reports whether a code can stand as issuer or nationality: ISO 3166-1 alpha-3, the codes that ICAO 9303-3 §5 adds
// (Parts B to D: British nationalities, organisations, stateless persons and refugees), those in use beside it
// (Kosovo, 9303-3 Part D), and withdrawn ones that stand on old documents. UTO is Utopia, the state of specimens.
func KnownCode(code string) bool {
	_, ok := codeSet[code]
	return ok
}

// WithdrawnCode reports whether a code has been taken out of ISO 3166-1. It stands on old documents, and on none that was
// issued after it was withdrawn.
func WithdrawnCode(code string) bool { return codeSet[code] }

// codeSet says of each known code whether it is withdrawn.
var codeSet = func() map[string]bool {
	m := map[string]bool{}
	for _, c := range strings.Fields(codes) {
		m[c] = false
	}
	for _, c := range strings.Fields(withdrawn) {
		m[c] = true
	}
	return m
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
	"EUE UNO UNA UNK XAU XBA XIM XCC XCE XCO XEC XPO XES XMP XOM XDC XCT " + // organisations
	"XXA XXB XXC XXX " + // stateless, refugees, unspecified
	"RKS XXK UTO IAO " // Kosovo and what is met for its residents, Utopia, ICAO's own in trust lists

// withdrawn are the codes of ISO 3166-3 since machine-readable documents are issued.
const withdrawn = "ANT BUR BYS CSK DDR FXX NTZ ROM SCG SUN TMP YMD YUG ZAR"
