"""Lies and truths about the seeds, by hand: what `rag.verify` must refuse, and what it must show.

A lie is (language it claims, what is wrong with it, the sentence)."""

from __future__ import annotations

LIES: list[tuple[str, str, str]] = [
    # number
    (
        "fr",
        "number",
        "Tiktok est une plate-forme vidéo à succès international qui est proposée en 75 langues sur 175 marchés.",
    ),
    (
        "fr",
        "number",
        "Tiktok est une plate-forme vidéo à succès international qui est proposée en 175 langues sur 65 marchés.",
    ),
    ("en", "number", "TikTok is offered in 64 languages in 175 markets."),
    ("en", "number", "TikTok is offered in sixty languages in 175 markets."),
    (
        "en",
        "number",
        "TikTok is used by nearly two billion people, and American authorities fear for their data.",
    ),
    (
        "fr",
        "number",
        "Les autorités américaines craignent que la plate-forme vidéo utilisée par plus d’un milliard de personnes dans le monde ne transmette les données des utilisateurs au gouvernement chinois.",
    ),
    ("fr", "number", "Ce partenariat des trois géants américains n'aura toutefois pas suffi."),
    # name
    ("fr", "name", "ByteDance refuse de céder TikTok à Google."),
    ("en", "name", "ByteDance rejected the offer of Amazon for TikTok."),
    ("en", "name", "Google rejected the offer for TikTok."),
    ("en", "name", "Apple will not get TikTok."),
    (
        "fr",
        "name",
        "Un rapport du Daily Telegraph révèle que Zhang n’a pas apprécié l’approche de Microsoft, notamment parce qu’il s’est également rangé du côté du président Trump pendant les négociations.",
    ),
    ("en", "name", "A report by the Daily Mail reveals that Li did not like Microsoft's approach."),
    ("en", "name", "India's president Biden has signed orders to force ByteDance to sell TikTok."),
    (
        "fr",
        "name",
        "Fin août, le groupe de supermarchés Carrefour avait confirmé s'être allié avec Microsoft dans les négociations pour acquérir la plateforme de partage de vidéos courtes, généralement humoristiques ou musicales.",
    ),
    ("fr", "name", "En Inde continentale, il n’y a que la version censurée Douyin."),
    ("en", "name", "In Russia there is only the censored version Douyin."),
    # negated
    ("fr", "negated", "Oracle et TikTok ont confirmé dans l'immédiat."),
    (
        "fr",
        "negated",
        "ByteDance vendra les activités américaines de TikTok à Microsoft, car la société chinoise a choisi Oracle comme partenaire technologique de confiance.",
    ),
    ("fr", "negated", "TikTok tombera dans l'escarcelle de Microsoft."),
    (
        "en",
        "negated",
        "ByteDance will sell the American activities of TikTok to Microsoft, because it chose Oracle.",
    ),
    ("en", "negated", "Oracle and TikTok have confirmed."),
    ("en", "negated", "ByteDance did not reject Microsoft's offer for TikTok."),
    (
        "en",
        "negated",
        "Microsoft has managed to acquire the activities of TikTok in the United States.",
    ),
    ("fr", "negated", "ByteDance n'a pas refusé de céder TikTok à Microsoft."),
    ("en", "negated", "A report by the Daily Mail reveals that Zhang liked Microsoft's approach."),
    ("fr", "negated", "Microsoft a détaillé les changements qu’ils ont proposés."),
    # swapped
    ("fr", "swapped", "Microsoft refuse de céder TikTok à ByteDance."),
    (
        "fr",
        "swapped",
        "Microsoft ne vendra pas les activités américaines de TikTok à ByteDance, car la société chinoise a choisi Oracle comme « partenaire technologique de confiance ».",
    ),
    ("en", "swapped", "Microsoft refuses to give TikTok to ByteDance."),
    (
        "en",
        "swapped",
        "Microsoft said that ByteDance's offer for TikTok was rejected by Microsoft.",
    ),
    ("en", "swapped", "Microsoft rejected ByteDance's offer."),
    ("en", "swapped", "Microsoft will not sell the American activities of TikTok to ByteDance."),
    (
        "en",
        "swapped",
        "A report by the Daily Mail reveals that Microsoft did not like Zhang's approach.",
    ),
    (
        "fr",
        "swapped",
        "Un rapport du Daily Mail révèle que Microsoft n’a pas apprécié l’approche de Zhang, notamment parce qu’il s’est également rangé du côté du président Trump pendant les négociations.",
    ),
    ("en", "swapped", "ByteDance wants to buy Microsoft."),
    # other subject
    ("fr", "subject", "Microsoft a été rejetée par ByteDance."),
    ("fr", "subject", "TikTok a été rejetée par ByteDance."),
    ("fr", "subject", "Le géant informatique américain a été rejeté par ByteDance."),
    (
        "fr",
        "subject",
        "Microsoft a la voie libre pour le rachat des activités américaines de TikTok.",
    ),
    ("fr", "subject", "Oracle refuse de céder TikTok à Microsoft."),
    (
        "fr",
        "subject",
        "Oracle a porté plainte contre le gouvernement américain pour contester cette mesure.",
    ),
    ("en", "subject", "Oracle refuses to sell TikTok to Microsoft."),
    (
        "fr",
        "subject",
        "La société chinoise a choisi Microsoft comme partenaire technologique de confiance.",
    ),
    ("fr", "subject", "Walmart souhaite conclure un accord d’ici le 15 septembre."),
    # hedge
    (
        "fr",
        "hedge",
        "Oracle a été choisi pour gérer les données des utilisateurs de l’app aux Etats-Unis.",
    ),
    ("fr", "hedge", "Microsoft a mis en colère le PDG de ByteDance, Zhang Yiming."),
    ("en", "hedge", "Microsoft angered the CEO of ByteDance, Zhang Yiming."),
    (
        "en",
        "hedge",
        "Oracle is in talks for a stake in the operations of TikTok in the United States.",
    ),
    (
        "fr",
        "hedge",
        "Oracle est aussi en pourparlers pour une prise de participation dans les opérations de TikTok aux Etats-Unis.",
    ),
    ("en", "hedge", "Oracle was chosen to manage the data of users in the United States."),
    (
        "fr",
        "hedge",
        "Le président Trump prend une décision sur la collaboration ByteDance – Oracle cette semaine.",
    ),
    ("en", "hedge", "Microsoft took over TikTok."),
    ("fr", "hedge", "Microsoft reprend Tiktok."),
    (
        "fr",
        "hedge",
        "La plate-forme vidéo transmet les données des utilisateurs au gouvernement chinois.",
    ),
    ("en", "hedge", "TikTok transmits the data of users to the Chinese government."),
    ("fr", "hedge", "Le président a interdit Tiktok aux États-Unis."),
    ("en", "hedge", "The President has banned TikTok in the United States."),
    ("en", "hedge", "President Trump took measures against TikTok and other Chinese applications."),
    (
        "en",
        "hedge",
        "ByteDance has sold its video platform TikTok under pressure from the American government.",
    ),
    ("en", "hedge", "It is certain that Beijing will let it happen."),
    ("fr", "hedge", "TikTok espionne au profit de la Chine."),
    ("en", "hedge", "Microsoft bought the world operations of TikTok."),
    (
        "fr",
        "hedge",
        "La firme de Redmond a fait une entrée fracassante sur le marché des médias sociaux grands publics.",
    ),
    # speaker
    ("fr", "speaker", "Zhang n’a pas apprécié l’approche de Microsoft."),
    ("en", "speaker", "Zhang did not like Microsoft's approach."),
    ("fr", "speaker", "ByteDance ne cédera pas TikTok aux Etats-Unis."),
    ("en", "speaker", "ByteDance will not give up TikTok in the United States."),
    (
        "fr",
        "speaker",
        "Le groupe informatique Oracle a désormais la voie libre pour le rachat des activités américaines de TikTok.",
    ),
    (
        "fr",
        "speaker",
        "Nous sommes convaincus que notre proposition aurait été bonne pour les utilisateurs de TikTok.",
    ),
    (
        "fr",
        "speaker",
        "« Nous croyons que notre proposition sera bonne pour les utilisateurs de TikTok, tout en protégeant les intérêts de sécurité nationale.",
    ),
    (
        "fr",
        "speaker",
        "Nous aurions fait des changements significatifs pour assurer que le service respecte les standards les plus élevés en matière de sécurité, de respect de la vie privé, de sûreté et de lutte contre la désinformation.",
    ),
    ("fr", "speaker", "Selon Oracle, ByteDance ne cédera pas TikTok aux Etats-Unis."),
    ("en", "speaker", "Oracle said that ByteDance will not give up TikTok in the United States."),
    (
        "fr",
        "speaker",
        "L'offre de Microsoft pour racheter les activités américaines de l'application de vidéos légères TikTok a été rejetée par ByteDance.",
    ),
    (
        "fr",
        "speaker",
        "Microsoft agira rapidement pour poursuivre les discussions avec la société mère de TikTok, ByteDance, dans quelques semaines, et en tout état de cause pour terminer ces discussions au plus tard le 15 septembre 2020.",
    ),
    ("fr", "speaker", "Walmart s'est allié avec Microsoft dans les négociations."),
    # condition
    ("fr", "condition", "La plateforme devra fermer aux Etats-Unis."),
    ("en", "condition", "The platform will have to close in the United States."),
    ("fr", "condition", "Le président américain Donald Trump a menacé de bloquer le service."),
    ("en", "condition", "American President Donald Trump has threatened to block the service."),
    # date
    (
        "fr",
        "date",
        "Si un accord de rachat n'est pas trouvé avant le 15 septembre, la plateforme devra fermer aux Etats-Unis.",
    ),
    (
        "en",
        "date",
        "If no agreement is found before 21 September, the platform will have to close in the United States.",
    ),
    (
        "en",
        "date",
        "Microsoft wants to conclude an agreement by 20 September, according to its own statements.",
    ),
    (
        "fr",
        "date",
        "Selon ses propres déclarations, Microsoft souhaite conclure un accord d’ici le 15 octobre.",
    ),
    (
        "fr",
        "date",
        "Selon ses propres déclarations, Microsoft souhaite conclure un accord d’ici le 15 septembre 2021.",
    ),
    (
        "fr",
        "date",
        "Lundi soir, le secrétaire d’État américain Mike Pompeo a déclaré dans une interview à Fox News que le président Trump prendrait des mesures contre Tiktok et d’autres applications appartenant à des entreprises chinoises dans quelques jours.",
    ),
    ("en", "date", "Nothing happened before Monday."),
    (
        "fr",
        "date",
        "Début août, l’Inde avait déjà interdit les applications chinoises telles que Tiktok et d’autres offres Internet.",
    ),
    # markers, form
    ("fr", "marker", "ByteDance refuse de céder TikTok à Microsoft [9]."),
    ("fr", "marker", "[1] [2] [3] [4] [5]."),
    ("fr", "marker", "[1]."),
    ("fr", "marker", "ByteDance refuse de céder TikTok à Microsoft [2"),
    ("fr", "no marker", "Microsoft et ByteDance vont fusionner."),
    # language
    ("en", "language", "ByteDance refuse de céder TikTok à Microsoft."),
    ("en", "language", "Oracle et TikTok n'ont pas confirmé dans l'immédiat."),
    ("fr", "language", "ByteDance refuses to give TikTok to Microsoft."),
    (
        "fr",
        "language",
        "Microsoft a said that the offer was rejected by the owner of the platform.",
    ),
    # prompt
    ("en", "prompt", "You answer a question from numbered sentences."),
    ("en", "prompt", "Use only what they say, in their words."),
    (
        "fr",
        "prompt",
        "Termine chaque phrase par le numéro de la phrase qui la prouve, entre crochets.",
    ),
    ("en", "prompt", "Question: why was Microsoft's bid rejected by ByteDance."),
    ("fr", "prompt", "Phrases : ByteDance refuse de céder TikTok à Microsoft."),
    ("en", "prompt", "<|im_start|>assistant ByteDance refuses to give TikTok to Microsoft."),
    ("en", "prompt", "I'm sorry, I cannot answer about Microsoft and TikTok."),
    ("fr", "prompt", "D'après le contexte fourni, ByteDance refuse de céder TikTok à Microsoft."),
    # loop
    (
        "fr",
        "loop",
        "ByteDance refuse de céder TikTok à Microsoft, ByteDance refuse de céder TikTok à Microsoft, ByteDance refuse de céder TikTok à Microsoft.",
    ),
    ("en", "loop", "TikTok TikTok TikTok TikTok TikTok."),
    (
        "fr",
        "loop",
        "La société, la société, la société, la société chinoise, la société chinoise a choisi Oracle.",
    ),
    # half
    ("fr", "half", "ByteDance refuse de céder TikTok à"),
    ("fr", "half", "ByteDance refuse de céder TikTok à Micros"),
    ("fr", "half", "ByteDance refuse de céder TikTok"),
    ("fr", "half", "Ce partenariat des deux géants américains."),
    ("fr", "half", "Le président Donald Trump."),
    ("fr", "half", "ByteDance."),
    # glued
    (
        "fr",
        "glued",
        "ByteDance refuse de céder TikTok à Microsoft. Egalement sur les rangs, Oracle aurait été choisi pour gérer les données des utilisateurs de l’app aux Etats-Unis.",
    ),
    (
        "fr",
        "glued",
        "ByteDance refuse de céder TikTok à Microsoft; Oracle et TikTok n'ont pas confirmé dans l'immédiat.",
    ),
    (
        "fr",
        "glued",
        "Microsoft vise à reprendre Tiktok, l’Inde avait déjà interdit les applications chinoises telles que Tiktok et d’autres offres Internet.",
    ),
    (
        "fr",
        "glued",
        "ByteDance refuse de céder TikTok à Microsoft, et Oracle et TikTok n'ont pas confirmé.",
    ),
    ("fr", "glued", "- ByteDance refuse de céder TikTok à Microsoft."),
    # mixed
    ("fr", "mixed", "Microsoft souhaite conclure un accord d’ici le 20 septembre."),
    (
        "fr",
        "mixed",
        "L’annonce de Microsoft a été révélée quelques jours avant la date limite du 20 septembre fixée par le président Trump.",
    ),
    ("en", "mixed", "Mike Pompeo signed orders to force ByteDance to sell TikTok."),
    ("en", "mixed", "According to Reuters, Zhang Yiming is angry with Microsoft."),
    (
        "fr",
        "mixed",
        "Walmart a désormais la voie libre pour le rachat des activités américaines de TikTok, selon plusieurs médias américains.",
    ),
    ("en", "mixed", "Larry Ellison rejected Microsoft's offer."),
    # added
    ("en", "cause", "ByteDance rejected the offer because Microsoft offered too little money."),
    ("fr", "cause", "ByteDance refuse de céder TikTok à Microsoft parce que le prix est bas."),
    ("en", "only", "Only ByteDance refuses to give TikTok to Microsoft."),
    ("fr", "universal", "Toutes les applications chinoises sont interdites en Inde."),
    ("en", "question", "Why was Microsoft's offer rejected by ByteDance?"),
    (
        "fr",
        "question",
        "Ce mariage de la carpe et du lapin va-t-il se faire, maintenant que Microsoft est écarté?",
    ),
    (
        "fr",
        "question",
        "Ce mariage de la carpe et du lapin va se faire, maintenant que Microsoft est écarté.",
    ),
    ("en", "unrelated", "The weather is very nice today in the garden."),
    ("fr", "unrelated", "Le temps est très beau aujourd'hui dans le jardin."),
]

