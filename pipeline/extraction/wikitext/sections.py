"""Sections of an article that hold no prose of it: references, links, literature."""

from __future__ import annotations

import re

from pipeline.extraction.wikitext.names import names

_APPARATUS = frozenset(
    names("""
see also; bibliography; references; reference; external links; external link; further reading; notes; footnotes;
endnotes; citations; notes and references; references and notes; references and further reading;
footnotes and references; works cited; sources; bibliography and references; notes and citations;
citations and notes; references and sources; sources and references; cited sources; cited references; cited works;
literature cited; general references; specific references; references cited; further reading and external links;
external links and further reading; links; related links; references and external links; external references;
explanatory notes; footnote; general sources; primary sources; secondary sources; other sources; additional reading;
additional references; suggested reading; selected bibliography; image gallery; gallery; navigation;
notes and sources; sources and notes; sources and further reading; related pages; other websites; see also lists;
web links; einzelnachweise; weblinks; siehe auch; literatur; anmerkungen; quellen; fußnoten; belege;
anmerkungen und einzelnachweise; voir aussi; liens externes; références; notes et références; bibliographie;
articles connexes; annexes; notes; sources; véase también; referencias; enlaces externos; bibliografía; notas;
notas y referencias; ver también; fuentes; note; voci correlate; collegamenti esterni; altri progetti; bibliografia;
ver também; referências; ligações externas; bibliografia; ligações externas; zie ook; externe links; externe link;
bronnen; referenties; literatuur; voetnoten; noten; bronnen, noten en/of referenties; zobacz też; przypisy;
linki zewnętrzne; bibliografia; см. также; примечания; ссылки; литература; источники; див. також; примітки;
посилання; джерела; література; se även; referenser; externa länkar; källor; noter; fotnoter;
脚注; 注釈; 出典; 参考文献;
関連項目; 外部リンク; 参见; 參見; 参考资料; 參考資料; 外部链接; 外部連結;
注释; 註釋; 参考來源; 같이 보기; 각주; 외부 링크; 참고 문헌; kaynakça; dış bağlantılar;
ayrıca bakınız; منابع; پانویس; پیوند به بیرون; جستارهای وابسته; مراجع; وصلات خارجية; انظر أيضا; ראו גם;
הערות שוליים; קישורים חיצוניים; xem thêm; tham khảo; liên kết ngoài; chú thích
""")
)
_SPACES = re.compile(r"\s+")


def is_apparatus(heading: str) -> bool:
    """Whether the section under `heading` only points elsewhere."""
    name = _SPACES.sub(" ", heading).strip(" :.'\"").lower()
    return (
        name in _APPARATUS or name.endswith(" bibliography") or name.startswith(("external links", "further reading"))
    )
