"""Files that are not plain text yet: gzip is inflated, one sheet of a workbook becomes CSV.

The CSV of a sheet has a line of its own above it that names the sheet (see ``sheet_line``), and one
line for each row of the sheet, so that a row keeps the number it has in the workbook.
"""

from __future__ import annotations

import csv
import datetime as dt
import gzip
import json
import re
import struct
import zipfile
import zlib
from collections import deque
from collections.abc import Iterable, Iterator
from functools import partial, reduce
from itertools import chain
from pathlib import Path
from typing import BinaryIO, NamedTuple, TypeAlias

from python_calamine import (
    CalamineError,
    CalamineSheet,
    CalamineWorkbook,
    PasswordError,
    SheetTypeEnum,
    SheetVisibleEnum,
)

from core.errors import (
    EmptyFile,
    FileGone,
    FileTooLarge,
    PasswordProtected,
    UnreadableFile,
)
from core.table import DEFAULT_LIMITS, LINE_FEED, Limits

_GZIP, _ZIP, _OLE = b"\x1f\x8b", b"PK\x03\x04", b"\xd0\xcf\x11\xe0"
_CHUNK_BYTES = 1 << 18
#: How a file made from a sheet is named: after the file it was made from, with this at its end.
SHEET_SUFFIX = ".sheet.csv"
#: Up to here every whole number is one that a cell can hold.
_EXACT = 2**53
_LINE_END = re.compile(r"\r\n|\r|\n")
#: The stream that holds a workbook encrypted with a password (ECMA-376 agile encryption).
_ENCRYPTED = "EncryptedPackage".encode("utf-16-le")
#: The reference of a cell with something in it. A sheet's own <dimension> need not be true.
_FILLED_CELL = re.compile(
    rb"""<(?:\w+:)?c\s(?:[^<>]*?\s)?r=["']([A-Z]{1,3})(\d{1,7})["'][^<>]*(?<!/)>"""
)

Cell: TypeAlias = int | float | str | bool | dt.time | dt.date | dt.datetime | dt.timedelta


class SheetLine(NamedTuple):
    """Which sheet a file was made from, the other sheets there are, and the length of the line."""

    sheet: str
    others: tuple[str, ...]
    byte_size: int


def prepare(
    path: Path,
    workdir: Path,
    *,
    name: str = "",
    limits: Limits = DEFAULT_LIMITS,
    sheet_name: str = "",
) -> Path:
    """The plain text file to read in place of ``path``: itself, or one written into ``workdir``.

    ``sheet_name`` is the sheet of a workbook to read, by default the first that can be seen and is
    not empty.
    ``name`` is what the sender calls the file; files written are named after ``path``, so that two
    of one name stay apart. ``limits.bytes`` holds for what comes out of a gzip file or workbook,
    and is checked while it comes out. Raises FileGone, FileTooLarge, PasswordProtected, EmptyFile
    and UnreadableFile.
    """
    inflated = path
    if _first_bytes(path).startswith(_GZIP):
        inflated = _inflate_gzip(path, workdir / f"{path.name}.inflated", limits)
    start = _first_bytes(inflated)
    if start.startswith(_OLE):
        _refuse_old_office(inflated)
    if not start.startswith(_ZIP):
        return inflated
    _check_workbook(inflated, limits)
    return _workbook_to_csv(inflated, workdir / f"{path.name}{SHEET_SUFFIX}", sheet_name)


def sheet_line(path: Path) -> SheetLine | None:
    """What stands on the line above the table in a file that ``prepare`` made from a workbook."""
    if not path.name.endswith(SHEET_SUFFIX):
        return None
    with path.open("rb") as file:
        line = file.readline(_CHUNK_BYTES)
    try:
        names = json.loads(line)
    except ValueError:
        return None
    if not isinstance(names, list) or not names:
        return None
    first, *others = map(str, names)
    return SheetLine(first, tuple(others), len(line))


