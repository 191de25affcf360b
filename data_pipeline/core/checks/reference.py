"""The page about the rules, written from them."""

from __future__ import annotations

from .rules import RULES

_HEAD = """\
# Checks

<!-- Written by `{command}` from data_pipeline/core/checks/rules.py; do not edit. -->

`python -m data_pipeline check` says what is wrong with a pipeline before AWS sees it, and
`python data_pipeline_create.py` writes no template that has a finding. It also serves those who have only a
CloudFormation template or a state machine of their own:

```
python -m data_pipeline check my-template.yaml
python -m data_pipeline check my-machine.json
```

Nothing is asked of AWS. State machines are read in both query languages; arguments are compared with the
models of the services in the installed botocore. What is computed when the machine runs is taken to be right.
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
