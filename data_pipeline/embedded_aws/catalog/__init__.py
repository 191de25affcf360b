"""Glue's catalog where MiniStack's is not enough for the clients of others: names, pages, versions, partitions.

`service` is what the server calls; `names` folds the names of every request, `paging` divides lists, `versions` keeps
what an update of a table replaces, `partitions` has the operations on partitions, `filters` reads the expressions that
choose among them.
"""
