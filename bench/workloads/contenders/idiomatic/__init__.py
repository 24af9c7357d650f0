"""The reference: the same slice of the API as Strawberry's documentation would have one write it.

Tortoise models, a DataLoader for every relation, Casbin's `enforce` for every right that is asked for,
Strawberry's own ASGI view. It is frozen: it is what the product is measured against, not what it becomes.
"""
