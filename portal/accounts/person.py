"""Who is signed in: what every request knows of them."""

from dataclasses import dataclass
from datetime import datetime

from portal.roles import Permission, Role, is_staff, may


@dataclass(frozen=True, slots=True)
class SignedIn:
    """Who is signed in, free of the database session: what the hot path knows of a reader."""

    id: int
    token: str
    session_id: int
    email: str
    name: str
    role: Role
    locale: str | None
    theme: str | None
    confirmed_at: datetime | None
    suspended_at: datetime | None
    last_seen_at: datetime
    verified_at: datetime
    second_factor: bool
    viewer_id: int | None = None
    """Who of the staff looks through this reader's eyes; None in everybody's own session."""

    is_active = True
    is_authenticated = True
    is_anonymous = False

    def get_id(self) -> str:
        """Flask-Login's id is the session's token, so that ending the row ends the sign-in."""
        return self.token

    @property
    def confirmed(self) -> bool:
        """True when the address was confirmed."""
        return self.confirmed_at is not None

    @property
    def suspended(self) -> bool:
        """True while the account is suspended."""
        return self.suspended_at is not None

    @property
    def is_staff(self) -> bool:
        """True for everybody who works here."""
        return is_staff(self.role)

    def may(self, permission: Permission) -> bool:
        """True when this person's role has the permission."""
        return may(self.role, permission)

    @property
    def label(self) -> str:
        """How the masthead calls them."""
        return self.name or self.email.partition("@")[0]

    @property
    def initials(self) -> str:
        """Up to two letters for the avatar."""
        words = self.label.replace(".", " ").replace("-", " ").split()
        return "".join(word[0] for word in words[:2]).upper() or "?"
