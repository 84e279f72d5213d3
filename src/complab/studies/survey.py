"""``survey``: a broker's data folder, topic by topic, from a sample of its batches.

Which topics first? Each row says how much is stored, in what, by whom, in batches of
which depth, and what another codec would save, with its 95 % interval. Batches are
compressed as they stand, as the Java client would: batches of another size are another
question.

Whole segments are read of small topics only. Of others batches are drawn in proportion
to their size from strata of segments and batch sizes, by way of the offset indexes
(``complab.kafka.sampling_frame``), until each interval is as narrow as it was asked to
be; the estimator is told in ``complab.sampling``. So a folder takes the time of its
number of topics rather than of its bytes.

A broker may be at work on the folder: what is written meanwhile is not looked at, and
what is gone, cannot be read, or is a link is told in its topic's row.
"""

import math
import zlib
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from complab.codecs import specs
from complab.codecs.catalogue import KAFKA, KAFKA_CODECS, Catalogue
from complab.codecs.specs import Selection
from complab.errors import InputError, PlanError
from complab.kafka.clients import narrow_origins, read_origins
from complab.kafka.data_folder import DataFolder, Segment, Topic
from complab.kafka.frames import read_frames
from complab.kafka.lint import lint
from complab.kafka.log import DEFAULT_MAX_PAYLOAD_BYTES
from complab.kafka.offset_index import read_bounds
from complab.kafka.sampling_frame import SamplingFrame
from complab.kafka.spot_reads import ReadMeter
from complab.render import ShownAsTable, Table
from complab.results.model import FAILED, OK, SKIPPED
from complab.sampling import Ratio, draw_pairs, draws_needed
from complab.studies.survey_tables import (
    INCOMPLETE,
    SurveyRow,
    TopicFacts,
    findings_table,
    findings_text,
    survey_table,
)
from complab.studies.topic_sample import Recompressor, TopicSample

if TYPE_CHECKING:
    import numpy as np

    from complab.kafka.sampling_frame import Numbers

DEFAULT_CODECS = "zstd:3"
DEFAULT_PRECISION_PCT = 1.0

# Below this, a topic is read whole: a sample of it would be about as large.
_WHOLE_BYTES = 4 << 20

# What is rare must have a chance to be seen before anything is believed. If n draws
# show nothing of a kind, it makes less than 3/n of the bytes (rule of three, 95 %), so
# that 3 by the precision are drawn at first; of large batches fewer, as many as make
# so many bytes, and 64 at the least.
_RULE_OF_THREE = 3
_FIRST_BYTES = 8 << 20
_LEAST_STRATA = 32

# A round multiplies what was drawn by 4 at the most, since a first guess of an error is
# a rough one, and aims at a tenth more, so that it is the last one as a rule.
_GROWTH = 4
_MARGIN = 1.1


@dataclass(frozen=True, repr=False)
class Survey(ShownAsTable):
    """What a survey found, the topic with most to save first; shows itself.

    ``rows`` has one for each topic and codec; ``topics`` the facts behind them, lint
    findings among them. ``read_bytes`` is what was read of logs and indexes. One that
    was interrupted (``is_complete`` is false) has the topics until then.
    """

    path: str
    rows: tuple[SurveyRow, ...]
    topics: tuple[TopicFacts, ...]
    passed_over: tuple[str, ...]
    seed: int
    precision_pct: float
    read_bytes: int
    is_complete: bool = True

    @property
    def has_failures(self) -> bool:
        """Whether something could not be read, or a codec has no library."""
        return any(row.status not in {OK, SKIPPED} for row in self.rows)

    def table(self) -> Table:
        """The rows as a table, totals and what was passed over below."""
        return survey_table(self)

    def findings_table(self) -> Table:
        """What lint found: a row for each rule, with the topics concerned."""
        return findings_table(self.topics)

    def findings_text(self, *, width: int | None = None) -> str:
        """The same as paragraphs, ``width`` cells wide at the most."""
        return findings_text(self.topics, width=width)

    def to_document(self) -> dict[str, Any]:
        """All of it as JSON's lists and mappings."""
        return {
            "path": self.path,
            "seed": self.seed,
            "precision_pct": self.precision_pct,
            "read_bytes": self.read_bytes,
            "is_complete": self.is_complete,
            "rows": [dict(row) for row in self.table().rows],
            "topics": [topic.as_json() for topic in self.topics],
            "passed_over": list(self.passed_over),
        }


