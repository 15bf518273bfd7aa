"""Sentences about licences and rights in Chinese, Japanese and Korean, where no space or capital says what a word is.

`forbidden` asks for a prohibition and for words that make it the page's own: "this site", a copyright line, or a
clause that begins with the prohibition, as notices do. News of a ban has a subject and a verb of saying, and is none. A
negated prohibition ("does not forbid") is none either.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from typing import Final

from pipeline.licences import restrictions

ANY: Final = re.compile(r"[\u3040-\u30ff\u4e00-\u9fff\uac00-\ud7a3]")
"""A character of these scripts."""
END: Final = re.compile(r"(?<=[。！？；])|\s*[|•※★■◆]\s*|(?<=[가-힣])\.\s+")
"""Where one of their sentences ends."""

_OWN: Final = (
    r"本(?:站|网|網|文|页|頁|刊|报|報|作品|博客|部落格|平台|内容|內容|专栏|專欄|书|書|课程|課程|影片|著作|号|號)"
    r"|[该該](?:网站|網站)(?:内容|內容)"
    r"|(?:当|當|本|この)(?:サイト|ウェブ|ホームページ|ページ|ブログ|記事|紙|誌|作品|コンテンツ|チャンネル|書|資料)"
    r"|掲載(?:の|され|し|記事|内容)|記事・写真|私の"
    r"|(?:본|이) ?(?:콘텐츠|컨텐츠|사이트|기사|저작물|게시물|홈페이지|웹사이트|웹 ?페이지|블로그|글|자료|작품|매체)"
)
_OWNER: Final = r"本(?:公司|社)|弊社|当社|당사"
"""Who may forbid: in a notice, whatever a clause says there; in the main text a company forbids other things."""
_COPYRIGHT: Final = (
    r"©|ⓒ|\([cC]\)|[Cc]opyright|[Rr]ights [Rr]eserved|版[权權]|著作[权權権]|저작권(?:자|은|이|을|법의 보호)"
)
_SELF: Final = re.compile(rf"{_OWN}|{_COPYRIGHT}")
_SELF_OR_OWNER: Final = re.compile(rf"{_OWN}|{_OWNER}|{_COPYRIGHT}")
_BEGINS: Final = re.compile(
    r"^[\s\W]{0,9}"
    r"(?:(?:全站|所有|文章|内容|內容|图文|圖文|原创|原創|作品|均为|皆为|皆為){1,4}[，,：: ]{0,2})?"
    r"(?:(?:すべて|全て|画像|写真|文章|イラスト|コンテンツ|および|及び|[のや・、]){1,8})?"
    r"(?:未[经經得]|禁|[严嚴]禁|[请請]勿|谢绝|謝絕|不得|不可|[转轉]載|转载|拒[绝絕]"
    r"|[无無]断|転載|複製|引用|不許|固く|(?:生成)?(?:AI|ＡＩ)(?:による)?の?学習|テキスト[・と及および]{1,3}データマイニング"
    r"|무단|(?:AI|인공지능)[ ·의]{0,2}학습|텍스트)"
)
"""How the clause of a notice begins."""
_REPORTS: Final = re.compile(
    r"宣布|报道|報導|報道|表示|[声聲]明(?!：)|指出|[认認][为為]|呼吁|呼籲|起[诉訴]|指控|[诉訴][讼訟]|法院|法案|新规|新規"
    r"|[规規]定[^，。]{0,6}(?:公司|企业|企業)|要求[^，。]{0,8}(?:公司|企业|企業|平台)|立法|[据據]悉|[记記]者|多家|[讨討][论論]"
    r"|[争爭][议議]|是否|如果|为什么|為什麼|如何|[应應][该該當]|认定|主张|主張|(?<!其)他人|[别別]人"
    r"|您的|你的|个人信息|個人資料|[隐隱]私|机密|機密|涉密|患者|客户|客戶|[员員]工|[学學]生|考生"
    r"|発表|述べ|によると|求め|動き|広が|訴え|提訴|報じ|法律|判決|判断|議論|検討|各社|ニュースで|とは何|かどうか|原則|だろう|べき"
    r"|という|と語|と書|[？?]|[禁止지][」』\"”'’](?!$)|方針を|した。|していた|文言|方法|やり方|登場|専門家|話題|効果|タグ|のか[、。]"
    r"|禁止の(?![たこ為旨])|著作権法[はが]|お客様の|社員|従業員|生徒"
    r"|밝혔|했다|한다고|주장|검토|방안|정부|법안|현행법|소송|보도(?!자료)|[는할] 방|해야|우려|논란|판결|규제|추진|전망"
    r"|요구|지적|이라고|라고 |여부|늘고|문구|효력|을까|직원|고객|학생"
)
"""Words of sentences that report or discuss, or forbid what is not about the page: what a company's staff may do."""
_FORBIDS: Final = re.compile(
    r"(?=[严嚴禁不请請谢謝拒保お固ご遠で認許承留금불허엄거삼])(?:(?<![不無无未沒非])(?<!不再)(?<!取消)(?<!解除)(?<!没有)(?<!沒有)"
    r"(?:[严嚴]禁|禁[止じず](?!演[绎繹]|改作|[区區])(?!された|られた)(?!では(?:ない|ありません))"
    r"(?!(?:さ?れ|し|ら?れ|る)?[てた]?は?[いお]?(?:るわけ|るもの|ない|なかった|ません|おりません))"
    r"|不得(?![不已])|[请請]勿|不可(?![能避或缺])|不[允准][许許]|谢绝|謝絕|拒绝|拒絕"
    r"|保留(?:所有|一切|全部)?(?:相[关關])?(?:法律)?[权權]利|保留[^。]{0,12}(?:挖掘|探勘)[^。]{0,3}[权權]利)"
    r"|お断り|おことわり|固く断|ご?遠慮(?!な[くし]|せず)|でき(?:ません|ない)"
    r"|(?:認め|許可し|許諾し|許し|承諾し)(?:て(?:い|おり)?)?(?:ません|ない(?![一-龠]))|不許|不可(?![欠能避解])|留保"
    r"|금지(?!하지|되지|[는가] 아|되어 있지|한 것은 아|조항|법)|금(?:합니다|함|한다|해 주|하며)|불허|엄금"
    r"|허(?:용|락|가)하지 않|거부(?:합니다|함)|삼가)"
)
"""Looks for its first characters first, which halves its time."""
_MAY_FORBID: Final = re.compile("[禁勿绝絕遠断許認承不保留금불엄허거삼]")
"""A character of every prohibition: one set is a tenth of the time of the alternatives above."""
_COPIES: Final = re.compile(
    r"[转轉][载載贴貼]|転載|复印|摘[编編]|翻印|盗[用链版]|盜[用連版]|刊[载載登]|[镜鏡]像|転用|流用"
    r"|[无無]断で?の?(?:使用|利用)|전재|재배포|복제|도용|게재|퍼가|무단 ?(?:사용|이용|배포)"
)
_WEAK: Final = re.compile("复制|複製|引用|コピー|복사")
"""Also forbidden of commands, homework and discs: a notice that says no more has to speak of the page or of leave."""
_LEAVE: Final = re.compile("未[经經得]|[无無]断|許可なく|무단|허(?:락|가) ?없이")
_PERMITS: Final = re.compile(
    r"(?:允[许許]|[欢歡]迎|可以|自由)[转轉][载載]|転載は?(?:ご?自由|可(?!能))|ご?自由に(?:転載|コピー|引用)"
    r"|자유롭게|자유입니다|퍼가셔도"
)
_UNASKED: Final = re.compile(
    r"未[经經得][^。！？]{0,25}(?:[许許]可|授[权權]|同意|允[许許]|批准|[权權]利人)|擅自|[严嚴]禁|禁[止じず]|[请請]勿|谢绝|謝絕|不得"
    r"|[无無]断|許可(?:なく|なし|を得ず)|無許可|転載|複製|무단|허(?:락|가) ?없이|승인 ?없이|저작권법"
)
_MACHINES: Final = "(?:AI|ＡＩ|人工智[能慧]|[机機]器|模型|生成式|深度|LLM)"
_LEARNING: Final = "(?:[训訓][练練]|[学學][习習])(?![师師营營班课課集类類])"
_PROHIBITED: Final = "(?:禁止|[严嚴]禁|[请請]勿|不得|不可|不[允准][许許]|谢绝|謝絕|拒[绝絕])"
_TRAINS: Final = re.compile(
    rf"{_PROHIBITED}(?:[^。！？；，,]|[，,](?=[或并並亦也及])){{0,60}}?(?:"
    rf"(?:[用作][于於為为]|用[来來以]|投喂)[^。！？]{{0,15}}?{_MACHINES}[^。！？]{{0,15}}?(?:{_LEARNING}|[开開][发發])"
    rf"|(?:[用作][于於為为]|用[来來以]|投喂)[^。！？]{{0,8}}?[训訓][练練][^。！？]{{0,12}}?{_MACHINES}"
    rf"|(?:使用|利用|以)[^。，]{{0,6}}本[^。，]{{1,10}}(?:[训訓][练練]|[进進]行)[^。！？]{{0,20}}?{_MACHINES})"
    rf"|{_PROHIBITED}(?:[^。；！？，,]{{0,16}}[、及和或與与])?"
    rf"(?:任何|一切|所有|各[种種]|形式|[进進]行|[之的]){{0,4}}{_MACHINES}"
    rf"(?:(?:模型|[抓爬]取|[和及与與、或]){{0,4}}|[^。，]{{0,16}}(?:[用作][于於为為]|[进進]行)){_LEARNING}"
    r"|(?:(?:AI|ＡＩ|人工知能|機械|言語モデル|LLM)[^。]{0,15}?(?:学習|トレーニング|訓練|開発)|学習[^。]{0,12}?AI)"
    r"(?:[をにはへのもとでてやし、・等用]|利用|使用|活用|目的|させ|する|した|こと|行為|含[むみ]|一切|など|いかなる|全て"
    r"|データ|モデル|開発|学習|[収采]集|対象|無断|複製|複写|転載|自作発言|AI){0,30}+"
    r"(?=[厳固許認承不拒]|禁[止じず]|お断り|おことわり|ご?遠慮|でき)"
    r"|(?:AI|인공지능|기계|머신|생성형|LLM|언어 ?모델)[^.。]{0,15}?(?:학습|훈련|트레이닝|러닝|개발|활용)"
    r"(?:[ 및·,/용의에을를로및은는-]|이용|활용|사용|목적|으로|데이터|수집|하는|되는|것|행위|등|개발|전재"
    r"|재?배포|무단|복제|일체|절대){0,30}+"
    r"(?=금|불허|엄금|허[용락가]|거부|삼가)"
)
_MINES: Final = re.compile(
    r"(?:[数數][据據]|文本|文字)[^。！？]{0,8}?挖掘|(?:資料|文字)探勘"
    r"|(?:データ|テキスト)[・＆&と]{0,2}マイニング|(?:데이터|텍스트)[ ·및]{0,4}마이닝|TDM"
)
_MAY_TRAIN_OR_MINE: Final = re.compile(
    "[训訓][练練]|[学學][习習]|学習|[开開][发發]|開発|トレーニング|학습|훈련|트레이닝|러닝|개발|활용|本[^。]{0,40}[进進]行"
    "|挖掘|探勘|マイニング|마이닝|TDM"
)
"""Without one of these nothing that `_TRAINS` or `_MINES` finds is there."""
COPYING, TRAINING, MINING = "copying", "training", "mining"
_ONLY_COPIES: Final = {COPYING: _COPIES}
_THINGS: Final = _ONLY_COPIES | {TRAINING: _TRAINS, MINING: _MINES}
VERB: Final = re.compile(
    r"采用|採用|采取|许可|許可|授[权權]|遵[循守从從]|条款|條款|协议|ライセンス|提供|公開|許諾|利用(?:可能|でき)|라이선스"
    r"|이용할 수|이용허락|따라|따릅니다|적용"
)
"""What puts something under a licence."""
_DENIES: Final = re.compile(
    r"不(?![得同仅僅限另])|[并並]非|没有|沒有|尚未|(?<!断りの)ない(?!限|場合)|ません(?!限)|않(?![는은을] (?:한|경우))"
    r"|아니|아닙|더 이상"
)
_RESTRICTS: Final = re.compile(
    r"[仅僅](?:限|供)|只能|只允[许許]|不得|[严嚴]禁|禁止(?!演[绎繹]|改作)|禁じ|のみ|に限|限る|한해|만 (?:허|가|이)"
    r"|(?<!変更)(?<!改変)(?<!변경 )(?<!변경)금지|谢绝|お断り"
    r"|(?:个人|個人|学术|學術|学術|非商[业業]性?|研究|教育|学习)(?:使用|用途|利用|目的)"
    r"|(?<!可)(?<!许)(?<!許)(?<!允许)(?<!包括)(?<!任何)(?:商[业業用](?!利用(?:も|でも|可|を含)|目的(?:も|でも|を含)|를))"
    r"|営利(?!を問わず)|상업(?!적(?:인)? ?(?:이용|목적)?(?:도|을 포함|으로도))"
)
_THING: Final = re.compile(
    r"(?P<joined>[及和与與、・や並且びみ]|および|并|[와과] |및 )?"
    r"(?P<thing>图(?![书文])|圖(?![書文])|図(?!書)|照片|相片|插图|插圖|软件|軟體|程序|程式|代码|源码|原始碼|数据|數據|資料|字体|字型"
    r"|音[乐樂]|视频|影片|模板|主题|插件|引用|来自|來自|出典|参考文献|[语語]料|[权權]重|[摄攝]影|封面|头图|頭圖|题图|題圖|地图"
    r"|原文(?![链鏈出地連])|[译譯]自|翻[译譯]自|コーパス|モデル|BGM|元となった|地図|背景|말뭉치|모델|원문|지도|배경"
    r"|写真|画像|イラスト|ソフトウェア|コード|プログラム|データ|フォント|音楽|動画|素材|アイコン|グラフ|テーマ|テンプレート"
    r"|사진|이미지|그림|도표|소프트웨어|코드|데이터|글꼴|폰트|음악|영상|아이콘|일러스트|출처|테마)"
)
"""What is not the page; joined to a noun before it, it stands beside it."""
_TELLS: Final = re.compile(
    r"介[绍紹]|(?<!特[别殊別])(?<!另有)(?<!其他)[说說]明(?!外)|解[释釋]|[讨討][论論]|比[较較]|什么是|什麼是|部分(?!授)|曾|以前|此前|旧版|原本|について|に関する|紹介|解説|説明|とは"
    r"|(?:授[权權]|[许許]可|[协協][议議])的(?![方条條形规規])|ライセンスの(?![下もと元条規])|互換|호환"
    r"|一部|かつて|でした|いました|소개|설명|대해|대한 |알아|비교|일부|이전에|예전"
)
"""Words of sentences that tell of licences, speak of a part, or of what was."""
_SUBJECT: Final = re.compile(
    r"(?:[\s\W]"
    r"|(?:除|[如若][无無]|未)[^，,。]{1,14}?(?:外|[，,]|[说說聲声註注]明|(?=本))|由[^，,。]{1,20}[创創]作|特に?(?:明?記|断り|な)[^、。]{0,12}?(?:限り|除き|ない場合)"
    r"|(?:별도|특별|따로)[^.,]{0,14}?(?:경우|한|으면|면)(?=[ ,])"
    rf"|本文書|{_OWN}|网站|網站|博客|部落格|[该該]|面|この|[维維]基|手[册冊]|教程|[页頁]面|掲載されている|公開(?:されている|している)|次|ウィキ|稿|위키"
    r"|文章|文字|文本|文档|文檔|文件|内容|內容|图文|作品|著作|帖子|[原創创]{2}|作者|博主|[笔筆]者|本人|版[权權]|[声聲]明|[许許]可|[协協][议議]|授[权權]|方式|[条條]款"
    r"|全部|所有|全站|如下|[进進]行|[开開]放|采用|採用|采取|遵[循守从從]|依据|依照|根据|根據|按照|基于|基於|使用|[发發]布|提供|[均皆都係为為是的之上中在以按依由被将將外本]"
    r"|記事|文書|サイト|テキスト|コンテンツ|ページ|ライセンス|全て|すべて|全|各|[のはをがにでも]|および|及び|並びに"
    r"|(?:모든 )?(?:저작물|콘텐츠|컨텐츠|사이트|문서|게시물|글|내용|저작권|라이선스)|모든|에|의|은|는|이|가|을|를"
    r"|[及和与與、・や並且びみ와과]{1,2} ?(?:图片|圖片|照片|插图|图像|画像|写真|図表|이미지|사진)"
    r"|licen[cs]e|©|20\d\d)*+",
    re.IGNORECASE,
)
"""What may stand before the name of a licence that the page is under: the page, its text, all of it, a verb."""
_ITSELF: Final = re.compile(
    rf"{_OWN}|(?:除|[如若][无無])|特[に記]|文章|文字|内容|內容|作品|著作|网站|網站|[维維]基|手[册冊]|博客|[页頁]面|記事|サイト|ウィキ|テキスト|コンテンツ"
    r"|本(?:稿|教程)|许可|許可|위키|저작물|콘텐츠|사이트|문서|게시물|글은|내용|별도"
)
"""What of it names the page or its text."""
_NAMED: Final = re.compile(
    r"知[识識]共享|[創创]用|クリエイティブ|크리에이티브|creative ?commons"
    r"|(?<![a-z])(?:cc[ -]?(?:by|0|[1-4]\.\d)|by-|gfdl|gnu )",
    re.IGNORECASE,
)
NEAR: Final = 80
"""Characters between a prohibition and what it forbids."""


