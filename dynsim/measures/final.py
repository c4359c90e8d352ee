"""The value at the last step.

    final = v_T

Source: definition.
"""

long_name = "at the end"


def finish(value):
    return value
