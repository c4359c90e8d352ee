"""The text of a link, read: names and numbers behind a hash. What they mean is looked up later."""

from urllib.parse import parse_qsl

from .. import checks

#: The version of links; one of another version is refused.
VERSION = "1"
#: Longer links are not looked at.
LONGEST = 4000
#: Nor are longer numbers; every double needs fewer characters.
LONGEST_NUMBER = 40
_KEYS = ("v", "map", "x", "y", "measure", "steps", "set", "beside", "side", "seed", "theory", "point", "line", "look")


def read(link: str) -> dict:
    """What a link gives, as the arguments of :class:`dynsim.explorer.view.View`; an axis as (name, low, high, log).

    Raises
    ------
    ValueError : the link is damaged, or of another version; the message says where.

    Examples
    --------
    >>> given = read("#v=1&map=cdat&x=sigma:1:3&y=nu:0.01:1:log&measure=regime&steps=500&set=lam:18")
    >>> given["y"], given["steps"], given["values"]
    (('nu', 0.01, 1.0, True), 500, {'lam': 18.0})
    """
    given = _pairs(link)
    for key in ("map", "x", "y", "measure", "steps"):
        if not given.get(key):
            raise ValueError(f"the link is damaged: it has no {key}.")
    found = {k: given[k] for k in ("map", "measure", "beside") if k in given} | {k: _axis(given[k]) for k in "xy"}
    found |= {k: _read(checks.whole, given[k], k) for k in ("steps", "side", "seed") if k in given}
    for key, kind in (("theory", bool), ("look", int)):
        if given.get(key, "1") != "1":
            raise ValueError(f"the link is damaged: {key}={_shown(given[key])} must be 1.")
        found[key] = kind(key in given)
    found |= {k: _place(given[k], k, count) for k, count in (("point", 2), ("line", 4)) if k in given}
    return found | {"values": _values(given.get("set", ""))}


def _pairs(link):
    if len(link) > LONGEST:
        raise ValueError(f"the link is longer than {LONGEST} characters.")
    try:
        pairs = parse_qsl(link.removeprefix("#"), keep_blank_values=True, strict_parsing=True, errors="strict")
    except ValueError:
        raise ValueError("the link is damaged: it is not of the form #key=value&key=value.") from None
    given = dict(pairs)
    if given.get("v") != VERSION:
        found = f"version {_shown(given['v'])}" if "v" in given else "no version"
        raise ValueError(f"the link has {found}; this explorer reads version {VERSION}.")
    for key, _ in pairs:
        if key not in _KEYS:
            raise ValueError(f"the link is damaged: unknown key {_shown(key)}.{checks.nearest(key, _KEYS)}")
    if len(given) < len(pairs):
        raise ValueError("the link is damaged: it gives a key twice.")
    return given


def _shown(text):
    return repr(text if len(text) <= LONGEST_NUMBER else text[: LONGEST_NUMBER - 3] + "…")


def _read(check, text, what):
    if len(text) > LONGEST_NUMBER:
        raise ValueError(f"the link is damaged: {_shown(text)} in {what} is too long for a number.")
    try:
        return check(text, what)
    except ValueError as error:
        raise ValueError(f"the link is damaged: {error}") from None


def _place(text, key, count):
    parts = text.split(":")
    if len(parts) != count:
        raise ValueError(f"the link is damaged: {key}={_shown(text)} must have {count} numbers.")
    return tuple(_read(checks.scalar, part, key) for part in parts)


def _axis(text):
    name, *ends = text.split(":")
    log = ends[-1:] == ["log"] and bool(ends.pop())
    if not name or len(ends) != 2:
        raise ValueError(f"the link is damaged: {_shown(text)} is no axis; one is sigma:1:3 or nu:0.01:1:log.")
    low, high = (_read(checks.scalar, end, name) for end in ends)
    return name, low, high, log


def _values(text):
    values = {}
    for part in filter(None, text.split(",")):
        name, _, value = part.partition(":")
        if name in values:
            raise ValueError(f"the link is damaged: {_shown(name)} is given twice.")
        values[name] = _read(checks.scalar, value, _shown(name))
    return values
