"""One POST to an address that a customer chose: nowhere near our own network, and never for long.

What is checked is the very address that is connected to, so a name that changes its mind between
the check and the connection gains nothing. Redirects are not followed, and proxies not asked.
"""

from __future__ import annotations

import ipaddress
import re
import socket
import ssl
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from typing import Any

import httpcore
import httpx

from core.errors import ImportFailure

#: How long a whole exchange may take, after the name was looked up.
SECONDS = 10.0
#: Bytes of an answer's body that are read, and characters that are kept.
_ANSWER_BYTES, _ANSWER_CHARS = 2_000, 500
_LONGEST_URL = 2_000
_HOST = re.compile(rb"[\w.-]+|[0-9A-Fa-f:.]+")  # a name, or an IPv6 address without its brackets
_NAT64 = ipaddress.ip_network("64:ff9b::/96")
#: All that IPv6 has of public addresses, besides those that stand for IPv4 ones.
_UNICAST = ipaddress.ip_network("2000::/3")
#: What is set aside, and older Pythons take for public.
_SET_ASIDE = tuple(map(ipaddress.ip_network, ("192.0.0.0/24", "3fff::/20")))
_NUMBER = re.compile(r"[0-9A-Fa-fXx.]+")

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


class BadAddress(ImportFailure):
    """Webhooks cannot be sent to this address."""

    code = "bad_address"


class Unreached(Exception):  # noqa: N818  (a fact about the other side)
    """There was no answer; the text says why, in words for the log of deliveries."""


@dataclass(frozen=True)
class Answered:
    """What came back: the status, how the body begins, and seconds to wait if it asked for some."""

    status: int
    text: str
    retry_after: int = 0


def check(url: str, *, private: bool) -> None:
    """Refuse an address that is not for webhooks; what its name stands for is checked later.

    ``private`` allows plain HTTP and addresses of our own network. Raises BadAddress.
    """
    try:
        parsed = httpx.URL(url)
    except httpx.InvalidURL:
        raise BadAddress("This is not a URL.") from None
    schemes = ("https", "http") if private else ("https",)
    if parsed.scheme not in schemes or not parsed.host or len(url) > _LONGEST_URL:
        raise BadAddress(f"Use a URL that begins with {schemes[0]}://.")
    if not _HOST.fullmatch(parsed.raw_host) or not 0 < (parsed.port or 443) < 65_536:
        raise BadAddress("This is not a URL.")
    if parsed.userinfo or parsed.fragment:
        raise BadAddress("The URL must hold neither a user nor a fragment.")
    literal = _literal(parsed.host)
    named_home = parsed.host.rstrip(".").lower().rpartition(".")[2] == "localhost"
    if not private and (named_home or (literal and not is_public(literal))):
        raise BadAddress("Webhooks are sent to public addresses only.")


def is_public(address: Address) -> bool:
    """Whether an address is on the internet: not ours, not a neighbour's, not everybody's."""
    if not address.is_global or address.is_multicast:
        return False
    if address.version == 6 and address not in _UNICAST and address not in _NAT64:
        return False
    return not any(address in each for each in _SET_ASIDE) and all(map(is_public, _inside(address)))


def _inside(address: Address) -> Iterator[Address]:
    """IPv4 addresses that an IPv6 one stands for."""
    if isinstance(address, ipaddress.IPv6Address):
        if address in _NAT64:
            yield ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
        yield from filter(None, (address.ipv4_mapped, address.sixtofour))
        yield from address.teredo or ()


def _literal(host: str) -> Address | None:
    """The address that a host is, where it is none that has to be looked up."""
    bare = host.strip("[]").partition("%")[0].rstrip(".")
    try:
        return ipaddress.ip_address(bare)
    except ValueError:
        return _number(bare)


def _number(host: str) -> Address | None:
    """The address behind 2130706433, 0x7f.1 and the like, as connecting would understand them."""
    if not _NUMBER.fullmatch(host):
        return None
    try:
        return ipaddress.IPv4Address(socket.inet_aton(host))
    except OSError:
        return None


@cache
def _trusted() -> ssl.SSLContext:
    """The certificates of the world. Reading them takes a while, and most processes never send a
    thing."""
    return httpcore.default_ssl_context()


