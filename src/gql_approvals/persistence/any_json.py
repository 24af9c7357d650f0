"""A column for any JSON value: a text that stands alone as well, which Tortoise takes for JSON already."""

from tortoise import fields
from tortoise.models import Model
from typing_extensions import override


class JsonText(str):
    """A value that is a text, while other texts hold JSON: what databases give and Tortoise writes."""

    __slots__ = ()


class AnyJsonField(fields.JSONField[object]):
    """Takes texts as `JsonText` and gives them back as that; everything else as `JSONField`."""

    @override
    def to_db_value(self, value: object, instance: type[Model] | Model) -> str | None:
        self.validate(value)
        return None if value is None else self.encoder(value)

    @override
    def to_python_value(self, value: object) -> object:
        if isinstance(value, JsonText) or not isinstance(value, str):
            return value
        return as_column(self.decoder(value))


def as_column(value: object) -> object:
    """What a column of this kind takes."""
    return JsonText(value) if isinstance(value, str) else value
