"""JSON bodies as typed values. What is wrong with them is told all at once, field by field."""

from __future__ import annotations

import json
from typing import Any, TypeVar

from flask import request
from flask.json.provider import DefaultJSONProvider
from pydantic import BaseModel, ValidationError

from app.core.errors import InvalidRequest

MAX_JSON_BYTES = 256 * 1024

Model = TypeVar("Model", bound=BaseModel)


class ValidJSON(DefaultJSONProvider):
    """Flask's own, which without this would write NaN and Infinity: no JSON, and nothing that a browser can read."""

    def dumps(self, obj: Any, **options: Any) -> str:
        return super().dumps(obj, allow_nan=False, **options)


def read_json(model: type[Model], most: int = MAX_JSON_BYTES) -> Model:
    """The body of this request, of up to ``most`` bytes, as ``model``. Raises InvalidRequest."""
    request.max_content_length = most
    try:
        # Whatever Content-Type says: a client that forgets it still means JSON.
        value: Any = json.loads(request.get_data())
    except (ValueError, RecursionError):
        raise InvalidRequest("The body is not JSON.") from None
    if not isinstance(value, dict):
        raise InvalidRequest("The body must be a JSON object.")
    return parse(model, value)


def parse(model: type[Model], value: dict[str, Any]) -> Model:
    """``value`` as ``model``. Raises InvalidRequest with a sentence for each field in ``fields``."""
    try:
        return model.model_validate(value)
    except ValidationError as error:
        fields = {str(each["loc"][0]) if each["loc"] else "body": _sentence(each["msg"]) for each in error.errors()}
        told = "; ".join(f"{name}: {problem}" for name, problem in fields.items())
        raise InvalidRequest(f"Some fields are not right. {told}", fields=fields) from None


def _sentence(message: str) -> str:
    # What our own validators say comes with a prefix from pydantic.
    return message.removeprefix("Value error, ")
