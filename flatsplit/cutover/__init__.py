"""The use cases: survey, plan, advance, roll back, verify, report. They know neither click nor rich."""
