from typing import Any

from heatmaps.management.passwords import add_password_option, read_password
from heatmaps.management.service_command import ServiceCommand, user_by_email


class Command(ServiceCommand):
    help = "Change the password of a person. All of their sessions end."

    def add_arguments(self, parser: Any) -> None:
        parser.add_argument("email", metavar="EMAIL", help="the address that the person signs in with")
        add_password_option(parser)

    def run(self, **options: Any) -> dict[str, Any]:
        user = user_by_email(options["email"])
        user.set_password(read_password(user, from_stdin=options["password_stdin"]))
        user.save(update_fields=["password"])
        self.say(f"Changed the password of {user.email}.")
        return {"email": user.email}

    def show(self, result: Any) -> str:
        return ""
