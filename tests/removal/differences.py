"""Where derivation and demand differ, and why: the one place."""

#: (kind, action) that a role has and no page of AWS demands → why it has it.
BEYOND_DEMAND: dict[tuple[str, str], str] = {}

#: (kind, action) that a page of AWS demands and no role has → why not.
NOT_DERIVED: dict[tuple[str, str], str] = {}

#: ``when`` of an entry → why no shipped template has what it demands.
FEATURES: dict[str, str] = {
    "notification": "the shipped environments know nobody to tell; one that does is in the proof beside them",
    "outputs": "jobs write to S3 themselves, so that a publication is a few conditional writes in their own order",
    "other uses of Glue": "the rest of AWS's sample is for crawlers, notebooks and metrics: the pipeline has none",
    "vpc": "the shipped environments run their jobs in the services' own network",
    "stores": "no feature group of the shipped environments asks for a store of its own",
    "offline store": "no feature group of the shipped environments asks for a store of its own",
    "tracing": "the shipped environments have no traces, which cost",
    "kms": "the shipped environments encrypt with keys that AWS owns or manages, which need no permission",
}

_TRACING = (
    "the embedded AWS refuses TracingConfiguration by name, so that no state machine there sends traces"
)
_KEYS = (
    "the embedded AWS encrypts nothing and refuses the service kms by name; "
    "`check` holds the roles against the key's policy"
)

#: (kind, action) that an option gives to a role and `make removal` cannot take away → why not.
NOT_REMOVED: dict[tuple[str, str], str] = {
    ("states", "xray:GetSamplingRules"): _TRACING,
    ("states", "xray:GetSamplingTargets"): _TRACING,
    ("states", "xray:PutTelemetryRecords"): _TRACING,
    ("states", "xray:PutTraceSegments"): _TRACING,
    ("glue", "glue:GetSecurityConfiguration"): (
        "the embedded AWS refuses SecurityConfiguration of a job by name, so that none is read there"
    ),
    ("glue", "kms:Decrypt"): _KEYS,
    ("glue", "kms:GenerateDataKey"): _KEYS,
    ("processing", "kms:CreateGrant"): _KEYS,
    ("processing", "kms:Decrypt"): _KEYS,
    ("processing", "kms:GenerateDataKey"): _KEYS,
    ("scheduler", "kms:Decrypt"): _KEYS,
    ("scheduler", "kms:GenerateDataKey"): _KEYS,
    ("states", "kms:Decrypt"): _KEYS,
}
