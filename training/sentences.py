"""Sentences to be spoken by synthetic voices, made up from short lists of our own."""

from __future__ import annotations

import numpy as np

_WHO = """my mother|the old farmer|our new neighbour|a famous painter|both of them|the president|
your best friend|somebody|every member of the team|the young woman|his brother Bob|nobody here|
a small group of people|the company|the police|the weather|our whole family|the bus driver|
this machine|the public|Peter|Emma|the boy with the blue cap|a very good teacher|the mayor|
most people|the government|one of my uncles|the river|the music""".replace("\n", "").split("|")

_DOES = """has moved|wants to buy|may become|put down|is looking for|never found|will probably keep|
gave us|used to believe in|should have fixed|cannot remember|is thinking about|brought back|
simply loves|built|has always wanted|opened|would rather have|described|is about to lose|
pushed|forgot|watched|showed me|is proud of|was surprised by|bought|waited for|changed|
complained about""".replace("\n", "").split("|")

_WHAT = """a big brown box|the problem|five wooden boats|the most beautiful garden|some warm bread|
a piece of paper|the whole story|many different things|the first chapter|your phone number|
a public park|the bottom of the map|another way of thinking|his favourite film|fresh apples|
a pair of shoes|the voice of the people|the window above the bed|an expensive camera|nothing|
the path up the mountain|more than half of the money|a cup of coffee|the general idea|
two thousand pounds|a simple answer|the future of our planet|what you said|the other side|
the moon and the stars""".replace("\n", "").split("|")

_WHEN = """last summer|in the middle of the night|before the game|on Thursday morning|at home|
because of the storm|without any help|as far as I know|over the years|from time to time|
in front of the church|with great pleasure|when we arrived|if possible|on the way to the beach|
for the first time|although it was late|until the end of the month|near the bridge|again|
by mistake|after a long journey|in public|just for fun|once upon a time|of course|
every other week|in the beginning|while the children were playing|to be honest""".replace(
    "\n", ""
).split("|")

_ASIDE = """Well, |You know, |I think |Maybe |Yes, |No, |So |But |And |Oh, |Listen: |Look, |
Believe me, |Honestly, |I hope |They say |Suddenly |In fact, |""".replace("\n", "").split("|")

_SHORT = """Why not?|How are you today?|Thank you very much.|Where have you been?|Come over here!|
That is impossible.|What a wonderful view!|Please be careful.|We will see.|Who told you that?|
Stop it!|Give me five more minutes.|Up and away!|Absolutely.|I have no idea what you mean.|
Hurry up, we are leaving.|Good morning, everybody.|Both of you, please.|Have you ever tried it?|
Oh my, what happened?""".replace("\n", "").split("|")

OTHERS = {
    "de": "Guten Morgen, meine Damen und Herren.|Ich möchte bitte ein Pfund Äpfel kaufen.|"
    "Der Bäcker backt früh am Morgen frisches Brot.|Morgen fahren wir mit dem Boot über den Fluss.|"
    "Warum bleibst du nicht noch ein bisschen?|Das Problem lässt sich vermutlich lösen.",
    "fr": "Bonjour, comment vous portez-vous ce matin?|Ma mère prépare une soupe aux pommes.|"
    "Je voudrais un peu plus de pain, s'il vous plaît.|Le bateau bleu part bientôt du port.|"
    "Nous habitons au bout de la rue depuis longtemps.|Pourquoi ne viens-tu pas avec nous?",
    "es": "Buenos días, me llamo Pablo y vivo aquí.|Mi abuela compra pan y manzanas.|"
    "El problema no es tan importante como piensas.|Vamos a beber un vaso de vino blanco.|"
    "¿Por qué no vienes mañana por la mañana?|El tiempo cambia muy pronto en primavera.",
    "it": "Buongiorno, vorrei un bicchiere di vino bianco.|Mia madre prepara sempre la pasta.|"
    "Il bambino beve un po' di acqua.|Domani mattina partiamo per il mare.|"
    "Non mi sembra un problema molto importante.|Che bella giornata, andiamo a passeggio.",
    "pt": "Bom dia, como vai a sua família?|Eu gostaria de comprar um pouco de pão.|"
    "O barco branco parte amanhã bem cedo.|Minha mãe prepara um bolo muito bom.|"
    "Não me lembro do nome daquele homem.|Podemos voltar para casa a pé.",
    "pl": "Dzień dobry, bardzo mi miło pana poznać.|Mama kupiła pięć pomarańczy.|"
    "Pojedziemy jutro pociągiem nad morze.|Proszę o kawałek białego chleba.",
    "ru": "Доброе утро, меня зовут Павел.|Мама купила белый хлеб и яблоки.|"
    "Погода быстро меняется весной.|Мы поедем завтра на поезде к морю.",
    "tr": "Günaydın, bugün hava çok güzel.|Annem pazardan beş elma aldı.|"
    "Yarın sabah büyük bir gemiyle gideceğiz.|Bu problem pek önemli değil.",
    "ar": "صباح الخير يا أصدقائي.|اشترت أمي خبزا وتفاحا من السوق.|سنسافر غدا إلى البحر.|"
    "هذا الموضوع مهم جدا بالنسبة لنا.",
    "hi": "नमस्ते, आप कैसे हैं?|मेरी माँ बाज़ार से फल लाती है।|कल हम पहाड़ पर जाएँगे।|यह बहुत बड़ी समस्या नहीं है।",
    "cmn": "早上好,你叫什么名字?|我妈妈买了八个苹果。|明天我们坐火车去北京。|这个问题不太重要。",
    "nl": "Goedemorgen, hoe gaat het met je moeder?|De boot vertrekt morgen vroeg.|"
    "Ik wil graag een stukje brood met boter.|Waarom blijf je niet bij ons?",
    "sv": "God morgon, vad heter du?|Min mamma bakar bröd varje morgon.|"
    "Vi åker båt över sjön imorgon.|Problemet är inte så viktigt.",
    "fi": "Hyvää huomenta, mitä kuuluu?|Äiti ostaa maitoa ja omenoita.|"
    "Huomenna matkustamme merelle.",
    "el": "Καλημέρα, πώς σας λένε;|Η μητέρα μου αγόρασε ψωμί και μήλα.|Αύριο πάμε με το πλοίο.",
}
"""Sentences in other languages, by espeak-ng's name of the language."""


def english(rng: np.random.Generator) -> str:
    """One to three clauses of plausible grammar and little sense."""
    if rng.random() < 0.15:
        return " ".join(rng.choice(_SHORT, 3, replace=False))
    text = rng.choice(_ASIDE) + _clause(rng)
    if rng.random() < 0.5:
        text += rng.choice([", and ", ", but ", ". ", ", so "]) + _clause(rng)
    return text + rng.choice([".", ".", ".", "?", "!"])


def other(language: str, rng: np.random.Generator) -> str:
    lines = OTHERS[language].split("|")
    return " ".join(rng.choice(lines, 2, replace=False))


def _clause(rng: np.random.Generator) -> str:
    parts = [rng.choice(_WHO), rng.choice(_DOES), rng.choice(_WHAT)]
    if rng.random() < 0.7:
        parts.append(rng.choice(_WHEN))
    return " ".join(parts)
