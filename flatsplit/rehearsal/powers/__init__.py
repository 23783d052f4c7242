"""Views, rules and SECURITY DEFINER routines that would not do the same under another owner.

They run with the attributes and memberships of their owner, whoever uses them. The transfer of ownership gives them to
app_migrator, which has all rights of legacy but is no superuser, may be subject to row security and may not create
roles. So each is judged both as its new owner and as legacy, without running it, and what only the new owner meets is
reported (manual, "Rules and Privileges", "CREATE FUNCTION", "Row Security Policies").
"""
