"""Names that templates write as codes: languages (ISO 639), countries (ISO 3166, IOC), months, units, signs.

Written down from the standards, for the codes that English articles use most; a code that is not here stays a code.
"""

from __future__ import annotations


def names(text: str) -> list[str]:
    """Names separated by semicolons."""
    return [name for part in text.split(";") if (name := " ".join(part.split()))]


def _pairs(text: str) -> dict[str, str]:
    """`code=Name` pairs, separated by semicolons."""
    return dict(pair.strip().split("=", 1) for pair in text.split(";") if pair.strip())


LANGUAGES = _pairs("""
af=Afrikaans; sq=Albanian; am=Amharic; ang=Old English; ar=Arabic; an=Aragonese; hy=Armenian; as=Assamese;
ast=Asturian; ay=Aymara; az=Azerbaijani; eu=Basque; be=Belarusian; bn=Bengali; bs=Bosnian; br=Breton; bg=Bulgarian;
my=Burmese; ca=Catalan; ceb=Cebuano; zh=Chinese; co=Corsican; hr=Croatian; cs=Czech; da=Danish; nl=Dutch;
en=English; eo=Esperanto; et=Estonian; fo=Faroese; fil=Filipino; fi=Finnish; fr=French; fro=Old French;
fy=West Frisian; gl=Galician; ka=Georgian; de=German; got=Gothic; el=Greek; grc=Ancient Greek;
grc-gre=Ancient Greek; gn=Guarani; gu=Gujarati; ht=Haitian Creole; ha=Hausa; haw=Hawaiian; he=Hebrew; hi=Hindi;
hu=Hungarian; is=Icelandic; ig=Igbo; id=Indonesian; iu=Inuktitut; ga=Irish; it=Italian; ja=Japanese; jv=Javanese;
kn=Kannada; kk=Kazakh; km=Khmer; rw=Kinyarwanda; ky=Kyrgyz; ko=Korean; ku=Kurdish; lo=Lao; la=Latin; lv=Latvian;
lt=Lithuanian; lb=Luxembourgish; mk=Macedonian; mg=Malagasy; ms=Malay; ml=Malayalam; mt=Maltese; mi=Maori;
mr=Marathi; mn=Mongolian; nah=Nahuatl; ne=Nepali; non=Old Norse; no=Norwegian; nb=Norwegian Bokmål;
nn=Norwegian Nynorsk; oc=Occitan; or=Odia; ps=Pashto; fa=Persian; pl=Polish; pt=Portuguese; pa=Punjabi; qu=Quechua;
ro=Romanian; rm=Romansh; ru=Russian; sa=Sanskrit; sc=Sardinian; sco=Scots; gd=Scottish Gaelic; sr=Serbian;
sh=Serbo-Croatian; scn=Sicilian; sd=Sindhi; si=Sinhala; sk=Slovak; sl=Slovene; so=Somali; es=Spanish; sw=Swahili;
sv=Swedish; syc=Classical Syriac; syr=Syriac; tl=Tagalog; tg=Tajik; ta=Tamil; tt=Tatar; te=Telugu; th=Thai;
bo=Tibetan; ti=Tigrinya; to=Tongan; tr=Turkish; tk=Turkmen; uk=Ukrainian; ur=Urdu; ug=Uyghur; uz=Uzbek;
vi=Vietnamese; cy=Welsh; wo=Wolof; xh=Xhosa; yi=Yiddish; yo=Yoruba; zu=Zulu
""")

