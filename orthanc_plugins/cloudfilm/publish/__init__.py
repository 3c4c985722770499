"""The published viewing path: what is written for nginx to serve (docs/publication.md). No I/O but of files that are passed in."""
