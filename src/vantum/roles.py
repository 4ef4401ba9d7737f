"""Who may do what over the API: three roles, each of which may what those before it may."""

from __future__ import annotations

from typing import Final, Literal, get_args

from msgspec import Struct

Role = Literal[
    "viewer",  # reads
    "operator",  # reads and acts
    "admin",  # also gives and takes rights, and erases
]
ROLES: Final[tuple[Role, ...]] = get_args(Role)


class Caller(Struct, frozen=True):
    """Who asks; "" is the installation's own token, or this machine."""

    token_id: str
    role: Role

    def may(self, needed: Role) -> bool:
        """Do what needs this role."""
        return ROLES.index(self.role) >= ROLES.index(needed)


TOKEN_PREFIX: Final = "vt_"  # so that who finds one in a log or a repository knows what it is
OURSELVES: Final = Caller("", "admin")
ANYBODY: Final = Caller("", "viewer")  # where everybody may look
