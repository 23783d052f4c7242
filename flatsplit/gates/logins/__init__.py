"""The gates about logins, for every kind of walk except the split. They count who logs in, and not as whom a session
acts.

The step says which logins: ``comes`` are those that people are to use, ``leaves`` those that nobody is to use any more;
``rests`` is how long. A kind that asks another question has its own file in ``flatsplit/gates/KIND/``.
"""
