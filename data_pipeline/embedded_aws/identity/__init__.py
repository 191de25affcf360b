"""IAM and STS: signatures, policies, roles handed to services, what each request requires."""
