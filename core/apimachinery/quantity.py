"""resource.Quantity: amounts such as ``1Gi`` or ``500m`` as exact numbers, and back to canonical text.

Source: staging/src/k8s.io/apimachinery/pkg/api/resource/{quantity,suffix}.go (v1.36).
Differs: exponents beyond 400 are refused, so that a few characters cannot ask for a gigabyte of digits.
"""

from __future__ import annotations

from fractions import Fraction
from functools import lru_cache
from typing import Literal

Number = int | Fraction
Family = Literal["binary", "decimal", "exponent"]

FORMAT_WRONG = "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'"
SUFFIX_WRONG = "unable to parse quantity's suffix"
NUMERIC_WRONG = "unable to parse numeric part of quantity"

_DECIMAL = {"n": -9, "u": -6, "m": -3, "": 0, "k": 3, "M": 6, "G": 9, "T": 12, "P": 15, "E": 18}
_BINARY = {"Ki": 10, "Mi": 20, "Gi": 30, "Ti": 40, "Pi": 50, "Ei": 60}
_DECIMAL_OF = {power: suffix for suffix, power in _DECIMAL.items()}
_BINARY_OF = {power: suffix for suffix, power in _BINARY.items()}
_SUFFIX_LETTERS = frozenset("eEinumkKMGTP")
_DIGITS = frozenset("0123456789")
_MAX_BINARY = 2**63 - 1
_MAX_EXPONENT = 400
_MAX_LENGTH = 512


class QuantityError(ValueError):
    """Not a quantity; its text is the API server's."""


def _split(text: str) -> tuple[str, str]:
    """Return the number and the suffix of *text* (parseQuantityString)."""
    end, at = len(text), 0
    if text[:1] in ("+", "-"):
        at = 1
    while at < end and text[at] in _DIGITS:
        at += 1
    if at < end and text[at] == ".":
        at += 1
        while at < end and text[at] in _DIGITS:
            at += 1
    number = text[:at]
    start = at
    while at < end and text[at] in _SUFFIX_LETTERS:
        at += 1
    if at < end and text[at] in "+-":
        at += 1
    while at < end and text[at] in _DIGITS:
        at += 1
    if at < end:
        raise QuantityError(FORMAT_WRONG)
    return number, text[start:]


def _interpret(suffix: str) -> tuple[int, int, Family]:
    """Return base, exponent and family of *suffix*."""
    if suffix in _DECIMAL:
        return 10, _DECIMAL[suffix], "decimal"
    if suffix in _BINARY:
        return 2, _BINARY[suffix], "binary"
    if suffix[0] in "eE":
        digits = suffix[2:] if suffix[1:2] in ("+", "-") else suffix[1:]
        if digits and _DIGITS.issuperset(digits) and int(digits) <= _MAX_EXPONENT:
            return 10, int(suffix[1:]), "exponent"
    raise QuantityError(SUFFIX_WRONG)


def _exact(number: str) -> Number:
    sign = -1 if number[:1] == "-" else 1
    whole, _, fraction = number.lstrip("+-").partition(".")
    value = int(whole + fraction or "0")
    return sign * (Fraction(value, 10 ** len(fraction)) if fraction else value)


def _ceil_away(value: Number, unit: int) -> Number:
    """Return *value* rounded away from zero to a multiple of 1/*unit*."""
    if isinstance(value, int):
        return value
    scaled = value * unit
    whole = (
        -(-scaled.numerator // scaled.denominator) if value > 0 else scaled.numerator // scaled.denominator
    )
    return whole // unit if whole % unit == 0 else Fraction(whole, unit)


@lru_cache(maxsize=4096)
def _read(text: str) -> tuple[Number, Family]:
    text = text.strip()
    if not text or len(text) > _MAX_LENGTH:
        raise QuantityError(FORMAT_WRONG)
    number, suffix = _split(text)
    base, exponent, family = _interpret(suffix)
    value = _exact(number)
    value = value * base**exponent if exponent >= 0 else Fraction(value, base**-exponent)
    value = _ceil_away(value, 10**9)
    if family == "binary":
        value = max(min(value, _MAX_BINARY), -_MAX_BINARY)
    return value, family


def parse(text: str | int | float) -> Number:
    """Return the exact value of *text*: an int when it is whole, else a Fraction; finest grain 1e-9.

    >>> parse("1.5Gi"), parse("500m")
    (1610612736, Fraction(1, 2))

    Raises: QuantityError with the API server's words.
    """
    return _read(text if isinstance(text, str) else str(text))[0]


def family_of(text: str | int | float) -> Family:
    """Return how *text* is written: with a binary, a decimal or an exponent suffix."""
    return _read(text if isinstance(text, str) else str(text))[1]


def error(text: str | int | float) -> str:
    """Return why *text* is no quantity in the API server's words, or ""."""
    try:
        parse(text)
    except QuantityError as exc:
        return str(exc)
    return ""


def format_value(value: Number, family: Family = "decimal") -> str:
    """Return *value* as canonical text of *family*: no fraction, the largest suffix that stays whole.

    >>> format_value(1024**3, "binary"), format_value(1500)
    ('1Gi', '1500')
    """
    value = _ceil_away(value, 10**9)
    if value == 0:
        return "0"
    if family == "binary" and isinstance(value, int) and abs(value) >= 1024:
        power = 0
        while value % 1024 == 0 and power < 60:
            value, power = value // 1024, power + 10
        return f"{value}{_BINARY_OF[power] if power else ''}"
    mantissa, power = int(value * 10**9), -9
    while mantissa % 1000 == 0 and (power < 18 or family == "exponent"):
        mantissa, power = mantissa // 1000, power + 3
    if family == "exponent":
        return f"{mantissa}e{power}" if power else str(mantissa)
    return f"{mantissa}{_DECIMAL_OF[power]}"


@lru_cache(maxsize=4096)
def _canonical(text: str, milli: bool) -> str:
    value, family = _read(text)
    if milli:
        value = _ceil_away(value, 1000)
    out = format_value(value, family)
    # a text that is canonical but for the letter keeps its own: 1E3
    return text.strip() if family == "exponent" and out == text.strip().lower() else out


def canonical(text: str | int | float, *, milli: bool = False) -> str:
    """Return the text that the API returns for *text*. *milli*: first round up to a thousandth.

    The API server rounds so in requests, limits and capacity.

    >>> canonical("1024Mi"), canonical("0.5"), canonical("0.1n", milli=True)
    ('1Gi', '500m', '1m')
    """
    return _canonical(text if isinstance(text, str) else str(text), milli)


def compare(a: str | int | float, b: str | int | float) -> int:
    """Return -1, 0 or 1 as *a* is smaller than, equal to or greater than *b*, by value."""
    left, right = parse(a), parse(b)
    return (left > right) - (left < right)


def add(a: str | int | float, b: str | int | float) -> str:
    """Return the sum as canonical text, in the family of *a* (of *b* when *a* is zero)."""
    family = family_of(a) if parse(a) else family_of(b)
    return format_value(parse(a) + parse(b), family)
