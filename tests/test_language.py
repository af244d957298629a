from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rag.language import detect, outside_quotations

SEEDS = Path(__file__).parent.parent / "seeds"

ENGLISH = """why was Microsoft's bid rejected?
Why was Microsoft's bid rejected?
Who is Zhang Yiming?
deadline?
deadline
price
offer price
What is the deadline for the sale?
how much did Oracle pay
Who runs the New York Times?
And who replaced them?
And Oracle?
what about Walmart
Which company did ByteDance choose?
When does TikTok have to close?
rejection reasons
reasons for the rejection
Did Trump sign a decree?
Is Oracle a partner of TikTok?
What did Le Monde say about Les Échos?
What happened in Nouvelle-Zélande?
Who is Émile Zola?
Where is Saint-Étienne?
WHY WAS THE BID REJECTED?
tell me about Douyin
summarise the articles
Summary?
opening hours
How old is François Hollande?
who founded L'Oréal?
What does GDPR stand for?
can I return shoes after 30 days?
is the warranty transferable
Does Crédit Agricole own LCL?
side effects of ibuprofen
tenant notice period
who won the 2018 World Cup?
population of Côte d'Ivoire
the rent
TikTok deadline
Microsoft's offer
Trump's role
what's new
don't they sell Xbox?
How many languages?
Explain the rejection
ByteDance owner
name the buyer
Who?
Why?
security concerns
What did Pompeo tell Fox News?
Has Walmart confirmed?
list all partners
Was Zhang angry?
how does photosynthesis work
boiling point of water
do cats dream
weather tomorrow in Paris
best restaurants near Notre-Dame de Paris
Did Christine Lagarde resign from the IMF?
was the deal approved by the board of Renault
what changed
cancel my subscription
maximum file size
is it true
total cost
list of ingredients
Did she resign
annual report summary
how to install
causes of the fire
fire causes
opinions on nuclear energy
Nvidia market share
side effects
Which court ruled?
minimum wage
Apple lawsuit outcome
arrested suspects
Are dogs allowed?
when was it built
Ukraine ceasefire talks
number of deaths
Where did Marie Curie study?
Explain photosynthesis
average rent in Lyon
board members
compare Oracle and Microsoft
Can Microsoft still bid?
contract termination clause
vacation days""".splitlines()

FRENCH = """Pourquoi l'offre de Microsoft a-t-elle été rejetée ?
Qui est Zhang Yiming ?
Qui est le PDG de ByteDance ?
date limite ?
rachat
raisons du rejet
raison ?
prix de vente
Quel est le prix ?
Quelle est la date limite de la vente ?
Combien Oracle a-t-il payé ?
Et qui les a remplacés ?
Et Oracle alors ?
Que dit le New York Times ?
Que dit Fox News de TikTok ?
Quand TikTok doit-il fermer ?
Trump a-t-il signé un décret ?
Oracle est-il partenaire de TikTok ?
POURQUOI L'OFFRE EST-ELLE REJETÉE ?
parle-moi de Douyin
résume les articles
résumé
Où se trouve Redmond ?
horaires d'ouverture
Quel âge a François Hollande ?
qui a fondé L'Oréal ?
Que signifie RGPD ?
puis-je rendre des chaussures après 30 jours ?
la garantie est-elle transmissible
effets secondaires de l'ibuprofène
préavis du locataire
qui a gagné la Coupe du monde 2018 ?
population de la Côte d'Ivoire
le loyer
échéance TikTok
offre de Microsoft
le rôle de Trump
quoi de neuf
Combien de langues ?
Explique le rejet
propriétaire de ByteDance
nomme l'acheteur
Qui ?
Pourquoi ?
problèmes de sécurité
Walmart a-t-il confirmé ?
liste des partenaires
Zhang était-il en colère ?
comment marche la photosynthèse
les chats rêvent-ils
météo demain à Paris
C'est quoi Windows Server ?
Qu'est-ce que le Cloud ?
qu’a dit Mike Pompeo à Fox News ?
C'est qui le CEO de Apple ?
Que pense Satya Nadella de The Verge ?
Est-ce que Walmart participe ?
montant de l'offre
Et au Canada ?
et en Australie ?
Selon Reuters, que fera ByteDance ?
Larry Ellison est-il proche de Donald Trump ?
qu'est-ce qui a changé
annuler mon abonnement
taille maximale des fichiers
est-ce vrai
coût total
liste des ingrédients
A-t-elle démissionné
synthèse du rapport annuel
comment installer
causes de l'incendie
avis sur le nucléaire
part de marché de Nvidia
effets secondaires
Quel tribunal a statué ?
sanctions
salaire minimum
issue du procès Apple
suspects arrêtés
Les chiens sont-ils admis ?
quand fut-il construit
pourparlers en Ukraine
nombre de morts
Où Marie Curie a-t-elle étudié ?
Explique la photosynthèse
loyer moyen à Lyon
membres du conseil
compare Oracle et Microsoft
Microsoft peut-il encore enchérir ?
clause de résiliation
jours de congé""".splitlines()

