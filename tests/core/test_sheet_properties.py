"""Properties of reading that hold for any table and any mess."""

from __future__ import annotations

import csv
import io
import re
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import assume, given
from hypothesis import strategies as st

from core.errors import UnreadableFile
from core.lines import Lines
from core.profile import learn
from core.records import rows
from core.sheet import Format, Position, Row, inspect, read
from tests.parts.examples import examples

HEADERS = ["Email", "First name", "Last name", "Phone", "Company", "Notes", "Created"]
VALUES = {
    "Email": ["ana@northlake.example", "j.o'neil+x@a.example", "", "UPPER@B.EXAMPLE"],
    "First name": ["Ana", "Zoë", "Jean-Luc", "", "Øyvind", 'Robert "Bob"', "O'Neil"],
    "Last name": ["Lindqvist", "Müller", "García", "de la Cruz", "Smith, Jr.", "Weiß"],
    "Phone": ["+44 20 7946 0018", "0299853802", "(415) 555-0100", ""],
    "Company": ["Northlake Foods", "A&B; Sons", "Pipe | Fittings", "Tab\tCo", "Back\\slash"],
    "Notes": [
        "called\ntwice",
        "on\r\nMonday",
        'says "hi", waves',
        "",
        "'single'",
        'a ""b"" c',
        "x;y",
    ],
    "Created": ["2026-03-04", "04/03/2026", "", "1,5", "12.50 €"],
}
#: People of one country: an encoding that is not Unicode is told by the language written in it.
PEOPLE = {
    "French": ["Élodie Lefèvre", "François Gérard", "Anaïs Noël", "Benoît Côté"],
    "German": ["Jürgen Groß", "Käthe Schröder", "Björn Weiß", "Günther Härtel"],
    "Polish": ["Łukasz Wiśniewski", "Małgorzata Dąbrowska", "Święty Żuraw", "Józef Gęślą"],
    "Czech": ["Jiří Dvořák", "Šárka Němcová", "Tomáš Růžička", "Božena Ďurišová"],
    "Turkish": ["Ayşe Yıldız", "Çağla Şahin", "Gökhan Güneş", "İbrahim Öztürk"],
    "Russian": ["Иванов Пётр", "Сидорова Анна", "Кузнецов Юрий", "Щербакова Эльвира"],
    "Greek": ["Γιώργος Παπαδόπουλος", "Ελένη Δημητρίου", "Άννα Ξενάκη", "Νίκος Γεωργίου"],
    "Japanese": ["山田 太郎", "佐藤 花子", "髙橋 健一", "スズキ ミカ"],
    "Chinese": ["张伟 北京市", "王芳 上海市", "欧阳娜娜", "刘洋 四川省"],
    "Korean": ["김민준 서울", "이서연 부산", "박지훈 대구", "최수빈 인천"],
}
UNICODE = ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-be"]
LANGUAGES = {
    "windows-1252": "French",
    "iso8859_15": "German",
    "mac_roman": "French",
    "cp1250": "Polish",
    "iso8859_2": "Czech",
    "cp1251": "Russian",
    "koi8_r": "Russian",
    "cp1253": "Greek",
    "cp1254": "Turkish",
    "cp932": "Japanese",
    "gb18030": "Chinese",
    "euc_kr": "Korean",
}
ENCODINGS = [*UNICODE, *LANGUAGES]


@st.composite
def tables(draw: st.DrawFn, encoding: str) -> list[list[str]]:
    names = draw(st.lists(st.sampled_from(HEADERS), min_size=2, max_size=7, unique=True))
    line = st.tuples(*(st.sampled_from(_values(name, encoding)) for name in names)).map(list)
    body = draw(st.lists(line.filter(any), min_size=1, max_size=25))
    if encoding not in LANGUAGES:
        return [names, *body]
    people = zip(PEOPLE[LANGUAGES[encoding]], body * 4, strict=False)
    return [["Name", *names[1:]], *([person, *row[1:]] for person, row in people), *body]


def _values(name: str, encoding: str) -> list[str]:
    """The values of a column that can be written in the encoding and belong to its language."""
    return [value for value in VALUES[name] if encoding in UNICODE or value.isascii()]


@st.composite
def dialects(draw: st.DrawFn) -> dict[str, object]:
    escaped = draw(st.booleans())
    ending = draw(st.sampled_from(["\n", "\r\n", "\r"]))
    # The csv module leaves a cell that holds LF unquoted when rows end in CR.
    minimal = not escaped and ending != "\r" and draw(st.booleans())
    return {
        "delimiter": draw(st.sampled_from([*",;\t|^~", "||", "::", "\t|\t", "~|~"])),
        "quote": draw(st.sampled_from("\"'")),
        "quoting": csv.QUOTE_MINIMAL if minimal else csv.QUOTE_ALL,
        "doublequote": not escaped,
        "escapechar": "\\" if escaped else None,
        "lineterminator": ending,
    }


def written(table: list[list[str]], dialect: dict[str, object], encoding: str) -> bytes:
    """The table in this dialect; a stand-in is written for a delimiter of several characters."""
    options = {key: value for key, value in dialect.items() if key not in {"delimiter", "quote"}}
    delimiter = str(dialect["delimiter"])
    sign = delimiter if len(delimiter) == 1 else "\ufdd1"
    text = io.StringIO(newline="")
    csv.writer(text, delimiter=sign, quotechar=dialect["quote"], **options).writerows(table)  # type: ignore[arg-type]
    return text.getvalue().replace(sign, delimiter).encode(encoding)


