"""Whether a request is signed, by whom, and rightly: pure, without MiniStack and without a clock.

- ``request`` reads a request as it arrived; what could be read in two ways is refused;
- ``claim`` reads what its signature claims: one Authorization header, or for S3 one presigned query;
- ``verify`` computes the signature again, with the secret of whom it claims to be;
- ``body`` compares the body with what was signed, piece by piece.

Sources: "AWS Signature Version 4 for API requests" (IAM User Guide), "Authenticating Requests (AWS Signature
Version 4)" and "Signing and authenticating REST requests" (Signature Version 2) of the Amazon S3 API Reference.
"""
