"""The receivers' page: whole by itself and without a script, so that it is there at once and works everywhere."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from html import escape

from app.core.links import ReceivedFile
from app.core.shares import Share
from app.services.received.shares import Contents
from app.web.wire.share_words import Words

POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'"
)
# Its colours are those of style.css.
_STYLE = """:root{color-scheme:light dark;--paper:#f5f3ee;--card:#fff;--ink:#1c2527;--quiet:#55625f;--line:#dbd8cf;
--strong:#8b938f;--accent:#0b6f66;--on:#fff;--bad:#a3251d;--bad-soft:#fbe9e6;--shadow:0 1px 2px rgb(28 37 39/8%),0 8px 28px rgb(28 37 39/7%)}
@media(prefers-color-scheme:dark){:root{--paper:#11171a;--card:#1a2225;--ink:#e7ecea;--quiet:#a3b0ac;--line:#303b3e;
--strong:#71807c;--accent:#57c7b8;--on:#06201d;--bad:#ff9c90;--bad-soft:#3b1c1a;--shadow:0 1px 2px rgb(0 0 0/40%),0 10px 30px rgb(0 0 0/28%)}}
*{box-sizing:border-box}
body{margin:0;background:var(--paper);color:var(--ink);-webkit-text-size-adjust:100%;
font:1rem/1.55 system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans","Helvetica Neue",Arial,sans-serif}
header{display:flex;align-items:center;gap:.6rem;padding:1rem clamp(1rem,4vw,2rem);font-weight:650}
svg{inline-size:1.75rem;block-size:1.75rem}
main{inline-size:min(100% - 2rem,46rem);margin:0 auto 3rem;padding:clamp(1.1rem,4vw,2rem);border:1px solid var(--line);
border-radius:12px;background:var(--card);box-shadow:var(--shadow)}
h1{margin:0 0 .5em;font-size:clamp(1.5rem,1.2rem + 1.5vw,2rem);line-height:1.25;letter-spacing:-.015em;text-wrap:balance;overflow-wrap:anywhere}
p{margin:0 0 1em;overflow-wrap:anywhere}p:last-child{margin:0}
.quiet{color:var(--quiet)}
ul{list-style:none;margin:1.25rem 0 0;padding:0}
li{display:flex;flex-wrap:wrap;align-items:center;gap:.25rem 1rem;padding:.6rem 0;border-block-start:1px solid var(--line)}
.name{flex:1 1 12rem;min-inline-size:0;overflow-wrap:anywhere;unicode-bidi:plaintext;text-align:start}
@media(max-width:30rem){.name{flex-basis:100%}.size{flex:1}}
.size{color:var(--quiet);font-variant-numeric:tabular-nums;white-space:nowrap}
a.do,button{display:inline-flex;align-items:center;justify-content:center;min-block-size:2.75rem;padding:.4rem 1.1rem;font:inherit;font-weight:600;
border:1px solid var(--strong);border-radius:8px;background:none;color:inherit;text-decoration:none;cursor:pointer}
a.main,button{border-color:var(--accent);background:var(--accent);color:var(--on)}
a.do:hover,button:hover{filter:brightness(.94)}
:focus-visible{outline:3px solid var(--accent);outline-offset:2px}
label{display:block;font-weight:600;margin-block-end:.25rem}
input{inline-size:100%;min-block-size:2.75rem;margin-block-end:1rem;padding:.4rem .75rem;font:inherit;color:inherit;background:var(--card);
border:1px solid var(--strong);border-radius:8px}
form+form{margin-block-start:1.5rem}
.bad{padding:.75rem 1rem;border-radius:8px;background:var(--bad-soft);color:var(--bad)}"""
_LOGO = (
    '<svg viewBox="0 0 32 32" aria-hidden="true"><path fill="#0c7a70" d="M16 2.5c5.2 6.3 9 11.2 9 16a9 9 0 0 1-18 0c0-4.8 3.8-9.7 9-16z"/>'
    '<path fill="none" stroke="#fff" stroke-width="2.4" stroke-linecap="round" stroke-linejoin="round" d="M16 12.5v9m-3.8-3.6 3.8 3.8 3.8-3.8"/></svg>'
)


def files_page(words: Words, share: Share, contents: Contents, names: Iterable[str], api: str, head: str = "") -> str:
    """What is shared, each file with the name that its address has below ``api``; ``head`` is what stands in the page's, as HTML."""
    lines = [_told(words.sharer, name=share.sharer)] if share.sharer else []
    used_up = 0 < share.max_downloads <= share.downloads
    if used_up:
        lines.append(f'<p class="bad">{escape(words.used_up)}</p>')
    elif share.expires_at is not None and contents.files:
        lines.append(_told(words.until, "quiet", time=_moment(share.expires_at)))
    if not contents.files:
        lines.append(f"<p>{escape(words.none)}</p>")
    elif len(contents.files) > 1 or contents.more:
        lines.append(f'<p><a class="do main" href="{escape(api)}/archive">{escape(words.all)}</a></p>')
    rows = "".join(_rows(words, contents.files, names, api))
    lines.append(f"<ul>{rows}</ul>" if rows else "")
    if contents.more:
        lines.append(f'<p class="quiet">{escape(words.more)}</p>')
    return _page(words, share.title or words.files, "".join(lines), head)


def password_page(words: Words, problem: str = "") -> str:
    """Asks for the password, and says nothing else."""
    said = f'<p class="bad" id="problem" role="alert">{escape(problem)}</p>' if problem else ""
    described = "hint problem" if problem else "hint"
    wrong = ' aria-invalid="true"' if problem else ""
    form = (
        f'{said}<form method="post"><label for="password">{escape(words.password)}</label>'
        f'<input id="password" name="password" type="password" required maxlength="256" autocomplete="off" autofocus '
        f'aria-describedby="{described}"{wrong}>'
        f'<p class="quiet" id="hint">{escape(words.hint)}</p><button>{escape(words.enter)}</button></form>'
    )
    return _page(words, words.locked, form)


def refusal_page(words: Words, sentence: str) -> str:
    """Says why there is nothing to see."""
    return _page(words, words.no_file, f"<p>{escape(sentence)}</p>")


def trouble_page(words: Words, sentence: str) -> str:
    """Says of any address that people open why it cannot be shown now."""
    return _page(words, words.not_now, f"<p>{escape(sentence)}</p>")


def _rows(words: Words, files: Iterable[ReceivedFile], names: Iterable[str], api: str) -> Iterator[str]:
    for file, name in zip(files, names, strict=True):
        path = escape(file.path)
        yield (
            f'<li><span class="name">{path}</span><span class="size">{words.size(file.size)}</span>'
            f'<a class="do" href="{escape(api)}/files/{name}" aria-label="{escape(words.download)}: {path}">{escape(words.download)}</a></li>'
        )


def _told(sentence: str, kind: str = "", **what: str) -> str:
    parts = {
        name: f"<bdi>{text}</bdi>" if name == "time" else f"<bdi>{escape(text)}</bdi>" for name, text in what.items()
    }
    told = escape(sentence).format(**parts)
    return f'<p class="{kind}">{told}</p>' if kind else f"<p>{told}</p>"


def _moment(at: float) -> str:
    # In a form that is the same in all languages, as nobody tells where its reader is.
    moment = time.gmtime(at)
    return f'<time datetime="{time.strftime("%Y-%m-%dT%H:%M:%SZ", moment)}">{time.strftime("%Y-%m-%d %H:%M", moment)} UTC</time>'


def _page(words: Words, title: str, body: str, head: str = "") -> str:
    return whole_page(words.language, words.direction, title, body, head)


def whole_page(language: str, direction: str, title: str, body: str, head: str = "") -> str:
    """A page without a script that looks like all others; ``body`` and ``head`` are HTML."""
    return (
        f'<!doctype html><html lang="{language}" dir="{direction}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1"><meta name="robots" content="noindex, nofollow">'
        f'<meta name="referrer" content="no-referrer"><meta name="color-scheme" content="light dark"><title>{escape(title)}</title>{head}'
        f'<link rel="icon" href="data:,"><style>{_STYLE}</style></head><body><header>{_LOGO}<span>Droppr</span></header>'
        f"<main><h1>{escape(title)}</h1>{body}</main></body></html>\n"
    )
