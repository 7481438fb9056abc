"""The edge towards gunicorn: connections, bodies, and by which way a request came."""
