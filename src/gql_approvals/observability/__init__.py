"""What an operator sees from outside: what is being served, figures, and spans. Nothing is decided here."""
