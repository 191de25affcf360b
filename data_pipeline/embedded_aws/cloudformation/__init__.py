"""What CloudFormation makes: one module per family of resource types, each making real, signed calls as the
deployer.

A resource is thus checked, authorised and stored by its own service exactly as if the deployer had called it.
"""
