#!/bin/sh
# start.sh RUN CONFIGURATION MEMORY: starts nginx, ending first the workers that a killed master left behind: they would hold the ports for good.
run=$1 configuration=$2 memory=$3
if [ -s "$run/nginx.pid" ]; then
    # A master and its workers are one process group, named by the master's pid; only processes called nginx are touched.
    pgrep -x nginx -g "$(cat "$run/nginx.pid")" | xargs -r kill -KILL
    rm -f "$run/nginx.pid"
fi
# A folder in memory that nobody else can have made: mkdir fails where one is left.
rm -rf "$memory" && mkdir -m 711 "$memory" || exit 1
exec /usr/sbin/nginx -c "$configuration" -e stderr
