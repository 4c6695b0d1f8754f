"""Where the table starts, whether its first row names the columns, and what they are called."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from itertools import zip_longest

from core.mending import Record
from core.shapes import DISTINCT, shape

#: Rows of the sample that are compared with the first one.
BODY_ROWS = 200
#: Cells of the sample that are looked into, but for the first rows, however wide they are.
MOST_CELLS = 40_000
FEWEST_ROWS = 60
MOST_HEADER_ROWS = 5
#: Rows that may stand above a table to say what it is about.
MOST_DETAILS = 40

_NAMES = """
    id name names email e-mail mail phone telephone tel mobile fax first last firstname lastname
    surname full company organisation organization account title job role department industry
    street address city town suburb state province region zip postal postcode code country website
    web url linkedin source status stage type notes note comments tags date created updated number
    nom prenom prénom courriel téléphone portable societe société entreprise adresse ville pays
    poste nachname vorname firma telefon mobil straße strasse ort stadt plz land anrede
    nombre apellido apellidos correo teléfono telefono móvil empresa ciudad país dirección direccion
    nome cognome sobrenome azienda città cidade telefone endereço naam voornaam achternaam bedrijf
    plaats imię nazwisko miasto namn efternamn förnamn företag 氏名 名前 会社名 電話番号 メール
    メールアドレス 住所
"""
_NAME_WORDS = frozenset(_NAMES.split())
#: What stands in a row of values where there is none.
_PLACEHOLDERS = frozenset(
    {
        "n/a",
        "na",
        "none",
        "null",
        "nan",
        "-",
        "--",
        "?",
        "unknown",
        "tbd",
        "yes",
        "no",
        "true",
        "false",
    }
)
_NAMED_SHAPES = (
    ("email", re.compile(r"mail|courriel|correo", re.I)),
    ("phone", re.compile(r"phone|t[eé]l[eé]?|mobile|fax|handy|cell", re.I)),
    ("date", re.compile(r"date|datum|fecha|data|created|updated|birth", re.I)),
    ("url", re.compile(r"url|web|site|link", re.I)),
)
_WORDS = re.compile(r"[^\W\d_]+(?:-[^\W\d_]+)?")
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")


@dataclass(frozen=True, slots=True)
class Start:
    """Where the table starts in the sample's records.

    ``header_rows`` is how many rows name the columns, 0 when the first row holds values;
    ``names`` are their cells, those of several rows joined.
    """

    record: int
    header_rows: int
    names: tuple[str, ...]


def find_start(records: list[Record], width: int) -> Start:
    """Skip the lines above the table, then decide what its first rows are."""
    first = _first_row(records, width)
    top = records[first].cells
    last = first + 1 + min(BODY_ROWS, rows_of_wide(width))
    below = [r.cells for r in records[first + 1 : last] if r.cells != top]
    if not is_header(top, _of_this_table(below, len(top))):
        return Start(first, 0, ())
    rows = 1
    while rows < MOST_HEADER_ROWS and rows < len(below) and _names_too(below[rows - 1 :], width):
        rows += 1
    named = [record.cells for record in records[first : first + rows]]
    return Start(first, rows, _joined(named))


def rows_of_wide(width: int) -> int:
    """How many rows of so many columns say enough: a few, where columns are many."""
    return max(FEWEST_ROWS, MOST_CELLS // max(width, 1))


def _of_this_table(body: list[list[str]], reach: int) -> list[list[str]]:
    """The rows as long as the names, if there are enough: others may be of another table."""
    alike = [cells for cells in body if len(cells) == reach]
    return alike if len(alike) * 4 > len(body) else body


def _joined(rows: list[list[str]]) -> tuple[str, ...]:
    """Each column's names from several rows, joined with a space."""
    if len(rows) == 1:
        return tuple(rows[0])
    columns = zip_longest(*rows, fillvalue="")
    return tuple(" ".join(" ".join(column).split()) for column in columns)


