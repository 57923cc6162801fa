"""Forms of the account pages, and the fields and checks that other rooms reuse (trials asks for the same things)."""

import unicodedata
from typing import Any

from flask_wtf import FlaskForm
from wtforms import BooleanField, EmailField, Field, HiddenField, PasswordField, StringField
from wtforms.validators import Optional, StopValidation, ValidationError

from portal.accounts import breaches, passwords
from portal.accounts.identity import AddressError, checked_address
from portal.accounts.passwords import Refusal
from portal.formats import integer
from portal.i18n import gettext as _
from portal.i18n import lazy_gettext

ADDRESS_LENGTH = 254
NAME_LENGTH = 120
LONGEST_MESSAGE = 4_000
_INVISIBLE = dict.fromkeys(map(ord, "\u200b\u2060\ufeff\u00ad"))
_JOINERS = "\u200c\u200d"  # they join what is beside them, in Persian names and in families of emoji: alone, nothing
TURNS_TEXT = frozenset("\u200e\u200f\u061c\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_BREAKING = frozenset(("Cc", "Cs", "Zl", "Zp"))
_ADDRESS_REFUSALS = {
    "invalid": lazy_gettext("Enter an email address, like name@example.com."),
    "mixed-script": lazy_gettext("This address mixes several alphabets. Use an address written in a single one."),
    "disposable": lazy_gettext("Throw-away addresses are not accepted. Use your own address, at work if you can."),
}
_PASSWORD_REFUSALS = {
    Refusal.TOO_SHORT: lazy_gettext("This password is too short: 12 characters at least."),
    Refusal.TOO_LONG: lazy_gettext("This password is too long: 256 characters at most."),
    Refusal.COMMON: lazy_gettext(
        "This password is one of the first that anyone would try. Take four words that have nothing in common."
    ),
    Refusal.PERSONAL: lazy_gettext(
        "This password is made of your name, your address or ours. Take four words that have nothing in common."
    ),
}


_BREACHED = lazy_gettext(
    "This password stands in a list of stolen passwords that anyone can read. "
    "Take four words that have nothing in common."
)


class Form(FlaskForm):  # type: ignore[misc]
    """The base of the site's forms; `problems` are sentences about the whole form."""

    def refuse(self, sentence: str) -> None:
        """Add a sentence about the form as a whole."""
        self.form_errors.append(sentence)


def trimmed(value: str | None) -> str | None:
    """A filter: NFC, without invisible signs and blanks around."""
    if value is None:
        return None
    return unicodedata.normalize("NFC", value).translate(_INVISIBLE).strip().strip(_JOINERS).strip()


def stays_on_its_line(text: str) -> bool:
    """False for text that would break its line, or turn the text around it."""
    return not any(unicodedata.category(sign) in _BREAKING or sign in TURNS_TEXT for sign in text)


class Needed:
    """Something must be typed; the sentence says what."""

    field_flags = {"required": True}

    def __init__(self, sentence: Any) -> None:
        self.sentence = sentence

    def __call__(self, _form: Form, field: Field) -> None:
        if not field.data:
            raise StopValidation(str(self.sentence))


class OneLine:
    """At most so many characters, on one line, written in one direction. Keeps the beginning of what is too long."""

    def __init__(self, length: int) -> None:
        self.length = length

    def __call__(self, _form: Form, field: Field) -> None:
        text = field.data or ""
        if len(text) > self.length:
            field.data = text[: self.length]
            raise StopValidation(_("This is too long: %(length)s characters at most.", length=self.length))
        if not stays_on_its_line(text):
            field.data = "".join(sign for sign in text if sign.isprintable())
            raise StopValidation(_("Some characters cannot be used here: type this again on one line."))


def one_kind_of_break(value: str | None) -> str | None:
    """A filter: browsers end lines with two signs, we keep one."""
    return value if value is None else value.replace("\r\n", "\n").replace("\r", "\n")


class SomeLines:
    """Text of several lines, without control signs, written in one direction. Keeps the beginning of a longer one."""

    def __init__(self, length: int = LONGEST_MESSAGE) -> None:
        self.length = length

    def __call__(self, _form: Form, field: Field) -> None:
        text = field.data or ""
        if len(text) > self.length:
            field.data = text[: self.length]
            most = integer(self.length)
            raise StopValidation(_("This is too long: %(length)s characters at most.", length=most))
        if any(_unusable(sign) for sign in text):
            field.data = "".join(sign for sign in text if not _unusable(sign))
            raise StopValidation(_("Some characters could not be used and were taken out: look at your text."))


def _unusable(sign: str) -> bool:
    return sign in TURNS_TEXT or (sign not in "\n\t" and unicodedata.category(sign) in ("Cc", "Cs"))


def looks_like_address(_form: Form, field: Field) -> None:
    """Only that this could be an address at all: for sign-in and reset, where known and unknown get one answer."""
    text = field.data or ""
    local, _at, domain = text.rpartition("@")
    if not local or not domain or any(sign.isspace() for sign in text):
        raise ValidationError(str(_ADDRESS_REFUSALS["invalid"]))


def usable_address(_form: Form, field: Field) -> None:
    """An address an account can be made with; whether it is known plays no part. Normalises the domain."""
    try:
        field.data = checked_address(field.data or "")
    except AddressError as error:
        raise ValidationError(str(_ADDRESS_REFUSALS[error.code])) from None


def good_password(form: Form, field: Field) -> None:
    """A password that can be chosen; `form` may hold the address, name and company it must not be made of."""
    personal = [form[name].data or "" for name in ("email", "name", "company") if name in form]
    personal += getattr(form, "personal", [])
    cause = passwords.refusal(field.data or "", personal)
    if cause is not None:
        raise ValidationError(str(_PASSWORD_REFUSALS[cause]))
    if breaches.is_known(field.data or ""):
        raise ValidationError(str(_BREACHED))


def address_field(**more: Any) -> Any:
    """An e-mail field for a new account."""
    return EmailField(
        more.pop("label", lazy_gettext("Email address")),
        filters=[trimmed],
        validators=[
            Needed(_ADDRESS_REFUSALS["invalid"]),
            OneLine(ADDRESS_LENGTH),
            more.pop("check", usable_address),
        ],
        **more,
    )


def new_password_field(label: Any = None) -> Any:
    """A field to choose a password in."""
    return PasswordField(
        label or lazy_gettext("Password"),
        validators=[Needed(lazy_gettext("Choose a password of 12 characters at least.")), good_password],
    )


def line_field(label: Any) -> Any:
    """An optional line of up to 120 characters."""
    return StringField(label, filters=[trimmed], validators=[Optional(), OneLine(NAME_LENGTH)])


class RegistrationForm(Form):
    """An account without a trial."""

    email = address_field()
    password = new_password_field()
    name = line_field(lazy_gettext("First and last name"))
    company = line_field(lazy_gettext("Company"))
    next = HiddenField()


class CorrectAddressForm(Form):
    """The address that should have been typed."""

    email = address_field(label=lazy_gettext("The right address"))


class SignInForm(Form):
    """An address, a password, and where to go afterwards."""

    email = address_field(check=looks_like_address)
    password = PasswordField(lazy_gettext("Password"), validators=[Needed(lazy_gettext("Enter your password."))])
    stay = BooleanField(lazy_gettext("Stay logged in on this device"), default=True)
    next = HiddenField()


class CodeForm(Form):
    """A code of the authenticator app, or a recovery code."""

    code = StringField(
        lazy_gettext("Code"),
        filters=[trimmed],
        validators=[Needed(lazy_gettext("Type the six digits that your app shows.")), OneLine(40)],
    )


class MailCodeRequestForm(Form):
    """Where to send a code that signs in, and where to go afterwards."""

    email = address_field(check=looks_like_address)
    next = HiddenField()


class MailCodeForm(Form):
    """The code of a mail."""

    code = StringField(
        lazy_gettext("Code"),
        filters=[trimmed],
        validators=[Needed(lazy_gettext("Type the six digits of the e-mail.")), OneLine(40)],
    )


class AgainForm(Form):
    """The password once more, the code where there is a second factor, and what it is for."""

    password = PasswordField(lazy_gettext("Password"), validators=[Needed(lazy_gettext("Enter your password."))])
    code = StringField(lazy_gettext("Code"), filters=[trimmed], validators=[Optional(), OneLine(40)])
    next = HiddenField()


class AgainByMailForm(Form):
    """The code of a mail, that of the app where there is a second factor, and what it is for."""

    mailed = StringField(
        lazy_gettext("Code of the e-mail"),
        filters=[trimmed],
        validators=[Needed(lazy_gettext("Type the six digits of the e-mail.")), OneLine(40)],
    )
    code = StringField(lazy_gettext("Code"), filters=[trimmed], validators=[Optional(), OneLine(40)])
    next = HiddenField()


class ResetRequestForm(Form):
    """Which address forgot its password."""

    email = address_field(check=looks_like_address)


class NewPasswordForm(Form):
    """A new password; `personal` is what it must not be made of."""

    password = new_password_field(lazy_gettext("New password"))

    def __init__(self, personal: list[str], **more: Any) -> None:
        self.personal = personal
        super().__init__(**more)


class ButtonForm(Form):
    """Nothing but a button and its token."""
