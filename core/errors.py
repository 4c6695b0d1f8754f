"""Why a whole request or file is refused: a stable code and a message in the sender's words.

Each failure's docstring is its default message. A door maps ``code`` to its own status or card;
anything that is not an ``ImportFailure`` is an internal error and is never shown.
"""

from __future__ import annotations

import inspect


class ImportFailure(Exception):  # noqa: N818  (a failure is not always an error of ours)
    """The import could not be done."""

    code = "import_failed"

    def __init__(self, message: str = "") -> None:
        self.message = message or inspect.cleandoc(type(self).__doc__ or "")
        super().__init__(self.message)


# ---- the file ----------------------------------------------------------------------------------


class UnreadableFile(ImportFailure):
    """The file could not be read as a table."""

    code = "not_a_table"


class EmptyFile(UnreadableFile):
    """The file is empty."""

    code = "empty_file"


class HeaderOnly(UnreadableFile):
    """The file has a header row but no rows under it."""

    code = "header_only"


class FileTooLarge(UnreadableFile):
    """The file is larger than the limit."""

    code = "file_too_large"


class TooManyRows(FileTooLarge):
    """The file has more rows than the limit."""

    code = "too_many_rows"


class TooManyColumns(UnreadableFile):
    """The file has more columns than the limit."""

    code = "too_many_columns"


class CellTooLong(UnreadableFile):
    """A cell in the file is longer than the limit."""

    code = "cell_too_long"


class TookTooLong(UnreadableFile):
    """Reading the file took longer than is allowed. Send it again in smaller pieces."""

    code = "took_too_long"


class UnreadableEncoding(UnreadableFile):
    """The text encoding of the file could not be recognised. Save it as UTF-8 and send it again."""

    code = "unreadable_encoding"


class PasswordProtected(UnreadableFile):
    """The workbook is protected by a password. Remove the password and send it again."""

    code = "password_protected"


class FileGone(ImportFailure):
    """The file is no longer there."""

    code = "file_gone"


class DownloadRefused(ImportFailure):
    """Slack did not let Leadport download the file."""

    code = "download_refused"


class UploadExpired(ImportFailure):
    """The upload has expired. Send the file again."""

    code = "upload_expired"


# ---- the request -------------------------------------------------------------------------------


class InvalidMapping(ImportFailure):
    """The mapping does not fit the file.

    ``columns`` names the headers at fault, so that a door can put the words beside each field.
    """

    code = "invalid_mapping"

    def __init__(self, message: str = "", columns: tuple[str, ...] = ()) -> None:
        super().__init__(message or "The mapping does not fit the file.")
        self.columns = columns


class NoIdentifier(InvalidMapping):
    """No column identifies a lead."""

    code = "no_identifier"

    def __init__(self, message: str = "") -> None:
        super().__init__(
            message
            or "No column identifies a lead. Map one to email, phone, external ID, "
            "cookie or social profile."
        )


class UnknownColumns(InvalidMapping):
    """The mapping names columns that the file does not have."""

    code = "unknown_columns"


class NotFound(ImportFailure):
    """There is no such import."""

    code = "not_found"


class WrongState(ImportFailure):
    """The import is not in a state in which this can be done."""

    code = "wrong_state"


class NotAllowed(ImportFailure):
    """You may not do this."""

    code = "not_allowed"