def _names_too(rows: list[list[str]], width: int) -> bool:
    """Whether the first of these rows names columns as well, by the rows under it.

    It holds no value, and stands out from the values in two columns, or names what it should.
    """
    row, body = rows[0], rows[1:]
    if len(row) != width or len(body) < 2 or not _could_be_second(row):
        return False
    votes = [_vote(cell, _column(body, index)) for index, cell in enumerate(row) if cell.strip()]
    return min(votes) >= 0 and sum(votes) >= 2 and not _seen_below(row, body)


def _could_be_second(row: list[str]) -> bool:
    """Whether the cells may be names below others, where two groups may have a "Name" each."""
    texts = [cell.strip().lower() for cell in row if cell.strip()]
    return (
        len(texts) > 1
        and (len(set(texts)) == len(texts) or all(map(_is_known, texts)))
        and all(shape(text) in {"text", "year"} for text in texts)
        and not _PLACEHOLDERS.intersection(texts)
    )


def _seen_below(row: list[str], body: list[list[str]]) -> bool:
    return any(cell.strip() and cell in _column(body, i) for i, cell in enumerate(row))


def is_header(row: list[str], body: list[list[str]]) -> bool:
    """Whether a row reads as names of the columns below it rather than as one more row of them."""
    if any(shape(cell) == "email" for cell in row):
        return False
    score = sum(_vote(cell, _column(body, index)) for index, cell in enumerate(row))
    return score > 0 or (score == 0 and _could_be_names(row))


def header_cells(records: list[Record], start: Start) -> tuple[str, ...]:
    """The names of the header, without empty ones that no row below has a cell for."""
    cells = list(start.names)
    below = records[start.record + start.header_rows :]
    reach = max((_reach(record.cells) for record in below), default=len(cells))
    while len(cells) > max(reach, 1) and not cells[-1].strip():
        cells.pop()
    named = [cell for cell in cells if cell.strip()]
    lengths = {len(record.cells) for record in below}
    return tuple(named) if lengths == {len(named)} and len(named) > 1 else tuple(cells)


def nameless(cells: tuple[str, ...], body: list[list[str]]) -> tuple[str, ...]:
    """The names of the header with '' added for columns that every row has and no name.

    They stand at the end, or before the others where the values say so, as the numbers of rows do
    that some programs write without a name.
    """
    lengths = Counter(map(len, body))
    length, count = lengths.most_common(1)[0] if lengths else (0, 0)
    reach = max((_reach(row) for row in body if len(row) == length), default=0)
    extra = reach - len(cells)
    filled = sum(_reach(row) > len(cells) for row in body)
    if extra < 1 or not cells or count < 0.8 * len(body) or filled < 0.2 * len(body):
        return cells
    added = ("",) * extra
    return (*added, *cells) if extra == 1 and _shifted(cells, body) else (*cells, *added)


def _reach(row: list[str]) -> int:
    return next((index for index in range(len(row), 0, -1) if row[index - 1].strip()), 0)


def _shifted(cells: tuple[str, ...], body: list[list[str]]) -> bool:
    """Whether the names stand one column to the left of their values."""
    numbers = [row[0].strip() for row in body if row]
    first = int(numbers[0]) if numbers[0].isdecimal() and len(numbers[0]) < 9 else -1
    if len(numbers) > 1 and numbers == [str(first + n) for n in range(len(numbers))]:
        return True
    here, right = _matches(cells, body, 0), _matches(cells, body, 1)
    return right > here


def _matches(cells: tuple[str, ...], body: list[list[str]], offset: int) -> int:
    """How many names fit the values that stand ``offset`` columns to the right of them."""
    shapes = [_usual_shape(_column(body, index + offset))[0] for index in range(len(cells))]
    return sum(
        bool(pattern.search(cell)) and usual == kind
        for cell, usual in zip(cells, shapes, strict=True)
        for kind, pattern in _NAMED_SHAPES
    )


