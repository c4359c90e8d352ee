"""What is recorded along an orbit, folded into the compiled loop. One file each."""

from ..registry import furnish, measure, missing

_found = furnish(__name__, measure)
globals().update(_found)
__all__ = list(_found)
__getattr__ = missing(__name__, _found)
