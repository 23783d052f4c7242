"""What is true at this moment and is in no catalog: who is connected, who holds a lock, what the operator may do."""
