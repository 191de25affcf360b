"""The rules: code → what a finding of it means. Codes are stable: they may be quoted and searched for."""

from __future__ import annotations

#: rule's code → what it finds, and what AWS would do with it.
RULES: dict[str, str] = {
    # structure
    "shape": "A part of the definition is missing or of the wrong JSON type.",
    "state-type": "A state's `Type` is none of the eight types.",
    "start-unknown": "`StartAt` names no state of its scope.",
    "target-unknown": "`Next` or `Default` names no state.",
    "target-across-scopes": "`Next` or `Default` names a state of another scope: no transition leads into or out of a "
    "Parallel branch or a Map's processor.",
    "state-unreachable": "No way leads from `StartAt` to the state.",
    "no-end": "States that can be entered and from which no way leads to an end: the execution runs until it times "
    "out.",
    "name-duplicate": "Two states of the machine have the same name, in whatever scopes.",
    "name-too-long": "A name is longer than the service allows.",
    "next-or-end": "A state has neither `Next` nor `End`, or both, or a kind of state that may not have them does.",
    "field-unknown": "A field that this type of state does not have.",
    "field-language": "A field of the other query language: JSONPath in a JSONata state, or the reverse.",
    "query-language": "`QueryLanguage` is neither JSONPath nor JSONata, or returns to JSONPath in a JSONata machine.",
    "field-missing": "A field that this type of state must have.",
    "map-mode": "A field that only a distributed Map has, in an inline one; or a distributed Map without its "
    "`ExecutionType`.",
    "fields-exclusive": "Two fields of which only one may be there.",
    # values
    "number": "A number is not of the kind, or not in the range, that its field allows.",
    "heartbeat": "The heartbeat is not shorter than the timeout, so it can never be missed.",
    "value": "A value is none of those that its field allows.",
    "error-names": "`ErrorEquals` is not a list of error names with at least one.",
    "after-all": "A retrier or catcher that follows one for `States.ALL` is never used.",
    "all-alone": "`States.ALL` must be the only name in its `ErrorEquals`.",
    "error-repeated": "An error that an earlier retrier or catcher of the state already takes.",
    # choices
    "choice-empty": "A Choice state without rules.",
    "choice-rule": "A rule of a Choice state that has no comparison, or more than one.",
    "choice-operator": "A comparison that the language does not have.",
    "choice-never": "A rule, or the default, that can never be taken.",
    # expressions
    "jsonata-syntax": "An expression that JSONata cannot read.",
    "jsonata-operator": "An operator of a later JSONata than the 2.0.6 of Step Functions.",
    "jsonata-type": "A text that an operator takes for a number.",
    "jsonata-function": "A function that neither JSONata nor Step Functions has.",
    "jsonata-arguments": "A function with more arguments than it takes.",
    "jsonata-name": "A bare name, `$` or `$$` at the top of an expression: in Step Functions it is a field of nothing.",
    "jsonata-braces": "A text that has the braces of an expression but is none: it is not evaluated.",
    "jsonata-in-jsonpath": "An expression in a JSONPath state: it is not evaluated.",
    "states-path": "A path below `$states`, or of the context object, that does not exist in that place.",
    "jsonpath": "A path, or the value of a payload key `x.$`, that is no path and no intrinsic function, or cannot be "
    "read.",
    "jsonpath-as-text": "A path or a call that is passed on as a text, because its key does not end in `.$`.",
    "intrinsic-unknown": "An intrinsic function that the language does not have.",
    "intrinsic-arguments": "An intrinsic function with too few or too many arguments, or one that it does not take.",
    "variable-name": "A variable's name that is not allowed.",
    "variable-unassigned": "A variable that is used and not assigned on every way that leads there.",
    "variable-of-outer-scope": "A branch or a processor assigns a variable that the outer scope has: that is refused.",
    # what a task calls, or a Map reads and writes
    "resource": "A task's `Resource` is none of the forms that Step Functions knows.",
    "service-unknown": "A service that Step Functions does not integrate.",
    "action-unknown": "An action that the service does not have.",
    "pattern-unknown": "A way of calling (`.sync`, `.waitForTaskToken`) that the action does not offer.",
    "express": "What an Express workflow does not have: waiting for a job or a token, activities, distributed Maps.",
    "token-not-passed": "A task waits for a token that its arguments do not pass on: it waits until it times out.",
    "argument-unknown": "An argument that the API does not have.",
    "argument-missing": "An argument that the API requires.",
    "argument-type": "An argument of the wrong type.",
    "argument-enum": "An argument that is none of the values that the API allows.",
    "argument-pattern": "An argument that does not have the form that the API demands.",
    "argument-length": "A text, list or map that is longer or shorter than the API allows.",
    "argument-range": "A number beyond what the API allows.",
    "argument-union": "An object of the API that has exactly one of its members, and has none or several.",
    "header": "A header that Step Functions sets itself, or refuses: the task fails when it runs.",
    "result-unknown": "A path below `$states.result` that the API's answer does not have.",
    # templates
    "definition": "A state machine's resource has no definition, or more than one.",
    "substitution-missing": "The definition uses a substitution that `DefinitionSubstitutions` does not give.",
    "substitution-unused": "`DefinitionSubstitutions` gives what the definition does not use.",
    "reference-unknown": "A reference to what the template does not have.",
    "attribute-unknown": "`GetAtt` of an attribute that the resource does not have.",
    "condition-unknown": "A condition that the template does not define.",
    "map-unknown": "`FindInMap` with a map, or a key, that the template does not have.",
    "circle": "Resources, or conditions, that wait for each other: none of them can be made.",
    "policy-action": "An action in a policy that AWS does not have: the policy grants it to nobody.",
    "policy-resource": "A resource in a policy that is no ARN: IAM refuses the policy.",
    "reference-kind": "A reference to a resource of the wrong type.",
    "capacity": "A Glue job with `MaxCapacity` and workers: it can only have one of them.",
    "schedule": "A schedule that EventBridge refuses, or that never fires.",
    "time-zone": "A time zone that does not exist.",
    "feature-unknown": "A feature group's record identifier or event time that is none of its features.",
    "key-use": "A writer or a reader of what a customer's key encrypts, whom a policy does not let use the key: it "
    "fails when it writes or reads.",
    # command lines
    "option-unknown": "An option that the job's script does not have.",
    "option-missing": "An option that the job's script requires and the state does not pass.",
    "option-value": "A value that the option does not allow.",
}
