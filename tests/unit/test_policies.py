"""Policies: which rows a selection has, and what they are called."""

import os
from dataclasses import replace

import pytest

from complab import core
from complab.codecs import specs
from complab.codecs.catalogue import Catalogue
from complab.errors import PlanError
from complab.plan import Configuration, Policies, make_plan


def rows_of(codecs: str, policies: Policies, framing: str) -> list[str]:
    """The names of the rows that a list has with policies."""
    chosen = specs.select(codecs, framing=framing, libraries=Catalogue())
    plan = make_plan(chosen, policies=policies)
    assert [each.id for each in plan.configurations] == list(
        range(len(plan.configurations))
    )
    return [each.name for each in plan.configurations]


def facts(each: Configuration) -> tuple[bool, bool, bool]:
    """Context fresh, size known, buffers cold."""
    return each.is_context_fresh, each.is_size_known, each.is_cold


@pytest.mark.parametrize(
    ("framing", "own"), [("raw", (False, True, False)), ("kafka", (True, False, False))]
)
def test_framing_has_its_own_policies(framing: str, own: tuple[bool, ...]) -> None:
    """Raw is lzbench's work, kafka the Java client's, and their names say nothing."""
    chosen = specs.select("zstd:3", framing=framing, libraries=Catalogue())
    (only,) = make_plan(chosen).configurations
    assert facts(only) == own
    assert only.name == "zstd:3"


def test_every_combination_has_a_row() -> None:
    """Several words of several policies are measured side by side."""
    policies = Policies(("reused", "fresh"), ("known", "unknown"), ("warm", "cold"))
    assert rows_of("zstd:1", policies, "kafka") == [
        "zstd:1 reused size known",
        "zstd:1 reused size known cold",
        "zstd:1 reused",
        "zstd:1 reused cold",
        "zstd:1 size known",
        "zstd:1 size known cold",
        "zstd:1",
        "zstd:1 cold",
    ]


def test_policy_without_meaning_makes_no_row() -> None:
    """What makes no difference to a codec is not measured twice, nor is it claimed."""
    policies = Policies(("reused", "fresh"), ("known", "unknown"))
    assert rows_of("memcpy,snappy,lz4", policies, "raw") == ["memcpy", "snappy", "lz4"]
    assert rows_of("zlib:1", policies, "raw") == ["zlib:1", "zlib:1 fresh"]
    assert rows_of("lz4:9", Policies(("reused",)), "kafka") == ["lz4:9"]


def test_word_said_twice_counts_once() -> None:
    """The same word again makes no second row."""
    policies = Policies(buffers=("cold", "cold"))
    assert rows_of("memcpy", policies, "raw") == ["memcpy cold"]


@pytest.mark.parametrize(
    ("policies", "words"),
    [
        ((("new",), (), ()), "context 'new': it is fresh or reused"),
        (((), ("",), ()), "size '': it is known or unknown"),
        (((), (), ("warm", "hot")), "buffers 'hot': it is warm or cold"),
    ],
)
def test_unknown_words_are_refused(
    policies: tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]], words: str
) -> None:
    """A word that a policy does not have is told with those that it has."""
    with pytest.raises(PlanError, match=words):
        Policies(*policies)


@pytest.mark.parametrize("count", [0, len(os.sched_getaffinity(0)) + 1])
def test_threads_are_at_most_the_cpus(count: int) -> None:
    """More threads than CPUs would measure the scheduler, and none would nothing."""
    with pytest.raises(PlanError, match=f"{count} threads: from 1 to "):
        Policies(thread_counts=(1, count))


def test_thread_counts_are_rows() -> None:
    """Each count has a row, and more than one thread is part of its name."""
    counts = tuple(range(1, len(os.sched_getaffinity(0)) + 1))
    names = rows_of("memcpy", Policies(thread_counts=counts), "raw")
    assert names == ["memcpy", *(f"memcpy {count} threads" for count in counts[1:])]


def test_cold_needs_a_machine_that_can(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where a program cannot empty the caches cold buffers are refused."""
    monkeypatch.setattr("complab.plan.can_evict", lambda: False)
    with pytest.raises(PlanError, match="cold buffers need"):
        Policies(buffers=("cold",))
    Policies(buffers=("warm",))


def test_policies_are_what_codecs_say() -> None:
    """Of Kafka's codecs gzip and zstd keep a context, and zstd heeds the size."""
    kafka = {each.name: each for each in core.codecs() if each.framing == "kafka"}
    assert {name for name, each in kafka.items() if each.has_context} == {
        "gzip",
        "zstd",
    }
    assert {name for name, each in kafka.items() if each.heeds_size} == {"zstd"}
    assert not any(each.heeds_size for each in core.codecs() if each.framing == "raw")


def test_ids_follow_the_rows() -> None:
    """Rows of a plan are numbered on over the variants of all selections."""
    chosen = specs.select("zstd:1,2", framing="raw", libraries=Catalogue())
    plan = make_plan(chosen, policies=Policies(("fresh", "reused")))
    assert [(each.id, each.level, facts(each)[0]) for each in plan.configurations] == [
        (0, 1, True),
        (1, 1, False),
        (2, 2, True),
        (3, 2, False),
    ]
    assert replace(plan.configurations[1], id=0) != plan.configurations[0]
