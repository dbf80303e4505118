from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import CommandError
from django.db import transaction

from heatmaps.management.passwords import add_password_option, read_password
from heatmaps.management.service_command import ServiceCommand, organization_by_name
from heatmaps.models import Organization, User


class Command(ServiceCommand):
    help = "Make a user who can sign in to the viewer and, with --admin, to the admin."

    def add_arguments(self, parser: Any) -> None:
        parser.add_argument("email", metavar="EMAIL", help="the address that the user signs in with")
        parser.add_argument(
            "--organization",
            action="append",
            metavar="NAME",
            help="organization whose projects the user sees (if there is only one: that one); may be repeated",
        )
        parser.add_argument("--admin", action="store_true", help="let the user change everything, at /admin/")
        add_password_option(parser)

    def run(self, **options: Any) -> dict[str, Any]:
        try:
            User(email=options["email"]).clean_fields(exclude=["password"])
        except ValidationError as error:
            raise CommandError(f"{options['email']!r} is no email address.") from error
        if known := User.objects.filter(email__iexact=options["email"]).first():
            raise CommandError(f"There is a user {known.email} already. `manage.py set_password` changes the password.")
        organizations = [organization_by_name(name) for name in options["organization"] or []]
        if not organizations and (only := Organization.only()):
            organizations = [only]
        password = read_password(User(email=options["email"]), from_stdin=options["password_stdin"])
        with transaction.atomic():
            make = User.objects.create_superuser if options["admin"] else User.objects.create_user
            user = make(options["email"], password)
            for organization in organizations:
                user.join(organization)
        if organizations:
            self.say(f"Made user {user.email}, a member of {', '.join(map(str, organizations))}.")
        else:
            self.say(
                f"Made user {user.email}, who sees no project yet. "
                f"`manage.py add_member {user.email} --organization NAME` changes that."
            )
        return {
            "email": user.email,
            "admin": user.is_superuser,
            "organizations": list(dict.fromkeys(organization.name for organization in organizations)),
            "current_project": user.current_project_id,
        }
