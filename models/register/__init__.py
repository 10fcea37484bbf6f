"""The rows of the assumption register, by what they describe. `models.assumptions` puts them together."""