def may_forbid_training(words: str) -> bool:
    """Whether words may forbid to train or to mine: what most that reserve rights say is enough to tell."""
    return _MAY_FORBID.search(words) is not None and _MAY_TRAIN_OR_MINE.search(words) is not None


def reserves(clause: str, block: str, *, in_text: bool) -> bool:
    """Whether a clause of a `block` reserves all rights, or forbids anything that `forbidden` knows."""
    return _is_reserved(clause, block, in_text=in_text) or bool(forbidden(clause, block, in_text=in_text))


def _is_reserved(clause: str, block: str, *, in_text: bool) -> bool:
    return restrictions.reserves(clause) is not None and not (
        in_text and (len(block) > 2 * NEAR or _REPORTS.search(clause) is not None)
    )


def forbidden(clause: str, block: str, *, in_text: bool) -> frozenset[str]:
    """What a clause of a `block` forbids to do with the page: COPYING, TRAINING, MINING; all rights are COPYING.

    in_text: the block is main text, where a clause has to speak of the page itself.
    """
    is_reserved = _is_reserved(clause, block, in_text=in_text)
    found = {COPYING} if is_reserved else set()
    if not _MAY_FORBID.search(clause):
        return frozenset(found)
    bans = [each.span() for each in _FORBIDS.finditer(clause)]
    own = _SELF if in_text else _SELF_OR_OWNER
    is_own = _BEGINS.search(clause) or own.search(clause if in_text and len(block) > NEAR else block)
    if bans and is_own:
        things = _THINGS if _MAY_TRAIN_OR_MINE.search(clause) else _ONLY_COPIES
        said = {what for what, pattern in things.items() if _is_near(pattern, clause, bans)}
        if _WEAK.search(clause) and (own.search(clause) or _LEAVE.search(clause)) and _is_near(_WEAK, clause, bans):
            said.add(COPYING)
        if not is_reserved and (not _UNASKED.search(clause) or _PERMITS.search(clause)):
            said.discard(COPYING)
        if said and not _REPORTS.search(clause):
            found |= said
    return frozenset(found)


def _is_near(pattern: re.Pattern[str], clause: str, bans: list[tuple[int, int]]) -> bool:
    ends = [end for _, end in bans]
    for thing in pattern.finditer(clause):
        at = bisect_right(ends, thing.start() - NEAR)
        if at < len(bans) and bans[at][0] < thing.end() + NEAR:
            return True
    return False


def governs(clause: str) -> bool:
    """Whether a clause that names a licence speaks of the page, or of its text."""
    named = _NAMED.search(clause)
    before = clause[: named.start()] if named else clause
    subject = _SUBJECT.fullmatch(before)
    return bool(subject and _ITSELF.search(before)) and not of_others(clause) and not denies(clause)


def of_others(clause: str) -> bool:
    """Whether a clause tells of a licence, or speaks of pictures, programs or data and not of texts beside them."""
    return _TELLS.search(clause) is not None or any(not found["joined"] for found in _THING.finditer(clause))


def denies(clause: str) -> bool:
    """Whether a clause that names a licence says that something is not under it."""
    return _DENIES.search(clause) is not None


def restricts(sentence: str) -> bool:
    """Whether a sentence that names a licence says of its own what may not be done, or for what alone."""
    return _RESTRICTS.search(sentence) is not None
