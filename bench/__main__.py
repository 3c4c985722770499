# SPDX-License-Identifier: AGPL-3.0-or-later
"""scripts/bench: the whole table; scripts/bench NAME: one benchmark by itself."""

from pathlib import Path

import click

from bench.access_command import access
from bench.chart import chart
from bench.gateway_command import gateway
from bench.preflight import preflight
from bench.publish import publish
from bench.reports import reports
from bench.storage_command import storage
from bench.waiting import waiting
from bench.whole_command import LINES, whole


@click.group(invoke_without_command=True)
@click.option("--quick", is_flag=True, help="In some three minutes, with fewer rounds and smaller data.")
@click.option("--only", multiple=True, metavar="LINE", help=f"Only this line; may be repeated. {', '.join(LINES)}.")
@click.option("--json", "as_json", is_flag=True, help="Answer in JSON.")
@click.option("--output", type=click.Path(dir_okay=False, path_type=Path), help="Write the JSON here too, for scripts/bench chart.")
@click.pass_context
def main(context: click.Context, quick: bool, only: tuple[str, ...], as_json: bool, output: Path | None) -> None:
    """Measure CloudFilm beside stock Orthanc and beside what the machine can do: one table."""
    if context.invoked_subcommand is None:
        whole(quick, as_json, only, output)


main.add_command(access)
main.add_command(chart)
main.add_command(gateway)
main.add_command(preflight)
main.add_command(publish)
main.add_command(reports)
main.add_command(storage)
main.add_command(waiting)

if __name__ == "__main__":
    main(prog_name="scripts/bench")
