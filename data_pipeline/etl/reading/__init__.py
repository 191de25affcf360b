"""Reading source files strictly: every row of a file is accepted, with values of exactly its columns' types, or
refused with a reason. It begins at ``files``; ``protocol`` is what any reader keeps to, ``reasons`` lists why rows
are refused.
"""
