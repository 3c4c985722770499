# SPDX-License-Identifier: AGPL-3.0-or-later
"""scripts/bench NAME: one command for each benchmark."""

import click

from bench.access_command import access
from bench.publish import publish
from bench.reports import reports
from bench.storage_command import storage
from bench.waiting import waiting


@click.group()
def main() -> None:
    """Measure CloudFilm."""


main.add_command(access)
main.add_command(publish)
main.add_command(reports)
main.add_command(storage)
main.add_command(waiting)

if __name__ == "__main__":
    main(prog_name="scripts/bench")
