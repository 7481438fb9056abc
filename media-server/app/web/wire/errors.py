"""The one table from error to status, and the one shape in which every error goes out."""

from __future__ import annotations

import logging
from typing import Any

from flask import Flask, Response, jsonify, request
from werkzeug.exceptions import HTTPException, MethodNotAllowed, NotFound, RequestEntityTooLarge

from app.core import access_errors, errors
from app.core.pieces import PIECE_BYTES
from app.web.server.body import RequestBody
from app.web.wire.context import services
from app.web.wire.lost import lost
from app.web.wire.rights import BODILESS, has_rights
from app.web.wire.told import told

log = logging.getLogger("droppr.web")

STATUS: dict[type[errors.UploadError], int] = {
    errors.InvalidRequest: 400,
    errors.InvalidPack: 400,
    errors.InvalidRange: 400,
    errors.InvalidPath: 400,
    errors.ItemNotFound: 400,
    errors.ChunkSizeMismatch: 400,
    errors.ChecksumMismatch: 400,
    errors.SizeMismatch: 400,
    errors.DestinationNotReady: 400,
    errors.NotInstalled: 400,
    errors.MailNotReady: 400,
    errors.EndpointNotAllowed: 400,
    errors.Unauthorized: 401,
    errors.WrongLogIn: 401,
    errors.PasswordRequired: 401,
    errors.PasswordInvalid: 401,
    errors.CaptchaRequired: 403,
    errors.AdminsOnly: 403,
    errors.ForeignPage: 403,
    errors.ReadOnly: 403,
    access_errors.ScopeMissing: 403,
    access_errors.SecondFactorNeeded: 401,
    access_errors.WrongCode: 401,
    access_errors.SecondFactorRequired: 403,
    access_errors.PasswordLogInOff: 403,
    access_errors.LogInOver: 403,
    access_errors.NotVouched: 401,
    access_errors.NotAdmitted: 403,
    access_errors.IdentityNotFound: 404,
    access_errors.IdentityTaken: 409,
    access_errors.TooManyIdentities: 409,
    access_errors.ProviderAway: 503,
    access_errors.SecondFactorOn: 409,
    access_errors.WrongPasskey: 401,
    access_errors.PasskeysUnavailable: 409,
    access_errors.PasskeyNotFound: 404,
    access_errors.PasskeyExists: 409,
    access_errors.TooManyPasskeys: 409,
    access_errors.LastWayIn: 409,
    errors.OriginNotAllowed: 403,
    errors.AnswersRequired: 403,
    errors.RequestOverdue: 403,
    errors.NotFound: 404,
    errors.RequestNotFound: 404,
    errors.UploadNotFound: 404,
    errors.UploadCancelled: 404,
    errors.ShareNotFound: 404,
    errors.EntityNotFound: 404,
    errors.MessageNotFound: 404,
    errors.EndpointNotFound: 404,
    errors.TemplateNotFound: 404,
    errors.FileNotFound: 404,
    errors.NoPicture: 404,
    errors.PartyNotFound: 404,
    errors.AccountNotFound: 404,
    errors.SessionNotFound: 404,
    access_errors.KeyNotFound: 404,
    errors.InvitationNotFound: 404,
    errors.HandoffNotFound: 404,
    errors.SelectionNotFound: 404,
    errors.MethodNotAllowed: 405,
    errors.RequestTimeout: 408,
    errors.UploadNotOpened: 409,
    errors.ChunkConflict: 409,
    errors.OffsetMismatch: 409,
    errors.TooManyGaps: 409,
    errors.UploadComplete: 409,
    errors.ReceiptNotReady: 409,
    errors.RequestInUse: 409,
    errors.FileChanged: 409,
    errors.FileInUse: 409,
    errors.NameTaken: 409,
    errors.AccountExists: 409,
    errors.TooManyAccounts: 409,
    access_errors.KeyExists: 409,
    access_errors.TooManyKeys: 409,
    errors.ItemNotSent: 409,
    errors.RequestExpired: 410,
    errors.RequestClosed: 410,
    errors.ShareExpired: 410,
    errors.ShareUsedUp: 410,
    errors.UploadExpired: 410,
    errors.LengthRequired: 411,
    errors.FileTooLarge: 413,
    errors.ChunkTooLarge: 413,
    errors.RequestFull: 413,
    errors.ItemFull: 413,
    errors.TypeNotAllowed: 415,
    errors.ContentEncodingNotAllowed: 415,
    errors.RangeNotSatisfiable: 416,
    errors.TooManyAttempts: 429,
    errors.RateLimited: 429,
    errors.TooManySenders: 429,
    errors.InternalError: 500,
    errors.Busy: 503,
    errors.StorageFull: 507,
}
_RETRY_AFTER_SECONDS = {429: 60, 503: 1}
STRANGERS_BYTES = 1024 * 1024
STRANGERS_SECONDS = 2.0
"""How much is read on of what somebody without rights sends, who is told so."""


