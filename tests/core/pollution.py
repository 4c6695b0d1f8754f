"""Messy files made from clean tables: each spoils one thing, as real exports do.

``cases()`` gives them with the table that must come out, whatever was done to the file.
"""

from __future__ import annotations

import csv
import io
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass

Table = list[list[str]]


@dataclass(frozen=True)
class Case:
    """A messy file: the table to be read from it, and the codes that must be reported.

    ``row`` is the data row (from 1) that may be reported instead of recovered, 0 when none may.
    """

    name: str
    data: bytes
    table: Table
    notes: tuple[str, ...] = ()
    warned: tuple[str, ...] = ()
    row: int = 0


def contacts(rows: int = 20) -> Table:
    """People with emails, phones, firms and dates."""
    rng = random.Random(7)
    firsts = ["Ana", "Bo", "Cy", "Dee", "Eli", "Fay", "Gus", "Hal", "Ida", "Jon"]
    lasts = ["Lindqvist", "Okafor", "Engel", "Moreau", "Tanaka", "Silva", "Weiss"]
    firms = ["Northlake Foods", "Fjord Shipping", "Acme", "Kestrel Logistics", "Delta Print"]
    cities = ["Leeds", "Oslo", "Lyon", "Porto", "Graz", "Cork"]
    body = [
        [
            f"{(first := rng.choice(firsts)).lower()}{n}@{rng.choice(['a', 'b'])}.example",
            first,
            rng.choice(lasts),
            f"+44 20 7946 0{rng.randrange(100, 999)}",
            rng.choice(firms),
            rng.choice(cities),
            f"2026-0{rng.randrange(1, 9)}-1{rng.randrange(0, 9)}",
            str(rng.randrange(1, 100)),
        ]
        for n in range(rows)
    ]
    names = ["Email", "First name", "Last name", "Phone", "Company", "City", "Created", "Score"]
    return [names, *body]


def orders(rows: int = 20) -> Table:
    """Dates, times, amounts, links and comments, some of them empty."""
    rng = random.Random(11)
    comments = ["", "paid", "call back", "second order", "gift"]
    body = [
        [
            f"0{rng.randrange(1, 9)}/1{rng.randrange(0, 9)}/2026",
            f"1{rng.randrange(0, 9)}:{rng.randrange(10, 59)}",
            str(rng.randrange(1, 20)),
            f"PX-{rng.randrange(1000, 9999)}",
            f"{rng.randrange(3, 90)}.{rng.randrange(10, 99)}",
            f"https://shop.example/p/{n}",
            rng.choice(comments),
        ]
        for n in range(rows)
    ]
    return [["Date", "Time", "Quantity", "Product", "Price", "Link", "Comment"], *body]


def membres(rows: int = 20) -> Table:
    """French members: accents, decimal commas, notes with commas, few kinds of status."""
    rng = random.Random(13)
    noms = ["Lefèvre", "Gérard", "Noël", "Côté", "Müller", "Desprès"]
    body = [
        [
            f"M{100 + n}",
            rng.choice(noms),
            rng.choice(["Élodie", "René", "Zoé", "Benoît", "Anaïs"]),
            f"m{n}@exemple.example",
            f"{rng.randrange(10, 99)},{rng.randrange(10, 99)}",
            rng.choice(["actif", "ancien", "prospect"]),
        ]
        for n in range(rows)
    ]
    return [["Code", "Nom", "Prénom", "Courriel", "Cotisation", "Statut"], *body]


TABLES: dict[str, Callable[[], Table]] = {
    "contacts": contacts,
    "orders": orders,
    "membres": membres,
}


# ---- writing -----------------------------------------------------------------------------------


def line(cells: list[str], delimiter: str = ",", quote: str = '"', always: bool = False) -> str:
    """One row as text; a delimiter of any length."""
    signs = (delimiter, quote, "\n", "\r")
    return delimiter.join(
        f"{quote}{cell.replace(quote, quote * 2)}{quote}"
        if always or any(sign in cell for sign in signs)
        else cell
        for cell in cells
    )


def text(table: Table, delimiter: str = ",", end: str = "\n", **how: object) -> str:
    """A whole table as text."""
    return "".join(line(row, delimiter, **how) + end for row in table)  # type: ignore[arg-type]


def with_line(table: Table, number: int, words: str, delimiter: str = ",") -> str:
    """The table's text with row ``number`` (0 is the header) replaced."""
    lines = [line(row, delimiter) for row in table]
    lines[number] = words
    return "\n".join(lines) + "\n"


# ---- the mess ----------------------------------------------------------------------------------


