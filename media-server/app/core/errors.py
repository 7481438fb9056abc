"""Everything that can be wrong with a request, each with a stable code and a sentence for a person.

No status numbers here: ``web/wire/errors.py`` holds the one table from error to status.
"""

from __future__ import annotations


class UploadError(Exception):
    """The root. ``code`` is stable and goes out, as do ``message``, a sentence that says what to do, and ``details``, further fields of
    the JSON, such as ``retry_after`` in seconds."""

    code = "internal_error"
    default = "Something went wrong on the server. Try again; if it stays, tell the owner of this link."

    def __init__(self, message: str | None = None, /, **details: object) -> None:
        self.message = message or self.default
        self.details = details
        super().__init__(self.message)


class InternalError(UploadError):
    """A fault of the program itself, for which nobody who calls can do anything."""


class InvalidRequest(UploadError):
    code = "invalid_request"
    default = "The request could not be understood."


class InvalidPack(UploadError):
    code = "invalid_pack"
    default = "The pack cannot be read. Each file is a line of JSON with its path and size, then its bytes."


class InvalidRange(UploadError):
    code = "invalid_range"
    default = "The byte range does not fit the file."


class RangeNotSatisfiable(InvalidRange):
    default = "The file has no such range."


class ItemNotFound(UploadError):
    code = "item_not_found"
    default = "This link does not ask for that. Look at what it asks for now, and send the file again."


class InvalidPath(UploadError):
    code = "invalid_path"
    default = "This name cannot be stored. Rename the file and send it again."


class ChunkSizeMismatch(UploadError):
    code = "chunk_size_mismatch"
    default = "The chunk has another length than it says. Send it again."


class ChecksumMismatch(UploadError):
    code = "checksum_mismatch"
    default = "The bytes that arrived are not the bytes that were sent. Send them again."


class SizeMismatch(UploadError):
    code = "size_mismatch"
    default = "The file has another size than when the upload was opened. Open a new upload."


class Unauthorized(UploadError):
    code = "unauthorized"
    default = "This needs the owner's admin token: send it as 'Authorization: Bearer <token>'."


class WrongLogIn(UploadError):
    code = "wrong_log_in"
    default = "No account has this name and this password. Look at both, and try again."


class ForeignPage(UploadError):
    code = "foreign_page"
    default = (
        "A page of another address may not act for the owner. Open the owner's page of this server itself; where it "
        "is reached by another address than it sees, that has to be named in DROPPR_PUBLIC_URL."
    )


class AdminsOnly(UploadError):
    code = "admins_only"
    default = "This is for admins of this server. Ask one of them."


class ReadOnly(UploadError):
    code = "read_only"
    default = (
        "You may look at this link and take its files, and change nothing. Ask a member of your team, or an admin."
    )


class OriginNotAllowed(UploadError):
    code = "origin_not_allowed"
    default = (
        "Pages of this address may not send to this link. Its owner can allow them: on the link (allowed_origins) or for "
        "all links (DROPPR_ALLOWED_ORIGINS)."
    )


class PasswordRequired(UploadError):
    code = "password_required"
    default = "This link asks for a password."


class PasswordInvalid(UploadError):
    code = "password_invalid"
    default = "That is not the password of this link. Check it and try again."


class CaptchaRequired(UploadError):
    code = "captcha_required"
    default = "Solve the captcha first, then try again."


class AnswersRequired(UploadError):
    code = "answers_required"
    default = "Answer first what this link asks."


class NotFound(UploadError):
    code = "not_found"
    default = "There is nothing at this address."


class RequestNotFound(NotFound):
    code = "request_not_found"
    default = "There is no such link. Check it for missing characters or ask for a new one."


class UploadNotFound(NotFound):
    code = "upload_not_found"
    default = "There is no such upload. Open it again."


class UploadCancelled(UploadNotFound):
    code = "upload_cancelled"
    default = "The owner of this link has cancelled this upload. Ask them before you send the file again."


class NoPicture(NotFound):
    code = "no_picture"
    default = "There is no picture of this file. Download it to look at it."


class AccountNotFound(UploadError):
    code = "account_not_found"
    default = "There is no such account."


class SessionNotFound(UploadError):
    code = "session_not_found"
    default = "There is no such session; it may have ended."


class InvitationNotFound(UploadError):
    code = "invitation_not_found"
    default = "This invitation was used, or is over. Ask whoever sent it for another one."


class HandoffNotFound(NotFound):
    code = "handoff_not_found"
    default = "There is no such code, or it is good no longer. Make a new one where the upload was begun."


class SelectionNotFound(NotFound):
    code = "selection_not_found"
    default = "There is no such selection, or it is good no longer. Choose the files again."


class ShareNotFound(NotFound):
    code = "share_not_found"
    default = (
        "There is no such download. Check the address for missing characters, or ask whoever sent it for a new one."
    )


class EntityNotFound(NotFound):
    code = "entity_not_found"
    default = "There is no such entity, or it has no documents that are searched."


class MessageNotFound(NotFound):
    code = "message_not_found"
    default = "There is no such message. Messages are kept for a time that the server sets."


class TemplateNotFound(NotFound):
    code = "template_not_found"
    default = "There is no such template."


