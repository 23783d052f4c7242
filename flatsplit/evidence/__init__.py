"""What was seen, tried or remembered, and bears a claim out: looks over time, acts as a role, what a step left."""
