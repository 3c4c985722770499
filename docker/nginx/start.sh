#!/bin/sh
# start.sh RUN CONFIGURATION: starts nginx, ending first the workers that a killed master left behind: they would hold the ports for good.
run=$1 configuration=$2
if [ -s "$run/nginx.pid" ]; then
    # A master and its workers are one process group, named by the master's pid; only processes called nginx are touched.
    pgrep -x nginx -g "$(cat "$run/nginx.pid")" | xargs -r kill -KILL
    rm -f "$run/nginx.pid"
fi
rm -rf "$run/nginx-authorised"
exec /usr/sbin/nginx -c "$configuration" -e stderr
