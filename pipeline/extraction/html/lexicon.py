"""Words by their hashes: words that carry grammar, and words that menus and notices are made of."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numba import njit
from numpy.typing import NDArray

BITS: Final = 4096  # of a table of hashes, and of a set of a page's words

# Words that carry grammar, in the languages of most web pages; as hashes, in a table of one slot for each 12 bits. Not
# here: is, eine, dass, nach, einem, aux, aber, durch, sí and gli, whose slots others have, and among the cues login and
# gdpr. The model was trained on counts without them; a table that holds them needs another training.
FUNCTION_WORDS: Final = (
    "the of and to in that for it as was with be by on not he his but at are this have from or had an they which one"
    " you were all her she there would their we him been has when who will no more if out so what up said its about"
    " than der die und das den von zu mit sich des auf für ist im dem nicht ein als auch es werden aus er hat sie wird"
    " bei einer um am sind noch wie über einen zum war haben nur oder vor zur bis mehr man de la le et les en un une"
    " du dans est que pour qui par sur pas plus au ne se ce avec il sont ont cette mais el los las del y por con para"
    " una su al lo como más pero sus ha o este porque esta entre cuando muy sin sobre di che è per non si da come"
    " della dei nel sono alla più anche ma delle questo ed nella van het een op te zijn niet voor aan ook naar dat bij"
    " maar om nog wordt worden uit os do dos em uma não com foi ao mas ele tem à seu sua ou pelo nos já i w na z nie"
    " się że jest jak po co ale przez od za dla być było jego tym и в не на что он с как это по но из у за от так же"
    " для вы мы его её то все был о к до och att det som på är av för med till har inte ett men var jag från han så ve"
    " bir bu için ile çok olarak daha olan gibi kadar sonra في من على إلى أن عن التي الذي هذا هذه ما لا مع كان أو"
)


@njit(cache=True, nogil=True, _nrt=False)
def fold(value: Any, byte: Any) -> Any:
    """One step of a 32-bit FNV-1a hash."""
    return ((value ^ byte) * 16777619) & 0xFFFFFFFF


HASH_START: Final = 2166136261


def word_hash(word: str) -> int:
    """The hash of a word as the scanner takes it: FNV-1a of UTF-8 with A to Z in lower case."""
    value = HASH_START
    for byte in word.encode():
        value = ((value ^ byte) * 16777619) & 0xFFFFFFFF
    return value


# Words that what stands around the main text is made of, on most sites and in many languages. One signal among many:
# a page without any of them is judged by all the others.
CUE_WORDS: Final = (
    "cookie cookies newsletter copyright privacy javascript logout register signup subscribe unsubscribe share"
    " facebook twitter instagram linkedin pinterest whatsapp youtube telegram tiktok email rss blog faq consent"
    " advertisement sponsored affiliate reserved terms policy browser sitemap wishlist checkout cart basket shipping"
    " datenschutz impressum anmelden abmelden abonnieren teilen werbung anzeige warenkorb kommentare antworten"
    " partager connexion inscription panier commentaires répondre publicité confidentialité mentions abonnement"
    " compartir suscríbete suscribirse carrito comentarios responder publicidad privacidad iniciar registrarse aviso"
    " condividi iscriviti accedi carrello commenti rispondi pubblicità informativa delen winkelwagen reacties inloggen"
    " voorwaarden zaloguj koszyk komentarze udostępnij regulamin polityka войти подписаться поделиться комментарии"
    " ответить реклама корзина dela logga varukorg kommentarer paylaş yorum üye giriş gizlilik çerez شارك تعليق تسجيل"
    " الدخول الخصوصية 登录 注册 分享 评论 ログイン コメント comment comments reply replies recommended related"
    " trending popular loading follow views likes votes"
)

# Words of sentences about licences and rights: blocks with one of NOTICE are looked at for the page's licence.
# TELLING ones say enough alone; so does a ban (BAN) beside what is banned (BANNED).
NOTICE, TELLING, BAN, BANNED = 1, 2, 4, 8
RIGHTS_WORDS: Final = {
    NOTICE: "licence licences licenced licensed license licenses licensing lizenz lizenzen lizenziert lizenzvertrag"
    " licencia licenza licença licentie licencja licens licenciado cc cc0 commons reserved reservados riservati"
    " réservés vorbehalten voorbehouden forbehold förbehållna zastrzeżone защищены prohibited copyleft gfdl ogl",
    TELLING: "무단전재 무단복제 무단배포 재배포금지 판권 판권소유 크리에이티브 커먼즈 저작자표시 ccl",
    BAN: "금지 금지합니다 금지됩니다 금지한다 금합니다 금함 불허 무단 유보 보유"
    " untersagt verboten gestattet erlaubt zulässig darf dürfen interdit interdite interdits interdites autorisé"
    " autorisée"
    " peut peuvent doit prohibido prohibida prohibidos prohibidas prohíbe prohíben puede pueden podrá podrán permitido"
    " permitida vietato vietata vietati vietate consentito consentita può possono proibido proibida proibidos proibidas"
    " pode podem verboden toegestaan toegelaten mag mogen zabrania zabronione zabroniona zabroniony zakazane"
    " niedozwolone"
    " może mogą wolno förbjudet förbjuden förbjudna tillåten tillåtet tillåtna får zakázáno zakázána zakázány nesmí"
    " povoleno divieto autorizamos nutzungsvorbehalt behält behalten widersprechen interdisons oppose"
    " opposons reservamos autoriza reservamo vedado vedada vedados vedadas behouden wyrażamy zastrzegamy"
    " förbehåller vyhrazujeme dovoleno nesmíte",
    BANNED: "전재 재배포 복제 배포 배포를 도용 이용 이용을 사용 사용을 전재를 학습 학습에 학습을 학습용"
    " 학습금지 활용 마이닝 마이닝을 마이닝에 권리 권리를"
    " training trainings trainieren mining datamining tdm entraîner entraînement entrenar entrenamiento addestrare"
    " addestramento treinar treinamento treino trainen trenowania trenowanie szkolenia szkolenie träna träning"
    " trénování"
    " trénovat fouille minería mineração estrazione eksploracja eksploracji datautvinning vytěžování lernen"
    " maskininlärning maskininlärningsmodeller maszynowego uczenia strojovému strojového",
}
# The same in scripts without spaces, where nothing says where a word begins: two characters that stand together.
RIGHTS_PAIRS: Final = {
    TELLING: "权所 權所 留所 留一 必究 识共 識共 創用 创用 コモ 無断 禁転 不許",
    BAN: "禁止 禁じ 禁ず 严禁 嚴禁 不得 请勿 請勿 谢绝 謝絕 拒绝 拒絕 不允 保留 留保 断り 遠慮 許可 許諾 認め",
    BANNED: "转载 轉載 転載 転用 复制 複製 摘编 盗用 盜用 抓取 训练 訓練 学习 學習 学習 挖掘 探勘 ニン",
}


def _hash_table(words: str) -> NDArray[np.int64]:
    """Word hashes by their last bits. Raises ValueError where a word finds its slot taken: the former would be lost."""
    table = np.zeros(BITS, np.int64)
    for word in words.split():
        slot = word_hash(word) & (BITS - 1)
        if table[slot]:
            raise ValueError(f"the slot of {word} is taken, by itself or by another word: leave one of them out")
        table[slot] = word_hash(word)
    return table


RIGHTS_SLOTS: Final = 4096
WORD_SHIFT: Final = 5
PAIR_SHIFT: Final = 18


def _rights_tables(keys: dict[int, int], shift: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Keys by `rights_slot`, and what each of them says. Raises ValueError where two fall into one slot."""
    table, says = np.zeros(RIGHTS_SLOTS, np.int64), np.zeros(RIGHTS_SLOTS, np.int64)
    for key, kind in keys.items():
        slot = (key ^ key >> shift) & (RIGHTS_SLOTS - 1)
        if table[slot]:
            raise ValueError("two of the words about rights share a slot: choose another shift")
        table[slot], says[slot] = key, kind
    return table, says