def survey(
    path: str,
    codecs: str = DEFAULT_CODECS,
    *,
    libraries: Sequence[str] = (),
    precision_pct: float = DEFAULT_PRECISION_PCT,
    max_rate: float | None = None,
    max_payload_bytes: int = DEFAULT_MAX_PAYLOAD_BYTES,
    seed: int = 0,
    on_progress: Callable[[str, int, int], None] | None = None,
) -> Survey:
    """Survey a broker's data folder (one of its ``log.dirs``), or one partition's.

    ``codecs`` is a list of Kafka's codecs, each at its default level unless one is
    given; ``libraries`` are ``NAME[:LABEL]=PATH``. Batches are drawn until the 95 %
    interval of what each codec would save is no wider than ``precision_pct`` percent of
    the topic's bytes to either side (of the new size, where a codec would make more of
    them), or all of the topic is read. ``max_rate`` bounds reading, in bytes a second.
    ``seed`` decides which batches are drawn. ``on_progress`` gets a topic's name, its
    number from 0 on, and how many there are.

    What is damaged, gone or unreadable stands in its topic's row; Ctrl-C ends it with
    the topics until then. ``InputError`` if the folder cannot be read, or holds no
    partition; ``PlanError`` and its kin for wrong words or numbers, ``ProviderError``
    for a library that cannot serve.

    >>> import complab
    >>> complab.survey("/var/lib/kafka/data")  # doctest: +SKIP
    """
    if not 0 < precision_pct < math.inf:
        message = f"a precision of {precision_pct} %: give a number above 0"
        raise PlanError(message)
    if max_rate is not None and not 0 < max_rate < math.inf:
        message = f"a rate of {max_rate} bytes a second: give a number above 0"
        raise PlanError(message)
    found = Catalogue.with_libraries(libraries)
    selections = _selections(codecs, found)
    recompressor = Recompressor(
        selections, libraries=found, max_payload_bytes=max_payload_bytes
    )
    meter = ReadMeter(max_rate)
    rows: list[SurveyRow] = []
    topics = []
    is_complete = False
    with DataFolder(path) as folder, suppress(KeyboardInterrupt):
        for number, topic in enumerate(folder.topics):
            if on_progress:
                on_progress(topic.name, number, len(folder.topics))
            sample = TopicSample(
                folder,
                topic.segments,
                recompressor=recompressor,
                selection_count=len(selections),
                meter=meter,
            )
            _read(
                sample,
                folder,
                topic,
                half_width=precision_pct / 100,
                generator=_generator(seed, topic.name),
                meter=meter,
                selection_count=len(selections),
            )
            facts = _facts(topic, sample)
            topics.append(facts)
            rows += [
                _row(facts, each, sample, index)
                for index, each in enumerate(selections)
            ]
        is_complete = True
    return Survey(
        path,
        tuple(_worst_first(rows)),
        tuple(topics),
        tuple(folder.passed_over),
        seed,
        precision_pct,
        meter.read_bytes,
        is_complete,
    )


def _selections(codecs: str, libraries: Catalogue) -> tuple[Selection, ...]:
    selections = specs.select(
        codecs, framing=KAFKA, libraries=libraries, is_default_alone=True
    )
    foreign = [s.codec.name for s in selections if s.codec.name not in KAFKA_CODECS]
    if foreign:
        message = (
            f"{foreign[0]} is none of Kafka's codecs, which are "
            f"{', '.join(KAFKA_CODECS)}: no topic can be stored in it"
        )
        raise PlanError(message)
    return selections


def _generator(seed: int, name: str) -> "np.random.Generator":
    """A topic's own choices, which do not depend on the topics beside it."""
    import numpy as np

    return np.random.default_rng([abs(seed), int(seed < 0), zlib.crc32(name.encode())])


# ---- Reading a topic -------------------------------------------------------------