def usual_reach(records: list[Record], start: Start, width: int) -> int:
    """How many columns a table without a header has: its exporter may leave off empty cells."""
    widths = Counter(len(record.cells) for record in records[start.record :])
    enough = max(2, widths.total() * 0.1)
    return max([width, *(reach for reach, count in widths.items() if count >= enough)])


def _first_row(records: list[Record], width: int) -> int:
    """The first row that belongs to the table, however many shorter ones stand above.

    A row of text right above it belongs too, if it is as wide and names more than one column.
    """
    if width < 2:
        return 0
    enough = max(1, width // 2)
    filled = (at for at, record in enumerate(records) if _filled(record.cells) > enough)
    first = next(filled, None)
    if first is None:
        return next((at for at, record in enumerate(records) if len(record.cells) == width), 0)
    while _stands_above(records[first : first + 2], width):
        first += 1
    first = _below_details(records, first, width)
    while first and _stands_on(records[first - 1], records[first], width):
        first -= 1
    return first


def _filled(row: list[str]) -> int:
    return sum(bool(cell.strip()) for cell in row)


def _below_details(records: list[Record], first: int, width: int) -> int:
    """The row that names the columns, if what stands above its title is narrower than the table.

    Reports of meetings begin with a small table about the meeting.
    """
    for index in range(first + 1, min(first + MOST_DETAILS, len(records) - 1)):
        title, row = records[index - 1].cells, records[index].cells
        narrower = len(records[index - 2].cells) != width if index > 1 else True
        if sum(map(bool, title)) == 1 and narrower and _names_columns(row, width):
            return index
        if len(row) == width:
            break
    return first


def _names_columns(row: list[str], width: int) -> bool:
    known = sum(map(_is_known, row))
    return len(row) == width and known > 1 and all(row) and _could_be_names(row)


def _stands_above(rows: list[Record], width: int) -> bool:
    """Whether the first of two rows is too short for the table, and the second could name it."""
    if len(rows) < 2 or len(rows[0].cells) >= width or len(rows[1].cells) != width:
        return False
    return _could_be_names(rows[1].cells)


def _stands_on(above: Record, row: Record, width: int) -> bool:
    """Whether a sparse row right above another is a header row of the same table."""
    texts = [cell for cell in above.cells if cell.strip()]
    touching = above.after == row.line and len(above.cells) == width
    return touching and len(texts) > 1 and _could_be_second(above.cells)


def _column(body: list[list[str]], index: int) -> list[str]:
    return [cells[index] for cells in body if index < len(cells) and cells[index].strip()]


def _vote(cell: str, values: list[str]) -> int:
    """Above 0: the cell names its column; below 0: it is a value of it."""
    kind = shape(cell)
    if kind == "empty":
        return 0
    usual, share = _usual_shape(values)
    if kind in DISTINCT:
        return 0 if kind == "date" and usual not in {kind, "empty"} else -3
    if kind in {"number", "code"}:
        return -2 if usual == kind and share > 0.5 else -1
    if kind == "year":
        return 0
    repeated = cell in values
    contrast = usual not in {"text", "empty"} and share > 0.7
    known = _is_known(cell)
    return 2 * known + contrast - 2 * (repeated and not known)


def _usual_shape(values: list[str]) -> tuple[str, float]:
    if not values:
        return "empty", 1.0
    kind, count = Counter(map(shape, values)).most_common(1)[0]
    return kind, count / len(values)


def _is_known(cell: str) -> bool:
    return any(word.lower() in _NAME_WORDS for word in _words(cell))


def _words(cell: str) -> list[str]:
    """The words of a header cell of up to five; a sentence is not a name."""
    words = _WORDS.findall(_CAMEL.sub(" ", cell))
    return words if len(words) <= 5 else []


def _could_be_names(row: list[str]) -> bool:
    names = [cell.strip().lower() for cell in row if cell.strip()]
    return len(set(names)) == len(names) and all(shape(name) in {"text", "year"} for name in names)
