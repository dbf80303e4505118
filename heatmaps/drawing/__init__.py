"""Pictures of cells and bands, as the viewer draws them. Knows no Django, no engine and no HTTP.

The arrays have at most so many places as `counting` says, and what has the size of the picture is only ever made in
strips: a picture of any size takes little memory, and no single call keeps the interpreter from other threads for long.
"""
