"""Sentences in nine European languages that forbid to train models on a page, or to mine its text and data.

Read as those in East Asian languages are: a prohibition, what is prohibited, and words that make it the page's own:
this site, our texts, a copyright line, or a clause that begins as notices do. What reports of a ban, asks about one or
denies one is none.
"""

from __future__ import annotations

import re
from typing import Final

from pipeline.licences.statements.east_asian import MINING, TRAINING

_PROHIBITS: Final = re.compile(
    r"\b(?:untersagt|verboten|nicht (?:gestattet|erlaubt|zulässig)|vorbehalten|\w*vorbehalt\b"
    r"|(?:darf|dürfen) (?:[\w-]+ ){0,12}?nicht\b|(?:darf|dürfen) nicht"
    r"|behält sich\b|behalten (?:wir )?uns\b|wir widersprechen\b"
    r"|nous interdisons|s['’]oppose(?:nt)? à|nous opposons|droits? de [^.]{0,60}réservés"
    r"|interdite?s?\b|n['’]est pas autorisée?|ne (?:peut|peuvent|doit|doivent) (?:pas )?être"
    r"|nos reservamos|no se autoriza|prohibid[oa]s?\b|se prohíbe|no (?:puede|podrá|pueden|podrán|está permitid[oa])"
    r"|divieto di|vietat[oaie]\b|non (?:può|possono)"
    r"|non (?:è|sono) (?:consentit[oaie]|ammess[oaie]|permess[oaie])"
    r"|reservamo-nos|vedad[oa]s?\b|proibid[oa]s?\b|não (?:autoriz\w+|pode|podem|é permitid[oa])"
    r"|behouden ons\b|verboden\b|niet (?:toegestaan|toegelaten)|(?:mag|mogen) niet"
    r"|nie wyraża(?:my|m) zgody|zastrzega(?:my|m)\b|zabrania się|zabronion[eay]\b"
    r"|zakazan[eay]\b|niedozwolon[eay]\b|nie (?:może|mogą|wolno)"
    r"|förbehåller oss|förbju(?:det|den|dna)\b|inte tillåt(?:en|et|na)|får (?:inte|ej)"
    r"|vyhrazujeme si|zakázán[oay]?\b|nesmí|není (?:povoleno|dovoleno))",
    re.IGNORECASE,
)
_MAY_PROHIBIT: Final = (
    *("untersagt", "verbote", "verboden", "nicht", "vorbehalt", "behält", "behalten", "widersprech", "interdi"),
    *("pas autoris", "être", "oppos", "réservés", "prohib", "prohíb", "no p", "no está", "no se", "reserva", "vietat"),
    *("divieto", "non ", "proib", "não ", "vedad", "niet ", "behouden", "zabr", "zakaz", "zakáz", "nie"),
    *("zastrzega", "förbj", "inte ", "får ej", "förbehåller", "nesmí", "není", "vyhrazujeme"),
)
_MAY_TRAIN_OR_MINE: Final = (
    *("train", "entraîn", "entren", "addestra", "trein", "trenowa", "szkoleni", "trän", "trénov", "lern", "apprenti"),
    *("aprendiz", "apprendi", "maskininl", "mining", "tdm", "fouille", "minería", "estrazione", "mineração", "eksplor"),
    *("datautvinning", "vytěžování", "extraction", "uczeni", "učení"),
)
_MACHINES: Final = (
    r"(?:KI|AI|IA)\b|künstliche\w* Intelligenz\w*|maschinelle\w* Lernen\w*|\w*[Ss]prachmodell\w*"
    r"|intelligences? artificielles?|apprentissage automatique|modèles? de langage"
    r"|inteligencias? artificial(?:es)?|aprendizaje automático|modelos? de lenguaje"
    r"|intelligenz[ae] artificial[ei]|apprendimento automatico|modelli linguistici"
    r"|inteligências? artificia(?:l|is)|aprendizado de máquina|aprendizagem automática|modelos? de linguagem"
    r"|kunstmatige intelligentie|taalmodel\w*|sztuczn\w+ inteligencj\w+|uczeni\w+ maszynow\w+|model\w+ językow\w+"
    r"|jazykov\w+ model\w*|artificiell intelligens\w*|maskininlärning\w*|språkmodell\w*|uměl\w+ inteligenc\w+"
    r"|strojov\w+ učení|LLM\w*"
)
_LEARNS: Final = (
    r"\w*[Tt]rainings?\w*|trainier\w+|entraîne\w*|entrena\w*|addestra\w*|trein\w+|trainen\b|trenowa\w+|szkoleni\w+|uczeni[ae]\b"
    r"|träna\w*|träning\w*|trénov\w+|Lernen\b|apprentissage|aprendizaje|apprendimento|aprendizad\w|maskininlärning"
)
_TRAINS: Final = re.compile(
    rf"(?:(?:{_LEARNS})(?:[^.;:!?]{{0,60}}?\W)??(?:{_MACHINES})|\b(?:{_MACHINES})(?:[^.;:!?]{{0,40}}?\W)??(?:{_LEARNS})"
    r"|maschinelle\w* Lernen|apprentissage automatique|aprendizaje automático|apprendimento automatico"
    r"|aprendiza\w+ (?:de máquina|automática)|uczeni\w+ maszynow\w+|maskininlärning\w*|strojov\w+ učení)",
    re.IGNORECASE,
)
_MINES: Final = re.compile(
    r"\bdata[ -]?mining\b|\bdatamining\b|\bTDM\b|fouille de (?:textes|données)|minería de (?:textos|datos)"
    r"|(?:estrazione|extraction) d[ie] test[oi] e (?:di )?dati|mineração de (?:textos|dados)"
    r"|eksploracj\w+ (?:tekst|dan)\w+|datautvinning\w*|vytěžování (?:text|dat)\w*",
    re.IGNORECASE,
)
_OWN: Final = re.compile(
    r"©|\(c\)|\bcopyright\b|\bdiese[rsnm]? (?:Web\w*|Seiten?|Inhalte?\w*|Texte?s?|Artikels?|Werke?s?|Beitr\w+"
    r"|Dokument\w*)"
    r"|\bunsere[rsnm]? (?:Inhalte?n?|Texte?n?|Web\w*|Seiten?|Artikel\w*|Beitr\w+)|\b(?:alle"
    r"|sämtliche[rn]?) (?:Rechte|Inhalte?n?|Texte?n?)"
    r"|Nutzungsvorbehalt"
    r"|\b(?:ce|cet|cette|ces|nos|notre) (?:site|contenus?|textes?|articles?|pages?|œuvre|ouvrage|document)\b"
    r"|\b(?:este|esta|estos|estas|nuestr[oa]s?) (?:sitio|página|artículos?|textos?|contenidos?|obra|web|documento)\b"
    r"|\b(?:questo|questa|questi|quest['’]|nostr[oiae]) ?(?:sito|pagina|articol[oi]|test[oi]|contenut[oi]|opera"
    r"|documento)\b"
    r"|\b(?:d?este|d?esta|d?estes|noss[oa]s?) (?:site|página|artigos?|textos?|conteúdos?|obra|documento|website)\b"
    r"|\b(?:deze|dit|onze) (?:web\w*|site|pagina|artikel\w*|tekst\w*|inhoud|content|werk)\b"
    r"|\b(?:tego|tej|ten|ta|tym|naszych|naszej) (?:serwis\w*|stron\w*|artykuł\w*|tekst\w*|treści|witryn\w*|portal\w*)\b"
    r"|\b(?:den här|detta|denna|våra?|vårt) (?:web\w*|sid\w*|text\w*|artik[el]\w*|innehåll\w*|sajt\w*)"
    r"|\b(?:tohoto|těchto|tento|tato|našich|našeho) (?:web\w*|strán\w*|článk\w*|článek|text\w*|obsah\w*)",
    re.IGNORECASE,
)
_BEGINS: Final = re.compile(
    r"^\W*(?:untersagt ist|(?:jegliche|jede) (?:Nutzung|Verwendung|Vervielfältigung)|toute (?:utilisation"
    r"|reproduction|extraction)"
    r"|il est (?:strictement |formellement )?interdit|(?:queda|está)n? (?:\w+mente )?prohibid|se prohíbe|prohibid[oa]"
    r"|(?:è|sono) (?:\w+mente )?vietat|vietat[oaie]|é (?:\w+mente )?(?:expressamente )?proibid|proibid[oa]"
    r"|het is (?:\w+ )?verboden"
    r"|zabrania się|zabronion|det är (?:\w+ )?förbjudet|je (?:\w+ )?zakázáno|zakázáno)",
    re.IGNORECASE,
)
"""How the clause of a notice begins."""
_REPORTS: Final = re.compile(
    r"[?¿]"
    r"|\b(?:wann|warum|weshalb|quand|pourquoi|cuándo|por qué|explica si|quando|perché|se é|waarom|wanneer|kiedy"
    r"|dlaczego|varför|kdy|proč|verwechselt|confondue?s?|confundid[oa]s?|confus[oaie]|verward|mylon[aey]|förväxlas|zaměňov\w+"
    r"|expliquent?|wyjaśnia\w*|förklarar|vysvětluj\w+|spiega\w*)\b"
    r"|\b(?:hat|haben|hatte|will|wollen|soll(?:te)?n?|könnten?|laut|Gesetz\w*|Gericht\w*|Urteil|Regierung"
    r"|Verordnung|sagte|erklärte"
    r"|fordert|berichtet|Debatte|Kunden|Schüler\w*|Mitarbeiter\w*|Patient\w*"
    r"|a interdit|ont interdit|selon|lois?|tribunal|gouvernement|règlement|veut|faudrait|devrait|patients?|élèves"
    r"|salariés|public"
    r"|prohibió|prohibieron|ha prohibido|ley|gobierno|quiere|debería|según|personales|alumnos|clientes"
    r"|ha vietato|hanno vietato|legge|tribunale|governo|garante|vuole|dovrebbe|secondo|perché|studenti|clienti|utenti"
    r"|proibiu|proibiram|lei|decidiu|governo|quer|deveria|segundo|pessoais|alunos|usuários"
    r"|heeft|hebben|wet|wil|moet|zou|volgens|rechter|rechtbank|regering|bepaalt|leerlingen|klanten|medische"
    r"|zabronił\w*|ustaw\w+|według|sąd|rząd|chce|czy|powinn\w+|pacjent\w*|uczni\w+|klient\w*"
    r"|har|lag(?:en)?|vill|borde|enligt|domstol\w*|regering\w*|patient\w*|elever|kunder"
    r"|zakázal\w*|zákon\w*|podle|soud|vlád\w+|chce|má být|měl\w? by|pacient\w*|žáci|zákazní\w+)\b",
    re.IGNORECASE,
)
"""Words of sentences that report, demand or ask, or forbid what is not about the page."""
_DENIED: Final = re.compile(
    r"\b(?:nicht (?:mehr )?(?:verboten|untersagt|vorbehalten)|(?:n['’]est|ne sont) (?:plus "
    r"|pas )(?:strictement )?interdite?s?"
    r"|no (?:está|queda|es)n? prohibid|no se prohíbe|non (?:è|sono) (?:più )?vietat|não (?:é|são|está) proibid"
    r"|niet (?:langer )?verboden|nie (?:jest|są) (?:zabronion|zakazan)|inte (?:längre )?förbju|není zakázán)",
    re.IGNORECASE,
)
NEAR: Final = 200
"""Characters of a clause, longer than which a ban is a part of something told."""
MAX_CLAUSE: Final = 600


def may_forbid(words: str) -> bool:
    """Whether words have a part of a prohibition, and of what is prohibited."""
    small = words.lower()
    return any(cue in small for cue in _MAY_TRAIN_OR_MINE) and any(cue in small for cue in _MAY_PROHIBIT)


def forbidden(clause: str, block: str) -> frozenset[str]:
    """What a clause of a `block` forbids to do with the page: TRAINING, MINING, or both."""
    if len(clause) > MAX_CLAUSE or not may_forbid(clause) or _PROHIBITS.search(clause) is None:
        return frozenset()
    kinds = ((TRAINING, _TRAINS), (MINING, _MINES))
    found = frozenset(kind for kind, pattern in kinds if pattern.search(clause) is not None)
    if not found or _DENIED.search(clause) is not None or _REPORTS.search(clause) is not None:
        return frozenset()
    is_own = _BEGINS.search(clause) or _OWN.search(block if len(block) <= NEAR else clause)
    return found if is_own else frozenset()
