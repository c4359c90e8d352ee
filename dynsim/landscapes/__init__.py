"""Where the parameters are, what can be measured there, and how a step of size η moves them. One file each."""

from ..registry import furnish, landscape, missing

_found = furnish(__name__, landscape)
globals().update(_found)
__all__ = list(_found)
__getattr__ = missing(__name__, _found)
