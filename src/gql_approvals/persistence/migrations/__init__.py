"""The migrations, applied in the order of their names by `Database.migrate`; never edited once released."""
