"""A temporary function that belongs to a role: what may run the application's code runs in one of these.

Planning folds immutable functions, writing fires triggers, a policy calls what it likes. After SET ROLE such code could
change back; inside a SECURITY DEFINER function nobody changes the role (GUC_NOT_WHILE_SEC_REST, guc.c).
"""

from __future__ import annotations

from typing import NamedTuple

from flatsplit.ddl.names import dollar_quote, ident


class OwnedFunction(NamedTuple):
    """Such a function, as it is made; there is one of its name."""

    name: str
    arguments: str
    returns: str
    body: str
    language: str = "plpgsql"
    settings: str = ""
    """More of them, beside the search_path."""

    @property
    def called(self) -> str:
        """Its name where it is called."""
        return f"pg_temp.{self.name}"

    def create(self) -> str:
        """Who makes it owns it, until it is given away."""
        more = f"{self.settings} " if self.settings else ""
        return (
            f"CREATE FUNCTION {self.called}({self.arguments}) RETURNS {self.returns} LANGUAGE {self.language} "
            f"SECURITY DEFINER SET search_path = pg_catalog, pg_temp {more}AS {dollar_quote(self.body)};"
        )

    def give(self, role: str) -> str:
        """From here on it does as this role whatever it does."""
        return f"ALTER FUNCTION {self.called}({self.arguments}) OWNER TO {ident(role)};"
