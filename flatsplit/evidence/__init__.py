"""Evidence for what flatsplit claims: looks over time, acts tried as a role, and the State that a step left."""
