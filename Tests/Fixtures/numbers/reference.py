"""Numbers as text and the bits that they must become, for doubles and floats: reference.py double|float SEED COUNT

A line is a text and its bits in hexadecimal, `range` where it would become infinite, or zero without being it. Doubles are
Python's own; floats are rounded here from the exact fraction, once.
"""

import random
import struct
import sys
from fractions import Fraction

# Known to have broken parsers: halfway cases, the edges of the subnormals, of zero and of infinity.
HARD = """
0 -0 -0.0 0e999999 0.000e-999999 1 -1 0.1 0.3 9007199254740991 9007199254740992 9007199254740993 9007199254740995
9007199254740993.00000000000000000000000000000000000001 2.2250738585072011e-308 2.2250738585072012e-308
2.2250738585072014e-308 2.225073858507201136057409796709131975934819546351645648023426109724822222021076945516529523908e-308
4.9406564584124654e-324 5e-324 2.4703282292062327e-324 2.4703282292062328e-324 1e-400 -1e-400 1e-323
1.7976931348623157e308 1.7976931348623158e308 1.7976931348623159e308 1e309 -1e400 179769313486231580793e289
62.5364939768271845828 8.10109172351e-10 1.50000000000000011102230246251565 35184372088832.01171875
0.500000000000000166533453693773481063544750213623046875 0.500000000000000166533453693773481063544750213623046876
3.518437208883201171875e13 6.631236846766476e-316 3.2378839133029012895883524125015321748630094785640e-319
0.000000000000000000000000000000000000011754943508222875 1.17549435e-38 1.4e-45 7.006492321624085e-46 7.1e-46
3.4028234663852886e38 3.4028235677973366e38 3.4028235677973365e38 3.40282357e38 16777217 16777219 1.00000005960464477539
1.00000005960464477540 1.000000059604644775390625 123456789012345678 1234567890123456789 12345678901234567890
0.12345678901234567890123456789 9999999999999999 99999999999999999 999999999999999999 9999999999999999999
1000000000000000000000 1e22 1e23 8.442911973260991817129021e-309 1.0e-0 00123.4500 1e+5 1E5 1e05 12e-1
""".split()

FORMATS = {"double": (53, -1074, 1024, "<d"), "float": (24, -149, 128, "<f")}


def nearest(value, kind):
    """The nearest number of the kind to a positive fraction, ties to even, as mantissa and exponent of two."""
    precision, least, _, _ = FORMATS[kind]
    exponent = max(value.numerator.bit_length() - value.denominator.bit_length() - precision - 1, least)
    while value >= Fraction(2) ** (exponent + precision):
        exponent += 1
    scaled = value / Fraction(2) ** exponent
    mantissa, rest = divmod(scaled.numerator, scaled.denominator)
    double = 2 * rest
    mantissa += double > scaled.denominator or (double == scaled.denominator and mantissa & 1)
    return mantissa, exponent


def bits(text, kind):
    # Fraction would work out every zero of an absurd exponent.
    value = Fraction(text) if abs(int(text.lower().partition("e")[2] or 0)) < 5000 else Fraction(0)
    sign = -1.0 if text.startswith("-") else 1.0
    pattern = FORMATS[kind][3]
    if value == 0:
        number = 0.0
    else:
        mantissa, exponent = nearest(abs(value), kind)
        if mantissa == 0 or mantissa.bit_length() + exponent > FORMATS[kind][2]:
            return "range"
        number = float(mantissa) * 2.0 ** max(exponent, -1000) * 2.0 ** min(exponent + 1000, 0)
    if kind == "double":
        assert number == abs(float(text)), f"Python reads {text} as {float(text)!r}, the fraction is {number!r}"
    return struct.pack(pattern, sign * number)[::-1].hex()


def exact(value):
    """All digits of a fraction whose denominator is a power of two."""
    places = value.denominator.bit_length() - 1
    digits = str(abs(value.numerator) * 5**places).rjust(places + 1, "0")
    return digits[: len(digits) - places] + ("." + digits[len(digits) - places :] if places else "")


def texts(kind, seed, count):
    source = random.Random(seed)
    size, pattern = (64, FORMATS[kind][3]) if kind == "double" else (32, FORMATS[kind][3])
    yield from HARD
    for _ in range(count):
        raw = source.getrandbits(size)
        number = struct.unpack(pattern, raw.to_bytes(size // 8, "little"))[0]
        if number - number == 0:
            yield repr(number)
            yield f"{number:.{source.randint(15, 25)}e}"
            # Halfway to the next number, and a digit to each side of it, as far as that is a few hundred digits.
            follower = struct.unpack(pattern, ((raw & ~(1 << size - 1)) + 1).to_bytes(size // 8, "little"))[0]
            if follower - follower == 0:
                middle = exact((Fraction(abs(number)) + Fraction(follower)) / 2)
                yield middle
                if "." in middle:
                    yield middle + "1"
                    yield middle[:-1] + str(int(middle[-1]) - 1) + "9"
        digits = "".join(source.choice("0123456789") for _ in range(source.choice([1, 8, 15, 16, 17, 18, 19, 20, 30, 400])))
        point = source.randint(0, len(digits))
        yield digits[:point] + "." + digits[point:]
        yield f"-{digits}e{source.randint(-340, 310)}"
        yield f"{source.randint(0, 10**5)}.{source.randint(0, 999)}"


kind, seed, count = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
for text in texts(kind, seed, count):
    print(text, bits(text, kind))
