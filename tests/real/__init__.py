"""Awkward data against other programs and exact arithmetic: right values, or words that say why not."""
