"""What the answers of an account mean for an environment: small rules, each from the answers to findings; pure.

``answers`` holds what was looked up, ``rules`` the table of all rules in the order of a deployment; the rules stand by
what they are about: ``capacity``, ``deployment``, ``leftovers``, ``buckets``, ``lake``. A look-up that was refused
arrives as ``Unanswered`` in place of its value, and never becomes an ``ok``.
"""
