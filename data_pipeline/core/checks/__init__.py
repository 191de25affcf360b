"""What is wrong with a state machine, found without AWS.

Pure: documents, service models and command lines come in as plain values, findings go out. ``machine.check``
is the whole check of one state machine; ``rules.RULES`` lists what it can find.
"""
