"""One module a question; each prints its tables and can write them into docs/performance.md."""