def cases() -> Iterator[Case]:
    """Every kind of mess on every table."""
    for name, make in TABLES.items():
        for kind in (_dialects, _edges, _rows, _encodings):
            for case in kind(make()):
                yield Case(
                    f"{name}-{case.name}", case.data, case.table, case.notes, case.warned, case.row
                )


def _case(name: str, content: str, table: Table, *notes: str, **more: object) -> Case:
    return Case(name, content.encode(), table, notes, **more)  # type: ignore[arg-type]


_DELIMITERS = [*",;|^~: \t", "||", "::", "\t|\t", " | ", ", ", "; ", "~|~", ";;", "^^", "|~|", "@@"]


def _dialects(table: Table) -> Iterator[Case]:
    for delimiter in _DELIMITERS:
        for always in (False, True):
            style = "quoted" if always else "plain"
            content = text(table, delimiter, always=always)
            yield _case(f"delimiter-{delimiter!r}-{style}", content, table)
    yield _case("single-quotes", text(table, quote="'", always=True), table)
    yield _case("single-quotes-semicolon", text(table, ";", quote="'", always=True), table)
    for end in ("\r\n", "\r"):
        yield _case(f"ends-{end!r}", text(table, end=end), table)
    odd = [row[:] for row in table]
    odd[4][1] = 'the "big" one'
    content = text(odd, always=True)
    yield _case("escaped", content.replace('""big""', '\\"big\\"'), odd)
    yield _case("no-escape", content.replace('""big""', '"big"'), odd, warned=("stray_quote",))
    lines = [row[:] for row in table]
    lines[5][1] = "two\nlines, really"
    yield _case("cell-over-lines", text(lines), lines)
    yield _case("sep-line", "sep=|\n" + text(table, "|"), table)


def _edges(table: Table) -> Iterator[Case]:
    width, body = len(table[0]), text(table)
    padding = "," * (width - 1)
    yield _case("no-final-newline", body.rstrip(), table)
    yield _case("blank-lines-at-end", body + "\n\n\n", table)
    yield _case("empty-rows-at-end", body + f"{padding}\n{padding}\n", table)
    yield _case("double-spaced", text(table, end="\n\n"), table)
    yield _case("preamble", "Report of leads\nBy Ana\n\n" + body, table, "preamble_skipped")
    yield _case("preamble-touching", "Report of leads\n" + body, table, "preamble_skipped")
    pairs = "Report,Leads\nDate,2026-03-04\nUser,Ana\n\n"
    yield _case("preamble-pairs", pairs + body, table, "preamble_skipped")
    padded = f"Report{padding}\n{padding}\n"
    yield _case("preamble-padded", padded + body, table, "preamble_skipped")
    yield _case("comments-above", "# made by a program\n# on Monday\n" + body, table)
    for foot in (
        f"Total{padding[:-1]},123\n",
        f"Grand total: 20{padding}\n",
        "20 rows selected\n",
        "\n(20 rows)\n",
        "\n-- end --\n",
        "\nGenerated by the system on 2026-03-04, all rights reserved\n",
        "\nConfidential: do not pass on\nPage 1 of 1\n",
        f"\n{padding[:-1]}Sum,12\n",
        "End of report\n",
    ):
        yield _case(f"footer-{foot.strip()!r}", body + foot, table, "footer_skipped")
    yield from _headers(table, body)
    yield from _several(table, body)
    rows = [row[:] for row in table[1:]]
    yield _case("trailing-delimiters", text(table).replace("\n", ",\n"), table)
    yield _case("trailing-in-header", ",".join(table[0]) + ",\n" + text(rows), table)
    yield _case("trailing-in-rows", ",".join(table[0]) + "\n" + text(rows, end=",\n"), table)


def _headers(table: Table, body: str) -> Iterator[Case]:
    names, rows = table[0], table[1:]
    numbered = [f"column_{n}" for n in range(1, len(names) + 1)]
    yield _case("no-header", text(rows), [numbered, *rows], "no_header_row")
    above = ["Group A", "", "Group B", *[""] * (len(names) - 3)]
    joined = [f"{a} {b}".strip() for a, b in zip(above, names, strict=True)]
    yield _case("two-header-rows", text([above]) + body, [joined, *rows], "header_rows_joined")
    units = [f"({name.lower()})" for name in names]
    both = [f"{a} {b}" for a, b in zip(names, units, strict=True)]
    content = text([names, units]) + text(rows)
    yield _case("names-and-units", content, [both, *rows], "header_rows_joined")
    content = ";".join(names) + "\n" + text(rows)
    yield _case("header-with-other-delimiter", content, table)
    content = text(table[:10]) + text([names]) + text(table[10:])
    yield _case("header-repeated", content, table, "header_repeated")
    content = text([names]) + text([[str(n), *row] for n, row in enumerate(rows, 1)])
    added = [["column_1", *names], *([str(n), *row] for n, row in enumerate(rows, 1))]
    yield _case("row-numbers-without-name", content, added, "columns_without_name")
    content = text([names]) + text([[*row, f"x{n % 3}"] for n, row in enumerate(rows)])
    added = [[*names, f"column_{len(names) + 1}"], *([*r, f"x{n % 3}"] for n, r in enumerate(rows))]
    yield _case("last-column-without-name", content, added, "columns_without_name")