COUNTRIES = _pairs("""
AFG=Afghanistan; ALB=Albania; DZA=Algeria; ALG=Algeria; AND=Andorra; AGO=Angola; ANG=Angola; ARG=Argentina;
ARM=Armenia; AUS=Australia; AUT=Austria; AZE=Azerbaijan; BHS=Bahamas; BAH=Bahamas; BRN=Bahrain; BGD=Bangladesh;
BLR=Belarus; BEL=Belgium; BOL=Bolivia; BIH=Bosnia and Herzegovina; BRA=Brazil; BGR=Bulgaria; BUL=Bulgaria;
KHM=Cambodia; CMR=Cameroon; CAN=Canada; CHL=Chile; CHI=Chile; CHN=China; PRC=China; COL=Colombia; CRI=Costa Rica;
HRV=Croatia; CRO=Croatia; CUB=Cuba; CYP=Cyprus; CZE=Czech Republic; TCH=Czechoslovakia; DNK=Denmark; DEN=Denmark;
DOM=Dominican Republic; ECU=Ecuador; EGY=Egypt; SLV=El Salvador; EST=Estonia; ETH=Ethiopia; FIN=Finland; FRA=France;
FRG=West Germany; GDR=East Germany; GEO=Georgia; DEU=Germany; GER=Germany; GHA=Ghana; GBR=United Kingdom;
UK=United Kingdom; GRC=Greece; GRE=Greece; GTM=Guatemala; HTI=Haiti; HND=Honduras; HKG=Hong Kong; HUN=Hungary;
ISL=Iceland; IND=India; IDN=Indonesia; INA=Indonesia; IRN=Iran; IRI=Iran; IRQ=Iraq; IRL=Ireland; ISR=Israel;
ITA=Italy; CIV=Ivory Coast; JAM=Jamaica; JPN=Japan; JOR=Jordan; KAZ=Kazakhstan; KEN=Kenya; PRK=North Korea;
KOR=South Korea; KWT=Kuwait; LVA=Latvia; LAT=Latvia; LBN=Lebanon; LIB=Lebanon; LBY=Libya; LTU=Lithuania;
LUX=Luxembourg; MKD=North Macedonia; MYS=Malaysia; MAS=Malaysia; MLT=Malta; MEX=Mexico; MDA=Moldova; MCO=Monaco;
MNG=Mongolia; MNE=Montenegro; MAR=Morocco; MOZ=Mozambique; MMR=Myanmar; NAM=Namibia; NPL=Nepal; NLD=Netherlands;
NED=Netherlands; NZL=New Zealand; NIC=Nicaragua; NGA=Nigeria; NGR=Nigeria; NOR=Norway; OMN=Oman; PAK=Pakistan;
PAN=Panama; PRY=Paraguay; PAR=Paraguay; PER=Peru; PHL=Philippines; PHI=Philippines; POL=Poland; PRT=Portugal;
POR=Portugal; PRI=Puerto Rico; QAT=Qatar; ROU=Romania; ROM=Romania; RUS=Russia; SAU=Saudi Arabia; KSA=Saudi Arabia;
SEN=Senegal; SRB=Serbia; SCG=Serbia and Montenegro; SGP=Singapore; SVK=Slovakia; SVN=Slovenia; SLO=Slovenia;
ZAF=South Africa; RSA=South Africa; URS=Soviet Union; USSR=Soviet Union; ESP=Spain; LKA=Sri Lanka; SDN=Sudan;
SWE=Sweden; CHE=Switzerland; SUI=Switzerland; SYR=Syria; TWN=Taiwan; ROC=Taiwan; TPE=Chinese Taipei; TZA=Tanzania;
THA=Thailand; TUN=Tunisia; TUR=Turkey; TKM=Turkmenistan; UGA=Uganda; UKR=Ukraine; UAE=United Arab Emirates;
USA=United States; URY=Uruguay; URU=Uruguay; UZB=Uzbekistan; VEN=Venezuela; VNM=Vietnam; VIE=Vietnam;
YUG=Yugoslavia; ZMB=Zambia; ZWE=Zimbabwe; ENG=England; SCO=Scotland; WAL=Wales; NIR=Northern Ireland;
FRO=Faroe Islands; GGY=Guernsey; IOM=Isle of Man; IMN=Isle of Man; JEY=Jersey; BEN=Benin; CPV=Cape Verde;
COD=Democratic Republic of the Congo; COG=Republic of the Congo; GNQ=Equatorial Guinea; GAB=Gabon; GMB=Gambia;
GIN=Guinea; GNB=Guinea-Bissau; LBR=Liberia; MRT=Mauritania; SHN=Saint Helena; STP=São Tomé and Príncipe;
SLE=Sierra Leone; TGO=Togo; ESH=Western Sahara; FLK=Falkland Islands; GUY=Guyana;
SGS=South Georgia and the South Sandwich Islands; BTN=Bhutan; BVT=Bouvet Island; MDV=Maldives; TLS=East Timor;
YEM=Yemen; KGZ=Kyrgyzstan; TJK=Tajikistan; BWA=Botswana; BDI=Burundi; CAF=Central African Republic; TCD=Chad;
COM=Comoros; DJI=Djibouti; ERI=Eritrea; SWZ=Eswatini; LSO=Lesotho; MDG=Madagascar; MWI=Malawi; MLI=Mali;
MUS=Mauritius; NER=Niger; RWA=Rwanda; SYC=Seychelles; SOM=Somalia; SSD=South Sudan; BFA=Burkina Faso; BLZ=Belize;
CUW=Curaçao; GRL=Greenland; GRD=Grenada; SUR=Suriname; TTO=Trinidad and Tobago; BRB=Barbados; DMA=Dominica;
ATG=Antigua and Barbuda; LCA=Saint Lucia; VCT=Saint Vincent and the Grenadines; KNA=Saint Kitts and Nevis; FJI=Fiji;
PNG=Papua New Guinea; SLB=Solomon Islands; VUT=Vanuatu; WSM=Samoa; TON=Tonga; TUV=Tuvalu; KIR=Kiribati; PLW=Palau;
FSM=Federated States of Micronesia; MHL=Marshall Islands; NRU=Nauru; LIE=Liechtenstein; SMR=San Marino;
VAT=Vatican City; XKX=Kosovo; KOS=Kosovo; PSE=Palestine; LAO=Laos; ALA=Åland; GIB=Gibraltar; BMU=Bermuda; ABW=Aruba;
MAC=Macau; ARU=Aruba; CYM=Cayman Islands; GUF=French Guiana; GLP=Guadeloupe; MTQ=Martinique; REU=Réunion;
MYT=Mayotte; NCL=New Caledonia; PYF=French Polynesia; COK=Cook Islands; NIU=Niue; GUM=Guam; ASM=American Samoa;
MSR=Montserrat; AIA=Anguilla; TCA=Turks and Caicos Islands; VGB=British Virgin Islands;
VIR=United States Virgin Islands; SJM=Svalbard and Jan Mayen; EU=European Union; UN=United Nations
""")

MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)

# Symbol in {{convert}}: singular, plural. Spelled as the template does unless it is told otherwise.
UNITS = {
    code: tuple(names.split("/", 1))
    for code, names in _pairs("""
m=metre/metres; km=kilometre/kilometres; cm=centimetre/centimetres; mm=millimetre/millimetres;
nm=nanometre/nanometres; um=micrometre/micrometres; μm=micrometre/micrometres; mi=mile/miles; ft=foot/feet;
foot=foot/feet; in=inch/inches; inch=inch/inches; yd=yard/yards; nmi=nautical mile/nautical miles;
fathom=fathom/fathoms; furlong=furlong/furlongs; AU=astronomical unit/astronomical units; ly=light-year/light-years;
pc=parsec/parsecs; kg=kilogram/kilograms; g=gram/grams; mg=milligram/milligrams; t=tonne/tonnes; tonne=tonne/tonnes;
MT=metric ton/metric tons; lb=pound/pounds; lbs=pound/pounds; oz=ounce/ounces; st=stone/stone;
LT=long ton/long tons; ST=short ton/short tons; ha=hectare/hectares; acre=acre/acres; acres=acre/acres;
km2=square kilometre/square kilometres; sqkm=square kilometre/square kilometres; m2=square metre/square metres;
sqm=square metre/square metres; cm2=square centimetre/square centimetres; sqmi=square mile/square miles;
mi2=square mile/square miles; sqft=square foot/square feet; ft2=square foot/square feet;
sqyd=square yard/square yards; sqin=square inch/square inches; m3=cubic metre/cubic metres;
cm3=cubic centimetre/cubic centimetres; km3=cubic kilometre/cubic kilometres; cuft=cubic foot/cubic feet;
cuyd=cubic yard/cubic yards; cuin=cubic inch/cubic inches; L=litre/litres; l=litre/litres;
ml=millilitre/millilitres; mL=millilitre/millilitres; impgal=imperial gallon/imperial gallons;
USgal=US gallon/US gallons; usgal=US gallon/US gallons; oilbbl=barrel/barrels; USoz=US fluid ounce/US fluid ounces;
acre.ft=acre-foot/acre-feet; km/h=kilometre per hour/kilometres per hour; mph=mile per hour/miles per hour;
m/s=metre per second/metres per second; km/s=kilometre per second/kilometres per second;
ft/s=foot per second/feet per second; kn=knot/knots; knot=knot/knots; C=degree Celsius/degrees Celsius;
F=degree Fahrenheit/degrees Fahrenheit; K=kelvin/kelvins; kPa=kilopascal/kilopascals; MPa=megapascal/megapascals;
Pa=pascal/pascals; psi=pound per square inch/pounds per square inch; atm=standard atmosphere/standard atmospheres;
bar=bar/bars; hp=horsepower/horsepower; kW=kilowatt/kilowatts; MW=megawatt/megawatts; W=watt/watts; J=joule/joules;
kJ=kilojoule/kilojoules; MJ=megajoule/megajoules; kcal=kilocalorie/kilocalories; Cal=calorie/calories;
kWh=kilowatt-hour/kilowatt-hours; N=newton/newtons; kN=kilonewton/kilonewtons; lbf=pound-force/pounds-force;
Nm=newton-metre/newton-metres; h=hour/hours; min=minute/minutes; s=second/seconds;
PD/km2=inhabitant per square kilometre/inhabitants per square kilometre;
PD/sqmi=inhabitant per square mile/inhabitants per square mile; /km2=per square kilometre/per square kilometre;
/sqmi=per square mile/per square mile; /ha=per hectare/per hectare;
g/cm3=gram per cubic centimetre/grams per cubic centimetre;
kg/m3=kilogram per cubic metre/kilograms per cubic metre; kJ/mol=kilojoule per mole/kilojoules per mole
""").items()
}

