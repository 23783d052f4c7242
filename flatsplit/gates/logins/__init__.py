"""The gates that are about logins, for every kind of walk but the split: who logs in, and not whom a session acts as.

The step says of whom: ``comes``, the logins that people are to use, and ``leaves``, those that nobody is to use any
more. How long is ``rests``. A kind with another question has a file of its own in ``flatsplit/gates/KIND/``.
"""
