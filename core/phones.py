"""Phone numbers: phonenumbers decides, its own metadata answers the common case faster.

The canonical number is E.164 (``+442079460018``). An extension is left out of it: two people at
one switchboard share the number, and the same person with and without it must be one lead.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Literal

import phonenumbers
from phonenumbers import COUNTRY_CODE_TO_REGION_CODE, NumberParseException, PhoneMetadata
from phonenumbers.phonemetadata import PhoneNumberDesc

from core.problems import ProblemCode
from core.refusal import Refusal, quoted

#: ``possible``: of a length that numbers of the country have. ``valid``: in a range in use (X-21).
PhoneLevel = Literal["possible", "valid"]

MAX_LENGTH = 250  #: of a text that is looked at, as in phonenumbers
_FAST_LENGTH = 40
_SEPARATORS = str.maketrans("", "", " -().\u00a0/")

_SCIENTIFIC = re.compile(r"['+]?\d+(?:[.,]\d*)?[eE]\+?\d{1,2}")
#: Letters in a number are digits of a keypad, but not those of a remark: "07700 900123 (mobile)".
_REMARK = re.compile(r"\s*\([^\d()]*\)\Z")
_FLOAT = re.compile(r"(['+]?\d{6,})[.,]0")  # what a table of numbers makes of a phone: 15550100.0
_LONGEST = 15  # digits that E.164 allows


def normalise(text: str, region: str | None, level: PhoneLevel) -> str | Refusal:
    """The number in E.164, or why there is none. ``region`` is where it is dialled without a +."""
    text = text.strip()
    if len(text) <= _FAST_LENGTH and text[-2:] != ".0":
        number = _common(text.translate(_SEPARATORS), region, level)
        if number is not None:
            return number
    return by_library(text, region, level)


def common(
    texts: Sequence[str], regions: Sequence[str | None], level: PhoneLevel
) -> Sequence[str | None]:
    """What ``normalise`` says of many texts, empty for an empty one; None where it may say more."""
    bare = [text.strip() for text in texts]
    digits = "\n".join(bare).translate(_SEPARATORS).split("\n")
    if len(digits) != len(texts):
        return [None] * len(texts)
    return [
        _common(plain, region, level)
        if text and len(text) <= _FAST_LENGTH and text[-2:] != ".0"
        else None
        if text
        else ""
        for text, plain, region in zip(bare, digits, regions, strict=True)
    ]


def by_library(text: str, region: str | None, level: PhoneLevel) -> str | Refusal:
    """The same answer as ``normalise``, always by phonenumbers."""
    if len(text) > MAX_LENGTH:
        return _refused(text, "it is too long")
    cleaned = "".join(c for c in text if unicodedata.category(c) != "Cf").strip()
    if _SCIENTIFIC.fullmatch(cleaned):
        return Refusal(
            ProblemCode.PHONE_IN_SCIENTIFIC_NOTATION,
            f"{quoted(cleaned)} was rounded by a spreadsheet; its digits are lost.",
        )
    cleaned = _REMARK.sub("", cleaned)
    if float_like := _FLOAT.fullmatch(cleaned):
        cleaned = float_like[1]
    region = region if region in phonenumbers.SUPPORTED_REGIONS else None
    answer = _parsed(cleaned, region, level)
    if isinstance(answer, Refusal) and cleaned.startswith("00"):
        # Where another prefix is dialled for abroad, or no country is known, 00 still means +.
        abroad = _parsed("+" + cleaned[2:], region, level)
        return abroad if isinstance(abroad, str) else answer
    return answer


def _is_one_digit(digits: str) -> bool:
    """Whether a number is one digit again and again.

    000-000-0000 is what people put in who do not want to tell theirs, and would make one lead of
    all of them. In a few places such a number is in use: +65 8888 8888.
    """
    return digits == digits[:1] * len(digits)


def _parsed(text: str, region: str | None, level: PhoneLevel) -> str | Refusal:
    try:
        number = phonenumbers.parse(text, region)
    except NumberParseException as error:
        return _unreadable(text, region, error)
    if not phonenumbers.is_possible_number(number):
        return _refused(text, _misfit(number))
    if level == "valid" and not phonenumbers.is_valid_number(number):
        return _refused(text, f"no such number is in use under +{number.country_code}")
    digits = phonenumbers.national_significant_number(number)
    if _is_one_digit(digits) and not phonenumbers.is_valid_number(number):
        return _refused(text, f"{digits[0]} again and again stands for no number")
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


# ---- words -------------------------------------------------------------------------------------


def _refused(text: str, why: str) -> Refusal:
    return Refusal(ProblemCode.INVALID_PHONE, f"{quoted(text)} is not a phone number: {why}.")


def _unreadable(text: str, region: str | None, error: NumberParseException) -> Refusal:
    count = sum(c.isdigit() for c in text)
    if not text:
        return Refusal(ProblemCode.INVALID_PHONE, "The phone number is empty.")
    if not count:
        return _refused(text, "it has no digits")
    if error.error_type == NumberParseException.INVALID_COUNTRY_CODE:
        if "+" in text or "＋" in text:
            return _refused(text, "no country has that code after the +")
        if region is None and count <= _LONGEST:
            return Refusal(
                ProblemCode.PHONE_NEEDS_COUNTRY,
                f"{quoted(text)} needs a country: say which country its numbers are from.",
            )
    if error.error_type == NumberParseException.NOT_A_NUMBER:
        return _refused(text, "it holds something else than one number")
    return _refused(text, "it is too long" if count > _LONGEST else "it is too short")


def _misfit(number: phonenumbers.PhoneNumber) -> str:
    reason = phonenumbers.is_possible_number_with_reason(number)
    if reason == phonenumbers.ValidationResult.TOO_SHORT:
        return f"it is too short for a number under +{number.country_code}"
    if reason == phonenumbers.ValidationResult.TOO_LONG:
        return f"it is too long for a number under +{number.country_code}"
    return f"no number under +{number.country_code} has that many digits"


# ---- the common case -----------------------------------------------------------------------------
# These functions follow phonenumbers.parse for plain digits and give up (None) wherever it would
# do something rarer: the library then decides. tests/core/test_identifiers.py holds the two equal.


@dataclass(frozen=True, slots=True)
class _Plan:
    """The numbering plan of one region or calling code, compiled.

    What makes a number possible or valid is that of the calling code's main region, as it is in
    phonenumbers: the Bahamas are measured by the United States.
    """

    code: str  #: digits after the +
    general: re.Pattern[str]  #: every national number
    prefix: re.Pattern[str] | None  #: what is dialled before a national number, such as 0
    rewrites: bool  #: dialling inside the country changes more than the prefix
    abroad: re.Pattern[str] | None  #: what is dialled for abroad, such as 00
    lengths: frozenset[int]  #: digits of a whole national number
    longest: int
    possible: frozenset[int]  #: digits of a possible number, whole or inside its own area

    def finished(self, digits: str, level: PhoneLevel) -> str | None:
        """E.164 of a number without the calling code; None if unsure."""
        if self.prefix and (dialled := self.prefix.match(digits)):
            rest = None if self.rewrites else self._without_prefix(digits, dialled.end())
            if rest is None:
                return None
            digits = rest
        if len(digits) not in self.possible or _is_one_digit(digits):
            return None
        if level == "valid" and not self._is_in_use(digits):
            return None
        return f"+{self.code}{digits}"

    def _is_in_use(self, digits: str) -> bool:
        ranges = _in_use(int(self.code)).get(len(digits))
        return bool(ranges and ranges.fullmatch(digits))

    def _without_prefix(self, digits: str, end: int) -> str | None:
        rest = digits[end:]
        if self.general.fullmatch(digits) and not self.general.fullmatch(rest):
            return digits
        return rest if len(rest) in self.lengths else None


def _common(digits: str, region: str | None, level: PhoneLevel) -> str | None:
    """E.164 of plain ASCII digits, with a + or dialled in ``region``; None if unsure."""
    abroad = digits[:1] == "+"
    if abroad:
        digits = digits[1:]
    # Two digits are a number only with nothing between them: the library may look.
    if len(digits) < 3 or not (digits.isascii() and digits.isdigit()):
        return None
    if abroad:
        return _international(digits, level)
    return _national(digits, region, level) if region else None


def _international(digits: str, level: PhoneLevel) -> str | None:
    for length in (1, 2, 3):
        plan = _plan_of_code(digits[:length])
        if plan is not None:
            return plan.finished(digits[length:], level)
    return None


def _national(digits: str, region: str, level: PhoneLevel) -> str | None:
    plan = _plan_of_region(region)
    if plan is None or (plan.abroad and plan.abroad.match(digits)):
        return None
    if digits.startswith(plan.code):
        if len(digits) > plan.longest:
            # Too long for the country, so its code is taken to be there already, without the +.
            rest, main = digits[len(plan.code) :], _plan_of_code(plan.code)
            sure = main is not None and not (plan.prefix and plan.prefix.match(rest))
            return main.finished(rest, level) if main and sure else None
        if not plan.general.fullmatch(digits):
            return None
    return plan.finished(digits, level)


@cache
def _plan_of_region(region: str) -> _Plan | None:
    if region not in phonenumbers.SUPPORTED_REGIONS:
        return None
    metadata = PhoneMetadata.metadata_for_region(region, None)
    return _compiled(metadata) if metadata else None


#: Texts asked for are at most three digits long, so this holds 1,110 entries at most.
@cache
def _plan_of_code(code: str) -> _Plan | None:
    metadata = _main_metadata(int(code)) if code else None
    return _compiled(metadata) if metadata and code[:1] != "0" else None


def _main_metadata(code: int) -> PhoneMetadata | None:
    regions = COUNTRY_CODE_TO_REGION_CODE.get(code)
    return PhoneMetadata.metadata_for_region_or_calling_code(code, regions[0]) if regions else None


def _compiled(metadata: PhoneMetadata) -> _Plan | None:
    main = _main_metadata(metadata.country_code or 0)
    general, lengths = metadata.general_desc, main.general_desc if main else None
    if main is None or lengths is None or general is None or not general.national_number_pattern:
        return None
    possible = {*lengths.possible_length, *lengths.possible_length_local_only}
    return _Plan(
        code=str(metadata.country_code),
        general=re.compile(general.national_number_pattern),
        prefix=_pattern(metadata.national_prefix_for_parsing),
        rewrites=bool(metadata.national_prefix_transform_rule),
        abroad=_pattern(metadata.international_prefix),
        lengths=frozenset(general.possible_length),
        longest=max(general.possible_length),
        possible=frozenset(size for size in possible if size > 1),
    )


def _pattern(text: str | None) -> re.Pattern[str] | None:
    return re.compile(text) if text else None


@cache  # by itself: to compile it takes longer than all the rest, and few ask for it
def _in_use(code: int) -> dict[int, re.Pattern[str]]:
    """By length, what is valid for sure: in no other region of the code if there are several."""
    main = _main_metadata(code)
    if main is None or main.general_desc is None:
        return {}
    if len(COUNTRY_CODE_TO_REGION_CODE[code]) > 1 and main.leading_digits is not None:
        return {}
    general = main.general_desc
    kinds: list[PhoneNumberDesc | None] = [
        main.fixed_line, main.mobile, main.toll_free, main.premium_rate, main.shared_cost,
        main.voip, main.personal_number, main.pager, main.uan, main.voicemail,
    ]  # fmt: skip
    patterns: dict[int, list[str]] = {}
    for kind in kinds:
        if kind is not None and kind.national_number_pattern:
            for size in kind.possible_length or general.possible_length:
                patterns.setdefault(size, []).append(f"(?:{kind.national_number_pattern})")
    whole = rf"(?=(?:{general.national_number_pattern})\Z)"
    return {
        size: re.compile(f"{whole}(?:{'|'.join(found)})")
        for size, found in patterns.items()
        if size in general.possible_length
    }
