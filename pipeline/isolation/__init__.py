"""A shard that kills its workers, done in a process of its own: which record does it, and the shard without that one.

Only here is a record left out because a process died, and only when it has ended processes that did nothing else.
"""