@examples(40)
@given(data=st.data(), dialect=dialects(), encoding=st.sampled_from(ENCODINGS))
def test_a_table_in_any_dialect_is_read_back_whole(data, dialect, encoding) -> None:
    """In any encoding, delimiter, quoting and line ending, every cell comes back as it was."""
    table = data.draw(tables(encoding))
    raw = written(table, dialect, encoding)
    # A doubled backslash is also how a network path is written: only an escaped quote is telling.
    assume("\\" not in raw.decode(encoding) or '\\"' in raw.decode(encoding))
    with TemporaryDirectory() as folder:
        path = Path(folder, "table.csv")
        path.write_bytes(raw)
        sheet = inspect(path)
        found = list(read(path, sheet.format))

    assert list(sheet.format.header) == table[0]
    assert [row.cells for row in found] == table[1:]
    assert not [row.problems for row in found if row.problems]
    assert sheet.row_count == len(table) - 1


MESS = st.text(alphabet='ab1é\0 ,,,;"""\\\n\n\r', max_size=200)


#: What columns may hold: with a profile, rows that do not fit are put together by their values.
LOOKS = [["a", "1", "b1", "a b"], ["bé", "11", "a11", "b"], ["ab", "1", "b1", ""]] * 3


def a_format(width: int, encoding: str = "utf-8", profiled: bool = False) -> Format:
    return Format(
        encoding=encoding,
        delimiter=",",
        quote='"',
        doublequote=True,
        escape="",
        skip_space=False,
        line_ending="\n",
        header=tuple(f"column_{n}" for n in range(1, width + 1)),
        raw_header=(),
        header_line=0,
        first=Position(1, 1, 0),
        profile=learn([row[:width] for row in LOOKS], width) if profiled else (),
    )


def rows_and_positions(
    data: bytes, format: Format, start: Position, block_bytes: int
) -> tuple[list[Row], list[Position]]:
    lines = Lines(io.BytesIO(data), format.encoding, start, block_bytes=block_bytes)
    found, positions = [], []
    for row in rows(lines, format, start):
        found.append(row)
        positions.append(Position(row.number, row.line, lines.offset_of(row.line)))
    return found, positions


@examples(100)
@given(
    text=MESS,
    width=st.integers(1, 4),
    block_bytes=st.integers(4, 64),
    encoding=st.sampled_from(["utf-8", "utf-16-le", "windows-1252"]),
    broken=st.sampled_from([b"", b"\xff\xfe", b"\x81"]),
    profiled=st.booleans(),
)
def test_reading_from_any_row_equals_the_tail_of_reading_it_all(
    text, width, block_bytes, encoding, broken, profiled
) -> None:
    """Rows, line numbers and problems do not depend on where the reading started."""
    half = len(text) // 2
    data = text[:half].encode(encoding) + broken + text[half:].encode(encoding)
    format = a_format(width, encoding, profiled)
    whole, positions = rows_and_positions(data, format, format.first, 1 << 18)

    assert rows_and_positions(data, format, format.first, block_bytes) == (whole, positions)
    for index, position in enumerate(positions):
        tail, _ = rows_and_positions(data, format, position, block_bytes)
        assert tail == whole[index:]


@examples(100)
@given(text=MESS, width=st.integers(1, 4), profiled=st.booleans())
def test_no_mess_stops_the_reading_or_loses_text(text, width, profiled) -> None:
    """Good rows have the header's width, and every letter of the file is in a cell, in order."""
    format = a_format(width, profiled=profiled)
    found, _ = rows_and_positions(text.encode(), format, format.first, 1 << 18)
    kept = "".join(cell for row in found for cell in row.cells)

    assert all(len(row.cells) == width for row in found if not row.problems)
    assert [row.number for row in found] == list(range(1, len(found) + 1))
    assert re.findall("[ab1é]", kept) == re.findall("[ab1é]", text)


LINES = st.lists(
    st.sampled_from(
        [
            "Email,Name",
            "a@b.example,Ana",
            'c@d.example,"Bo',
            '"x","y"',
            "",
            ";;",
            "one;two;three",
            "sep=;",
            "tab\there",
            'in "the" middle',
            "'single','quoted'",
            "prose, and more of it.",
            "\0\0",
            "é,ü",
            "\\",
            '"',
        ]
    ),
    max_size=12,
)


@examples(100)
@given(
    data=st.one_of(
        st.binary(max_size=300),
        st.builds(
            lambda lines, ending, encoding: ending.join(lines).encode(encoding, "replace"),
            LINES,
            st.sampled_from(["\n", "\r\n", "\r", "\n\r"]),
            st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-16-be", "windows-1252", "cp500"]),
        ),
    )
)
def test_any_bytes_are_a_table_or_a_failure_in_words(data) -> None:
    """Inspecting never breaks: it gives a sheet whose rows can all be read, or a failure."""
    with TemporaryDirectory() as folder:
        path = Path(folder, "upload.csv")
        path.write_bytes(data)
        try:
            sheet = inspect(path)
        except UnreadableFile as failure:
            assert failure.message
            return
        found = list(read(path, sheet.format))

    assert len(found) == sheet.row_count > 0
    assert found[:100] == list(sheet.sample)
    assert len(set(sheet.format.header)) == len(sheet.format.header)
    assert all(sheet.format.header)