@njit(cache=True, nogil=True, _nrt=False)
def rights_slot(key: Any, shift: Any) -> Any:
    """Where the hash of a word, or the bytes of a pair of characters as one number, stand in their table."""
    return (key ^ key >> shift) & (RIGHTS_SLOTS - 1)


# What an element's class, id, itemprop and itemtype say beside their score, as names or as sub-words of them: that it
# shows a formula whose source stands beside it, or is the picture of one whose MathML may; that it holds a formula, or
# readers' comments.
SHOWN, PICTURE, FORMULA, REMARKS = 1, 2, 4, 8
NAMES: Final = {
    **dict.fromkeys(("katex-html", "mathjax_preview", "mathjax_svg"), SHOWN),
    **dict.fromkeys(("mwe-math-fallback-image-inline", "mwe-math-fallback-image-display"), PICTURE),
    **dict.fromkeys(("latex", "tex", "math", "formula", "equation"), FORMULA),
    **dict.fromkeys(("comment", "comments", "commentlist", "commentarea", "commentform", "commenter"), REMARKS),
    **dict.fromkeys(("kommentar", "kommentare", "kommentarer", "commentaire", "commentaires", "comentario"), REMARKS),
    **dict.fromkeys(("comentarios", "commento", "commenti", "komentarz", "komentarze", "reacties", "yorum"), REMARKS),
    **dict.fromkeys(("yorumlar", "disqus", "livefyre", "respond"), REMARKS),
    **dict.fromkeys(("http://schema.org/comment", "https://schema.org/comment"), REMARKS),
    **dict.fromkeys(("http://schema.org/usercomments", "https://schema.org/usercomments"), REMARKS),
}

