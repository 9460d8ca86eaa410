"""Chapter 4, question (d): does the answer choose by the rule on fresh tables of accuracies?"""

from __future__ import annotations

import itertools
import random
from typing import Any

from lora_course.chapters.ch04_rank_selection.check_choice_mistakes import MISTAKES, THRESHOLDS
from lora_course.chapters.ch04_rank_selection.check_choice_rules import (
    KEYS,
    Rule,
    Table,
    best_index,
    deviation,
    evidence,
    gaps,
    mean,
    paired_error,
    pick,
    right_choice,
)
from lora_course.checks.answer import Answer, AnswerError
from lora_course.checks.plain import show
from lora_course.checks.question import Mistake, WrongAnswerError, call_text, compare

FUNCTION = "choose_rank_by_hand"
RANKS = [4, 8, 16, 32]
SEEDS = (3, 4, 5)  # with 4 seeds two standard errors are a standard deviation
TABLES = 100  # at least: wrong rules that nobody listed should fail too
CLOSE = 1e-6
CLEAR = 1e-5  # no table hangs on the last digit of a mean


def _sign_turned(ranks: list[int], accuracies: Table) -> dict[str, Any]:
    answer = right_choice(ranks, accuracies)
    return answer | {"difference": -answer["difference"]}


def _strictly_less(ranks: list[int], accuracies: Table) -> dict[str, Any] | None:
    best = best_index(accuracies)
    for index, row in enumerate(accuracies):
        if mean(gaps(accuracies[best], row)) < paired_error(accuracies[best], row):
            return evidence(ranks, accuracies, index)
    return None


def _gaps_turned(ranks: list[int], accuracies: Table) -> dict[str, Any]:
    answer = evidence(ranks, accuracies, 0)
    return answer | {"difference": -answer["difference"]}


def _by_variance(root: float) -> Rule:
    """The variance of the gaps by a power of their number, in place of the standard error."""

    def spread(best: list[float], row: list[float]) -> float:
        return deviation(gaps(best, row)) ** 2 / len(row) ** root

    return lambda ranks, table: pick(ranks, table, best_index(table), spread)


NAMED = (
    *MISTAKES,
    # Of these no table must be told apart: their figures tell them.
    Mistake(
        "less instead of at most",
        _strictly_less,
        "Where no smaller rank is near enough, the best itself is the answer: its difference 0 is"
        " at most its standard error 0. Compare with <=, not <.",
    ),
    Mistake(
        "difference the wrong way round",
        _sign_turned,
        "difference is best minus chosen: not below 0.",
    ),
    Mistake(
        "differences the wrong way round",
        _gaps_turned,
        "Best subtracted from each rank is never above 0, so every rank passes: subtract each rank"
        " from the best.",
    ),
    *(
        Mistake(
            "the variance",
            _by_variance(root),
            "You took the variance. Its root is the standard deviation, and that divided by"
            " sqrt(n) the standard error.",
        )
        for root in (0, 0.5, 1)
    ),
)


def _random_table(draws: random.Random, seeds: int) -> Table:
    """A table with shared luck of the seed, diminishing returns, and noise of each rank's own."""
    shared = [draws.gauss(0, draws.choice((0.002, 0.02))) for _ in range(seeds)]
    level, gain = draws.uniform(0.6, 0.8), draws.choice((0.003, 0.01, 0.03))
    gain *= draws.uniform(0.2, 1)
    rows = []
    for _ in RANKS:
        own = draws.choice((0.001, 0.004, 0.01))
        rows.append([round(level + luck + draws.gauss(0, own), 4) for luck in shared])
        level += gain
        gain *= draws.uniform(-0.3, 0.9)
    return rows


def _wild_table(draws: random.Random) -> Table:
    """A table whose smallest rank is near the best by a spread so large that its square counts."""
    own = ((0.95, 0.35, 0.62), (0.5, 0.5, 0.5), (0.66, 0.66, 0.66), (0.6, 0.6, 0.6))
    while True:
        table = [[round(value + draws.uniform(0, 0.005), 4) for value in row] for row in own]
        if _clear(table):
            return table


