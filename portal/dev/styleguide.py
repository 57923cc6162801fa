"""The living style guide."""

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

from portal.web import DEVELOPMENT, allow, private

blueprint = Blueprint("styleguide", __name__)


@blueprint.get("/dev/components")
@allow(DEVELOPMENT)
@private
def components() -> ResponseReturnValue:
    """Every component with sample values."""
    return render_template("dev/components.html")
