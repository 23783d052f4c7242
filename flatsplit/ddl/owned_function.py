"""A temporary function that belongs to a role, for everything that may run the application's code.

Planning evaluates immutable functions, writing fires triggers, a policy can call anything. After SET ROLE such code
could change back; inside a SECURITY DEFINER function nobody can change the role (GUC_NOT_WHILE_SEC_REST, guc.c).
"""

from __future__ import annotations

from typing import NamedTuple

from flatsplit.ddl.names import dollar_quote, ident


class OwnedFunction(NamedTuple):
    """Such a function. There is one of its name at a time."""

    name: str
    arguments: str
    returns: str
    body: str
    language: str = "plpgsql"
    settings: str = ""
    """Further settings besides search_path."""

    @property
    def called(self) -> str:
        """Its name as it is called."""
        return f"pg_temp.{self.name}"

    def create(self) -> str:
        """CREATE FUNCTION. The creator owns it until it is given away."""
        more = f"{self.settings} " if self.settings else ""
        return (
            f"CREATE FUNCTION {self.called}({self.arguments}) RETURNS {self.returns} LANGUAGE {self.language} "
            f"SECURITY DEFINER SET search_path = pg_catalog, pg_temp {more}AS {dollar_quote(self.body)};"
        )

    def give(self, role: str) -> str:
        """Give the function to a role, as which it runs from then on."""
        return f"ALTER FUNCTION {self.called}({self.arguments}) OWNER TO {ident(role)};"
