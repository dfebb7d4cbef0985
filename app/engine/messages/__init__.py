"""What editor and engine say to each other: a class for every request, question, answer and tell, known to both ends.

A new message is a new class here, and nothing else: `wire` finds the classes and checks what comes in against them.
"""
