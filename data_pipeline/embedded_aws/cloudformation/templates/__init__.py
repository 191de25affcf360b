"""What CloudFormation says of a template before it makes anything. Pure; imports nothing of the rest.

``sections`` has the shape of each section, ``functions`` the arguments of intrinsic functions and what they name,
``conditions`` and ``references`` whether those names are there, ``schemas`` the properties of each resource type.
"""
