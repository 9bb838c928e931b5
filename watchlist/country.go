package watchlist

import (
	"strings"
	"sync"

	"golang.org/x/text/language"

	"marz/watchlist/name"
)

// countryNames gives each state's code and the English names by which lists call it: the United Nations' full and short
// names, and OFAC's. Codes are ISO 3166-1 alpha-3; the last lines are codes of ISO 3166-3 for states that are no more,
// which lists still name, and codes of ICAO 9303-3 §5.
const countryNames = `AFG Afghanistan; Islamic Republic of Afghanistan
ALA Åland Islands
ALB Albania
DZA Algeria
ASM American Samoa
AND Andorra
AGO Angola
AIA Anguilla
ATA Antarctica
ATG Antigua and Barbuda
ARG Argentina
ARM Armenia
ABW Aruba
AUS Australia
AUT Austria
AZE Azerbaijan
BHS Bahamas; Bahamas, The; The Bahamas
BHR Bahrain
BGD Bangladesh
BRB Barbados
BLR Belarus
BEL Belgium
BLZ Belize
BEN Benin
BMU Bermuda
BTN Bhutan
BOL Bolivia; Bolivia (Plurinational State of)
BES Bonaire, Sint Eustatius and Saba
BIH Bosnia and Herzegovina; Bosnia
BWA Botswana
BRA Brazil
IOT British Indian Ocean Territory
BRN Brunei; Brunei Darussalam
BGR Bulgaria
BFA Burkina Faso
BDI Burundi
CPV Cabo Verde; Cape Verde; Cabo Verde. Previously Cape Verde
KHM Cambodia
CMR Cameroon
CAN Canada
CYM Cayman Islands
CAF Central African Republic
TCD Chad
CHL Chile
CHN China; People's Republic of China
CXR Christmas Island
CCK Cocos (Keeling) Islands
COL Colombia
COM Comoros
COG Congo; Congo, Republic of the; Republic of the Congo
COD Democratic Republic of the Congo; Congo, Democratic Republic of the; DR Congo
COK Cook Islands
CRI Costa Rica
CIV Côte d'Ivoire; Cote d Ivoire; Ivory Coast
HRV Croatia
CUB Cuba
CUW Curaçao
CYP Cyprus
CZE Czechia; Czech Republic
DNK Denmark
DJI Djibouti
DMA Dominica
DOM Dominican Republic
ECU Ecuador
EGY Egypt
SLV El Salvador
GNQ Equatorial Guinea
ERI Eritrea; Eritrean
EST Estonia
SWZ Eswatini; Swaziland
ETH Ethiopia
FLK Falkland Islands; Falkland Islands (Malvinas)
FRO Faroe Islands
FJI Fiji
FIN Finland
FRA France
GUF French Guiana
PYF French Polynesia
GAB Gabon
GMB Gambia; The Gambia; Gambia, The
GEO Georgia
DEU Germany; D
GHA Ghana
GIB Gibraltar
GRC Greece
GRL Greenland
GRD Grenada
GLP Guadeloupe
GUM Guam
GTM Guatemala
GGY Guernsey
GIN Guinea
GNB Guinea-Bissau
GUY Guyana
HTI Haiti
VAT Holy See; Vatican City
HND Honduras
HKG Hong Kong
HUN Hungary
ISL Iceland
IND India
IDN Indonesia
IRN Iran; Iran (Islamic Republic of); Islamic Republic of Iran
IRQ Iraq
IRL Ireland
IMN Isle of Man
ISR Israel
ITA Italy
JAM Jamaica
JPN Japan
JEY Jersey
JOR Jordan
KAZ Kazakhstan
KEN Kenya
KIR Kiribati
PRK Democratic People's Republic of Korea; Korea, North; North Korea; DPRK
KOR Republic of Korea; Korea, South; South Korea
KWT Kuwait
KGZ Kyrgyzstan; Kyrgyz Republic
LAO Laos; Lao People's Democratic Republic
LVA Latvia
LBN Lebanon
LSO Lesotho
LBR Liberia
LBY Libya; Libyan Arab Jamahiriya
LIE Liechtenstein
LTU Lithuania
LUX Luxembourg
MAC Macau; Macao
MDG Madagascar
MWI Malawi
MYS Malaysia
MDV Maldives
MLI Mali
MLT Malta
MHL Marshall Islands
MTQ Martinique
MRT Mauritania
MUS Mauritius
MYT Mayotte
MEX Mexico
FSM Micronesia; Micronesia (Federated States of)
MDA Moldova; Republic of Moldova
MCO Monaco
MNG Mongolia
MNE Montenegro
MSR Montserrat
MAR Morocco
MOZ Mozambique
MMR Myanmar; Burma
NAM Namibia
NRU Nauru
NPL Nepal
NLD Netherlands; The Netherlands; Netherlands (Kingdom of the)
NCL New Caledonia
NZL New Zealand
NIC Nicaragua
NER Niger
NGA Nigeria
NIU Niue
NFK Norfolk Island
MKD North Macedonia; Macedonia; Macedonia, The Former Yugoslav Republic of; The former Yugoslav Republic of Macedonia
MNP Northern Mariana Islands
NOR Norway
OMN Oman
PAK Pakistan
PLW Palau
PSE State of Palestine; Palestine; Palestinian; West Bank; Gaza; Occupied Palestinian Territory
PAN Panama
PNG Papua New Guinea
PRY Paraguay
PER Peru
PHL Philippines
PCN Pitcairn
POL Poland
PRT Portugal
PRI Puerto Rico
QAT Qatar
REU Réunion
ROU Romania
RUS Russian Federation; Russia
RWA Rwanda
BLM Saint Barthélemy
SHN Saint Helena
KNA Saint Kitts and Nevis
LCA Saint Lucia
MAF Saint Martin
SPM Saint Pierre and Miquelon
VCT Saint Vincent and the Grenadines
WSM Samoa
SMR San Marino
STP Sao Tome and Principe
SAU Saudi Arabia
SEN Senegal
SRB Serbia
SYC Seychelles
SLE Sierra Leone
SGP Singapore
SXM Sint Maarten
SVK Slovakia; Slovak Republic
SVN Slovenia
SLB Solomon Islands
SOM Somalia
ZAF South Africa
SSD South Sudan
ESP Spain
LKA Sri Lanka
SDN Sudan; The Sudan
SUR Suriname
SJM Svalbard and Jan Mayen
SWE Sweden
CHE Switzerland
SYR Syrian Arab Republic; Syria
TWN Taiwan; Taiwan, Province of China
TJK Tajikistan
TZA United Republic of Tanzania; Tanzania
THA Thailand
TLS Timor-Leste; East Timor
TGO Togo
TKL Tokelau
TON Tonga
TTO Trinidad and Tobago
TUN Tunisia
TUR Türkiye; Turkey
TKM Turkmenistan
TCA Turks and Caicos Islands
TUV Tuvalu
UGA Uganda
UKR Ukraine
ARE United Arab Emirates; UAE
GBR United Kingdom of Great Britain and Northern Ireland; United Kingdom; Great Britain; UK; GBD; GBN; GBO; GBP; GBS
USA United States of America; United States; U.S.A.; US
URY Uruguay
UZB Uzbekistan
VUT Vanuatu
VEN Venezuela; Venezuela (Bolivarian Republic of)
VNM Viet Nam; Vietnam
VGB Virgin Islands, British; British Virgin Islands
VIR Virgin Islands, U.S.; United States Virgin Islands
WLF Wallis and Futuna
ESH Western Sahara
YEM Yemen
ZMB Zambia
ZWE Zimbabwe
RKS Kosovo; XK; XKX; UNK
SUN former Soviet Union; Soviet Union; USSR; suhh
YUG former Yugoslavia; Yugoslavia; yucs
SCG Serbia and Montenegro; csxx
ANT Netherlands Antilles; anhh
CSK Czechoslovakia; cshh
DDR German Democratic Republic; ddde
XXA Stateless
XXB Refugee
XXC Refugee (other)
XXX Unspecified nationality`

