"""On PostgreSQL and an S3 store, shared by all processes of any number of machines."""
