"""The published combinations of landscape and tuner, and other maps. One file each."""

from ..registry import furnish, map_, missing

_found = furnish(__name__, map_)
globals().update(_found)
__all__ = list(_found)
__getattr__ = missing(__name__, _found)