class EndpointNotFound(NotFound):
    code = "endpoint_not_found"
    default = "There is no such endpoint."


class FileNotFound(NotFound):
    code = "file_not_found"
    default = "There is no such file."


class PartyNotFound(NotFound):
    code = "party_not_found"
    default = "Nobody of that name has sent anything to this link."


class MethodNotAllowed(UploadError):
    code = "method_not_allowed"
    default = "This address does not take that method."


class RequestTimeout(UploadError):
    code = "request_timeout"
    default = "The data came too slowly. Send the chunk again."


class DestinationNotReady(UploadError):
    code = "destination_not_ready"
    default = "This server cannot pass files on there yet."


class NotInstalled(UploadError):
    code = "not_installed"
    default = "This server was installed without what this needs. Ask whoever looks after it."


class MailNotReady(UploadError):
    code = "mail_not_ready"
    default = "This server sends no mail yet. Whoever looks after it has to set DROPPR_SMTP_URL and DROPPR_MAIL_FROM."


class EndpointNotAllowed(UploadError):
    code = "endpoint_not_allowed"
    default = "This server may not post to this address."


class UploadNotOpened(UploadError):
    code = "upload_not_opened"
    default = "This upload is not open yet. Send the chunk again with the X-Upload-Id of the first chunk's reply."


class ChunkConflict(UploadError):
    code = "chunk_conflict"
    default = "Other bytes have already been received at this place. The file may have changed; open a new upload."


class OffsetMismatch(UploadError):
    code = "offset_mismatch"
    default = "Chunks must come in order here: send the byte at 'offset' next."


class AccountExists(UploadError):
    code = "account_exists"
    default = "Somebody has this name already. Choose another one."


class TooManyAccounts(UploadError):
    code = "too_many_accounts"
    default = "There are as many accounts or invitations as this server takes. Remove one that nobody needs."


class TooManyGaps(UploadError):
    code = "too_many_gaps"
    default = "The upload has too many gaps for one more. Send bytes next to those that are there, at 'offset' first."


class UploadComplete(UploadError):
    code = "upload_complete"
    default = "The file has been delivered and can no longer be taken back."


class ReceiptNotReady(UploadError):
    code = "receipt_not_ready"
    default = "The SHA-256 of the files is still being computed. Ask again in a moment."


class FileChanged(UploadError):
    code = "file_changed"
    default = (
        "The file on the server is no longer the one that arrived. Move or delete it there; then it goes off this list."
    )


class NameTaken(UploadError):
    code = "name_taken"
    default = "Another file or folder of this link has that name. Choose another one."


class FileInUse(UploadError):
    code = "file_in_use"
    default = "The file is just being passed on. Delete it when that is done."


class ItemNotSent(UploadError):
    code = "item_not_sent"
    default = "Nothing was sent for this yet, so there is nothing to accept or to send back."


class RequestInUse(UploadError):
    code = "request_in_use"
    default = "This link is still open. Close it first, then delete it."


class RequestExpired(UploadError):
    code = "request_expired"
    default = "This link has expired. Ask its owner for a new one."


class ShareExpired(UploadError):
    code = "share_expired"
    default = "This download has expired. Ask whoever sent you the address for a new one."


class ShareUsedUp(UploadError):
    code = "share_used_up"
    default = "These files were downloaded as often as they may be. Ask whoever sent you the address for a new one."


class RequestClosed(UploadError):
    code = "request_closed"
    default = "This link has been closed by its owner."


class RequestOverdue(UploadError):
    code = "request_overdue"
    default = "The files were due, and this link takes no late ones. Ask its owner for more time."


class UploadExpired(UploadError):
    code = "upload_expired"
    default = "This upload was left alone for too long, or took too long in all, and has been removed. Start it again."


class LengthRequired(UploadError):
    code = "length_required"
    default = "The length is missing: send Content-Length, Content-Range or X-Upload-End."


class FileTooLarge(UploadError):
    code = "file_too_large"
    default = "The file is larger than this link allows."


class ChunkTooLarge(UploadError):
    code = "chunk_too_large"
    default = "The chunk is larger than this server takes at once. Send smaller chunks."


class RequestFull(UploadError):
    code = "request_full"
    default = "This link has received all it may receive."


class ItemFull(UploadError):
    code = "item_full"
    default = "As many files as this may have are there, or on their way."


class TypeNotAllowed(UploadError):
    code = "type_not_allowed"
    default = "Files of this type are not accepted here."


class ContentEncodingNotAllowed(UploadError):
    code = "content_encoding_not_allowed"
    default = "Compressed bodies are not accepted. Send the bytes as they are."


class TooManyAttempts(UploadError):
    code = "too_many_attempts"
    default = "Too many wrong passwords. Wait, then try again."


class RateLimited(UploadError):
    code = "rate_limited"
    default = "Too many uploads were opened in a short time. Wait, then try again."


class TooManySenders(UploadError):
    code = "too_many_senders"
    default = "So many people have sent to this link that it takes no more. Ask its owner for another."


class Busy(UploadError):
    code = "busy"
    default = "The server is busy with this. Try again in a moment."


class StorageFull(UploadError):
    code = "storage_full"
    default = "There is not enough space on the server for this file. Tell the owner of this link."
