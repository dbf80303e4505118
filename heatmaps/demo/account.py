"""Whose the demo is: its project and cohort, the user who may read it, and the link by which that user signs in."""

from urllib.parse import quote, urlencode

from django.contrib.auth.tokens import PasswordResetTokenGenerator
from django.db import transaction
from django.utils.timezone import now

from heatmaps.demo import site
from heatmaps.models import Cohort, Membership, Organization, Project, User

NAME = "Demo site"
EMAIL = "demo@example.com"
COHORT = "customers"
# From here on a window is a desktop's.
DESKTOPS_FROM = 1040


class _SignInTokens(PasswordResetTokenGenerator):
    """Nothing is stored: a token is signed over when its user last signed in, and so opens once."""

    key_salt = "heatmaps.demo.account"


_tokens = _SignInTokens()


@transaction.atomic
def make() -> tuple[Project, Cohort, User]:
    """The demo's project, its cohort, and the user who may read it: found, or made."""
    organization, _ = Organization.objects.get_or_create(name=NAME)
    project, _ = Project.objects.get_or_create(organization=organization, name=NAME)
    customers, _ = Cohort.objects.get_or_create(project=project, name=COHORT, is_static=True, deleted=False)
    user = User.objects.filter(email=EMAIL).first() or User.objects.create_user(EMAIL)
    Membership.objects.get_or_create(user=user, organization=organization)
    if user.current_project != project:
        user.current_project = project
        user.save(update_fields=["current_project"])
    return project, customers, user


def set_aside() -> None:
    """Renames the demo's project, so that the next one begins with nothing. Its rows leave when they are too old."""
    for project in Project.objects.filter(organization__name=NAME, name=NAME):
        project.name = f"{NAME} until {now():%Y-%m-%d %H:%M}"
        project.save(update_fields=["name"])


def project() -> Project | None:
    return Project.objects.filter(organization__name=NAME, name=NAME).first()


def sign_in_path(user: User) -> str:
    return f"{site.HOME}/sign-in/{_tokens.make_token(user)}/"


def user_of(token: str) -> User | None:
    """The demo's user, for a token that is fresh; to be asked in the transaction that signs in, so that of two who come
    at once only one does."""
    user = User.objects.select_for_update().filter(email=EMAIL, is_active=True).first()
    return user if user and _tokens.check_token(user, token) else None


def first_picture(project: Project, date_from: str) -> str:
    """Where the viewer shows the home page's clicks on desktops, over the page as this service serves it."""
    state = {
        "project": project.pk,
        "page": site.url("/"),
        "type": "click",
        "date_from": date_from,
        "width_min": DESKTOPS_FROM,
        "site": site.HOME,
    }
    return f"/?{urlencode(state, quote_via=quote, safe='/:')}"
