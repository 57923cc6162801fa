"""The form of one's own identity."""

from flask_wtf import FlaskForm
from wtforms import RadioField, StringField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import AnyOf, Length, ValidationError

from portal.i18n import LOCALES
from portal.i18n import lazy_gettext as _

THEMES = ("auto", "light", "dark")


def one_line(_form: FlaskForm, field: StringField) -> None:
    """Names hold no control signs: they end up in mail headers and lists."""
    if any(ord(sign) < 32 or ord(sign) == 127 or sign in "\u2028\u2029\u202e\u202d" for sign in field.data or ""):
        raise ValidationError(str(_("Use letters, figures and punctuation only.")))


class IdentityForm(FlaskForm):  # type: ignore[misc]
    """How the reader is called and how pages speak to them."""

    name = StringField(
        _("Name"),
        validators=[Length(max=120, message=_("This name is too long: 120 characters at most.")), one_line],
    )
    company = StringField(
        _("Company"),
        validators=[Length(max=120, message=_("This name is too long: 120 characters at most.")), one_line],
    )
    locale = RadioField(
        _("Language"),
        choices=[SelectChoice("fr", "Français"), SelectChoice("en", "English")],
        validators=[AnyOf(LOCALES, message=_("Choose French or English."))],
        validate_choice=False,
    )
    theme = RadioField(
        _("Appearance"),
        choices=[
            SelectChoice("auto", _("Automatic")),
            SelectChoice("light", _("Light")),
            SelectChoice("dark", _("Dark")),
        ],
        validators=[AnyOf(THEMES, message=_("Choose an appearance."))],
        validate_choice=False,
    )