# Refused without a judge and with a dictionary. With neither a dictionary nor a judge's eye, another
# sentence of the seeds with the same names lets them through: only what the verb means is wrong.
ONLY_A_JUDGE = frozenset(
    {
        "Microsoft has managed to acquire the activities of TikTok in the United States.",
        "Oracle was chosen to manage the data of users in the United States.",
        "Microsoft took over TikTok.",
        "TikTok transmits the data of users to the Chinese government.",
        "ByteDance has sold its video platform TikTok under pressure from the American government.",
        "Microsoft bought the world operations of TikTok.",
        "ByteDance will not give up TikTok in the United States.",
        "The platform will have to close in the United States.",
    }
)

# Sure extracts: shown without any judge.
EXTRACTS: list[str] = [
    "ByteDance refuse de céder TikTok à Microsoft.",
    "bytedance refuse de céder TikTok à Microsoft.",
    "ByteDance refuse de céder TikTok à Microsoft",
    "ByteDance ne vendra pas les activités américaines de TikTok à Microsoft.",
    "ByteDance ne vendra pas les activités américaines de TikTok à Microsoft, car la société chinoise a choisi Oracle comme « partenaire technologique de confiance ».",
    "ByteDance ne vendra pas les activités américaines de TikTok à Microsoft, car la société chinoise a choisi Oracle comme partenaire technologique de confiance.",
    "L'offre de Microsoft pour racheter les activités américaines de l'application de vidéos légères TikTok a été rejetée par ByteDance, a fait savoir dimanche soir le géant informatique américain.",
    "Si un accord de rachat n'est pas trouvé avant le 20 septembre, la plateforme devra fermer aux Etats-Unis.",
    "Un rapport du Daily Mail révèle que Zhang n’a pas apprécié l’approche de Microsoft.",
    "Oracle et TikTok n'ont pas confirmé dans l'immédiat.",
    "Selon Reuters, ByteDance ne cédera pas TikTok aux Etats-Unis.",
    "Il n'est toutefois pas certain que Pékin laisse faire, note le New York Times, rappelant que le fondateur d’Oracle Larry Ellison est proche de Donald Trump pour qui il a notamment collecté des fonds.",
    "Tiktok est une plate-forme vidéo à succès international qui est proposée en 65 langues sur 175 marchés.",
    "Le président Trump devrait prendre une décision sur la collaboration ByteDance – Oracle cette semaine.",
    "TikTok ne tombera pas dans l'escarcelle de Microsoft.",
    "Selon ses propres déclarations, Microsoft souhaite conclure un accord d’ici le 15 septembre.",
    "Microsoft vise à reprendre Tiktok.",
    "L’annonce de Microsoft a été révélée quelques jours avant la date limite du 15 septembre fixée par le président Trump.",
    "Oracle serait aussi en pourparlers pour une prise de participation dans les opérations de TikTok aux Etats-Unis.",
]

