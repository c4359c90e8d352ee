"""Full models: objectives with their derivatives, descent under a tuner, and what the reduced model needs of them."""
