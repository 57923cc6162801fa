"""WSGI entry point: `granian --interface wsgi app:app`."""

from portal.factory import create_app

app = create_app()
