"""Recurrence: the update of a measure that finds the period of an orbit, or says that it has none.

A state is kept for reference, and the orbit must come back to it again and again. Where it does not, the tangent
vector of :mod:`dynsim.tangent` tells chaos from quasi-periodic motion. A step that has no Jacobian in symbols, as a
linesearch, has no tangent vector: its orbits are periodic, escaped or undecided.

The names in the source: ``now<i>`` the true value of state i, zero while its exponent is carried; ``ref<i>`` its
reference, ``near<i>`` how close is close and ``about<i>`` how close is nearly; ``low3_<i>``, ``high3_<i>``,
``low4_<i>``, ``high4_<i>`` its extremes over the third and the last quarter.
"""

from . import checks
from .measure import Update
from .model import Map
from .symbolic import NoClosedForm, define
from .tangent import Volume, jacobian_of

#: Beyond every state of an orbit that has not escaped.
FAR = 1e300
#: The least size of a state, in units of the largest one: below it a state has died out.
TINY = 1e-9
#: Codes of what is not periodic, and the longest period that fits beside them.
UNDECIDED, QUASI_PERIODIC, CHAOTIC, ESCAPED, LONGEST = 0, -1, -2, -3, 2**15 - 1
#: How far the extremes of two quarters may lie apart, in units of their range. Steady motion fills a circle at a rate,
#: so there it is the lesser of a share and so many parts of a quarter's length; chaos visits its edges rarely.
STEADY, FILLING, UNSTEADY = 0.05, 10, 0.25
#: A return to within this share of the range is one to about the same place.
LOOSE = 0.02


def update(map: Map, tol: float, longest: float) -> Update:
    """The update that looks for periods up to `longest`; the options are passed when it runs.

    Raises
    ------
    ValueError : `longest` is not a whole number from 1 to 32767, or the map has a name that is an option here.
    """
    longest = checks.whole(longest, "longest", least=1)
    if longest > LONGEST:
        raise ValueError(f"longest must be at most {LONGEST}, not {longest}.")
    for name in ("tol", "longest"):
        if name in (*map.state, *map.parameters):
            raise ValueError(f"{map.name!r} has a name {name!r}, which is an option of period; call it something else.")
    try:
        tangent = jacobian_of(map)
        volume = Volume(map, 1, skipping=True)
    except NoClosedForm:
        tangent = volume = None
    starts = _starts(map) | (volume.starts if volume else {})
    left = [f"left_{n}" for n in map.state]
    parameters = map.parameters if volume else ()
    read = [*map.state, *parameters, "t", "steps", "norm", *left, "tol=1e-6", "longest=64"]
    body = [*_tangent(tangent, volume), *_look(map)]
    declared = [f"{name}={value!r}" for name, value in starts.items()]
    made = define("update", [*declared, "/", "*", *read], body, list(starts))
    read = ["steps", *left, "longest=64"]
    finish = define("finish", [*starts, "/", "*", *read], _judge(map, volume), ["verdict"])
    if not volume:
        return Update(made, finish, lifted=True)
    tidy = define("tidy", list(starts), volume.tidy(), list(starts))
    return Update(made, finish, tidy, volume.follows(), lifted=True)


def _starts(map):
    starts = {"inside": 1.0} | {f"{p}{name}": 0.0 for p in ("", "loose_") for name in ("found", "phase", "lost")}
    for i in range(len(map.state)):
        starts |= {f"ref{i}": 0.0, f"near{i}": 0.0, f"about{i}": 0.0}
        starts |= {f"{end}{quarter}_{i}": at for quarter in (3, 4) for end, at in (("low", FAR), ("high", -FAR))}
    return starts


def _tangent(tangent, volume):
    """Lines that move the tangent vector; what it is at half time is remembered."""
    if not volume:
        return []
    slopes, entries = tangent
    return ["skip = steps // 2", *slopes, *volume.rest(), *volume.move(entries)]


