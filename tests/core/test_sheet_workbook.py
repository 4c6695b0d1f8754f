"""Files that are not plain text: gzip and workbooks, honest and not."""

from __future__ import annotations

import gzip
import zipfile
from pathlib import Path

import pytest

from core.errors import EmptyFile, FileGone, FileTooLarge, PasswordProtected, UnreadableFile
from core.sheet import Limits, inspect, prepare, read

LEADS = b"Email,Name\nana@northlake.example,Ana\nbo@fjord.example,Bo\n"

TYPES = """<?xml version="1.0"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/\
content-types"><Default Extension="xml" ContentType="application/xml"/></Types>"""
WORKBOOK = """<?xml version="1.0"?><workbook xmlns="http://schemas.openxmlformats.org/\
spreadsheetml/2006/main" xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/\
relationships"><sheets>{}</sheets></workbook>"""
RELATIONS = """<?xml version="1.0"?><Relationships xmlns="http://schemas.openxmlformats.org/package/\
2006/relationships">{}</Relationships>"""
RELATION = """<Relationship Id="r{0}" Type="http://schemas.openxmlformats.org/officeDocument/2006/\
relationships/{1}" Target="{2}"/>"""
SHEET = """<?xml version="1.0"?><worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/\
2006/main"><sheetData>{}</sheetData></worksheet>"""
#: Style 1 is the date format 14, style 2 a date with its time.
STYLES = """<?xml version="1.0"?><styleSheet xmlns="http://schemas.openxmlformats.org/\
spreadsheetml/2006/main"><cellXfs count="3"><xf numFmtId="0"/><xf numFmtId="14"/>\
<xf numFmtId="22"/></cellXfs></styleSheet>"""


def text_cell(reference: str, text: str) -> str:
    return f'<c r="{reference}" t="inlineStr"><is><t>{text}</t></is></c>'


def row(number: int, *cells: str) -> str:
    return f'<row r="{number}">{"".join(cells)}</row>'


PEOPLE = row(
    1, text_cell("A1", "Email"), text_cell("B1", "Phone"), text_cell("C1", "Joined")
) + row(
    2,
    text_cell("A2", "ana@northlake.example"),
    '<c r="B2"><v>442079460018</v></c>',
    '<c r="C2" s="1"><v>46085</v></c>',
)


def workbook(path: Path, *sheets: str, hidden: tuple[int, ...] = ()) -> Path:
    """A workbook with these sheets (the XML of their rows)."""
    numbers = range(1, len(sheets) + 1)
    states = {n: "hidden" if n in hidden else "visible" for n in numbers}
    entries = "".join(
        f'<sheet name="S{n}" sheetId="{n}" state="{states[n]}" r:id="r{n}"/>' for n in numbers
    )
    relations = [RELATION.format(n, "worksheet", f"worksheets/sheet{n}.xml") for n in numbers]
    relations.append(RELATION.format(0, "styles", "styles.xml"))
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", TYPES)
        archive.writestr(
            "_rels/.rels", RELATIONS.format(RELATION.format(1, "officeDocument", "xl/workbook.xml"))
        )
        archive.writestr("xl/workbook.xml", WORKBOOK.format(entries))
        archive.writestr("xl/_rels/workbook.xml.rels", RELATIONS.format("".join(relations)))
        archive.writestr("xl/styles.xml", STYLES)
        for number, rows in zip(numbers, sheets, strict=True):
            archive.writestr(f"xl/worksheets/sheet{number}.xml", SHEET.format(rows))
    return path


def cells_of(path: Path, workdir: Path) -> list[list[str]]:
    prepared = prepare(path, workdir)
    sheet = inspect(prepared)
    return [list(sheet.format.header), *(row.cells for row in read(prepared, sheet.format))]


# ---- plain text and gzip -----------------------------------------------------------------------


def test_plain_text_is_read_where_it_lies(tmp_path: Path) -> None:
    """Nothing is copied when there is nothing to convert."""
    path = tmp_path / "leads.csv"
    path.write_bytes(LEADS)

    assert prepare(path, tmp_path) == path
    assert list(tmp_path.iterdir()) == [path]


def test_gzip_is_inflated_beside_the_file(tmp_path: Path) -> None:
    """A gzip file of several members is read whole."""
    path = tmp_path / "leads.csv.gz"
    path.write_bytes(gzip.compress(LEADS[:20]) + gzip.compress(LEADS[20:]))
    prepared = prepare(path, tmp_path)

    assert prepared != path
    assert prepared.read_bytes() == LEADS