OTHERS = {
    "Warum wurde das Angebot abgelehnt?": "de",
    "Wer ist Zhang Yiming?": "de",
    "¿Por qué rechazaron la oferta?": "es",
    "¿Quién compró TikTok?": "es",
    "por qué fue rechazada la oferta de Microsoft": "es",
    "Perché l'offerta è stata respinta?": "it",
    "Por que a oferta da Microsoft foi rejeitada?": "pt",
    "Waarom werd het bod afgewezen?": "nl",
    "Dlaczego oferta Microsoftu została odrzucona?": "pl",
    "Varför avvisades budet?": "sv",
    "Miért utasították el az ajánlatot?": "hu",
    "Microsoft teklifi neden reddedildi?": "tr",
    "为什么微软的报价被拒绝？": "zh",
    "TikTok 的截止日期是什么时候？": "zh",
    "なぜMicrosoftの提案は拒否されたのですか": "ja",
    "왜 제안이 거절되었나요?": "ko",
    "Почему предложение Microsoft было отклонено?": "ru",
    "Чому пропозицію відхилили?": "uk",
    "لماذا رُفض عرض مايكروسوفت؟": "ar",
    "چرا پیشنهاد مایکروسافت رد شد؟": "fa",
    "Γιατί απορρίφθηκε η προσφορά;": "el",
    "מדוע נדחתה ההצעה?": "he",
}

UNTOLD = ["", " ", "?", "🙂", "🙂🙂 ❓", "TikTok", "Oracle ?", "Oracle?", "Zhang Yiming", "42",
          "2020-09-15", "Le Monde", "The Verge ?", "L'Oréal", "tiktok", "ByteDance Oracle Microsoft",
          "\ud800", "\x00", "www", "a", "New York Times"]  # fmt: skip


@pytest.mark.parametrize("question", ENGLISH)
def test_english_questions(question: str) -> None:
    assert detect(question) == "en"


@pytest.mark.parametrize("question", FRENCH)
def test_french_questions(question: str) -> None:
    assert detect(question) == "fr"


@pytest.mark.parametrize("question", OTHERS)
def test_other_questions(question: str) -> None:
    assert detect(question) == OTHERS[question]


@pytest.mark.parametrize("text", UNTOLD)
def test_untold(text: str) -> None:
    assert detect(text) is None


def test_seeds_are_french() -> None:
    texts = [path.read_text("utf-8") for path in sorted(SEEDS.glob("*.txt"))]
    assert [detect(text) for text in texts] == ["fr"] * 5


@pytest.mark.parametrize(
    ("text", "language"),
    [
        (
            "Regeringen meddelade på tisdagen att skolorna ska öppna igen efter sommaren. "
            "Man räknar med att alla elever kan vara tillbaka en vecka senare.",
            "sv",
        ),
        (
            "El govern va anunciar dimarts que les escoles tornarien a obrir després de l'estiu. "
            "Es calcula que tots els alumnes hi seran al cap d'una setmana.",
            "ca",
        ),
        (
            "Die Regierung kündigte am Dienstag an, dass die Schulen nach dem Sommer wieder öffnen.",
            "de",
        ),
        (
            "Guvernul a anunțat marți că școlile se vor redeschide după vară și că toți elevii "
            "vor fi înapoi o săptămână mai târziu.",
            "ro",
        ),
    ],
)
def test_documents_in_other_languages_are_not_taken_for_french(text: str, language: str) -> None:
    assert detect(text) == language


def test_quotations_can_be_passed_over() -> None:
    answer = "The file says: « ByteDance ne vendra pas les activités à Microsoft, car la société »."
    assert detect(answer, quotations=False) == "en"
    assert outside_quotations('a "b" « c » “d” „e“ f').split() == ["a", "f"]
    assert detect("« seulement une citation »", quotations=False) is None


@settings(max_examples=200, deadline=None)
@given(st.text())
def test_detect_never_raises(text: str) -> None:
    for quotations in (True, False):
        language = detect(text, quotations=quotations)
        assert language is None or (len(language) == 2 and language.islower())


def test_the_model_is_not_loaded_for_english_or_french() -> None:
    code = (
        "import sys; from rag.language import detect; detect('why was it rejected?'); "
        "detect('Qui est-ce ?'); sys.exit('py3langid' in sys.modules or 'numpy' in sys.modules)"
    )
    root = Path(__file__).parent.parent
    assert subprocess.run([sys.executable, "-c", code], cwd=root, check=False).returncode == 0
