"""What is said about a row when it is decided: the problems of ``deciding``, in words."""

from __future__ import annotations

from core.candidate import Candidate, Held
from core.columns import label
from core.problems import Problem, ProblemCode, Severity


def ambiguous(candidate: Candidate) -> Problem:
    """The row's identifiers find two different leads."""
    values = " and ".join(value for _, value in candidate.keys)
    return Problem(
        ProblemCode.AMBIGUOUS_MATCH,
        f"{values} belong to different leads. The row was left for a person to decide.",
    ).at(candidate.row, candidate.line, value=values)


def duplicate(candidate: Candidate, row: int, *, merged: bool) -> Problem:
    """The row speaks of a lead that ``row``, before it, created or changed (X-31)."""
    done = "the two were merged" if merged else "this one was left out"
    return Problem(
        ProblemCode.DUPLICATE_IN_FILE,
        f"The same lead as row {row}; {done}.",
        Severity.INFO,
    ).at(candidate.row, candidate.line)


def exists(candidate: Candidate) -> Problem:
    """The lead is there, and rows may only create (X-3)."""
    value = candidate.keys[0][1]
    return Problem(
        ProblemCode.ALREADY_EXISTS,
        f"A lead with {value} exists already, and this import only creates new ones.",
    ).at(candidate.row, candidate.line, value=value)


def suppressed(candidate: Candidate, held: Held) -> Problem:
    """The row brings an identifier that is on the list (X-30)."""
    return Problem(
        ProblemCode.SUPPRESSED,
        f"{held.value} is on the suppression list. The row was left out.",
        Severity.WARNING,
    ).at(candidate.row, candidate.line, held.column, held.written)


def opt_out_kept(name: str) -> Problem:
    """The cell would take back an opt-out, which no rule allows."""
    return Problem(
        ProblemCode.OPT_OUT_KEPT,
        f"The lead is {name} and stays so: an import takes no opt-out back.",
        Severity.WARNING,
    )


def protected(name: str) -> Problem:
    """The cell would change a field that is not to be changed."""
    return Problem(
        ProblemCode.PROTECTED_FIELD,
        f"{label(name)} keeps the value it has: the field is protected.",
        Severity.WARNING,
    )


def owned(candidate: Candidate, held: Held) -> Problem:
    """The row brings an identifier of another lead (X-22)."""
    kept = " It is kept here as plain text." if held.main else ""
    return Problem(
        ProblemCode.IDENTIFIER_OWNED_BY_OTHER,
        f"{held.value} identifies another lead and stays with it.{kept}",
        Severity.WARNING,
    ).at(candidate.row, candidate.line, held.column, held.written)