def install(app: Flask) -> None:
    """Render every error of ``app`` in the one shape."""
    app.register_error_handler(errors.UploadError, render)
    app.register_error_handler(HTTPException, _render_http)
    app.register_error_handler(Exception, _render_unexpected)


def described(error: errors.UploadError) -> dict[str, Any]:
    """An error as callers see it; counted, as it is about to be sent."""
    services().ground.observer.answered_with(error)
    return {"error": error.message, "code": error.code, **error.details}


def render(error: errors.UploadError) -> Response:
    """``{"error", "code", ...details}`` with its status; a page where a person looks at an address that people open.

    A client that is still sending when it is refused sees a broken connection in place of the reason; so what it sends is read on
    once the reason is out, as far as its rights go.
    """
    body, status = described(error), STATUS[type(error)]
    response = told(error, status) or jsonify(body)
    response.status_code = status
    retry_after = error.details.get("retry_after", _RETRY_AFTER_SECONDS.get(response.status_code))
    if retry_after is not None:
        response.headers["Retry-After"] = str(retry_after)
    if response.status_code == 401 and isinstance(error, errors.Unauthorized):
        response.headers["WWW-Authenticate"] = "Bearer"
    if not _drained():
        response.headers["Connection"] = "close"
    return response


def _render_http(error: HTTPException) -> Response:
    translated = _translated(error)
    if isinstance(translated, errors.NotFound) and (page := lost()) is not None:
        services().ground.observer.answered_with(translated)
        return page
    response = render(translated)
    for name, value in error.get_headers():
        if name in ("Allow", "Location"):
            response.headers[name] = value
    return response


def _translated(error: HTTPException) -> errors.UploadError:
    if isinstance(error, NotFound):
        return errors.NotFound()
    if isinstance(error, MethodNotAllowed):
        return errors.MethodNotAllowed()
    if isinstance(error, RequestEntityTooLarge):
        return errors.ChunkTooLarge("This is more than the server takes in one request.")
    if error.code is not None and error.code < 500:
        return errors.InvalidRequest(error.description)
    return errors.InternalError()


def _render_unexpected(error: Exception) -> Response:
    log.error("request failed", exc_info=error, extra={"endpoint": request.endpoint})
    return render(errors.InternalError())


def _drained() -> bool:
    """Whether the request's body is over, so that another request may follow. What still comes of it is read on and dropped
    after the reply, by the front and not in a thread: a whole chunk of who has a link, a little of anybody."""
    if request.method in BODILESS:
        return True
    body: RequestBody = request.environ["wsgi.input"]
    most = services().settings.max_chunk_size + PIECE_BYTES
    connection = request.environ.get("droppr.connection")
    if connection is None:
        return body.drain(most)
    if body.drop_what_is_here():
        return True
    if has_rights():
        connection.keep_reading(most, services().settings.body_timeout_seconds, while_it_moves=True)
    else:
        connection.keep_reading(STRANGERS_BYTES, STRANGERS_SECONDS)
    return False