def _first_bytes(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(8)
    except FileNotFoundError:
        raise FileGone from None


# ---- gzip --------------------------------------------------------------------------------------


def _inflate_gzip(path: Path, target: Path, limits: Limits) -> Path:
    try:
        with gzip.open(path) as source, target.open("wb") as inflated:
            pieces = iter(partial(source.read, _CHUNK_BYTES), b"")
            for piece in _within(pieces, limits.bytes):
                inflated.write(piece)
    except (EOFError, gzip.BadGzipFile, zlib.error):
        target.unlink(missing_ok=True)
        raise UnreadableFile("The gzip file is damaged.") from None
    except FileTooLarge:
        target.unlink(missing_ok=True)
        raise
    return target


def _within(pieces: Iterable[bytes], limit: int) -> Iterator[bytes]:
    """The same pieces, until together they are larger than the limit."""
    size = 0
    for piece in pieces:
        size += len(piece)
        if size > limit:
            raise FileTooLarge(f"The file inflates to more than the limit of {limit:,} bytes.")
        yield piece


# ---- workbooks ---------------------------------------------------------------------------------


def _refuse_old_office(path: Path) -> None:
    """An OLE file is a workbook with a password, or one in the format of before 2007."""
    with path.open("rb") as file:
        tail = b""
        for piece in iter(partial(file.read, _CHUNK_BYTES), b""):
            if _ENCRYPTED in tail + piece:
                raise PasswordProtected
            tail = piece[-len(_ENCRYPTED) :]
    raise UnreadableFile(
        "This is a document in an old Office format. Save it as .xlsx or CSV and send it again."
    )


def _check_workbook(path: Path, limits: Limits) -> None:
    """Inflate every part once, because a zip file need not be true about how large it is.

    A sheet with one cell in its last corner is small as a file, and huge as a table.
    """
    try:
        with zipfile.ZipFile(path) as archive, path.open("rb") as file:
            parts = archive.infolist()
            if not any(part.filename == "xl/workbook.xml" for part in parts):
                raise UnreadableFile("This is a zip archive, not a table.")
            if any(part.flag_bits & 1 for part in parts):
                raise PasswordProtected
            pieces = chain.from_iterable(_check_part(file, part, limits) for part in parts)
            deque(_within(pieces, limits.bytes), maxlen=0)
    except (zipfile.BadZipFile, zlib.error, struct.error):
        raise _damaged() from None


def _check_part(file: BinaryIO, part: zipfile.ZipInfo, limits: Limits) -> Iterator[bytes]:
    """The inflated bytes of a part, with the area that cells in it span watched as they come.

    A worksheet need not lie where worksheets usually do, so every part is watched.
    """
    right = bottom = 0
    tail = b""
    for piece in _inflate_part(file, part):
        yield piece
        text = tail + piece
        for letters, row in _FILLED_CELL.findall(text):
            right, bottom = max(right, _column_number(letters)), max(bottom, int(row))
        if right * bottom > limits.workbook_cells:
            raise FileTooLarge(
                f"The workbook spans {bottom:,} rows by {right:,} columns; the limit is "
                f"{limits.workbook_cells:,} cells."
            )
        tail = text[text.rfind(b"<") :][:_CHUNK_BYTES]


def _inflate_part(file: BinaryIO, part: zipfile.ZipInfo) -> Iterator[bytes]:
    file.seek(part.header_offset)
    name_length, extra_length = struct.unpack("<26xHH", file.read(30))
    file.seek(name_length + extra_length, 1)
    inflater = zlib.decompressobj(-zlib.MAX_WBITS)
    left = part.compress_size
    while left > 0 and (data := file.read(min(left, _CHUNK_BYTES))):
        left -= len(data)
        if part.compress_type == zipfile.ZIP_STORED:
            yield data
            continue
        while data:
            yield inflater.decompress(data, _CHUNK_BYTES)
            data = inflater.unconsumed_tail


def _column_number(letters: bytes) -> int:
    """A is 1, Z is 26, AA is 27."""
    return reduce(lambda number, letter: number * 26 + letter - 64, letters, 0)


def _workbook_to_csv(path: Path, target: Path, sheet_name: str) -> Path:
    try:
        with CalamineWorkbook.from_path(path) as workbook:
            names = _visible(workbook)
            chosen = _chosen(names, workbook.sheet_names, sheet_name)
            sheet = workbook.get_sheet_by_name(chosen)
            if sheet.start is None and not sheet_name:
                sheet = _first_filled(workbook, names) or sheet
            others = [name for name in names if name != sheet.name]
            _write_csv(sheet, [sheet.name, *others], target)
    except PasswordError:
        raise PasswordProtected from None
    except CalamineError:
        raise _damaged() from None
    return target


def _first_filled(workbook: CalamineWorkbook, names: list[str]) -> CalamineSheet | None:
    """The first of these sheets with something in it: new workbooks begin with an empty one."""
    sheets = (workbook.get_sheet_by_name(name) for name in names)
    return next((sheet for sheet in sheets if sheet.start is not None), None)


def _visible(workbook: CalamineWorkbook) -> list[str]:
    """The names of the worksheets that can be seen."""
    return [
        sheet.name
        for sheet in workbook.sheets_metadata
        if sheet.visible == SheetVisibleEnum.Visible and sheet.typ == SheetTypeEnum.WorkSheet
    ]


def _chosen(visible: list[str], names: list[str], wanted: str) -> str:
    """The sheet asked for, in any case; the first that can be seen if none is."""
    if not wanted:
        if visible:
            return visible[0]
        raise EmptyFile("The workbook has no sheet that can be seen.")
    for name in names:
        if name.strip().casefold() == wanted.strip().casefold():
            return name
    listed = ", ".join(f"\u201c{name}\u201d" for name in visible)
    raise UnreadableFile(f"The workbook has no sheet \u201c{wanted}\u201d. It has: {listed}.")


def _write_csv(sheet: CalamineSheet, names: list[str], target: Path) -> None:
    """Every cell is quoted, so that nothing about the file has to be guessed when it is read.

    Blank rows above the table are written too, and line ends within cells as ``LINE_FEED``: a row
    keeps its number in the workbook.
    """
    if sheet.start is None:
        raise EmptyFile(f"The sheet \u201c{names[0]}\u201d of the workbook is empty.")
    with target.open("w", encoding="utf-8", newline="") as file:
        file.write(json.dumps(names) + "\n")
        writer = csv.writer(file, quoting=csv.QUOTE_ALL, lineterminator="\n")
        for row in sheet.iter_rows():
            writer.writerow([_text(cell) for cell in row])


def _text(cell: Cell) -> str:
    """A cell as its reader sees it, as far as that can be told without its number format."""
    if isinstance(cell, bool):
        return "TRUE" if cell else "FALSE"
    if isinstance(cell, float) and cell.is_integer() and abs(cell) < _EXACT:
        return str(int(cell))
    if isinstance(cell, dt.datetime) and cell.time() == dt.time():
        return cell.date().isoformat()
    if isinstance(cell, dt.datetime):
        return cell.isoformat(sep=" ")
    text = str(cell)
    return _LINE_END.sub(LINE_FEED, text) if "\n" in text or "\r" in text else text


def _damaged() -> UnreadableFile:
    return UnreadableFile("The workbook is damaged and cannot be opened.")