_SMALL = [["Region", "Manager", "Budget"], ["North", "Ida", "100"], ["South", "Jon", "250"]]
_STOCK = [["Code", "Product", "Price"], *([f"A{n}", f"Pump {n}", f"{n}.50"] for n in range(4))]


def _several(table: Table, body: str) -> Iterator[Case]:
    width = len(table[0])
    wide = [[f"Field {n}" for n in range(width + 2)], *([str(n)] * (width + 2) for n in range(4))]
    same = [[f"Measure {n}" for n in range(width)], *([str(n * 7)] * width for n in range(4))]
    for name, other in (("less", _SMALL), ("more", wide), ("same", same)):
        yield _case(f"two-tables-{name}", f"{body}\n{text(other)}", table, "other_tables")
        titled = f"{body}\nTable 2\n{text(other)}"
        yield _case(f"two-tables-{name}-titled", titled, table, "other_tables")
    for name, other in (("smaller", _STOCK), ("with-fewer-rows", wide)):
        yield _case(f"first-table-{name}", f"{text(other)}\n{body}", other, "other_tables")
    yield _case("two-tables-touching", body + text(_SMALL), table, "other_tables")
    yield _case("three-tables", f"{body}\n{text(_SMALL)}\n{text(wide)}", table, "other_tables")


def _rows(table: Table) -> Iterator[Case]:
    width, at = len(table[0]), 12
    row = table[at]
    for delimiter in ";|\t":
        content = with_line(table, at, line(row, delimiter))
        name = f"row-with-delimiter-{delimiter!r}"
        yield _case(name, content, table, warned=("other_delimiter",))
    for column in range(1, width):
        cells = [*row[:column], "", *row[column:]]
        content = with_line(table, at, line(cells))
        yield _case(f"extra-delimiter-{column}", content, table, row=at)
        glued = [*row[: column - 1], row[column - 1] + row[column], *row[column + 1 :]]
        content = with_line(table, at, line(glued))
        yield _case(f"missing-delimiter-{column}", content, table, row=at)
    for column in range(width):
        cells = row[:]
        cells[column] = f'"{cells[column]}'
        content = with_line(table, at, ",".join(cells))
        yield _case(f"unclosed-quote-{column}", content, table, row=at)
        cells[column] = f'{row[column]}"'
        content = with_line(table, at, ",".join(cells))
        yield _case(f"quote-after-{column}", content, table, row=at)
        quoted = [f'"{cell}"' for cell in row]
        quoted[column] = quoted[column][:-1]
        content = with_line(table, at, ",".join(quoted))
        yield _case(f"closing-quote-lost-{column}", content, table, row=at)
    torn = [f'"{row[1]}', *row[2:]]
    later = [row_[:] for row_ in table]
    content = text(later[:at]) + ",".join([row[0], *torn]) + "\n" + text(later[at + 1 : at + 3])
    closing = ",".join([table[at + 3][0], f'{table[at + 3][1]}"', *table[at + 3][2:]])
    content += closing + "\n" + text(later[at + 4 :])
    yield _case("quote-opens-here-and-closes-later", content, table, row=at)
    yield _case("short-row", with_line(table, at, line(row[:3])), table, row=at)
    yield _case("remark-between", with_line(table, at, "please check"), table, row=at)
    yield _case("cells-in-excess", with_line(table, at, line([*row, "a", "b"])), table, row=at)


def _encodings(table: Table) -> Iterator[Case]:
    body = text(table)
    for encoding in (
        "utf-8-sig",
        "utf-16",
        "utf-16-be",
        "utf-32",
        "utf-32-le",
        "cp1252",
        "mac_roman",
    ):
        yield Case(f"encoding-{encoding}", body.encode(encoding), table)


def rfc4180(table: Table) -> str:
    """The table as ``leadport inspect --csv`` writes it."""
    output = io.StringIO(newline="")
    csv.writer(output).writerows(table)
    return output.getvalue()