def _read(
    sample: TopicSample,
    folder: DataFolder,
    topic: Topic,
    *,
    half_width: float,
    generator: "np.random.Generator",
    meter: ReadMeter,
    selection_count: int,
) -> None:
    """Draw batches of a topic until its ratios are known well enough, or read it."""
    if topic.log_bytes <= _WHOLE_BYTES:
        sample.read_whole()
        return
    frame = SamplingFrame([_bounds(folder, each, meter) for each in topic.segments])
    draw_bytes = max(1.0, frame.expected_read_bytes)
    first = min(_RULE_OF_THREE / half_width, _FIRST_BYTES / draw_bytes)
    strata = max(_LEAST_STRATA, math.ceil(first / 2))
    while (sample.draw_count + 2 * strata) * draw_bytes < frame.total_bytes:
        points = draw_pairs(generator, strata).ravel()
        sample.draw(frame.places(points))
        drawn = sample.draw_count
        numbers = range(selection_count)
        if _needed(map(sample.new_ratio, numbers), drawn, half_width) <= drawn:
            return
        ahead = (sample.new_ratio(i, is_next_look=True) for i in numbers)
        needed = math.ceil(_MARGIN * _needed(ahead, drawn, half_width))
        wanted = min(needed, _GROWTH * drawn) - drawn
        strata = max(_LEAST_STRATA, -(-wanted // 2))
    sample.read_whole()


def _bounds(folder: DataFolder, segment: Segment, meter: ReadMeter) -> "Numbers":
    """Where batches of a segment begin; its ends alone without a usable index."""
    try:
        source = folder.open_index(segment)
        data = meter.read(source, 0, source.total_bytes)
    except InputError:  # it is a help, and every broker can lose it
        data = bytearray()
    return read_bounds(data, segment.log_bytes)


def _needed(ratios: Iterable[Ratio | None], draw_count: int, half_width: float) -> int:
    """How many draws it takes for all ratios; 0 if there are none."""
    return max(
        (
            draws_needed(ratio, draw_count, half_width * max(1.0, ratio.value))
            for ratio in ratios
            if ratio
        ),
        default=0,
    )


# ---- What is told of it ----------------------------------------------------------


def _facts(topic: Topic, sample: TopicSample) -> TopicFacts:
    """What a topic is, beside what codecs would make of it."""
    import numpy as np

    facts = TopicFacts(
        topic=topic.name,
        partition_count=topic.partition_count,
        segment_count=len(topic.segments),
        disk_bytes=topic.log_bytes,
        is_whole=sample.is_whole,
        read_batch_count=len(sample),
        covered_share=sample.covered_share(topic.log_bytes),
        problems=(*topic.problems, *sample.problems),
    )
    if not len(sample):
        return facts
    rows = sample.rows()
    origins = narrow_origins(rows, read_origins(rows, read_frames(rows)))
    payload_bytes, counts = sample.payload_bytes(), sample.record_counts()
    is_read, is_counted = payload_bytes >= 0, counts > 0
    return replace(
        facts,
        codec_shares=sample.shares(
            [
                KAFKA_CODECS[i] if i < len(KAFKA_CODECS) else f"invalid ({i})"
                for i in rows["codec_id"].tolist()
            ]
        ),
        client_shares=sample.shares(origins.words()),
        batch_bytes=_value(sample.ratio(rows["batch_bytes"], np.ones(len(rows)))),
        records_per_batch=_value(sample.ratio(counts * is_counted, is_counted)),
        compression_ratio=_value(
            sample.ratio(
                np.where(is_read, payload_bytes, 0),
                np.where(is_read, rows["compressed_bytes"], 0),
            )
        ),
        report=lint(sample.subject()),
    )


def _value(ratio: Ratio | None) -> float | None:
    return None if ratio is None else ratio.value


def _row(
    facts: TopicFacts, selection: Selection, sample: TopicSample, index: int
) -> SurveyRow:
    ratio = None if selection.problem else sample.new_ratio(index)
    messages = list(facts.problems)
    if selection.problem:
        messages.insert(0, selection.problem)
    elif ratio is None and not messages:
        messages.append("no batch was found")
    provider = selection.provider
    return SurveyRow(
        facts=facts,
        codec=selection.codec.name,
        level=selection.level,
        provider=provider.label if provider else None,
        library_version=provider.version if provider else None,
        new_ratio=ratio,
        status=_status(selection, facts, ratio),
        message="; ".join(messages),
    )


def _status(selection: Selection, facts: TopicFacts, ratio: Ratio | None) -> str:
    if selection.problem:
        return FAILED if selection.is_named else SKIPPED
    if facts.problems:
        return FAILED if ratio is None else INCOMPLETE
    return OK


def _worst_first(rows: list[SurveyRow]) -> list[SurveyRow]:
    """Topics by what the best codec would save, each one's codecs in the list's order.

    Those of which nothing is known come last.
    """
    best: dict[str, float] = {}
    for row in rows:
        saving = -math.inf if row.saving_bytes is None else row.saving_bytes
        topic = row.facts.topic
        best[topic] = max(saving, best.get(topic, -math.inf))
    return sorted(rows, key=lambda row: (-best[row.facts.topic], row.facts.topic))
