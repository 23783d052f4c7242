"""What runs as its owner and would no longer do what it did: views, rules, SECURITY DEFINER routines.

They run with their owner's attributes and memberships, whoever uses them. The transfer of ownership gives them to
app_migrator, which holds all that legacy holds and is not what legacy is: a superuser, exempt from row security, maker
of roles. So each is judged as its new owner and as legacy, without running any of it, and what only the new owner meets
is what would change (manual, "Rules and Privileges", "CREATE FUNCTION", "Row Security Policies").
"""