def test_a_gzip_bomb_is_stopped_while_it_inflates(tmp_path: Path) -> None:
    """The limit holds for what comes out, and nothing is left behind."""
    path = tmp_path / "bomb.gz"
    path.write_bytes(gzip.compress(b"a,b\n" * 500_000))

    with pytest.raises(FileTooLarge, match="more than the limit of 100,000 bytes"):
        prepare(path, tmp_path, limits=Limits(bytes=100_000))
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("damage", [slice(0, -9), slice(0, 12)], ids=["no end", "no middle"])
def test_a_damaged_gzip_file_is_said_to_be_damaged(tmp_path: Path, damage: slice) -> None:
    """A cut-off gzip file is refused in words, and nothing is left behind."""
    path = tmp_path / "leads.gz"
    path.write_bytes(gzip.compress(LEADS)[damage])

    with pytest.raises(UnreadableFile, match="gzip file is damaged"):
        prepare(path, tmp_path)
    assert list(tmp_path.iterdir()) == [path]


# ---- workbooks ---------------------------------------------------------------------------------


def test_the_first_visible_sheet_of_a_workbook_is_read(tmp_path: Path) -> None:
    """Numbers lose their decimal point, dates become ISO dates, hidden sheets are passed over."""
    path = workbook(tmp_path / "leads.xlsx", row(1, text_cell("A1", "x")), PEOPLE, hidden=(1,))

    assert cells_of(path, tmp_path) == [
        ["Email", "Phone", "Joined"],
        ["ana@northlake.example", "442079460018", "2026-03-04"],
    ]


def test_an_empty_first_sheet_is_passed_over(tmp_path: Path) -> None:
    """New workbooks begin with an empty sheet: the first with something in it is read."""
    path = workbook(tmp_path / "leads.xlsx", "", PEOPLE)
    prepared = prepare(path, tmp_path)
    assert inspect(prepared).format.header == ("Email", "Phone", "Joined")
    with pytest.raises(EmptyFile, match="S1"):
        prepare(path, tmp_path, sheet_name="S1")


def test_values_of_a_workbook_become_text(tmp_path: Path) -> None:
    """Decimals, truth values, times and cells with delimiters and line ends keep their sense."""
    values = row(
        2,
        '<c r="A2"><v>1.5</v></c>',
        '<c r="B2" t="b"><v>1</v></c>',
        '<c r="C2" s="2"><v>46085.5</v></c>',
        text_cell("D2", "a;b;c"),
        text_cell("E2", "two\nlines, &quot;quoted&quot;"),
    )
    names = row(1, *(text_cell(f"{c}1", f"{c} name") for c in "ABCDE"))

    assert cells_of(workbook(tmp_path / "v.xlsx", names + values), tmp_path)[1] == [
        "1.5",
        "TRUE",
        "2026-03-04 12:00:00",
        "a;b;c",
        'two\nlines, "quoted"',
    ]


def test_rows_keep_the_numbers_they_have_in_the_workbook(tmp_path: Path) -> None:
    """Blank rows above the table count as lines, as the spreadsheet shows them."""
    lower = PEOPLE.replace('r="1"', 'r="4"').replace('r="2"', 'r="5"')
    for column in "ABC":
        lower = lower.replace(f'"{column}1"', f'"{column}4"').replace(
            f'"{column}2"', f'"{column}5"'
        )
    prepared = prepare(workbook(tmp_path / "low.xlsx", lower), tmp_path)
    sheet = inspect(prepared)

    assert (sheet.format.header_line, sheet.sample[0].line) == (4, 5)


def test_a_row_after_a_cell_of_several_lines_keeps_its_number(tmp_path: Path) -> None:
    """Line ends within cells come back as they were, and count no lines of the workbook."""
    names = row(1, text_cell("A1", "Email\naddress"), text_cell("B1", "Note"))
    first = row(2, text_cell("A2", "ana@northlake.example"), text_cell("B2", "two\nlines\r\nor 3"))
    second = row(3, text_cell("A3", "bo@fjord.example"), text_cell("B3", "one"))
    prepared = prepare(workbook(tmp_path / "n.xlsx", names + first + second), tmp_path)
    sheet = inspect(prepared, name="n.xlsx")
    rows = list(read(prepared, sheet.format))

    assert sheet.format.header == ("Email address", "Note")
    assert [(row.line, row.cells[1]) for row in rows] == [(2, "two\nlines\nor 3"), (3, "one")]
    assert (sheet.encoding_name, sheet.delimiter_name) == ("Excel workbook", "sheet S1")


