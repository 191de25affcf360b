"""What the roles are granted in Lake Formation: nothing unless the option says so."""

from __future__ import annotations

from typing import Any

from cfnlint import api as cfnlint
from cfnlint.config import ManualArgs
from environments import BROUGHT_KEYS, STORES, environment

import templates
from data_pipeline.stacks import render

KIND = "AWS::LakeFormation::PrincipalPermissions"
LAKE = {"lake_formation": True}


def rendered(changes: dict[str, Any]) -> dict[str, Any]:
    return templates.parse(render(environment(changes))["dev-pipeline.yaml"])


def granted(template: dict[str, Any]) -> dict[str, tuple[str, list[str]]]:
    """Logical id → (what is granted on, the permissions), after looking at whom and in which catalog."""
    found = {}
    for name, grant in templates.of_type(template, KIND).items():
        ((what, resource),) = grant["Resource"].items()
        role = grant["Principal"]["DataLakePrincipalIdentifier"]["Fn::GetAtt"][0]
        assert name == f"{role.removesuffix('JobRole')}Lake{'Database' if what == 'Database' else 'Tables'}"
        assert resource["CatalogId"] == {"Ref": "AWS::AccountId"}
        assert resource.get("Name") or (resource["DatabaseName"], resource["TableWildcard"]) == (
            {"Ref": "Database"},
            {},
        )
        assert grant["PermissionsWithGrantOption"] == []
        found[name] = (what, grant["Permissions"])
    return found


def test_each_role_of_tables_is_granted_what_its_policy_allows() -> None:
    """Who publishes makes tables, who maintains commits, who ingests reads; prepare touches no table."""
    commit = ["ALTER", "DELETE", "DESCRIBE", "INSERT", "SELECT"]
    assert granted(rendered({**LAKE, **STORES})) == {
        "LoadLakeDatabase": ("Database", ["CREATE_TABLE", "DESCRIBE"]),
        "LoadLakeTables": ("Table", commit),
        "IngestLakeDatabase": ("Database", ["DESCRIBE"]),
        "IngestLakeTables": ("Table", ["DESCRIBE", "SELECT"]),
        "MaintenanceLakeDatabase": ("Database", ["DESCRIBE"]),
        "MaintenanceLakeTables": ("Table", commit),
    }


def test_the_grants_are_made_one_after_another() -> None:
    """Each waits for the one before it, the first for none."""
    resources = rendered(LAKE)["Resources"]
    order = [name for name, resource in resources.items() if resource["Type"] == KIND]
    assert [resources[name].get("DependsOn") for name in order] == [None, *order[:-1]]


def test_the_roles_may_take_part() -> None:
    """GetDataAccess for the roles that use tables, with its reason; for no other role."""
    template = rendered({**LAKE, **STORES})
    have = [
        name
        for name, resource in template["Resources"].items()
        if resource["Type"] == "AWS::IAM::Role" and "UseLakeFormation" in templates.statements(template, name)
    ]
    assert have == ["LoadJobRole", "IngestJobRole", "MaintenanceJobRole"]
    statement = templates.statements(template, "LoadJobRole")["UseLakeFormation"]
    assert (statement["Action"], statement["Resource"]) == (["lakeformation:GetDataAccess"], ["*"])


def test_without_the_option_there_is_nothing_of_it() -> None:
    template = rendered(STORES)
    assert granted(template) == {}
    assert "lakeformation" not in str(template)


def test_cfn_lint_takes_the_options() -> None:
    """AWS's own schemas: the grants, and the parameters for keys."""
    env = environment({**LAKE, **BROUGHT_KEYS})
    for text in render(env).values():
        found = cfnlint.lint(text, config=ManualArgs(regions=[env.region]))
        assert [f"{match.rule.id} {match.message}" for match in found] == []
