"""Every source and stage that a config can name: a new one is a file of its own and a word here."""

from __future__ import annotations

from typing import Annotated, get_args

from pydantic import Field

from pipeline.sources.arxiv.source import Arxiv
from pipeline.sources.code.source import Code
from pipeline.sources.commoncrawl.source import CommonCrawl
from pipeline.sources.pdf.source import Pdf
from pipeline.sources.reddit.source import Reddit
from pipeline.sources.stackexchange.source import StackExchange
from pipeline.sources.text.source import Text
from pipeline.sources.wikipedia.source import Wikipedia
from pipeline.stage import Stage
from pipeline.stages.attributes import Attributes
from pipeline.stages.contamination import Contamination, ContaminationCut
from pipeline.stages.language import Language
from pipeline.stages.licence import Licence
from pipeline.stages.lines import C4Lines, RefinedWebLines
from pipeline.stages.machine_written import MachineWritten
from pipeline.stages.normalise import Normalise
from pipeline.stages.privacy.stage import Privacy, PrivacyMark
from pipeline.stages.quality import Quality
from pipeline.stages.robots import Robots
from pipeline.stages.statistics import TextStatistics
from pipeline.stages.topic import Topic
from pipeline.stages.url import Url

AnySource = Annotated[
    CommonCrawl | Text | Code | Pdf | Reddit | StackExchange | Wikipedia | Arxiv, Field(discriminator="kind")
]
AnyStage = (
    Url
    | Robots
    | Licence
    | Normalise
    | Language
    | TextStatistics
    | C4Lines
    | RefinedWebLines
    | Quality
    | Topic
    | MachineWritten
    | Privacy
    | PrivacyMark
    | ContaminationCut
    | Contamination
    | Attributes
)
STAGES: tuple[type[Stage], ...] = get_args(AnyStage)
SOURCES = (CommonCrawl, Text, Code, Pdf, Reddit, StackExchange, Wikipedia, Arxiv)
KINDS = frozenset(stage.model_fields["kind"].default for stage in STAGES)
ADDED_BY = {name: stage.model_fields["kind"].default for stage in STAGES for name in stage.adds.names}
"""The kind of the stage that adds a column."""
