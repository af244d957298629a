"""Names that are written differently in French and in English: one key for all their spellings.

A small table, not a world atlas: countries with their adjectives (so that "le propriétaire chinois"
and "the Chinese owner" meet), large cities, seats of power, and titles of office. What isn't in the
table is compared by its letters, and so only within its own spelling.
"""

from __future__ import annotations

from rag.terms import fold

_TABLE = """
@us: etats unis, etats-unis, united states, united states of america, etats unis d amerique, usa, us,
     america, americain, americaine, americains, americaines, american, americans
@uk: royaume uni, united kingdom, uk, grande bretagne, great britain, britain, britannique,
     britanniques, british
@england: angleterre, england
@china: chine, china, chinois, chinoise, chinoises, chinese
@france: france, francais, francaise, francaises, french
@germany: allemagne, germany, allemand, allemande, allemands, allemandes, german, germans
@india: inde, india, indien, indienne, indiens, indiennes, indian, indians
@japan: japon, japan, japonais, japonaise, japonaises, japanese
@russia: russie, russia, russe, russes, russian, russians
@italy: italie, italy, italien, italienne, italiens, italiennes, italian, italians
@spain: espagne, spain, espagnol, espagnole, espagnols, espagnoles, spanish
@portugal: portugal, portugais, portugaise, portugaises, portuguese
@canada: canada, canadien, canadienne, canadiens, canadiennes, canadian, canadians
@australia: australie, australia, australien, australienne, australiens, australiennes, australian,
            australians
@new-zealand: nouvelle zelande, new zealand, neo zelandais, neo zelandaise
@brazil: bresil, brazil, bresilien, bresilienne, bresiliens, bresiliennes, brazilian, brazilians
@mexico: mexique, mexico, mexicain, mexicaine, mexicains, mexicaines, mexican, mexicans
@korea-south: coree du sud, south korea, sud coreen, sud coreenne, sud coreens, south korean
@korea-north: coree du nord, north korea, nord coreen, nord coreenne, north korean
@turkey: turquie, turkey, turc, turque, turcs, turques, turkish
@greece: grece, greece, grec, grecque, grecs, grecques, greek, greeks
@poland: pologne, poland, polonais, polonaise, polonaises, polish
@netherlands: pays bas, netherlands, neerlandais, neerlandaise, neerlandaises, dutch
@belgium: belgique, belgium, belge, belges, belgian, belgians
@switzerland: suisse, suisses, switzerland, swiss
@austria: autriche, austria, autrichien, autrichienne, autrichiens, autrichiennes, austrian
@sweden: suede, sweden, suedois, suedoise, suedoises, swedish
@norway: norvege, norway, norvegien, norvegienne, norvegiens, norvegiennes, norwegian, norwegians
@denmark: danemark, denmark, danois, danoise, danoises, danish
@finland: finlande, finland, finlandais, finlandaise, finlandaises, finnish
@ireland: irlande, ireland, irlandais, irlandaise, irlandaises, irish
@scotland: ecosse, scotland, ecossais, ecossaise, ecossaises, scottish
@ukraine: ukraine, ukrainien, ukrainienne, ukrainiens, ukrainiennes, ukrainian, ukrainians
@hungary: hongrie, hungary, hongrois, hongroise, hongroises, hungarian
@romania: roumanie, romania, roumain, roumaine, roumains, roumaines, romanian
@czech: republique tcheque, tchequie, czech republic, czechia, tcheque, tcheques, czech
@egypt: egypte, egypt, egyptien, egyptienne, egyptiens, egyptiennes, egyptian, egyptians
@morocco: maroc, morocco, marocain, marocaine, marocains, marocaines, moroccan
@algeria: algerie, algeria, algerien, algerienne, algeriens, algeriennes, algerian
@tunisia: tunisie, tunisia, tunisien, tunisienne, tunisiens, tunisiennes, tunisian
@south-africa: afrique du sud, south africa, sud africain, sud africaine, south african
@israel: israel, israelien, israelienne, israeliens, israeliennes, israeli, israelis
@saudi: arabie saoudite, saudi arabia, saoudien, saoudienne, saoudiens, saudi
@iran: iran, iranien, iranienne, iraniens, iraniennes, iranian, iranians
@iraq: irak, iraq, irakien, irakienne, irakiens, irakiennes, iraqi
@syria: syrie, syria, syrien, syrienne, syriens, syriennes, syrian
@lebanon: liban, lebanon, libanais, libanaise, lebanese
@indonesia: indonesie, indonesia, indonesien, indonesienne, indonesian
@argentina: argentine, argentina, argentin, argentins, argentines, argentinian
@chile: chili, chile, chilien, chilienne, chilean
@colombia: colombie, colombia, colombien, colombienne, colombian
@europe: europe, europeen, europeenne, europeens, europeennes, european, europeans
@eu: union europeenne, european union, ue, eu
@africa: afrique, africa, africain, africaine, africains, africaines, african
@asia: asie, asia, asiatique, asiatiques, asian
@un: nations unies, organisation des nations unies, united nations, onu
@nato: otan, nato
@who: organisation mondiale de la sante, world health organization, oms
@imf: fonds monetaire international, international monetary fund, fmi, imf
@white-house: maison blanche, white house
@beijing: pekin, beijing
@london: londres, london
@moscow: moscou, moscow
@brussels: bruxelles, brussels
@geneva: geneve, geneva
@vienna: vienne, vienna
@venice: venise, venice
@rome: rome, roma
@florence: florence, firenze
@athens: athenes, athens
@cairo: le caire, cairo
@lisbon: lisbonne, lisbon
@barcelona: barcelone, barcelona
@seville: seville, sevilla
@munich: munich, munchen
@cologne: cologne, koln
@copenhagen: copenhague, copenhagen
@warsaw: varsovie, warsaw
@edinburgh: edimbourg, edinburgh
@mexico-city: ville de mexico, mexico city
@new-york: new york
@new-orleans: nouvelle orleans, new orleans
@california: californie, california, californien, californienne, californian
@fed: reserve federale, federal reserve
@ecb: banque centrale europeenne, european central bank, bce, ecb
@ceo: pdg, ceo, chief executive, directeur general, directrice generale
@president: president, presidente, presidents
@minister: ministre, ministres, minister, ministers
@prime-minister: premier ministre, prime minister
@secretary-state: secretaire d etat, secretary of state
@king: roi, king
@queen: reine, queen
@pope: pape, pope
@mr: monsieur, mr, m
@ms: madame, mrs, ms, mme
"""
# "us" is a pronoun unless it is written US or U.S.; "m" is a title only as "M."
CASE_BOUND = frozenset({"us", "eu", "ue", "who", "m", "ms", "polish"})
"""Spellings that are names only with a capital letter."""

TITLES = frozenset({"@ceo", "@president", "@minister", "@prime-minister", "@secretary-state",
                    "@king", "@queen", "@pope", "@mr", "@ms"})  # fmt: skip
"""Keys of offices, which are no names by themselves."""


def _read(table: str) -> dict[tuple[str, ...], str]:
    spellings: dict[tuple[str, ...], str] = {}
    key = ""
    for line in table.strip().splitlines():
        head, colon, tail = line.partition(":")
        if colon:
            key = head.strip()
        for spelling in (tail if colon else line).split(","):
            if spelling.strip():
                spellings[tuple(fold(spelling).replace("-", " ").split())] = key
    return spellings


SPELLINGS: dict[tuple[str, ...], str] = _read(_TABLE)
"""Folded words of a spelling -> key."""

LONGEST = max(len(words) for words in SPELLINGS)
