"""What is true at this moment and in no catalog: who is connected, who holds a lock, what the operator may do."""
