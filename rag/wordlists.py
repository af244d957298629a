"""Closed word lists behind `rag.facts`: number words, units, and common words that often open a
sentence (where a capital says nothing)."""

from __future__ import annotations

from decimal import Decimal

SCALES: dict[str, Decimal] = {
    "mille": Decimal(1000), "thousand": Decimal(1000), "thousands": Decimal(1000),
    "millier": Decimal(1000), "milliers": Decimal(1000),
    "million": Decimal(10**6), "millions": Decimal(10**6),
    "milliard": Decimal(10**9), "milliards": Decimal(10**9),
    "billion": Decimal(10**9), "billions": Decimal(10**9),
    "trillion": Decimal(10**12), "trillions": Decimal(10**12),
    "billiard": Decimal(10**15), "k€": Decimal(1000),
}  # fmt: skip
"""A French "billion" is 10¹²; texts that say it mean the English one nearly always."""

WORD_NUMBERS: dict[str, dict[str, str]] = {
    "fr": dict(
        zip(
            """deux trois quatre cinq six sept huit neuf dix onze douze treize quatorze quinze seize
            vingt vingts trente quarante cinquante soixante septante huitante nonante zero demi demie
            moitie dizaine dizaines douzaine quinzaine vingtaine trentaine cinquantaine centaine
            centaines double triple""".split(),
            """2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 20 20 30 40 50 60 70 80 90 0 0.5 0.5 0.5 10 10
            12 15 20 30 50 100 100 2 3""".split(),
            strict=True,
        )
    ),
    "en": dict(
        zip(
            """one two three four five six seven eight nine ten eleven twelve thirteen fourteen
            fifteen sixteen seventeen eighteen nineteen twenty thirty forty fifty sixty seventy
            eighty ninety zero half dozen dozens hundreds twice double triple""".split(),
            """1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 30 40 50 60 70 80 90 0 0.5 12 12
            100 2 2 3""".split(),
            strict=True,
        )
    ),
}

ORDINALS: dict[str, dict[str, str]] = {
    "fr": dict(
        zip(
            """premier premiere premiers premieres deuxieme second seconde troisieme quatrieme
            cinquieme sixieme septieme huitieme neuvieme dixieme""".split(),
            "1 1 1 1 2 2 2 3 4 5 6 7 8 9 10".split(),
            strict=True,
        )
    ),
    "en": dict(
        zip(
            "first second third fourth fifth sixth seventh eighth ninth tenth".split(),
            "1 2 3 4 5 6 7 8 9 10".split(),
            strict=True,
        )
    ),
}

SHAPES: dict[str, str | None] = {}
"""Units that a number word has by itself; none so far."""

CURRENCIES: dict[str, str] = {
    "€": "EUR", "euro": "EUR", "euros": "EUR", "eur": "EUR",
    "$": "USD", "dollar": "USD", "dollars": "USD", "usd": "USD",
    "£": "GBP", "livres sterling": "GBP", "pounds": "GBP",
    "yuan": "CNY", "yuans": "CNY", "yen": "JPY", "yens": "JPY", "roupies": "INR", "rupees": "INR",
    "francs": "CHF",
}  # fmt: skip

COMMON: dict[str, frozenset[str]] = {
    "any": frozenset("i ok oui non yes".split()),
    "fr": frozenset(
        """accord actuellement afin ailleurs ainsi alors annonce apres article aucun aucune
        aujourd aujourdhui auparavant aupres aussi autant autour autre autres autrefois avant avec
        beaucoup bien bientot bref cela celui cependant certains certaines cession cet chacun chaque
        cinq combien comme comment concernant concretement considere contrairement contre cours
        creation cree creee dans debut deja demain dernierement derriere dela des desormais dessous deux
        devant devenu difficile dix doit donc dont drole durant egalement elle elles en enfin ensuite
        entre environ est estimant et etant etrange evidemment face faire fait faute faut fin
        finalement fonde fondee force forte fort grace gros grand grande grands hier hormis huit ici
        il ils impossible interroge interrogee inutile issu jadis jamais jour jusque juste la
        laquelle le les lequel leur leurs loin longtemps lors lorsque maintenant mais malgre meme
        merci mieux mille moins mon naturellement ne neanmoins ni nombre nombreux nombreuses
        normalement notre nous nouveau nouvelle nouvelles nul or ou outre par parce parfois parmi
        partout parti partie pas passe pendant personne peu peut plus plusieurs plutot pour pourquoi
        pourtant premier premiere pres presque prix publie puis puisque quand quant quarante quatre
        que quel quelle quelques quelque qui quoi quoique rappelons rappel rares rendu reste resultat
        rien rumeurs sa sans sauf sauver se selon seul seule seuls ses seulement sept si simple six
        soit somme son sont soudain source sous soutenu souvent suite suivant sur surtout suppose
        tandis tant tel telle tellement tenu tot toujours tous tout toute toutes toutefois tres
        triste trois trop un une vers via vient vingt voici voila vos votre vous vrai vraiment vue
        application applications mesure mesures plateforme plateformes offre offres groupe groupes
        societe societes entreprise entreprises utilisateur medias media discussions negociations
        pression raisons raison interdiction vente rachat president directeur ministre gouvernement
        autorites chiffre chiffres date dates depuis malheureusement heureusement titre photo webcode
        chercheurs scientifiques experts hommes femmes enfants gens parents juillet janvier se y on
        ce ces cette l d j qu n s m t c""".split()
    ),
    "en": frozenset(
        """about above according across after again against all almost along already also although
        always american among an analysts and another any anybody anyone anything apart are
        around as aside at away back based because been before behind being below besides best
        better between beyond big both bought but buyers by can chances children citing companies
        company consider considering countries critics data date dates deal deals despite did do
        does doing down due during each earlier early either eight else employees enough even
        eventually every everybody everyone everything evidence except executives experts far few
        finally firms first five following for former founded four from further generally get
        given good governments great group groups had half has have he hence her here his
        how however i if in indeed initially inside instead is it its just last late later least
        less like little long lots made many market markets may maybe media meanwhile men might
        millions more moreover most much my name names nearly negotiations neither never
        nevertheless new news next nine no nobody none nor not nothing now nowadays of off officials
        often on once one only or other others otherwise our out outside over overall owners
        parents part people perhaps plans platforms please police possible previously prices
        questions quite rather reason reasons recent recently regulators reporters reports
        researchers rumors rumours sales same scientists second security seven several shares she
        should similarly since six so some somebody someone something sometimes soon sources still
        students such sure talks teams ten than that the their them then there therefore these they
        things third this those though thousands three through throughout thus tickets to today
        together tomorrow tonight too towards trade two under unfortunately unless unlike until up
        upon us use used users using usually videos voters was we well were what whatever when
        whenever where whereas wherever whether which while who whoever whole whose why will with
        within without women workers would yes yesterday yet you your application app bid bids offer
        offers owner platform president deadline government authorities sale agreement""".split()
    ),
}
"""Folded words that are no names at the start of a sentence; `any` are none anywhere."""
