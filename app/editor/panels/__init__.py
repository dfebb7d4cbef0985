"""The docks around the canvas: node repository, node monitor, console, problems; the welcome page; the command palette."""
