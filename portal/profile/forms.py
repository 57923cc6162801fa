"""The forms of the profile: one's own identity, and the letters one wants."""

from flask_wtf import FlaskForm
from wtforms import RadioField, SelectMultipleField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import AnyOf, ValidationError

from portal.accounts.forms import line_field
from portal.i18n import LOCALES, gettext
from portal.i18n import lazy_gettext as _

THEMES = ("auto", "light", "dark")


class IdentityForm(FlaskForm):  # type: ignore[misc]
    """How the reader is called and how pages speak to them."""

    name = line_field(_("Name"))
    company = line_field(_("Company"))
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


class LettersField(SelectMultipleField):  # type: ignore[misc]
    """Boxes to tick, drawn by the page under the vertical they belong to."""

    def pre_validate(self, form: FlaskForm) -> None:
        """A letter that is not there any more, said in our words."""
        known = {value for value, _label in self.choices}
        if any(value not in known for value in self.data or ()):
            raise ValidationError(gettext("One of these newsletters no longer exists. Choose among those below."))


class LettersForm(FlaskForm):  # type: ignore[misc]
    """The letters that are wanted; none is an answer too."""

    letters = LettersField(_("Newsletters"))
