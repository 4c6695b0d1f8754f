"""Files: their bytes, their Slack objects, uploads under way, and what may go wrong with one."""

import mimetypes
from dataclasses import dataclass, replace
from pathlib import PurePath
from urllib.parse import quote

from sandbox.errors import Json, SlackError
from sandbox.stamps import Stamps

SNIPPET_BYTES = 1024 * 1024
PRETTY = {"csv": "CSV", "tsv": "TSV", "xlsx": "Excel Spreadsheet", "text": "Plain Text"}
FAULTS = ("gone", "html", "truncated", "redirect", "error")


@dataclass(frozen=True)
class Share:
    """Where a file was shared: the message, and the thread if it was a reply."""

    channel: str
    kind: str
    ts: str
    thread_ts: str | None


@dataclass(frozen=True)
class File:
    """One file. `mode` is hosted or snippet; `shared_in` lists where it can be seen."""

    id: str
    team: str
    name: str
    user: str
    content: bytes
    created: int
    base_url: str
    title: str = ""
    mode: str = "hosted"
    shared_in: tuple[Share, ...] = ()

    @property
    def filetype(self) -> str:
        """Slack's short word for the type, from the name's ending."""
        ending = PurePath(self.name).suffix.lower().lstrip(".")
        return {"txt": "text", "": "binary"}.get(ending, ending)

    @property
    def mimetype(self) -> str:
        """The MIME type, from the name's ending."""
        return mimetypes.guess_type(self.name)[0] or "application/octet-stream"

    def as_slack(self) -> Json:
        """The file object of events and of `files.info`."""
        path = f"{self.base_url}/files-pri/{self.team}-{self.id}"
        return {
            "id": self.id,
            "created": self.created,
            "timestamp": self.created,
            "name": self.name,
            "title": self.title or self.name,
            "mimetype": self.mimetype,
            "filetype": self.filetype,
            "pretty_type": PRETTY.get(self.filetype, self.filetype.upper()),
            "user": self.user,
            "user_team": self.team,
            "editable": self.mode == "snippet",
            "size": len(self.content),
            "mode": self.mode,
            "is_external": False,
            "external_type": "",
            "is_public": any(share.kind == "channel" for share in self.shared_in),
            "public_url_shared": False,
            "display_as_bot": False,
            "username": "",
            "url_private": f"{path}/{quote(self.name)}",
            "url_private_download": f"{path}/download/{quote(self.name)}",
            "permalink": f"{self.base_url}/files/{self.user}/{self.id}/{quote(self.name)}",
            "has_rich_preview": False,
            "file_access": "visible",
            "channels": self._places("channel"),
            "groups": self._places("group"),
            "ims": self._places("im"),
            "shares": self._shares(),
        }

    def _places(self, kind: str) -> list[str]:
        return sorted({share.channel for share in self.shared_in if share.kind == kind})

    def _shares(self) -> Json:
        shares: Json = {}
        for share in self.shared_in:
            side = "public" if share.kind == "channel" else "private"
            entry = {"ts": share.ts, "team_id": self.team, "share_user_id": self.user}
            if share.thread_ts:
                entry["thread_ts"] = share.thread_ts
            shares.setdefault(side, {}).setdefault(share.channel, []).append(entry)
        return shares


@dataclass(frozen=True)
class Upload:
    """An external upload between `getUploadURLExternal` and `completeUploadExternal`."""

    file_id: str
    name: str
    length: int
    content: bytes | None = None


class Files:
    """All files of the workspace, the uploads under way, and the faults laid on files."""

    def __init__(self, stamps: Stamps, base_url: str, team: str) -> None:
        self._stamps = stamps
        self._team = team
        self._base_url = base_url
        self._by_id: dict[str, File] = {}
        self.uploads: dict[str, Upload] = {}
        self._faults: dict[str, list[str]] = {}

    def add(self, name: str, content: bytes, user: str, mode: str = "hosted") -> File:
        """Store a file that is not shared anywhere yet."""
        file_id = self._stamps.id("F")
        return self._store(file_id, name, content, user, mode)

    def begin_upload(self, name: str, length: int) -> Upload:
        """Promise a file id for bytes that will follow."""
        upload = Upload(self._stamps.id("F"), name, length)
        self.uploads[upload.file_id] = upload
        return upload

    def receive(self, file_id: str, content: bytes) -> bool:
        """Take the bytes of an upload; False if they are not the promised number."""
        upload = self.uploads.get(file_id)
        if upload is None or len(content) != upload.length:
            return False
        self.uploads[file_id] = replace(upload, content=content)
        return True

    def finish_upload(self, file_id: str, user: str) -> File:
        """Turn an upload into a file; raises SlackError file_not_found."""
        upload = self.uploads.get(file_id)
        if upload is None or upload.content is None:
            raise SlackError("file_not_found")
        del self.uploads[file_id]
        return self._store(file_id, upload.name, upload.content, user, "hosted")

    def _store(self, file_id: str, name: str, content: bytes, user: str, mode: str) -> File:
        created = int(self._stamps.clock())
        file = File(file_id, self._team, name, user, content, created, self._base_url, mode=mode)
        self._by_id[file_id] = file
        return file

    def get(self, file_id: str) -> File:
        """One file; raises SlackError file_not_found."""
        try:
            return self._by_id[file_id]
        except KeyError:
            raise SlackError("file_not_found") from None

    def describe(self, file_id: str) -> Json:
        """The file object, or the tombstone that a deleted file leaves in its messages."""
        file = self._by_id.get(file_id)
        return file.as_slack() if file else {"id": file_id, "mode": "tombstone"}

    def put(self, file: File) -> File:
        """Store a changed file."""
        self._by_id[file.id] = file
        return file

    def delete(self, file_id: str) -> File:
        """Take a file away; raises SlackError file_not_found."""
        file = self.get(file_id)
        del self._by_id[file_id]
        return file

    def lay_fault(self, file_id: str, fault: str, times: int) -> None:
        """Spoil the next `times` downloads of a file. `fault` is one of FAULTS."""
        self._faults.setdefault(file_id, []).extend([fault] * times)

    def take_fault(self, file_id: str) -> str | None:
        """The fault for the download that is starting now."""
        waiting = self._faults.get(file_id)
        return waiting.pop(0) if waiting else None
