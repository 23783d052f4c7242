"""Managed services, recognised by the roles that they create in every cluster. Pure."""

from __future__ import annotations

from typing import NamedTuple

from flatsplit.model import State


class Provider(NamedTuple):
    """A service, and the strongest role that its customers may use."""

    name: str
    group: str
    superuser: str
    """The service's own superuser, which customers cannot use."""
    sign_in: str = ""
    """Members of this role log in with tokens instead of passwords."""


PROVIDERS = (
    Provider("Amazon RDS or Aurora", "rds_superuser", "rdsadmin", "rds_iam"),
    Provider("Google Cloud SQL", "cloudsqlsuperuser", "cloudsqladmin", "cloudsqliamuser"),
    Provider("Google AlloyDB", "alloydbsuperuser", "alloydbadmin", "alloydbiamuser"),
    Provider("Azure Database for PostgreSQL", "azure_pg_admin", "azuresu"),
    Provider("Neon", "neon_superuser", "cloud_admin"),
)


def recognise(state: State) -> Provider | None:
    """The service whose group and superuser both exist in the cluster; None where there is none."""
    for provider in PROVIDERS:
        group, superuser = state.roles.get(provider.group), state.roles.get(provider.superuser)
        if group is not None and not group.superuser and superuser is not None and superuser.superuser:
            return provider
    return None


def administers(state: State, role: str) -> bool:
    """Whether the operator may make others members of a role that is no superuser.

    Before 16 CREATEROLE is enough; since then it takes ADMIN OPTION (manual, "Role Attributes").
    """
    operator = state.target.operator
    facts = state.roles.get(operator)
    if state.target.operator_superuser or (
        not state.target.membership_options and facts is not None and facts.createrole
    ):
        return True
    return any(key.role == role and key.member == operator and options.admin for key, options in state.members.items())


def strongest(state: State) -> str:
    """The service's strongest role, where the operator may grant it; else ""."""
    provider = recognise(state)
    return provider.group if provider is not None and administers(state, provider.group) else ""