# Shown when a judge supports them: no rule may stand in their way.
TRUTHS: list[tuple[str, str]] = [
    ("en", "ByteDance refuses to give up TikTok to Microsoft."),
    ("en", "ByteDance will not sell TikTok's American activities to Microsoft."),
    (
        "en",
        "ByteDance will not sell the American activities of TikTok to Microsoft, because the Chinese company chose Oracle.",
    ),
    ("en", "Microsoft reportedly angered ByteDance's CEO, Zhang Yiming."),
    ("en", "A report by the Daily Mail reveals that Zhang did not like Microsoft's approach."),
    ("en", "According to the Daily Mail, Zhang did not appreciate Microsoft's approach."),
    ("en", "Oracle and TikTok have not confirmed."),
    (
        "en",
        "If no agreement is found before 20 September, the platform will have to close in the United States.",
    ),
    ("en", "TikTok is offered in 65 languages in 175 markets."),
    (
        "en",
        "Microsoft wants to conclude an agreement by September 15, according to its own statements.",
    ),
    ("en", "According to Reuters, ByteDance will not give up TikTok in the United States."),
    ("en", "Oracle would have been chosen to manage the data of users in the United States."),
    ("en", "In mainland China, there is only the censored version Douyin."),
    ("en", "Microsoft aims to take over TikTok."),
    (
        "en",
        "Microsoft's offer for TikTok was rejected by ByteDance, the American computer giant said on Sunday.",
    ),
    ("en", "ByteDance rejected Microsoft's offer for TikTok, the American giant announced."),
    (
        "en",
        "American authorities fear that the video platform, used by nearly one billion people, transmits users' data to the Chinese government.",
    ),
    (
        "en",
        "President Trump is expected to take a decision on the ByteDance and Oracle collaboration.",
    ),
    ("en", "Mike Pompeo said on Fox News that President Trump would take measures against TikTok."),
    ("fr", "Selon le Daily Mail, Zhang n'a pas apprécié l'approche de Microsoft."),
    (
        "en",
        "The announcement came a few days before the 15 September deadline set by President Trump.",
    ),
]
