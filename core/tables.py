"""Where a table ends: at a footer such as a total, or where another table begins.

Looked for while a file is inspected. What is found is kept as ``Format.end``, so that reading
never has to look.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from core.header import is_header
from core.mending import records
from core.profile import Column, fit
from core.shapes import shape
from core.table import Format, Row

#: How many rows at the end are looked at for a footer.
TAIL_ROWS = 40
MOST_FOOTER_ROWS = 10
#: How many lines are looked at to see whether another table begins.
LINES_AHEAD = 12

_TOTAL = re.compile(
    r"\W*((grand|sub)[ -]?)?(totals?|totale|totali|totaal|sums?|summe|somme|gesamt\w*|insgesamt|"
    r"suma|soma|razem|łącznie|summa|totalt|итого|всего|合計|总计|合计|average|mean|count|"
    r"durchschnitt|moyenne|promedio|media|anzahl|nombre total)\b",
    re.I,
)
_TOTAL_ALONE = re.compile(r"\W*(grand |sub)?totals?(:.*)?\W*\Z", re.I)
_REMARK = re.compile(
    r"\W*(\(?\d[\d,. ]* (rows?|records?|results?|entries|leads|contacts|lines|zeilen"
    r"|lignes|filas)\b"
    r"|(end|fin|ende|fine|eof)( of\b.*)?\W*\Z|-{2,}|={2,}|\*{2,}|#\s|//|©|\(c\)|\(?\*+\)? ?\w"
    r"|(page|seite|página|pagina) \d|copyright\b|confidential|vertraulich|confidentiel"
    r"|(generated|exported|created|printed|downloaded|produced|compiled|extracted|retrieved|report"
    r"|export|erstellt|généré|généré|généré|exporté|generado|exportado|gerado|esportato)\b"
    r"|(notes?|source|sources|disclaimer|quelle|fuente|fonte|hinweis|remarques?|legend)\s*:)",
    re.I,
)
_LINE_END = re.compile(r"\r\n|\r|\n")
_RULE = re.compile(r"\s*[-+=|_*\s:]{3,}\Z")


def starts_table(lines: list[str], format: Format, after_gap: bool) -> bool:
    """Whether another table begins on the first of these lines.

    ``after_gap`` if a blank row or a title stands above it, when less is asked of the table.
    """
    cells = _block(lines, format)
    if after_gap and cells and sum(map(bool, cells[0])) == 1:
        cells = cells[1:]  # its title
    if cells and tuple(cells[0]) == format.raw_header:
        return False  # the same names: the same table goes on
    return is_another(cells, format.profile, len(format.header), after_gap)


def is_another(
    cells: list[list[str]], profile: Sequence[Column], width: int, after_gap: bool
) -> bool:
    """Whether these rows are those of another table than one of this profile and width."""
    if len(cells) < (2 if after_gap else 3):
        return False
    reach = len(cells[0])
    if reach < 2 or any(len(row) != reach for row in cells[1:]) or not could_name(cells[0]):
        return False
    if reach == width:
        return after_gap and not fit(cells[0], profile) and is_header(cells[0], cells[1:])
    short = [row + [""] * (width - reach) for row in cells]
    if any(fit(row, profile) for row in short):
        return False
    return after_gap or is_header(cells[0], cells[1:])


def could_name(cells: list[str]) -> bool:
    """Whether the cells could name columns: texts, all different."""
    named = [cell.strip().lower() for cell in cells if cell.strip()]
    different = len(set(named)) == len(named) >= max(2, len(cells) - 1)
    return different and all(shape(name) in {"text", "code", "year"} for name in named)


def footer(tail: Sequence[Row], format: Format, row_count: int) -> int:
    """How many of the last rows are none, such as a total or a remark; never all there are."""
    found = _lines_below(tail, format)
    for row in list(reversed(tail))[found:MOST_FOOTER_ROWS]:
        if not _is_footer(row.cells, format):
            break
        found += 1
    return min(found, row_count - 1)


def is_summary(cells: Sequence[str]) -> bool:
    """Whether a row says so itself that it is a total or a remark."""
    first = next((cell.strip() for cell in cells if cell.strip()), "")
    return bool(_TOTAL.match(first) or _REMARK.match(first))


def is_rule(cells: Sequence[str]) -> bool:
    """Whether a row is a line drawn between others."""
    return bool(_RULE.match("".join(cells)))


def _lines_below(tail: Sequence[Row], format: Format) -> int:
    """How many rows at the end are lines of text, if a blank line stands above them."""
    rows = list(tail)
    first = len(rows)
    while first and sum(bool(cell.strip()) for cell in rows[first - 1].cells) == 1:
        first -= 1
    lines = rows[first:]
    if len(format.header) < 3 or not first or len(lines) < 2:
        return 0
    apart = lines[0].line > _line_after(rows[first - 1], format)
    remarks = any(is_summary(row.cells) for row in lines)
    strange = not any(fit(row.cells, format.profile) for row in lines)
    return len(lines) if apart and (remarks or strange) else 0


def _line_after(row: Row, format: Format) -> int:
    """The line below a row, whose cells may hold line ends; a row of a workbook is one line."""
    inside = 0 if format.sheet_name else sum(len(_LINE_END.findall(cell)) for cell in row.cells)
    return row.line + inside + 1


# ---- another table -----------------------------------------------------------------------------


def _block(lines: list[str], format: Format) -> list[list[str]]:
    """The cells of the rows up to the next blank one."""
    found: list[list[str]] = []
    for record in records(lines, format.dialect, cut_short=True):
        if not any(cell.strip() for cell in record.cells):
            break
        found.append(record.cells)
    return found


# ---- footers -----------------------------------------------------------------------------------


def _is_footer(cells: Sequence[str], format: Format) -> bool:
    filled = [cell.strip() for cell in cells if cell.strip()]
    width, profile = len(format.header), format.profile
    if not filled or not profile:
        return False
    if width == 1:
        return bool(_REMARK.match(filled[0])) and not fit(cells, profile)
    padded = [*cells, *[""] * (width - len(cells))][:width]
    if len(filled) == 1 and width > 2:
        return _is_remark(filled[0], padded, profile)
    if _REMARK.match(filled[0]) and not fit(padded, profile):
        return True
    if any(map(_TOTAL.match, filled[:2])):
        return _lacks(padded, profile) or _is_sum(filled)
    return _only_sums(padded, profile)


def _is_remark(text: str, padded: list[str], profile: Sequence[Column]) -> bool:
    """A lone cell: a remark by its words, or a sentence where the column holds none.

    A single word may be what is left of a row where the file was cut off.
    """
    if _REMARK.match(text) or _TOTAL.match(text):
        return True
    words = len(text.split())
    if not profile or not padded[0].strip() or words < 2 or fit(padded, profile):
        return False
    return words > 3 or not profile[0].fits(text)


def _is_sum(filled: list[str]) -> bool:
    """Whether a row says "Total" and holds numbers besides; a firm of that name has more to it."""
    return bool(_TOTAL_ALONE.match(filled[0])) and all(
        shape(cell) in {"number", "year"} for cell in filled[1:]
    )


def _lacks(padded: list[str], profile: Sequence[Column]) -> bool:
    """Whether cells that rows have are missing, or hold something else."""
    return not fit(padded, profile) or sum(not cell.strip() for cell in padded) * 2 >= len(padded)


def _only_sums(padded: list[str], profile: Sequence[Column]) -> bool:
    """Only numbers, where every row has more: sums without a word beside them."""
    filled = [cell for cell in padded if cell.strip()]
    if not profile or any(shape(cell) not in {"number", "year"} for cell in filled):
        return False
    missing = [
        column.filled and not cell.strip() for column, cell in zip(profile, padded, strict=True)
    ]
    return sum(missing) > len(padded) / 3 and bool(missing[0])
