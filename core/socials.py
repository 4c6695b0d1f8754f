"""Social profiles: every way of writing one, to one canonical form such as ``linkedin.com/in/ana``.

A canonical form is a host without ``www.``, then the path that names the profile, without scheme,
query or trailing slash. The four networks below ignore case in names, so theirs are lower-cased.
A handle without a network stays ``@ana``: on two networks it may belong to two people.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from urllib.parse import parse_qs, unquote

from core.problems import ProblemCode
from core.refusal import Refusal, quoted

MAX_LENGTH = 255
_LONGEST = 2000  # characters of a text that is looked at: addresses carry long queries

_URL = re.compile(
    r"(?P<scheme>https?:)?(?://)?(?:www\.)?(?P<host>[a-z0-9-]+(?:\.[a-z0-9-]+)+)(?::\d+)?"
    r"(?P<path>/[^?#\s]*)?(?:\?(?P<query>[^#\s]*))?(?:#\S*)?",
    re.IGNORECASE,
)
_HANDLE = re.compile(r"@?(?P<name>\w[\w.\-]{0,98}\w|\w)")
_NAMED = re.compile(r"(?P<network>[a-z]+)\s*(?::\s*@?|\s@|/@?)(?P<name>(?:in/)?[\w.\-]+)", re.I)

_HOSTS = {
    "linkedin.com": "linkedin.com",
    "twitter.com": "x.com",
    "x.com": "x.com",
    "facebook.com": "facebook.com",
    "fb.com": "facebook.com",
    "fb.me": "facebook.com",
    "instagram.com": "instagram.com",
    "instagr.am": "instagram.com",
}
_NETWORKS = {
    "linkedin": "linkedin.com/in/",
    "in": "linkedin.com/in/",
    "twitter": "x.com/",
    "x": "x.com/",
    "facebook": "facebook.com/",
    "fb": "facebook.com/",
    "instagram": "instagram.com/",
    "insta": "instagram.com/",
    "ig": "instagram.com/",
}
#: Paths of these networks that are no profile.
_PAGES = {
    "home", "search", "share", "intent", "hashtag", "explore", "login", "feed", "i", "p", "reel",
    "reels", "tv", "photo", "photos", "watch", "events",
    "messages", "media", "accounts", "settings", "sharer", "help", "direct", "pages", "people",
    "groups", "marketplace", "dialog", "plugins", "compose", "notifications", "signup", "logout",
    "privacy", "policies", "terms", "tos",
}  # fmt: skip
#: Where LinkedIn keeps whoever the second part of a path names, and under longer paths the third.
_LINKEDIN_KINDS = {"in", "profile", "company", "school", "showcase", "groups"}
_LINKEDIN_TOOLS = {"sales", "talent", "recruiter"}
_LINKEDIN_DOORS = {"comm", "mwlite", "m"}


def normalise(text: str) -> str | Refusal:
    """The canonical form of a profile's address or handle, at most 255 characters, or why not."""
    if len(text) > _LONGEST:
        return _refused(text, "it is too long")
    seen = text if text.isprintable() else "".join(filter(_is_seen, text))
    written = unicodedata.normalize("NFC", seen).strip(" \t\r\n\u00a0'\"<>")
    found = _of_url(written) or _of_named(written) or _of_handle(written)
    if found is None:
        return _refused(written, "it names no profile")
    return found if len(found) <= MAX_LENGTH else _refused(written, "it is too long")


def _is_seen(char: str) -> bool:
    """Marks for the direction of a text, joiners and the like come with copying."""
    return unicodedata.category(char) != "Cf"


def _refused(written: str, why: str) -> Refusal:
    said = f"{quoted(written)} is not a social profile: {why}." if written else "It is empty."
    return Refusal(ProblemCode.INVALID_SOCIAL, said)


def _of_url(written: str) -> str | None:
    match = _URL.fullmatch(written)
    if match is None:
        return None
    host = match["host"].lower()
    path = unicodedata.normalize("NFC", unquote(match["path"] or ""))
    parts = [part for part in map(str.strip, path.split("/")) if part]
    if any(sign in part for part in parts for sign in " ?#%"):
        return None
    known = _known_host(host)
    if known:
        names = [part.lower().lstrip("@") for part in parts]
        return _READERS[known](names, match["query"] or "")
    if match["scheme"] or parts:
        return "/".join([host, *parts])
    return None


def _known_host(host: str) -> str | None:
    """``de.linkedin.com`` and ``m.facebook.com`` are their networks; ``notx.com`` is nobody's."""
    bare = ".".join(host.split(".")[-2:])
    return _HOSTS.get(bare)


def _linkedin(names: list[str], query: str) -> str | None:
    if names[:1] and names[0] in _LINKEDIN_DOORS:
        names = names[1:]
    if len(names) < 2:
        return None
    kept: list[str] = []
    if names[:2] == ["profile", "view"]:
        kept = ["profile", *parse_qs(query).get("id", [])[:1]]
    elif names[0] == "pub":
        kept = names
    elif names[0] in _LINKEDIN_KINDS:
        kept = names[:2]
    elif names[0] in _LINKEDIN_TOOLS and len(names) > 2:
        kept = [*names[:2], names[2].partition(",")[0]]
    return "/".join(["linkedin.com", *kept]) if len(kept) > 1 else None


def _facebook(names: list[str], query: str) -> str | None:
    if names[:1] == ["profile.php"]:
        numbers = parse_qs(query).get("id", [])
        return f"facebook.com/{numbers[0]}" if numbers else None
    if len(names) > 2 and names[0] in ("people", "pages"):
        return f"facebook.com/{names[2]}"
    if len(names) > 1 and names[0] == "p":
        return f"facebook.com/{names[1].rpartition('-')[2] or names[1]}"  # a name and a number
    if len(names) > 1 and names[0] == "groups":
        return f"facebook.com/groups/{names[1]}"
    return _first("facebook.com", names[1:] if names[:1] == ["pg"] else names)


def _first(host: str, names: list[str]) -> str | None:
    if not names or names[0] in _PAGES or names[0].endswith(".php"):
        return None
    return f"{host}/{names[0]}"


_READERS: dict[str, Callable[[list[str], str], str | None]] = {
    "linkedin.com": _linkedin,
    "facebook.com": _facebook,
    "x.com": lambda names, query: _first("x.com", names),
    "instagram.com": lambda names, query: _first(
        "instagram.com", names[1:] if names[:1] == ["stories"] else names
    ),
}


def _of_named(written: str) -> str | None:
    """``twitter: @ana``, ``linkedin/in/ana``, ``in/ana``."""
    match = _NAMED.fullmatch(written)
    base = _NETWORKS.get(match["network"].lower()) if match else None
    return base + match["name"].lower().removeprefix("in/") if match and base else None


def _of_handle(written: str) -> str | None:
    match = _HANDLE.fullmatch(written)
    if match is None or not any(c.isalnum() for c in written):
        return None
    return "@" + match["name"].lower()
