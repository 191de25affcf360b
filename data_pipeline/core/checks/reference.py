"""The page about the rules, written from them."""

from __future__ import annotations

from .rules import RULES

_HEAD = """\
# Checks

<!-- Written by `{command}` from data_pipeline/core/checks/rules.py; do not edit. -->

`python -m data_pipeline check` finds mistakes in a pipeline before it is deployed, and
`python data_pipeline_create.py` writes no template that has a finding. It also checks a CloudFormation template
or a state machine of your own:

```
python -m data_pipeline check my-template.yaml
python -m data_pipeline check my-machine.json
```

It makes no call to AWS. It reads state machines in both query languages, and compares arguments with the
service models of the installed botocore. It assumes that values computed at run time are right.
A finding names the place in the document, what is wrong there, what was probably meant, and the rule's code:

```
States.A.Next: no state is called 'Pubish'; did you mean 'Publish'? [target-unknown]
```

| code | finding |
| --- | --- |
"""


def page(command: str) -> str:
    """The page in Markdown; ``command`` writes it."""
    rows = [f"| `{code}` | {meaning} |" for code, meaning in RULES.items()]
    return _HEAD.format(command=command) + "\n".join(rows) + "\n"
