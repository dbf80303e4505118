#!/usr/bin/env python
"""Runs the service's commands; `python manage.py help` lists them."""

import os
import sys

from django.core.exceptions import ImproperlyConfigured
from django.core.management import execute_from_command_line
from django.db import OperationalError


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "heatmaps_service.settings")
    try:
        execute_from_command_line(sys.argv)
    except ImproperlyConfigured as error:
        sys.exit(f"Error: {error}")
    except OperationalError as error:
        # Of Django's own commands; ours have said it already.
        sys.exit(f"Error: The metadata database cannot be used ({' '.join(str(error).split())}). Check DATABASE_URL.")


if __name__ == "__main__":
    main()