def _look(map):
    """Lines that look whether the orbit is back where it was at the reference."""
    every = range(len(map.state))
    out = ["inside = where(norm <= 1e12, inside, 0.0)"]
    out += ["third = (2 * t >= steps) & (4 * t < 3 * steps)", "last = 4 * t >= 3 * steps"]
    for i, name in enumerate(map.state):
        out.append(f"now{i} = " + (f"where(left_{name} < 0, 0.0, {name})" if name in map.scale else name))
        for quarter, during in ((3, "third"), (4, "last")):
            for end, sign in (("low", "<"), ("high", ">")):
                kept = f"{end}{quarter}_{i}"
                out.append(f"{kept} = where({during} & (now{i} {sign} {kept}), now{i}, {kept})")
    # The reference lies in the second half, so that by then the third quarter says how large the states are.
    out += [f"size{i} = maximum(absolute(now{i}), maximum(absolute(low3_{i}), absolute(high3_{i})))" for i in every]
    out += ["largest = size0", *(f"largest = maximum(largest, size{i})" for i in every[1:])]
    out += ["since = t - (steps - maximum(2 * longest, steps // 8))"]
    for i in every:
        out.append(f"ref{i} = where(since == 0, now{i}, ref{i})")
        out.append(f"near{i} = where(since == 0, tol * maximum(size{i}, {TINY!r} * largest), near{i})")
        out.append(f"about{i} = where(since == 0, maximum(near{i}, {LOOSE} * (high3_{i} - low3_{i})), about{i})")
    return [*out, *_returns("", "near", every), *_returns("loose_", "about", every)]


def _returns(prefix, bound, every):
    """Lines that count the steps until the orbit is back, and note where it fails to come back after as many again."""
    back = " & ".join(f"(absolute(now{i} - ref{i}) <= {bound}{i})" for i in every)
    phase, found, lost = (f"{prefix}{name}" for name in ("phase", "found", "lost"))
    return [
        f"back = {back}",
        f"{phase} = where(since > 0, {phase} + 1.0, 0.0)",
        f"{found} = where(back & ({found} < 1) & (since > 0) & (since <= longest), {phase}, {found})",
        f"turn = ({found} > 0) & ({phase} == {found})",
        f"{lost} = where(turn, where(back, {lost}, 1.0), {lost})",
        f"{phase} = where(turn, 0.0, {phase})",
    ]


def _judge(map, volume):
    """Lines that reach the verdict."""
    out = []
    for i in range(len(map.state)):
        out += [
            f"range{i} = maximum(high3_{i}, high4_{i}) - minimum(low3_{i}, low4_{i})",
            f"apart{i} = maximum(absolute(high3_{i} - high4_{i}), absolute(low3_{i} - low4_{i}))",
        ]

    def within(share):
        return " & ".join(f"(apart{i} <= maximum({share} * range{i}, near{i}))" for i in range(len(map.state)))

    out += [f"verdict = {UNDECIDED}.0"]
    if volume:
        out += [
            "skip = steps // 2",
            *volume.rate(),
            "growth = growth1 * (steps + 1 - skip)",
            "bound = 3 * log(steps + 1 - skip)",
            f"steady = minimum({STEADY}, {4 * FILLING} / maximum(steps, 1))",
            # What comes back to about the same place each time is a cycle still being approached.
            "approaching = (loose_found > 0) & (loose_lost < 1)",
            f"verdict = where(({within('steady')}) & (absolute(growth) < bound), {QUASI_PERIODIC}.0, verdict)",
            f"verdict = where(approaching, {UNDECIDED}.0, verdict)",
            f"verdict = where(({within(UNSTEADY)}) & (growth > bound + 5), {CHAOTIC}.0, verdict)",
        ]
    return [
        *out,
        "verdict = where((found > 0) & (lost < 1), found, verdict)",
        f"verdict = where(steps < 4 * longest, {UNDECIDED}.0, verdict)",
        f"verdict = where(inside < 1, {ESCAPED}.0, verdict)",
    ]
