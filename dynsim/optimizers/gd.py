"""Gradient descent: u = −∇f. Its edge of stability is ηλ = 2.

Source: Cauchy 1847; the edge: Cohen et al. 2021, arXiv 2103.00065.
"""


def gd(gradient):
    return -gradient


def edge():
    return 2
