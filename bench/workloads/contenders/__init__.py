"""Three servers of the same slice of the API, over the same database."""
