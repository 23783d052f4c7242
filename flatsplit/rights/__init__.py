"""What each role may do, worked out from a State: the can/cannot matrix, the blast radius, who could dump all. Pure.

Memberships (flatsplit.membership) and privilege letters (flatsplit.privileges) lie below, where SQL is made of them.
"""
