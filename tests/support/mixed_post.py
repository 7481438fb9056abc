"""Two hundred documents as a club, its landlord, its suppliers and applicants send them, in English and German and in ten formats;
and what a person would type to find some of them again."""

from __future__ import annotations

import random
from collections.abc import Callable

from tests.support.documents import docx, eml, odt, pdf, pptx, xlsx

ENGLISH = {
    "roof": "The storm tore forty tiles off the roof of the clubhouse. Until the roofer comes in May a tarpaulin keeps the rain out.",
    "insurance": "We regret that your claim for the damaged rowing boat cannot be settled, as the policy had lapsed in February.",
    "swimming": "Nobody may row without a certificate that they can swim two hundred metres in clothes.",
    "treasurer": "Mr Okafor steps down as treasurer at the end of the season; whoever wants to keep the books should write to the board.",
    "noise": "Your neighbours complain about loud music on Saturday nights. Please keep windows shut after ten o'clock.",
    "grant": "The city council supports the youth programme with 8,500 pounds, to be spent before the thirty-first of December.",
    "keys": "Three keys to the boathouse are missing since the summer party; the locks will be replaced at the expense of the club.",
    "allergy": "My daughter must not eat nuts. Her emergency medicine is in the red bag, and she knows how to use it.",
    "hotel": "For the regatta in Ghent we have booked nine double rooms, breakfast included, cancellation free until the first of June.",
    "engine": "The outboard motor of the coach's launch does not start when it is cold; it needs new spark plugs.",
    "vegetarian": "Of sixty guests at the anniversary dinner eleven eat no meat and two no fish either.",
    "photos": "I do not want pictures of me or my children to be put on the website, and ask you to delete those from the spring camp.",
    "crane": "The crane for lifting boats out of the water has to be inspected every year; its plate expires in August.",
    "membership": "I am moving to Canada and give up my membership with effect from the next quarter.",
    "ergometer": "Two rowing machines are for sale, used for three winters, the chains oiled and the displays working.",
    "otters": "Otters have built a den below the landing stage, so no work may be done there until the young have left.",
    "solar-panels": "The offer for panels on the south side of the hall comes to 23,400 euros and would pay for itself in eleven years.",
    "first-aid": "Everyone who coaches children has to repeat the course in first aid by the end of March.",
    "quorum": "The general meeting had no quorum: of 212 members 38 were present. It is repeated three weeks later.",
    "deposit": "As the flat above the workshop was handed back clean, the deposit of 1,200 euros is returned in full.",
}
GERMAN = {
    "heizung": "Die Heizung in der Umkleide bleibt kalt. Der Installateur hat eine neue Pumpe bestellt, die am Freitag kommt.",
    "mahnung": "Trotz zweier Erinnerungen ist Ihr Mitgliedsbeitrag für das laufende Jahr nicht eingegangen. Wir bitten um Zahlung binnen zehn Tagen.",
    "steuer": "Das Finanzamt erkennt den Verein als gemeinnützig an; Spenden können für fünf Jahre bescheinigt werden.",
    "parken": "Vor dem Bootshaus dürfen keine Autos mehr stehen, weil die Feuerwehr die Zufahrt braucht.",
    "schnupper": "Am zweiten Sonntag im April können Kinder ab zehn Jahren das Rudern kostenlos ausprobieren.",
    "diebstahl": "In der Nacht wurden zwei Skulls und ein Werkzeugkasten gestohlen. Die Anzeige liegt bei der Polizei.",
    "kantine": "Die Pächterin der Gaststätte hört im Herbst auf; gesucht wird jemand, der an fünf Abenden kocht.",
    "wasserstand": "Bei einem Pegel über vier Metern ist das Befahren des Flusses verboten.",
    "trainer": "Als neue Trainerin für die Jugend stellt sich Frau Yıldız vor, die zuvor in Rostock gearbeitet hat.",
    "schimmel": "An der Nordwand der Wohnung hat sich Schimmel gebildet. Der Mieter kürzt deshalb die Miete um ein Zehntel.",
    "impfung": "Für die Reise nach Kenia werden Impfungen gegen Gelbfieber und Hepatitis empfohlen.",
    "zeugnis": "Herr Brandt hat vier Jahre lang die Werkstatt geleitet, stets zu unserer vollsten Zufriedenheit.",
    "bagger": "Der Bagger hat beim Ausheben des Grabens ein Stromkabel durchtrennt; das Haus war sechs Stunden ohne Licht.",
    "hochzeit": "Wir möchten das Bootshaus am zwölften September für unsere Hochzeit mieten und erwarten neunzig Gäste.",
    "bienen": "Auf der Wiese hinter der Halle sollen drei Bienenstöcke aufgestellt werden, der Imker wohnt nebenan.",
    "datenschutz": "Bitte teilen Sie mir mit, welche Daten Sie über mich gespeichert haben, und löschen Sie meine alte Adresse.",
    "brille": "Nach dem Frühjahrsputz lag eine Brille mit blauem Gestell im Geräteraum; sie kann im Büro abgeholt werden.",
    "fahrplan": "Wegen der Sperrung der Brücke fährt der Bus bis Ostern nur bis zum Marktplatz.",
    "bootstaufe": "Der neue Achter wird am Sonntag auf den Namen Möwe getauft, danach gibt es Kaffee und Kuchen.",
    "kredit": "Die Sparkasse gewährt ein Darlehen über sechzigtausend Euro, rückzahlbar in acht Jahren bei zwei Prozent Zinsen.",
}
QUESTIONS = {
    # By their words, as somebody who remembers one.
    "tarpaulin": "roof",
    "Okafor": "treasurer",
    "outboard motor": "engine",
    "otters landing stage": "otters",
    "23,400": "solar-panels",
    "Yıldız": "trainer",
    "Gelbfieber": "impfung",
    "Achter Möwe": "bootstaufe",
    "Bienenstöcke": "bienen",
    "INV-20117": "invoice-17",
    "RE-30142": "rechnung-42",
    # In other words.
    "hole in the ceiling after bad weather": "roof",
    "insurer refuses to pay": "insurance",
    "who wants to look after the finances": "treasurer",
    "complaint about a party that was too loud": "noise",
    "public money for young people": "grant",
    "child cannot tolerate peanuts": "allergy",
    "where do we stay overnight at the race": "hotel",
    "remove my pictures from the internet": "photos",
    "somebody is leaving the club because they emigrate": "membership",
    "too few people came to vote": "quorum",
    "in der Dusche wird es nicht warm": "heizung",
    "jemand hat nicht bezahlt": "mahnung",
    "Einbruch, Ruder weg": "diebstahl",
    "feuchte Wand, weniger Miete": "schimmel",
    "Feier für ein Brautpaar": "hochzeit",
    "Stromausfall bei Bauarbeiten": "bagger",
    "Geld von der Bank leihen": "kredit",
    "Auskunft, was über mich gespeichert ist": "datenschutz",
    # In the other language.
    "Dachschaden nach dem Sturm": "roof",
    "verlorene Schlüssel": "keys",
    "Lebensmittelallergie meiner Tochter": "allergy",
    "Zimmer für die Regatta": "hotel",
    "Gäste, die kein Fleisch essen": "vegetarian",
    "Erste-Hilfe-Kurs": "first-aid",
    "broken heating": "heizung",
    "theft of tools": "diebstahl",
    "mould on the wall": "schimmel",
    "wedding party in September": "hochzeit",
    "bank loan": "kredit",
    "vaccinations for a trip to Africa": "impfung",
}
"""What is looked for, and the one document that is meant."""
BY_WORDS = 11
"""So many of the questions, the first, hold words of the document itself."""

