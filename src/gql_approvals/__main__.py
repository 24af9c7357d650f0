"""`python -m gql_approvals`: the same as the command `gql-approvals`."""

from gql_approvals.cli import main

if __name__ == "__main__":
    main(prog_name="gql-approvals")
