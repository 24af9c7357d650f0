"""The product beside a plain GraphQL server and a hand-written one: same data, same answers, in turn."""
