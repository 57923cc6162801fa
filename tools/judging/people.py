"""Who looks at pages: a stranger, demo accounts signed in with the hub's one click, and people who did something."""

import contextlib
import re
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from html import unescape
from urllib.parse import urlsplit

import requests

from portal import clock
from portal.dev.people import people

TIMEOUT = 60
_FORM = re.compile(r"<form\b([^>]*)>(.*?)</form>", re.DOTALL)
_ACTION = re.compile(r'\baction="([^"]+)"')
_HIDDEN = re.compile(r"<input\b(?=[^>]*type=\"hidden\")[^>]*>")
_OFFERED = re.compile(r'name="email" value="([^"]+)"')
_ATTRIBUTE = re.compile(r'\b(name|value)="([^"]*)"')


class Visitor:
    """An HTTP client that keeps cookies, speaks one language and sends forms as a browser without scripts would."""

    def __init__(self, url: str, locale: str) -> None:
        self.url = url
        self.led = "/"  # where signing in, or an act, has led
        self.client = requests.Session()
        self.client.headers["Accept-Language"] = locale
        self.client.cookies.set("locale", locale, domain=urlsplit(url).hostname or "", path="/")

    def opens(self, path: str) -> requests.Response:
        """The answer at this path, without following where it leads."""
        return self.client.get(self.url + path, timeout=TIMEOUT, allow_redirects=False)

    def sends(self, page: str, action: str, **data: str) -> str:
        """Open the page, fill in the form with this action, send it; the path it leads to."""
        answer = self.fills(self.opens(page).text, action, page, **data)
        if answer.status_code != 303:
            raise LookupError(f"{action} answers {answer.status_code} to {sorted(data)}, sent from {page}.")
        parts = urlsplit(answer.headers["Location"])
        return parts._replace(scheme="", netloc="", fragment="").geturl()

    def fills(self, html: str, action: str, page: str, **data: str) -> requests.Response:
        """Fill in the form with this action, on a page as it was shown, and send it; the answer."""
        forms = {action_of(tag, page): body for tag, body in reversed(_FORM.findall(html))}
        if action not in forms:
            raise LookupError(f"{page} holds no form that goes to {action}.")
        values = {**hidden(forms[action]), **data}
        return self.client.post(self.url + action, data=values, timeout=TIMEOUT, allow_redirects=False)

    def cookies(self) -> list[dict[str, str]]:
        """What was kept, as Playwright takes it."""
        return [{"name": one.name, "value": str(one.value), "url": self.url} for one in self.client.cookies]

    def mail(self, pattern: str) -> str:
        """The first group of this pattern in the newest mail of the mailbox that has it."""
        for path in dict.fromkeys(re.findall(r'"(/dev/mailbox/\d+)"', self.opens("/dev/mailbox").text)):
            if found := re.search(pattern, self.opens(path).text):
                return found[1]
        raise LookupError(f"No mail holds {pattern}.")


def action_of(tag: str, page: str) -> str:
    """Where a form goes: to its own page when it does not say."""
    named = _ACTION.search(tag)
    return (unescape(named[1]) if named else page).partition("?")[0]


def hidden(form: str) -> dict[str, str]:
    """The hidden fields of a form."""
    fields = (dict(_ATTRIBUTE.findall(tag)) for tag in _HIDDEN.findall(form))
    return {unescape(one["name"]): unescape(one.get("value", "")) for one in fields if "name" in one}


Act = Callable[[Visitor], str]


@dataclass(frozen=True, slots=True, order=True)
class Who:
    """Somebody who looks: a stranger when there is no address. `act` is what they do first; it returns where it led."""

    name: str
    email: str = ""
    act: Act | None = field(default=None, compare=False)

    def arrives(self, url: str, locale: str) -> Visitor:
        """Signed in, and after their act."""
        visitor = Visitor(url, locale)
        if self.email:
            visitor.led = visitor.sends("/dev", "/dev/sign-in", email=self.email)
        if self.act:
            visitor.led = self.act(visitor)
        return visitor


STRANGER = Who("stranger")
TRIAL = Who("trial", "essai-j15@example.org")
SUBSCRIBER = Who("subscriber", "abonne-health@example.org")
MANAGER = Who("manager", "direction@example.org")
ADMIN = Who("admin", "admin@example.org")
READERS = (TRIAL, SUBSCRIBER, MANAGER)


