"""Who a signed-in person can be, and what each kind of staff may do: one table that routes and tests read."""

from enum import StrEnum


class Role(StrEnum):
    """What an account is; everybody but a reader is staff."""

    READER = "reader"
    EDITOR = "editor"
    SUPPORT = "support"
    SALES = "sales"
    ADMIN = "admin"
    AUDITOR = "auditor"


class Permission(StrEnum):
    """An act of the back office, or of reading, that a role may or may not do."""

    BACK_OFFICE = "back-office"
    READ_EVERYTHING = "read-everything"
    SEE_READERS = "see-readers"
    CHANGE_GRANTS = "change-grants"
    EXTEND_TRIALS = "extend-trials"
    EXPLAIN_ACCESS = "explain-access"
    SEE_BILLING = "see-billing"
    REPAIR_BILLING = "repair-billing"
    SEE_AUDIT = "see-audit"
    ANSWER_ENQUIRIES = "answer-enquiries"
    WRITE_QUOTES = "write-quotes"
    VIEW_AS = "view-as"


_ALL = frozenset(Permission)

ROLE_PERMISSIONS: dict[Role, frozenset[Permission]] = {
    Role.READER: frozenset(),
    Role.EDITOR: frozenset({Permission.BACK_OFFICE, Permission.READ_EVERYTHING}),
    Role.SUPPORT: _ALL - {Permission.SEE_AUDIT, Permission.CHANGE_GRANTS},
    Role.SALES: frozenset(
        {
            Permission.BACK_OFFICE,
            Permission.SEE_READERS,
            Permission.EXPLAIN_ACCESS,
            Permission.EXTEND_TRIALS,
            Permission.ANSWER_ENQUIRIES,
            Permission.WRITE_QUOTES,
        }
    ),
    Role.ADMIN: _ALL,
    Role.AUDITOR: frozenset(
        {
            Permission.BACK_OFFICE,
            Permission.SEE_READERS,
            Permission.EXPLAIN_ACCESS,
            Permission.SEE_BILLING,
            Permission.SEE_AUDIT,
        }
    ),
}


def may(role: Role, permission: Permission) -> bool:
    """True when the table gives this permission to this role."""
    return permission in ROLE_PERMISSIONS[role]


def is_staff(role: Role) -> bool:
    """Staff is everybody who has any permission at all."""
    return bool(ROLE_PERMISSIONS[role])
