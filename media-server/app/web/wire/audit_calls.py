"""The calls about the audit, a part of the table of calls."""

from __future__ import annotations

from app.web.wire import audit_views
from app.web.wire.declaring import CSV, JSON_LINES, Call, Group, Who
from app.web.wire.paging import PageQuery

AUDIT_CALLS = (
    Call(
        ("GET",),
        "/api/droppr/audit",
        Group.AUDIT,
        Who.OWNER,
        "Who did what, newest first.",
        audit_views.AuditList,
        files=(CSV, JSON_LINES),
        queries=(audit_views.AuditQuery, PageQuery),
    ),
    Call(
        ("POST",),
        "/api/droppr/audit/erasures",
        Group.AUDIT,
        Who.OWNER,
        "Take a person's name, mail address or network address out of all that was noted.",
        audit_views.Erased,
        body=audit_views.ErasureBody,
    ),
)