def demo_addresses(url: str) -> list[str]:
    """Whom the hub offers to be."""
    page = Visitor(url, "fr").opens("/dev").text
    return list(dict.fromkeys(unescape(email) for email in _OFFERED.findall(page)))


def account(email: str) -> Who:
    """A demo account under the first part of its address."""
    return next((who for who in (*READERS, ADMIN) if who.email == email), Who(email.partition("@")[0], email))


def _registers(visitor: Visitor) -> str:
    return visitor.sends(
        "/register", "/register", email="nouvelle@valmere.example.org", password="trois phrases et un tambour"
    )


def _forgets(visitor: Visitor) -> str:
    return visitor.sends("/reset", "/reset", email="prospect@example.org")


def _asks_for_a_code(visitor: Visitor) -> str:
    return visitor.sends("/help/access", "/help/access/address", email="ancienne@valmere.example.org")


def _types_the_code(visitor: Visitor) -> str:
    """The second address is that of another account, so that there is something to link; proved once, it stays."""
    if linked := re.search(r'"(/help/access/link/\d+)', visitor.opens("/help/access").text):
        return linked[1]
    page = visitor.sends("/help/access", "/help/access/address", email="offert-fini@example.org")
    return visitor.sends(page, page.partition("?")[0], code=visitor.mail(r"\b(\d{3}\s?\d{3})\b"))


def _asks_again(visitor: Visitor) -> str:
    """The address is not confirmed: the locked article offers another mail."""
    visitor.sends(visitor.led, "/confirm-address/resend")
    return visitor.mail(r"(/confirm-address/[\w-]+)")


def _asks_for_a_copy(visitor: Visitor) -> str:
    """One copy a day; the worker takes a moment to make it."""
    if "/profile/data/copy/" not in visitor.opens("/profile/data").text:
        visitor.sends("/profile/data", "/profile/data")
    for _look in range(60):
        if "/profile/data/copy/" in visitor.opens("/profile/data").text:
            return "/profile/data"
        time.sleep(0.5)
    raise LookupError("The worker made no copy.")


def _moves(visitor: Visitor) -> str:
    """The wish stays until it is answered; the present mailbox is asked, and the new one."""
    if "/profile/address/cancel" not in visitor.opens("/profile/identity").text:
        visitor.sends("/profile/address", "/profile/address", email="plus-tard@valmere.example.org")
    return visitor.mail(r"(/confirm-address/leave/[\w-]+)")


def _takes(visitor: Visitor) -> str:
    _moves(visitor)
    return visitor.mail(r"(/confirm-address/take/[\w-]+)")


def _asks_for_a_code_to_sign_in(visitor: Visitor) -> str:
    """Three codes an hour go to one address: each visit asks for another one's."""
    return visitor.sends("/login/mail", "/login/mail", email=f"{secrets.token_hex(4)}@valmere.example.org")


def _takes_the_first_step(visitor: Visitor) -> str:
    return visitor.sends("/login", "/login", email="auditeur@example.org", password=people().password)


def _would_ask(visitor: Visitor) -> str:
    """Their trial has ended; the form is only looked at."""
    return _in(visitor.opens("/trial").text, r'"(/trial/more/[a-z]+)')


def _has_asked(_visitor: Visitor) -> str:
    return "/trial/more/fintech"


def _in(text: str, pattern: str) -> str:
    found = re.search(pattern, text)
    if not found:
        raise LookupError(f"The page holds no {pattern}.")
    return found[1]


def _invites(visitor: Visitor) -> str:
    """A licence offered to somebody else: whoever is signed in as another person is told so."""
    page = urlsplit(visitor.opens("/organisation/").headers["Location"]).path
    visitor.sends(page, f"{page}invitations", addresses=f"{secrets.token_hex(4)}@valmere.example.org")
    return visitor.mail(r"(/organisation/invitation/[\w-]+)")


