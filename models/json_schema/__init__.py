"""JSON schemas as far as a model can be held to them while it writes.

A schema's text becomes ``nodes`` (``reading``), which become a grammar (``grammar``), the smallest
instance, and a check of a value (``instances``). Whatever could make an instance invalid and can't
be held is refused when it is read.
"""
