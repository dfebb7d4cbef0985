"""Commands: what a person can do in a window, one module per topic, each with its rows of actions beside what they call.

To add a menu entry, add a row (`app.editor.actions`) to the topic it belongs to. The menus, the toolbar, the context menus, the
shortcuts, their overview and the command palette are made of all rows. Commands know the desk, and nothing of the window.
"""
