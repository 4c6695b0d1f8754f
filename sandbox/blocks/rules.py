"""A small language for saying what a JSON value must look like.

A check takes a value and its JSON pointer and yields findings worded as Slack words them, such as
`must be less than 3001 characters [json-pointer:/blocks/0/text/text]`.
"""

from collections.abc import Callable, Iterator
from typing import Any

Check = Callable[[Any, str], Iterator[str]]


def finding(words: str, at: str) -> str:
    """A finding with its place."""
    return f"{words} [json-pointer:{at}]"


def string(longest: int, shortest: int = 0) -> Check:
    """A string of a length in characters."""

    def check(value: Any, at: str) -> Iterator[str]:
        if not isinstance(value, str):
            yield finding("must be a string", at)
        elif len(value) > longest:
            yield finding(f"must be less than {longest + 1} characters", at)
        elif len(value) < shortest:
            yield finding(f"must be more than {shortest - 1} characters", at)

    return check


def one_of(*allowed: str) -> Check:
    """One of a few words."""

    def check(value: Any, at: str) -> Iterator[str]:
        if value not in allowed:
            yield finding(f"must be one of: {', '.join(allowed)}", at)

    return check


def boolean(value: Any, at: str) -> Iterator[str]:
    """True or false."""
    if not isinstance(value, bool):
        yield finding("must be a boolean", at)


def number(value: Any, at: str) -> Iterator[str]:
    """A number that is not a boolean."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        yield finding("must be a number", at)


def integer(least: int, most: int | None = None) -> Check:
    """A whole number within bounds."""

    def check(value: Any, at: str) -> Iterator[str]:
        if isinstance(value, bool) or not isinstance(value, int):
            yield finding("must be an integer", at)
        elif value < least or (most is not None and value > most):
            bounds = f"{least} or more" if most is None else f"between {least} and {most}"
            yield finding(f"must be {bounds}", at)

    return check


def anything(value: Any, at: str) -> Iterator[str]:
    """Whatever it is, it is not looked into."""
    yield from ()


def nullable(inner: Check) -> Check:
    """Null, or what `inner` says."""

    def check(value: Any, at: str) -> Iterator[str]:
        if value is not None:
            yield from inner(value, at)

    return check


def items(each: Check, most: int, least: int = 0) -> Check:
    """A list of so many things."""

    def check(value: Any, at: str) -> Iterator[str]:
        if not isinstance(value, list):
            yield finding("must be an array", at)
            return
        if len(value) > most:
            yield finding(f"no more than {most} items allowed", at)
        if len(value) < least:
            yield finding(f"must have at least {least} items", at)
        for index, item in enumerate(value):
            yield from each(item, f"{at}/{index}")

    return check


def shape(
    required: dict[str, Check], optional: dict[str, Check] | None = None, *also: Check
) -> Check:
    """An object with these fields and no others; `also` are rules over the whole object."""
    fields = {**required, **(optional or {})}

    def check(value: Any, at: str) -> Iterator[str]:
        if not isinstance(value, dict):
            yield finding("must be an object", at)
            return
        present = {name: part for name, part in value.items() if part is not None}
        yield from (finding(f"missing required field: {n}", at) for n in required.keys() - present)
        yield from (
            finding(f"invalid additional property: {n}", at) for n in present.keys() - fields
        )
        wrong = [
            f
            for name in present.keys() & fields
            for f in fields[name](present[name], f"{at}/{name}")
        ]
        yield from wrong
        if not wrong and not required.keys() - present:
            for rule in also:
                yield from rule(value, at)

    return check


def by_type(shapes: dict[str, Check], allowed: frozenset[str] | None = None) -> Check:
    """An object whose `type` says which shape it must have, perhaps one of `allowed` only."""

    def check(value: Any, at: str) -> Iterator[str]:
        kind = value.get("type") if isinstance(value, dict) else None
        if kind not in shapes or (allowed is not None and kind not in allowed):
            yield finding(f"unsupported type: {kind}", f"{at}/type")
            return
        yield from shapes[kind](value, at)

    return check


def exactly_one(*names: str) -> Check:
    """Just one of these fields is there."""

    def check(value: Any, at: str) -> Iterator[str]:
        if sum(value.get(name) is not None for name in names) != 1:
            yield finding(f"exactly one of {', '.join(names)} is required", at)

    return check


def at_least_one(*names: str) -> Check:
    """Some of these fields are there."""

    def check(value: Any, at: str) -> Iterator[str]:
        if not any(value.get(name) for name in names):
            yield finding(f"at least one of {', '.join(names)} is required", at)

    return check