// countryIndex maps each name and code, normalised, to a code.
var countryIndex = sync.OnceValue(func() map[string]string {
	m := make(map[string]string, 600)
	for line := range strings.Lines(countryNames) {
		code, names, _ := strings.Cut(strings.TrimSpace(line), " ")
		m[strings.ToLower(code)] = code
		for state := range strings.SplitSeq(names, "; ") {
			m[strings.Join(name.Parts(state), " ")] = code
		}
		if r, err := language.ParseRegion(code); err == nil && r.IsCountry() {
			m[strings.ToLower(r.String())] = code
		}
	}
	return m
})

// country returns the three-letter code (ICAO 9303-3 §5) for a code or English name of a state, or "" for none that is
// known. A subdivision ("gb-sct") counts as its state.
func country(s string) string {
	if code, _, ok := strings.Cut(s, "-"); ok && len(code) == 2 && len(s) <= 6 {
		s = code
	}
	return countryIndex()[strings.Join(name.Parts(s), " ")]
}

// sex returns "M", "F" or "X" for the words and letters of lists and documents, and "" for no statement.
func sex(s string) string {
	switch strings.ToLower(strings.TrimSpace(s)) {
	case "m", "male":
		return "M"
	case "f", "female":
		return "F"
	case "x", "other":
		return "X"
	}
	return ""
}