def test_the_sheet_to_read_can_be_chosen(tmp_path: Path) -> None:
    """A sheet is found in any case, hidden or not; the others that can be seen are named."""
    other = row(1, text_cell("A1", "City"), text_cell("B1", "Region")) + row(
        2, text_cell("A2", "Leeds"), text_cell("B2", "North")
    )
    path = workbook(tmp_path / "leads.xlsx", PEOPLE, other, other, hidden=(3,))
    chosen = inspect(prepare(path, tmp_path, sheet_name=" s2 "))

    assert chosen.format.header == ("City", "Region")
    assert chosen.format.sheet_name == "S2"
    assert [problem.code for problem in chosen.problems] == ["other_sheets"]
    assert "also has “S1”." in chosen.problems[0].message
    assert inspect(prepare(path, tmp_path, sheet_name="S3")).row_count == 1
    with pytest.raises(UnreadableFile, match=r"no sheet “Leads”. It has: “S1”, “S2”\."):
        prepare(path, tmp_path, sheet_name="Leads")


def test_two_workbooks_of_one_name_are_made_into_two_files(tmp_path: Path) -> None:
    """What is written is named after the file as it lies, not after what its sender calls it."""
    one, two = (workbook(tmp_path / key, PEOPLE) for key in ("aa01", "aa02"))

    assert prepare(one, tmp_path, name="leads.xlsx") != prepare(two, tmp_path, name="leads.xlsx")


def test_a_workbook_with_a_password_is_said_to_have_one(tmp_path: Path) -> None:
    """An encrypted workbook is an OLE file that names its encrypted package."""
    path = tmp_path / "secret.xlsx"
    ole = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
    path.write_bytes(ole + b"\0" * 262_130 + "EncryptedPackage".encode("utf-16-le") + b"\0" * 500)

    with pytest.raises(PasswordProtected):
        prepare(path, tmp_path)

    path.write_bytes(ole + b"\0" * 3000)
    with pytest.raises(UnreadableFile, match=r"Save it as \.xlsx or CSV"):
        prepare(path, tmp_path)


def test_a_workbook_that_inflates_too_far_is_refused_whatever_it_claims(tmp_path: Path) -> None:
    """The sizes written in the archive are not believed."""
    path = workbook(tmp_path / "bomb.xlsx", PEOPLE + " " * 3_000_000)
    true_size = zipfile.ZipFile(path).getinfo("xl/worksheets/sheet1.xml").file_size
    data = path.read_bytes()
    path.write_bytes(data.replace(true_size.to_bytes(4, "little"), (900).to_bytes(4, "little")))

    with pytest.raises(FileTooLarge, match="more than the limit of 1,000,000 bytes"):
        prepare(path, tmp_path, limits=Limits(bytes=1_000_000))


def test_a_cell_in_the_last_corner_does_not_make_a_huge_table(tmp_path: Path) -> None:
    """A sheet with one far cell is refused; an empty far cell that is only formatted is not."""
    far = row(1_048_576, text_cell("XFD1048576", "x"))
    with pytest.raises(FileTooLarge, match="1,048,576 rows by 16,384 columns"):
        prepare(workbook(tmp_path / "far.xlsx", PEOPLE + far), tmp_path)

    formatted = row(1_048_576, '<c r="XFD1048576" s="1"/>')
    assert cells_of(workbook(tmp_path / "ok.xlsx", PEOPLE + formatted), tmp_path)[0][0] == "Email"


def test_an_empty_workbook_is_an_empty_file(tmp_path: Path) -> None:
    """A first sheet without a single cell is reported as empty."""
    with pytest.raises(EmptyFile):
        prepare(workbook(tmp_path / "empty.xlsx", ""), tmp_path)


def test_other_archives_and_damaged_workbooks_are_refused(tmp_path: Path) -> None:
    """A zip file that is no workbook, and a workbook cut short, are refused in words."""
    archive = tmp_path / "photos.zip"
    with zipfile.ZipFile(archive, "w") as photos:
        photos.writestr("photo.txt", "x")
    with pytest.raises(UnreadableFile, match="zip archive, not a table"):
        prepare(archive, tmp_path)

    cut = workbook(tmp_path / "cut.xlsx", PEOPLE)
    cut.write_bytes(cut.read_bytes()[:-200])
    with pytest.raises(UnreadableFile, match="damaged"):
        prepare(cut, tmp_path)
    with pytest.raises(FileGone):
        prepare(tmp_path / "gone.xlsx", tmp_path)
