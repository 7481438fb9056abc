"""What can be wrong about keys for programs, second factors and passkeys: errors as all others (``errors.py``)."""

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


class SecondFactorNeeded(UploadError):
    code = "second_factor_needed"
    default = "This account asks for a code, too. Send the one that your authenticator app shows, or a recovery code."


class WrongCode(UploadError):
    code = "wrong_code"
    default = "That is not the code of now, or it was used already. Wait for the next one, and try again."


class SecondFactorRequired(UploadError):
    code = "second_factor_required"
    default = 'This server asks for a second factor. Set one up first, under "Accounts" on the owner\'s page.'


class SecondFactorOn(UploadError):
    code = "second_factor_on"
    default = "This account has a second factor already. Switch it off first."


class PasskeysUnavailable(UploadError):
    code = "passkeys_unavailable"
    default = "This server has no address that passkeys could belong to. Log in another way."


class WrongPasskey(UploadError):
    code = "wrong_passkey"
    default = "That passkey was not accepted: it is not known here (any more), or more than five minutes went by. Try again, or log in another way."


class PasskeyNotFound(UploadError):
    code = "passkey_not_found"
    default = "There is no such passkey; it may have been removed."


class PasskeyExists(UploadError):
    code = "passkey_exists"
    default = "This passkey is known here already."


class TooManyPasskeys(UploadError):
    code = "too_many_passkeys"
    default = "There are as many passkeys as one account may have. Remove one that nobody needs."


class LastWayIn(UploadError):
    code = "last_way_in"
    default = "This account has no password, and nothing else would let you in. Add another passkey first."
