"""Which text encoding a file is in, decided over the whole file; and whether it is text at all."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import BinaryIO

from charset_normalizer import from_bytes

from core.codepages import CLOSE, CODEPAGES, RECOGNISED, ranked
from core.errors import EmptyFile, FileGone, UnreadableEncoding, UnreadableFile
from core.lines import unit_bytes

HEAD_BYTES = 1 << 16
CHUNK_BYTES = 1 << 20

_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),  # before UTF-16 LE, whose mark it starts with
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_NAMES = {
    "utf-8": "UTF-8",
    "utf-16-le": "UTF-16 LE",
    "utf-16-be": "UTF-16 BE",
    "utf-32-le": "UTF-32 LE",
    "utf-32-be": "UTF-32 BE",
    "windows-1252": "Windows-1252",
    **{f"cp125{n}": f"Windows-125{n}" for n in range(8)},
    **{f"iso8859_{n}": f"ISO-8859-{n}" for n in range(1, 17)},
    "cp850": "DOS 850",
    "cp852": "DOS 852",
    "cp866": "DOS 866",
    "cp874": "Windows-874",
    "mac_roman": "Mac Roman",
    "mac_cyrillic": "Mac Cyrillic",
    "mac_latin2": "Mac Central European",
    "cp932": "Shift-JIS",
    "gb18030": "GB18030",
    "big5": "Big5",
    "euc_jp": "EUC-JP",
    "euc_kr": "EUC-KR",
    "koi8_r": "KOI8-R",
    "koi8_u": "KOI8-U",
}
_BINARY = (
    (b"%PDF", "a PDF document"),
    (b"\x89PNG", "a picture"),
    (b"\xff\xd8\xff", "a picture"),
    (b"GIF8", "a picture"),
    (b"PK\x03\x04", "a zip archive"),
    (b"PK\x05\x06", "a zip archive"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"7z\xbc\xaf", "an archive"),
    (b"Rar!", "an archive"),
    (b"BZh", "an archive"),
    (b"\xd0\xcf\x11\xe0", "an old Office document"),
    (b"SQLite format 3\x00", "a database"),
    (b"PAR1", "a Parquet file"),
    (b"\x7fELF", "a program"),
    (b"{\\rtf", "a rich text document"),
)
_MARKUP = (
    (
        re.compile(r"(?=<)[\s\S]{0,2000}?<(!doctype )?(html|head|body|table|script)\b", re.I),
        "a web page",
    ),
    (re.compile(r"<\?xml|<[a-z!]", re.I), "an XML document"),
    (re.compile(r"\{\s*[\"}]|\[\s*[\[{\"]"), "JSON"),
    (re.compile(r"BEGIN:V(CARD|CALENDAR)", re.I), "a contact or calendar file"),
)
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0e-\x19\x1b-\x1f\x7f]")


@dataclass(frozen=True, slots=True)
class Encoding:
    """A codec that does not expect a byte order mark, and how long the file's mark is."""

    codec: str
    bom_bytes: int = 0

    @property
    def name(self) -> str:
        """The name people know it by."""
        name = _NAMES.get(self.codec, self.codec.upper().replace("_", "-"))
        return f"{name} with BOM" if self.bom_bytes and self.codec == "utf-8" else name


def detect(path: Path) -> Encoding:
    """The encoding of a text file.

    Raises FileGone, EmptyFile, UnreadableEncoding, and UnreadableFile when the file is plainly
    something else than a table.
    """
    head = next(_chunks(path, HEAD_BYTES), b"")
    if not head:
        raise EmptyFile
    _refuse_known_binary(head)
    encoding = _from_bom(head) or _wide_without_bom(head, path) or _utf8(path)
    if encoding is None:
        _refuse_controls(head.decode("latin-1"))
        encoding = _guess(path)
    _refuse_other_text(head, encoding)
    return encoding


# ---- what is not text --------------------------------------------------------------------------


def _refuse_known_binary(head: bytes) -> None:
    for sign, what in _BINARY:
        if head.startswith(sign):
            raise UnreadableFile(f"This is {what}, not a table.")


def _refuse_other_text(head: bytes, encoding: Encoding) -> None:
    text = head[encoding.bom_bytes :].decode(encoding.codec, "replace")
    if not text.strip() and len(head) < HEAD_BYTES:
        raise EmptyFile
    _refuse_controls(text)
    for sign, what in _MARKUP:
        if sign.match(text.lstrip()):
            raise UnreadableFile(f"This is {what}, not a table.")


