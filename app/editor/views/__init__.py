"""Views of results: tables, images, figures, networks, learning curves."""
