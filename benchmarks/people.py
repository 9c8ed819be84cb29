"""The person in whose name a benchmark works."""

from sqlmodel import Session, select

from crm_app.domain.permissions import Role
from crm_app.models import RoleGrant, User
from crm_app.services import granting


def admin(session: Session, email: str, name: str = "Bench") -> User:
    """An admin with this address; made if there is none. Nobody can sign in as them."""
    found = session.exec(select(User).where(User.email == email)).one_or_none()
    if found is None:
        found = User(email=email, name=name, password_hash="-")
        session.add(found)
        session.flush()
        role = granting.everywhere(session, Role.ADMIN)
        session.add(RoleGrant(user_id=found.id, role_id=role.role_id))
        session.flush()
    return found