KINDS: dict[str, Callable[[str], bytes]] = {
    "docx": lambda text: docx("Club papers", text),
    "xlsx": lambda text: xlsx([["Club papers"], [text]]),
    "eml": lambda text: eml("Club papers", text),
    "html": lambda text: f"<!doctype html><meta charset=utf-8><title>Club papers</title><p>{text}</p>".encode(),
    "txt": lambda text: f"Club papers\n\n{text}\n".encode(),
    "md": lambda text: f"# Club papers\n\n{text}\n".encode(),
    "odt": odt,
    "pptx": lambda text: pptx("Club papers", text),
    "rtf": lambda text: f"{{\\rtf1\\ansi Club papers\\par {text}}}".encode(),
    "pdf": lambda text: pdf("Club papers", text),
}

_GOODS = ["oars", "life jackets", "tins of varnish", "benches", "ropes", "paddles", "buoys", "lamps", "towels", "cups"]
_WAREN = [
    "Riemen",
    "Schwimmwesten",
    "Dosen Lack",
    "Bänke",
    "Seile",
    "Paddel",
    "Bojen",
    "Lampen",
    "Handtücher",
    "Pokale",
]
_NAMES = ["Adler", "Becker", "Carter", "Dawson", "Ehlers", "Fischer", "Grant", "Hughes", "Ivanova", "Jensen"]
_TOPICS = ["the new website", "the summer party", "the price of drinks", "the spring cleaning", "the club's jerseys"]
_THEMEN = ["der neue Internetauftritt", "das Sommerfest", "die Getränkepreise", "der Frühjahrsputz", "die Trikots"]
_MAKERS: tuple[tuple[str, Callable[[int, random.Random], str]], ...] = (
    (
        "invoice",
        lambda at, by: (
            f"Invoice INV-{20100 + at}: {by.randint(2, 90)} {by.choice(_GOODS)} delivered to {by.choice(_NAMES)}, {by.randint(40, 900)} euros, payable within {by.choice([14, 30])} days."
        ),
    ),
    (
        "rechnung",
        lambda at, by: (
            f"Rechnung RE-{30100 + at}: {by.randint(2, 90)} {by.choice(_WAREN)} an {by.choice(_NAMES)} geliefert, {by.randint(40, 900)} Euro, zahlbar in {by.choice([14, 30])} Tagen."
        ),
    ),
    (
        "minutes",
        lambda at, by: (
            f"Minutes of meeting {at}. Present: {', '.join(by.sample(_NAMES, 4))}. It was agreed that {by.choice(_TOPICS)} is to be discussed again in {by.choice(['May', 'June', 'July'])}."
        ),
    ),
    (
        "protokoll",
        lambda at, by: (
            f"Protokoll der Sitzung {at}. Anwesend: {', '.join(by.sample(_NAMES, 4))}. Beschlossen wurde, dass {by.choice(_THEMEN)} im {by.choice(['Mai', 'Juni', 'Juli'])} noch einmal besprochen wird."
        ),
    ),
)


def documents() -> dict[str, bytes]:
    """All of them, by their file names. The same in every run."""
    by, texts = random.Random(7), {**ENGLISH, **GERMAN}
    for at in range(160):
        name, written = _MAKERS[at % len(_MAKERS)]
        number = at // len(_MAKERS) + 5
        texts[f"{name}-{number}"] = written(number, by)
    kinds = list(KINDS)
    # Those PDFs know ASCII alone, and RTF is written so, too.
    return {
        f"{name}.{kind}": KINDS[kind](text)
        for at, (name, text) in enumerate(texts.items())
        for kind in [kinds[at % (len(kinds) if text.isascii() else len(kinds) - 2)]]
    }
