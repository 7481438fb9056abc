"""What can be wrong about keys for programs: errors as all others (``errors.py``)."""

from __future__ import annotations

from app.core.errors import UploadError


class ScopeMissing(UploadError):
    code = "scope_missing"
    default = "The key that was sent is not for this. Make one that is."


class KeyNotFound(UploadError):
    code = "key_not_found"
    default = "There is no such key; it may have been taken back."


class KeyExists(UploadError):
    code = "key_exists"
    default = "There is a key of this name already. Choose another name, or take that one back first."


class TooManyKeys(UploadError):
    code = "too_many_keys"
    default = "There are as many keys as one account may have. Take one back that nobody needs."