def _clear(accuracies: Table) -> bool:
    """Whether no comparison is so close that rounding could decide it."""
    means = sorted(map(mean, accuracies))
    if means[-1] - means[-2] < CLEAR:
        return False
    index = best_index(accuracies)
    for place, row in enumerate(accuracies):
        behind = mean(gaps(accuracies[index], row))
        limits = (paired_error(accuracies[index], row), *THRESHOLDS)
        if place != index and any(abs(behind - limit) < CLEAR for limit in limits):
            return False
    return True


def telling_tables(draws: random.Random) -> list[Table]:
    """Fresh tables on which the right rule and the mistakes, each two of them, choose apart.

    Rules with one name need not: they are one mistake.
    """
    rules = [("", right_choice), *((mistake.name, mistake.wrong) for mistake in MISTAKES)]
    alike = {
        (one, other)
        for one, other in itertools.combinations(range(len(rules)), 2)
        if rules[one][0] != rules[other][0]
    }
    chosen: list[Table] = []
    for seeds in itertools.cycle(SEEDS):
        table = _random_table(draws, seeds)
        if not _clear(table):
            continue
        ranks = [rule(RANKS, table)["rank"] for _, rule in rules]
        told_apart = {pair for pair in alike if ranks[pair[0]] != ranks[pair[1]]}
        if told_apart or len(chosen) < TABLES:
            chosen.append(table)
            alike -= told_apart
        if not alike and len(chosen) >= TABLES:
            break
    return [*chosen, _wild_table(draws)]


def check_choice(answer: Answer, draws: random.Random) -> None:
    """The chosen rank is right on every table."""
    _compare(answer, draws, ("rank",))


def check_evidence(answer: Answer, draws: random.Random) -> None:
    """Best rank, paired difference and its standard error are right too."""
    _compare(answer, draws, KEYS)


def _compare(answer: Answer, draws: random.Random, keys: tuple[str, ...]) -> None:
    cases = [[RANKS, table] for table in telling_tables(draws)]
    compare(
        answer,
        FUNCTION,
        cases,
        right_choice,
        NAMED,
        CLOSE,
        keys,
        diagnose_by=KEYS,
        absolute=CLOSE,  # of accuracies in fp32 a difference near 0 keeps only this much
    )


def check_one_seed(answer: Answer, draws: random.Random) -> None:
    """With one seed there is no standard error: the honest answer is rank None."""
    table = _random_table(draws, 2)
    arguments = [RANKS, [row[:1] for row in table]]
    called, expected = call_text(FUNCTION, arguments), "{'rank': None, …}"
    try:
        value = answer.call(*arguments)
    except AnswerError as error:
        answer.call(RANKS, table)  # fails as well where one seed is not the trouble
        raise WrongAnswerError(
            f"Your function {error}. Handle len(accuracies[0]) < 2 first.",
            called,
            expected=expected,
            mistake="one seed not handled",
        ) from error
    if type(value) is not dict or "rank" not in value:
        raise WrongAnswerError(
            "Return the dict as for other tables, with rank None.",
            called,
            show(value),
            expected,
            "another type",
        )
    if type(value["rank"]) is str:
        raise WrongAnswerError(
            "That is a text. Return the value None, without quotes.",
            called,
            show(value),
            expected,
            "None in quotes",
        )
    if value["rank"] is not None:
        raise WrongAnswerError(
            "One seed has no spread, so nothing says whether a gap is luck: answer rank None.",
            called,
            show(value),
            expected,
            "one seed trusted",
        )
    try:
        with_two = answer.call(RANKS, table)
    except AnswerError:  # another part's trouble
        return
    if type(with_two) is dict and with_two.get("rank", 0) is None:
        raise WrongAnswerError(
            "With two seeds or more there is a spread: then choose a rank.",
            call_text(FUNCTION, [RANKS, table]),
            show(with_two),
            "a rank",
            "never chooses",
        )
