"""What is said at the public door when something does not fit. One sentence, and what to write instead."""

import difflib
import math
import operator

#: Names that the engine gives to measures, tuners and results; no state or parameter may take them.
RESERVED = ("t", "steps", "step", "value", "norm", "log_scale", "exponent", "w", "f_along", "cos_along")

#: Compiled code counts in 64 bits.
MOST = 2**62


def nearest(name, known):
    """ " Did you mean 'lam'?" or nothing."""
    close = difflib.get_close_matches(str(name), [str(k) for k in known], n=1, cutoff=0.5)
    return f" Did you mean {close[0]!r}?" if close else ""


def known_name(name, known, what, of=""):
    """Raise unless `name` is among `known`; the message names the nearest right one."""
    if name not in known:
        listing = ", ".join(str(k) for k in known) or "none"
        raise ValueError(f"unknown {what} {name!r}{of}.{nearest(name, known)} Known: {listing}.")


def whole(value, what, least=0, most=MOST):
    """`value` as an int, if it is a whole number from `least` to `most`."""
    try:
        number = operator.index(value)
    except TypeError:
        try:
            as_float = float(value)
        except (TypeError, ValueError):
            as_float = math.nan
        if not as_float.is_integer():
            raise ValueError(f"{what} must be a whole number >= {least}, not {value!r}.") from None
        number = int(as_float)
    if number < least:
        raise ValueError(f"{what} must be a whole number >= {least}, not {value!r}.")
    if number > most:
        raise ValueError(f"{what} must be at most {most:,}, not {value!r}.")
    return number


def scalar(value, name):
    """`value` as a float that is not NaN."""
    if (hasattr(value, "shape") and getattr(value, "shape", ()) != ()) or isinstance(value, (list, tuple, dict, set)):
        raise ValueError(
            f"{name} must be one number; to try several values of {name}, "
            f"give them to ds.sweep or ds.descend as over={{{name!r}: values}}."
        )
    try:
        number = float(value)
    except (TypeError, ValueError):
        raise ValueError(f"{name} must be a number, not {value!r}.") from None
    if math.isnan(number):
        raise ValueError(f"{name} is NaN; give a number.")
    return number


def numbers(array, name):
    """`array` as an array of floats of its own; masked entries, text and the like are refused."""
    import numpy as np  # not above: the command line's help imports this module

    if np.ma.is_masked(array):
        raise ValueError(f"{name} has masked entries, whose values would be used; leave them out or fill them.")
    try:
        found = np.asarray(array)
    except ValueError:
        raise ValueError(f"{name} does not form an array; all its rows must have one length.") from None
    if found.dtype.kind not in "fiub":
        hint = " of type object; write .astype(float)" if found.dtype.kind == "O" else f", not {found.dtype}"
        raise ValueError(f"{name} must hold numbers{hint}.")
    return np.array(found, float, order="C")
