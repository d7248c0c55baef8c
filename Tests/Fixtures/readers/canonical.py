"""One text for a value, whichever reader gave it; and the comparison with the text of the source."""
import datetime
import decimal
import uuid

UTC = datetime.timezone.utc


def text(value):
    """None for null; structs and lists as text of their parts."""
    if value is None:
        return None
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return value.hex()
    if isinstance(value, decimal.Decimal):
        # The zeros at the end depend on the reader.
        digits = format(value, "f")
        return digits.rstrip("0").rstrip(".") if "." in digits else digits
    if isinstance(value, datetime.datetime):
        if value.tzinfo:
            value = value.astimezone(UTC).replace(tzinfo=None)
        return value.isoformat(timespec="microseconds")
    if isinstance(value, datetime.time):
        return value.replace(tzinfo=None).isoformat(timespec="microseconds")
    if isinstance(value, dict):
        return "{" + ", ".join(f"{name}: {text(part)!r}" for name, part in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(repr(text(part)) for part in value) + "]"
    if isinstance(value, (bytes, bytearray)) and len(value) == 16:
        return str(uuid.UUID(bytes=bytes(value)))
    return str(value)


def verdict(expected, found):
    """`right`, or what is wrong: how many values, and the first of them."""
    if len(expected) != len(found):
        return f"wrong: {len(found)} rows, expected {len(expected)}"
    wrong = [row for row, pair in enumerate(zip(expected, found)) if pair[0] != pair[1]]
    if not wrong:
        return "right"
    row = wrong[0]
    return f"wrong: {len(wrong)} of {len(found)} values; row {row} is {found[row]!r}, expected {expected[row]!r}"


def verdicts(expected, read):
    """A verdict for each column. `read` takes names of columns and gives back their values, or fails.

    Where a file cannot be read as a whole, each of its columns is read alone, to find those that can.
    """
    def judged(names):
        found = read(names)
        return {name: verdict(expected[name], [text(value) for value in found[name]]) for name in names}

    try:
        return judged(list(expected))
    except KeyboardInterrupt:
        raise
    except BaseException as reason:  # Polars panics with what is no Exception
        whole = reason
    answer = {}
    for name in expected:
        try:
            answer |= judged([name])
        except KeyboardInterrupt:
            raise
        except BaseException as reason:
            answer[name] = "refused: " + summary(reason)
    if all(value.startswith("refused") for value in answer.values()):
        return dict.fromkeys(answer, "refused: " + summary(whole))
    return answer


def summary(error):
    """The line of an error that says most: the innermost cause that Spark prints, else the first."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()] or [type(error).__name__]
    causes = [line for line in lines if line.startswith("Caused by:")]
    return (causes[-1] if causes else lines[0])[:200]