def _would_hand_over(visitor: Visitor) -> str:
    """Who could be made owner is a manager first; the page is only looked at."""
    page = urlsplit(visitor.opens("/organisation/").headers["Location"]).path + "managers"
    if "/owner" not in visitor.opens(page).text:
        reader = _in(visitor.opens(page).text, r'<option value="(\d+)"')
        visitor.sends(page, f"{page}/add", reader=reader)
    return _in(visitor.opens(page).text, r'"(/organisation/\d+/managers/\d+/owner)"')


def _writes(visitor: Visitor) -> str:
    data = {"name": "Jeanne Orval", "email": "lectrice@valmere.example.org", "topic": "reading"}
    return visitor.sends("/contact", "/contact", message="Je ne retrouve pas ma facture de mars.", **data)


def _gives_a_list(visitor: Visitor) -> str:
    """A right of one day, far enough away that no other list has given it."""
    page, day = "/admin/grants/list", f"20{secrets.choice(range(40, 90))}-0{secrets.choice(range(1, 10))}-15"
    shown = visitor.opens(page).text
    edition = re.search(r'name="verticals"[^>]*value="(\d+)"', shown)
    if not edition:
        raise LookupError(f"{page} offers no edition.")
    data = {"addresses": "essai-j15@example.org", "verticals": edition[1], "start": day, "until": day}
    preview = visitor.fills(shown, page, page, reason="Un exemple.", **data).text
    answer = visitor.fills(preview, f"{page}/confirm", page)
    return urlsplit(answer.headers["Location"]).path


def _asks_to_leave(visitor: Visitor) -> str:
    """The worker looks at the request; the link of the mail is only looked at."""
    data = {"name": "Jeanne Orval", "email": "abonne-health@example.org", "reference": secrets.token_hex(4)}
    visitor.sends("/cancel", "/cancel", **data)
    for _look in range(60):
        with contextlib.suppress(LookupError):
            return visitor.mail(r"(/cancel/[\w-]{20,})")
        time.sleep(0.5)
    raise LookupError("The worker sent no link.")


def _would_change(_visitor: Visitor) -> str:
    return "/billing/change/summary?titles=health&titles=media&quantity=2&interval=year"


def _answers_a_quote(visitor: Visitor) -> str:
    """The newest quote waits for an answer; its page is only looked at."""
    return visitor.mail(r"(/quote/[\w-]{20,})")


def _drafts_a_quote(visitor: Visitor) -> str:
    """A draft that is never sent, and the form that would write it again."""
    page, terms = "/admin/quotes/new", {"interval": "year", "terms_days": "45", "grace_days": "15", "locale": "fr"}
    data = {"company": "Ateliers Ravenel", "email": "achats@valmere.example.org", "country": "FR", "quantity": "40"}
    answer = visitor.fills(visitor.opens(page).text, page, page, titles="health", valid_until=_soon(), **data, **terms)
    return urlsplit(answer.headers["Location"]).path + "/edit"


def _soon() -> str:
    return (clock.paris_date(clock.now()) + timedelta(days=20)).isoformat()


ACTORS = (
    Who("answering-a-quote", "devis@example.org", act=_answers_a_quote),
    Who("writing-a-quote", "grands-comptes@example.org", act=_drafts_a_quote),
    Who("changing", "abonne-health@example.org", act=_would_change),
    Who("registering", act=_registers),
    Who("forgetful", act=_forgets),
    Who("writing", act=_writes),
    Who("unconfirmed", "non-confirme@example.org", act=_asks_again),
    Who("second-address", "prospect@example.org", act=_asks_for_a_code),
    Who("linking", "inscrit@example.org", act=_types_the_code),
    Who("copying", "essai-j15@example.org", act=_asks_for_a_copy),
    Who("moving", "essai-j6@example.org", act=_moves),
    Who("moving-in", "essai-j6@example.org", act=_takes),
    Who("asking-for-more", "essai-fini@example.org", act=_would_ask),
    Who("waiting-for-more", "essai-redemande@example.org", act=_has_asked),
    Who("inviting", "direction@example.org", act=_invites),
    Who("handing-over", "gestion@example.org", act=_would_hand_over),
    Who("by-mail", act=_asks_for_a_code_to_sign_in),
    Who("two-steps", act=_takes_the_first_step),
    Who("leaving", act=_asks_to_leave),
    Who("giving", "admin@example.org", act=_gives_a_list),
)
"""Some pages exist only after an act; each of these people did one."""
