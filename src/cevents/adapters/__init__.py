"""Other libraries' event objects as ours, and back; each module names the extra that it needs.

An adapter never changes the object that it is given, and refuses what one side cannot hold instead of dropping it.
"""
