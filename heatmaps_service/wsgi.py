"""The WSGI application that `manage.py serve`, or any other WSGI server, runs."""

import os
import sys

from django.core.exceptions import ImproperlyConfigured
from django.core.wsgi import get_wsgi_application

from heatmaps.metadata import connections

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "heatmaps_service.settings")

try:
    application = get_wsgi_application()
except ImproperlyConfigured as error:
    sys.exit(f"Error: {error}")
connections.share_connections()
