"""What each role may do, worked out from a State: the can/cannot matrix, the blast radius, and who could dump all.
Pure.

Memberships (flatsplit.membership) and privilege letters (flatsplit.privileges) are in lower layers, which make SQL of
them.
"""
