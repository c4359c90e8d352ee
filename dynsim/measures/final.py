"""The value at the last step.

    final = v_T

Source: definition.
"""

long_name = "final"


def finish(value):
    return value
