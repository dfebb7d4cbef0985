"""Columns of images: their pixels, sizes and kinds, and what is done to each."""
