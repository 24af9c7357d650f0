"""What a campaign may do and who may make it: pure values, two literal tables, no I/O, no clock.

Everything above may import this package; it imports nothing of ours but `errors`.
"""