def _refuse_controls(text: str) -> None:
    found = _CONTROL.findall(text)
    controls, size = len(found), len(text)
    if len(set(found)) == 1 and found[0] != "\0":
        return  # some programs separate cells by one of them
    if controls > max(1, size * 0.1) or controls > max(15, size * 0.02):
        raise UnreadableFile("This is not a text file, so it cannot be read as a table.")


# ---- Unicode -----------------------------------------------------------------------------------


def _from_bom(head: bytes) -> Encoding | None:
    for bom, codec in _BOMS:
        if head.startswith(bom):
            return Encoding(codec, len(bom))
    return None


def _wide_without_bom(head: bytes, path: Path) -> Encoding | None:
    """UTF-16 or UTF-32 without a mark: the zero bytes of ASCII characters stand in one phase."""
    phases = [head[phase::4].count(0) for phase in range(4)]
    if sum(phases) < len(head) * 0.1:
        return None
    quarter = len(head) / 4
    zeros = [count > quarter * 0.2 for count in phases]
    codec = {
        (False, True, True, True): "utf-32-le",
        (True, True, True, False): "utf-32-be",
        (False, True, False, True): "utf-16-le",
        (True, False, True, False): "utf-16-be",
    }.get((zeros[0], zeros[1], zeros[2], zeros[3]))
    return Encoding(codec) if codec and _decodes(path, codec) else None


def _utf8(path: Path) -> Encoding | None:
    """UTF-8 if the whole file is, or if it is but for fewer bad bytes than good characters."""
    if _decodes(path, "utf-8"):
        return Encoding("utf-8")
    good = bad = 0
    decoder = codecs.getincrementaldecoder("utf-8")("surrogateescape")
    for chunk in _chunks(path):
        beyond_ascii = re.findall(r"[^\x00-\x7f]", decoder.decode(chunk))
        strays = sum("\udc80" <= character <= "\udcff" for character in beyond_ascii)
        bad += strays
        good += len(beyond_ascii) - strays
    return Encoding("utf-8") if good > bad else None


# ---- one byte or several, but not Unicode ------------------------------------------------------


def _guess(path: Path) -> Encoding:
    """The likeliest encoding; one that fits the entire file if it is about as likely."""
    sample = _telling_lines(path)
    candidates = ranked(sample)
    if candidates and candidates[0][0] >= RECOGNISED:
        top, likeliest = candidates[0]
        rivals = (codec for score, codec in candidates if score > top - CLOSE)
        return Encoding(next((codec for codec in rivals if _decodes(path, codec)), likeliest))
    if unfamiliar := _unfamiliar(sample, path):
        return Encoding(unfamiliar)
    raise UnreadableEncoding


def _unfamiliar(sample: bytes, path: Path) -> str:
    """An encoding for text in no language known here, or '' when no table gives words at all."""
    for match in from_bytes(sample, cp_isolation=[page.codec for page in CODEPAGES]):
        if _decodes(path, match.encoding):
            return "windows-1252" if match.encoding == "cp1252" else match.encoding
    text = sample.decode("windows-1252", "replace")
    odd = len(re.findall(r"[\x80-\x9f\ufffd\xa1-\xbf]", text))
    return "windows-1252" if odd <= len(text) * 0.05 else ""


def _telling_lines(path: Path, enough: int = 1 << 13) -> bytes:
    """The lines that hold bytes beyond ASCII, the only ones that tell encodings apart."""
    found = bytearray()
    for chunk in _chunks(path):
        for line in chunk.splitlines():
            if not line.isascii():
                found += line[:enough] + b"\n"
            if len(found) > enough:
                return bytes(found)
    return bytes(found)


# ---- the bytes ---------------------------------------------------------------------------------


def open_file(path: Path) -> BinaryIO:
    """The file, opened for reading. Raises FileGone, and UnreadableFile for a folder."""
    try:
        return path.open("rb")
    except FileNotFoundError:
        raise FileGone from None
    except IsADirectoryError:
        raise UnreadableFile("This is a folder, not a table.") from None


def _chunks(path: Path, size: int = CHUNK_BYTES) -> Iterator[bytes]:
    with open_file(path) as file:
        yield from iter(partial(file.read, size), b"")


def _decodes(path: Path, codec: str) -> bool:
    """Whether the whole file is valid in this encoding."""
    decoder = codecs.getincrementaldecoder(codec)("strict")
    try:
        for chunk in _chunks(path, CHUNK_BYTES // unit_bytes(codec) * unit_bytes(codec)):
            decoder.decode(chunk)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True
