"""What can be wrong with a row, as values. One bad row never stops a file."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum


class Severity(StrEnum):
    """How much a problem costs the row it is on."""

    ERROR = "error"  #: the row was not imported
    #: The row was imported but something on it was dropped or repaired; or it was left out, and
    #: there is nothing in it to mend.
    WARNING = "warning"
    INFO = "info"  #: the row was imported whole; a person may want to know


class ProblemCode(StrEnum):
    """Stable names of the problems. The messages may be reworded, these may not."""

    # Reading
    TOO_FEW_CELLS = "too_few_cells"
    TOO_MANY_CELLS = "too_many_cells"
    STRAY_QUOTE = "stray_quote"
    UNCLOSED_QUOTE = "unclosed_quote"
    NUL_REMOVED = "nul_removed"
    CELL_TOO_LONG = "cell_too_long"
    UNDECODABLE = "undecodable"
    OTHER_DELIMITER = "other_delimiter"
    BROKEN_ROW = "broken_row"
    # The file as a whole
    NO_HEADER_ROW = "no_header_row"
    PREAMBLE_SKIPPED = "preamble_skipped"
    COLUMNS_RENAMED = "columns_renamed"
    MIXED_LINE_ENDINGS = "mixed_line_endings"
    HEADER_ROWS_JOINED = "header_rows_joined"
    HEADER_REPEATED = "header_repeated"
    COLUMNS_WITHOUT_NAME = "columns_without_name"
    FOOTER_SKIPPED = "footer_skipped"
    OTHER_TABLES = "other_tables"
    OTHER_SHEETS = "other_sheets"
    # Identifiers
    INVALID_EMAIL = "invalid_email"
    INVALID_PHONE = "invalid_phone"
    PHONE_NEEDS_COUNTRY = "phone_needs_country"
    PHONE_IN_SCIENTIFIC_NOTATION = "phone_in_scientific_notation"
    INVALID_COOKIE = "invalid_cookie"
    INVALID_EXTERNAL_ID = "invalid_external_id"
    INVALID_SOCIAL = "invalid_social"
    IDENTIFIER_NOT_CLEARED = "identifier_not_cleared"
    MISSING_IDENTIFIER = "missing_identifier"
    # Matching
    AMBIGUOUS_MATCH = "ambiguous_match"
    IDENTIFIER_OWNED_BY_OTHER = "identifier_owned_by_other"
    DUPLICATE_IN_FILE = "duplicate_in_file"
    ALREADY_EXISTS = "already_exists"
    # Rules
    SUPPRESSED = "suppressed"
    OPT_OUT_KEPT = "opt_out_kept"
    UNCLEAR_OPT_OUT = "unclear_opt_out"
    PROTECTED_FIELD = "protected_field"
    # The rest
    INTERNAL_ERROR = "internal_error"


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong with one row (or, with ``row`` 0, with the whole file).

    ``row`` counts data rows from 1; ``line`` counts lines of the file from 1 and is where the row
    starts (X-32). ``column`` is the header's name, empty when the problem is the row's. ``value``
    is the cell as it came, cut to 200 characters.
    """

    code: ProblemCode
    message: str
    severity: Severity = Severity.ERROR
    row: int = 0
    line: int = 0
    column: str = ""
    value: str = ""

    def at(self, row: int, line: int, column: str = "", value: str = "") -> Problem:
        """The same problem, placed on a row and column of the file."""
        return replace(
            self,
            row=row,
            line=line,
            column=column or self.column,
            value=(value or self.value)[:200],
        )