# Templates that give a sign, or a few, and nothing else; `_` is a space.
SIGNS = {
    name: sign.replace("_", " ")
    for name, sign in _pairs("""
ndash=–; en dash=–; endash=–; mdash=—; em dash=—; emdash=—; spnd=_–_; spaced ndash=_–_; spaced en dash=_–_;
snds=_–_; dash=_–_; spaced mdash=_—_; mdashb=—; nbsp=_; space=_; spaces=_; nnbsp=_; thinsp=_; thin space=_;
hair space=_; hsp=_; zwsp=; zwnj=\u200c; zwj=\u200d; wbr=; shy=; ·=_·_; •=_•_; middot=_·_; dot=_·_; bullet=_•_;
dagger=†; †=†; ddagger=‡; double-dagger=‡; ‡=‡; sect=§; paragraph=¶; para=¶; minus=−; times=×; plus-minus=±;
number sign=#; hash=#; 's=’s; -'=’; (=(; )=); ((={{; ))=}}; [=[; ]=]; [[=[[; ]]=]];
bracket=[; euro=€; sharp=♯; flat=♭; music flat=♭; natural=♮; asterisk=*; star=*; backslash=\\; apostrophe=’;
prime=′; infin=∞; infinity=∞; degree=°; deg=°; increase=▲; decrease=▼; steady=▬; gain=▲; loss=▼; male=♂; female=♀;
ellipsis=...; ...=...; extinct=†; tick=Yes; cross=No; check mark=Yes; x mark=No; lsquo=‘; rsquo=’; ldquo=“; rdquo=”;
laquo=«; raquo=»; okina=ʻ; hamza=ʼ; rarr=→; larr=←; uarr=↑; darr=↓; alpha=α; beta=β; gamma=γ; mu=μ; pi=π; h-bar=ħ;
hbar=ħ; i sup=ⁱ; colon=:; tilde=~; hyphen=-; ' "=’ ”; -"="; eqm=_⇌_; eq=_⇌_; rightleftharpoons=_⇌_;
hydrogen=H; boron=B; carbon=C; nitrogen=N; oxygen=O; fluorine=F; sodium=Na; silicon=Si; phosphorus=P; sulfur=S;
chlorine=Cl; potassium=K; bromine=Br; iodine=I
""").items()
} | {"semicolon": ";", "=": "=", ";": ";"}
