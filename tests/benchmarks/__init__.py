"""The measurements behind Layerloom's claims: `make bench` prints each beside what it is compared with.

Ratios are taken side by side, in alternating runs on one machine, since times of different days do not compare.
"""
