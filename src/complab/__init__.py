"""complab: the offline compression lab for Kafka record batches.

``complab.sweep(path, codecs=...)`` measures codecs and levels on the record batches of
a file; ``complab.compare(...)`` tells two libraries or two results apart;
``complab.replay(path, client=...)`` foretells what a client would have stored;
``complab.batching(path)`` shows what larger batches gain, ``complab.advise(path,
ingress=complab.Ingress(...))`` what to set; ``complab.load(path)`` reads a saved
result, ``complab.report(path)`` makes a page of it, and ``complab.charts`` draws rows;
``complab.survey(folder)`` tells what a broker's topics would save,
``complab.dictionary(path)`` what trained zstd dictionaries would give;
``complab.kafka.open(path)`` gives the batches of a log and what is in them,
``complab.inspect(path)`` what to make of them; ``complab.capture(servers, topic,
output)`` takes batches from a live topic. Everything heavy is imported when it is first
used.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from complab import charts, kafka
    from complab._version import __version__
    from complab.kafka.capture import Capture, capture
    from complab.studies.advise import Advice, Ingress, advise
    from complab.studies.batching import BatchingResult, batching
    from complab.studies.candidates import Constraints
    from complab.studies.compare import Comparison, compare
    from complab.studies.dictionary import DictionaryStudy, dictionary
    from complab.studies.inspect import Inspection, inspect
    from complab.studies.replay import ReplayResult, replay
    from complab.studies.report import Report, report
    from complab.studies.survey import Survey, survey
    from complab.studies.sweep import SweepResult, sweep

__all__ = [
    "Advice",
    "BatchingResult",
    "Capture",
    "Comparison",
    "Constraints",
    "DictionaryStudy",
    "Ingress",
    "Inspection",
    "ReplayResult",
    "Report",
    "Survey",
    "SweepResult",
    "__version__",
    "advise",
    "batching",
    "capture",
    "charts",
    "compare",
    "dictionary",
    "inspect",
    "kafka",
    "load",
    "replay",
    "report",
    "survey",
    "sweep",
]

_HOMES = {
    "Advice": "complab.studies.advise",
    "Ingress": "complab.studies.advise",
    "Constraints": "complab.studies.candidates",
    "advise": "complab.studies.advise",
    "BatchingResult": "complab.studies.batching",
    "batching": "complab.studies.batching",
    "Capture": "complab.kafka.capture",
    "capture": "complab.kafka.capture",
    "Comparison": "complab.studies.compare",
    "compare": "complab.studies.compare",
    "DictionaryStudy": "complab.studies.dictionary",
    "dictionary": "complab.studies.dictionary",
    "Inspection": "complab.studies.inspect",
    "inspect": "complab.studies.inspect",
    "ReplayResult": "complab.studies.replay",
    "replay": "complab.studies.replay",
    "Report": "complab.studies.report",
    "report": "complab.studies.report",
    "Survey": "complab.studies.survey",
    "survey": "complab.studies.survey",
    "SweepResult": "complab.studies.sweep",
    "sweep": "complab.studies.sweep",
    "__version__": "complab._version",
}

_PACKAGES = ("charts", "kafka")


def __getattr__(name: str) -> object:
    """Import a public name from its module when it is first asked for."""
    from importlib import import_module

    if name in _PACKAGES:
        return import_module(f"complab.{name}")
    if name not in _HOMES:
        message = f"module 'complab' has no attribute {name!r}"
        raise AttributeError(message)
    value = getattr(import_module(_HOMES[name]), name)
    globals()[name] = value
    return value


def load(path: str) -> "SweepResult":
    """Read a result file that ``save`` wrote; ``ResultError`` if it is none."""
    from complab.results.files import load as load_record
    from complab.studies.sweep import SweepResult

    return SweepResult(load_record(path))