# Publication before modification, the specific before the generic; names of <meta name|property|itemprop>.
DATE_NAMES: Final = (
    "article:published_time",
    "datepublished",
    "og:article:published_time",
    "dcterms.created",
    "dcterms.issued",
    "dc.date.issued",
    "citation_publication_date",
    "sailthru.date",
    "parsely-pub-date",
    "pubdate",
    "publish-date",
    "publishdate",
    "date",
    "dc.date",
    "dcterms.date",
)
AUTHOR_NAMES: Final = ("author", "article:author", "citation_author", "dc.creator", "dcterms.creator", "parsely-author")
RIGHTS_NAMES: Final = ("dcterms.license", "dc.rights.license", "dc.license", "license", "cc:license", "dct:license",
                       "dcterms.rights", "dc.rights", "dcterms:license", "copyright", "rights")  # fmt: skip
META_NAMES: Final = (*DATE_NAMES, *AUTHOR_NAMES, *RIGHTS_NAMES)

FUNCTION_HASHES = _hash_table(FUNCTION_WORDS)
CUE_HASHES = _hash_table(CUE_WORDS)
NAME_HASHES = _hash_table(" ".join(NAMES))
NAME_SAYS = np.zeros(BITS, np.int64)
for _name, _says in NAMES.items():
    NAME_SAYS[word_hash(_name) & (BITS - 1)] = _says
WORDS, WORD_SAYS = _rights_tables(
    {word_hash(word): kind for kind, words in RIGHTS_WORDS.items() for word in words.split()}, WORD_SHIFT
)
PAIRS, PAIR_SAYS = _rights_tables(
    {int.from_bytes(pair.encode(), "big"): kind for kind, pairs in RIGHTS_PAIRS.items() for pair in pairs.split()},
    PAIR_SHIFT,
)
META_HASHES = _hash_table(" ".join(META_NAMES))
META_BITS = np.zeros(BITS, np.int64)
for _place, _name in enumerate(META_NAMES):
    META_BITS[word_hash(_name) & (BITS - 1)] = 1 << _place
