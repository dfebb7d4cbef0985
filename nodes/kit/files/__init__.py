"""Reading and writing files: finding, opening, parsing, and putting them into place whole."""