class Outward:
    """The way out; safe to use from many threads."""

    def __init__(self, *, private: bool = False, seconds: float = SECONDS) -> None:
        """``private`` allows addresses of our own network. An exchange may take ``seconds``."""
        self.private = private
        self._seconds = seconds

    def post(self, url: str, headers: Mapping[str, str], body: bytes) -> Answered:
        """Send, and read the beginning of the answer. Raises BadAddress and Unreached."""
        check(url, private=self.private)
        parsed = httpx.URL(url)
        with _told(), self._pool() as pool:
            target = httpcore.URL(
                scheme=parsed.raw_scheme, host=parsed.raw_host, port=parsed.port,
                target=parsed.raw_path,
            )  # fmt: skip
            sent = {"Host": parsed.netloc.decode("ascii"), "Accept-Encoding": "identity", **headers}
            timeouts = dict.fromkeys(("connect", "read", "write", "pool"), self._seconds)
            with pool.stream(
                "POST", target, headers=list(sent.items()), content=body,
                extensions={"timeout": timeouts},
            ) as answer:  # fmt: skip
                return _read(answer)

    def _pool(self) -> httpcore.ConnectionPool:
        way = _Way(self.private, self._seconds)
        return httpcore.ConnectionPool(_trusted(), max_connections=1, network_backend=way)


def _read(answer: httpcore.Response) -> Answered:
    text = bytearray()
    for chunk in answer.iter_stream():
        text += chunk
        if len(text) >= _ANSWER_BYTES:
            break
    words = bytes(text[:_ANSWER_BYTES]).decode("utf-8", "replace").replace("\x00", "")
    headers = {name.lower(): value for name, value in answer.headers}
    asked = headers.get(b"retry-after", b"")
    wait = int(asked) if asked.isdigit() and len(asked) < 7 else 0
    return Answered(answer.status, words[:_ANSWER_CHARS], wait)


@contextmanager
def _told() -> Iterator[None]:
    """Whatever may go wrong on the way, in words."""
    try:
        yield
    except httpcore.TimeoutException:
        raise Unreached("It did not answer in time.") from None
    except httpcore.ProtocolError:
        raise Unreached("What it answered is not HTTP.") from None
    except (httpcore.NetworkError, OSError, UnicodeError) as error:
        words = "It could not be reached, or its certificate is not valid"
        raise Unreached(f"{words}: {str(error)[:200]}") from None


# ---- connecting --------------------------------------------------------------------------------


class _Way(httpcore.NetworkBackend):
    """Connects to allowed addresses only, and for so many seconds."""

    def __init__(self, private: bool, seconds: float) -> None:
        self._private, self._seconds = private, seconds
        self._sockets = httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        """A connection to the first address of the host that is allowed and answers."""
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        addresses = dict.fromkeys(str(entry[4][0]) for entry in found)
        allowed = [each for each in addresses if self._private or _allowed(each)]
        if not allowed:
            raise BadAddress("Its name stands for an address that is not public.")
        until = time.monotonic() + self._seconds
        for number, address in enumerate(allowed, 1):
            try:
                stream = self._sockets.connect_tcp(address, port, _left(until), local_address)
                return _Bounded(stream, until)
            except (httpcore.ConnectError, httpcore.ConnectTimeout):
                if number == len(allowed):
                    raise
        raise AssertionError("unreachable")


def _allowed(address: str) -> bool:
    literal = _literal(address)
    return literal is not None and is_public(literal)


class _Bounded(httpcore.NetworkStream):
    """A connection all of whose steps share the time there is: dripping bytes extends nothing."""

    def __init__(self, stream: httpcore.NetworkStream, until: float) -> None:
        self._stream, self._until = stream, until

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._stream.read(max_bytes, _left(self._until))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._stream.write(buffer, _left(self._until))

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore.NetworkStream:
        stream = self._stream.start_tls(ssl_context, server_hostname, _left(self._until))
        return _Bounded(stream, self._until)

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)


def _left(until: float) -> float:
    left = until - time.monotonic()
    if left <= 0:
        raise httpcore.ReadTimeout("out of time")
    return left
