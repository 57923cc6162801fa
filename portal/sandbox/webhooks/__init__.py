"""Events on their way to the integrator's address: the queue, its misbehaviours on demand, signing and sending."""
