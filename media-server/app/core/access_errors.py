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


class PasswordLogInOff(UploadError):
    code = "password_log_in_off"
    default = (
        "Nobody logs in here by a name and a password. Take the other way that this page shows, or the admin token."
    )


class ProviderAway(UploadError):
    code = "provider_away"
    default = "Where you wanted to log in does not answer. Try again in a while, or log in here."


class LogInOver(UploadError):
    code = "log_in_over"
    default = "This log-in is over, was used already, or was begun in another browser. Begin again."


class NotVouched(UploadError):
    code = "not_vouched"
    default = "Where you wanted to log in did not say who you are. Begin again."


class NotAdmitted(UploadError):
    code = "not_admitted"
    default = "Nobody here is known by that log-in. Ask whoever looks after this server for an account, or log in and add it to yours."


class IdentityTaken(UploadError):
    code = "identity_taken"
    default = "This log-in belongs to another account here already. Take it away there first."


class TooManyIdentities(UploadError):
    code = "too_many_identities"
    default = "This account has as many log-ins elsewhere as one may have. Take one away first."


class IdentityNotFound(UploadError):
    code = "identity_not_found"
    default = "There is no such log-in; it may have been taken away."


class LastWayIn(UploadError):
    code = "last_way_in"
    default = (
        "This is the only way in that this account has. Add another one first, or have an admin give it a password."
    )
