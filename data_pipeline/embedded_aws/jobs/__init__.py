"""Jobs of the embedded AWS that really run: processes, their sandbox, their logs, their files.

`process` runs one command under a launcher that dies with the server; `sandbox` is the one module with what
only Linux has; `logs` writes CloudWatch log streams and `storage` reads S3, both with the credentials of the
job's role; `shapes` checks requests against botocore's service models. The services are one room up:
`sagemaker`, `glue`, `sync`.
Imports nothing of the package outside `data_pipeline.embedded_aws`.
"""
