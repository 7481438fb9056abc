"""Templates as they are saved and shown, and the calls about them."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from app.core.templates import MAX_NAME, Template
from app.web.wire.declaring import Call, Group, Who
from app.web.wire.link_views import TemplateTerms, terms_view

_Name = Annotated[str, Field(max_length=4 * MAX_NAME, description=f"Up to {MAX_NAME} characters.")]


class TemplateName(BaseModel):
    """What a template is to be called."""

    model_config = ConfigDict(extra="ignore")

    name: _Name


class NewTemplate(TemplateName):
    """A link whose terms are kept under a name, all but those that are about that link alone."""

    link: Annotated[str, Field(max_length=64, description="The hash of the link.")]
    owner: Annotated[
        str | None,
        Field(max_length=200, description="Whose it is, as of links; those of `owner` are for all to use."),
    ] = None


class TemplateView(BaseModel):
    """A template."""

    id: str
    name: str
    owner: Annotated[str, Field(description="`account:NAME`, `team:NAME`, or `owner`: for all to use.")]
    made_at: float


class TemplateList(BaseModel):
    """Templates that may be used, by name."""

    templates: list[TemplateView]


class WholeTemplate(TemplateView):
    """A template with what it sets."""

    terms: Annotated[TemplateTerms, Field(description="As a link shows them; what is of one link alone is not set.")]  # type: ignore[valid-type]


def template_view(template: Template) -> dict[str, Any]:
    return {"id": template.id, "name": template.name, "owner": template.owner, "made_at": template.made_at}


def whole_template_view(template: Template) -> dict[str, Any]:
    return {**template_view(template), "terms": terms_view(template.terms)}


_TEMPLATE = "/api/templates/{template_id}"
TEMPLATE_CALLS = (
    Call(("GET",), "/api/templates", Group.LINKS, Who.OWNER, "Templates that may be used.", TemplateList),
    Call(
        ("POST",),
        "/api/templates",
        Group.LINKS,
        Who.OWNER,
        "Keep a link's terms under a name, to make others by.",
        WholeTemplate,
        status=201,
        body=NewTemplate,
    ),
    Call(("GET",), _TEMPLATE, Group.LINKS, Who.OWNER, "One with what it sets.", WholeTemplate),
    Call(("PATCH",), _TEMPLATE, Group.LINKS, Who.OWNER, "Call it otherwise.", TemplateView, body=TemplateName),
    Call(("DELETE",), _TEMPLATE, Group.LINKS, Who.OWNER, "Delete it; links made by it stay as they are.", status=204),
)
