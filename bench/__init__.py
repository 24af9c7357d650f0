"""Benchmarks: what the product promises in numbers, measured on this machine. `make bench` runs them.

They are no tests: a loaded machine may miss a target. They are not part of the package.
"""
