"""Glue's catalog where MiniStack's is not enough for the clients of others: pages, versions of tables, partitions.

`service` is what the server calls; `versions` keeps what an update of a table replaces, `partitions` has the operations
on partitions, `filters` reads the expressions that choose among them.
"""
