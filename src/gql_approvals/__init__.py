"""Campaign approval: makers submit, checkers decide, only approved content is sent."""

__version__ = "0.1.0"
