"""Static files under addresses that change with their content, and the one stylesheet with the verticals' colours."""

import gzip
import hashlib
import re
from functools import cache, lru_cache
from pathlib import Path

from flask import Blueprint, Flask, Response, abort, request

from portal.lean import vary
from portal.settings import ROOT
from portal.verticals import VerticalInfo, site_verticals
from portal.web import PUBLIC, allow

STATIC = ROOT / "static"
_PARTS = ("tokens", "base", "components", "pages", "figures", "account", "house")
_URL = re.compile(r'url\("/static/([^"]+)"\)')
FOREVER = "public, max-age=31536000, immutable"
_PACKED = (".js", ".svg")  # what is text among the files; fonts and pictures are compressed already

blueprint = Blueprint("assets", __name__)


def static_url(path: str) -> str:
    """The address of a static file, with its content's hash, so that it may be kept for ever."""
    return f"/static/{path}?v={_hash_of(path)}"


@cache
def _hash_of(path: str) -> str:
    return hashlib.sha256((STATIC / path).read_bytes()).hexdigest()[:10]


@cache
def _house_style() -> str:
    parts = ((STATIC / "css" / f"{part}.css").read_text(encoding="utf-8") for part in _PARTS)
    return _URL.sub(lambda match: f'url("{static_url(match[1])}")', "\n".join(parts))


def vertical_style(verticals: tuple[VerticalInfo, ...]) -> str:
    """The colours of the verticals as CSS: a fourth vertical needs no stylesheet of its own."""
    rules = []
    for v in verticals:
        accent = f"light-dark({v.colour},{v.colour_dark})"
        soft = f"light-dark({v.colour_soft},{v.colour_soft_dark})"
        rules.append(f':root{{--v-{v.slug}:{accent}}}[data-v="{v.slug}"]{{--accent:{accent};--accent-soft:{soft}}}')
    return "\n".join(rules)


@cache
def stylesheet(verticals: tuple[VerticalInfo, ...]) -> tuple[str, bytes]:
    """(address, content) of the site's one stylesheet."""
    content = f"{_house_style()}\n{vertical_style(verticals)}\n".encode()
    return f"/assets/portal.{hashlib.sha256(content).hexdigest()[:10]}.css", content


@blueprint.get("/assets/portal.<digest>.css")
@allow(PUBLIC)
def portal_css(digest: str) -> Response:
    """The stylesheet, whatever digest an old page still asks for."""
    address, content = stylesheet(site_verticals())
    if not re.fullmatch(r"[0-9a-f]{10}", digest):
        abort(404)
    response = Response(content, mimetype="text/css")
    response.headers["Cache-Control"] = FOREVER if digest in address else "public, max-age=60"
    return _pack(response)


def init_app(app: Flask) -> None:
    """Make static_url a Jinja global and let hashed static addresses be kept for ever."""
    app.jinja_env.globals["static_url"] = static_url
    app.register_blueprint(blueprint)
    app.after_request(_keep_static)


def _keep_static(response: Response) -> Response:
    if request.endpoint == "static" and response.status_code in (200, 206, 304):
        name = (request.view_args or {}).get("filename", "")
        known = Path(STATIC / name).is_file() and request.args.get("v") == _hash_of(name)
        response.headers["Cache-Control"] = FOREVER if known else "public, max-age=3600"
        if known and name.endswith(_PACKED) and response.status_code == 200:
            return _pack(response)
    return response


def _pack(response: Response) -> Response:
    """In gzip, for whoever takes it: packed once, as small as it gets, since it is kept for ever."""
    vary(response, "Accept-Encoding")
    if request.method == "GET" and "gzip" in request.headers.get("Accept-Encoding", ""):
        response.direct_passthrough = False
        response.set_data(_gzipped(response.get_data()))
        response.headers["Content-Encoding"] = "gzip"
        response.headers.pop("ETag", None)  # it is that of the unpacked file
    return response


@lru_cache(maxsize=32)
def _gzipped(content: bytes) -> bytes:
    return gzip.compress(content, 9, mtime=0)
