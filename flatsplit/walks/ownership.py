"""Which objects only a superuser may own. Pure."""

from __future__ import annotations

from flatsplit.model import ObjectFacts, ObjectRef


def superusers_only(ref: ObjectRef, facts: ObjectFacts) -> bool:
    """Whether PostgreSQL lets only a superuser own the object.

    AlterEventTriggerOwner_internal(), AlterForeignDataWrapperOwner_internal(), AlterPublicationOwner_internal() (FOR
    ALL TABLES, TABLES IN SCHEMA), and before 16 AlterSubscriptionOwner_internal().
    """
    if ref.kind in ("event_trigger", "foreign_data_wrapper", "subscription"):
        return True
    return ref.kind == "publication" and facts.note == "all_tables"
