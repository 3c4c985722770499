# The private root: one Debian 13 tree, one virtual environment and OHIF's static files, kept in a cache outside the checkout.
#
# Each is keyed by the hash of what it is made of, is built in a temporary folder beside its final name and renamed when it is whole: an
# interrupted build leaves nothing that a later start could mistake for a finished one.

app=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
cache=${CLOUDFILM_CACHE:-${XDG_CACHE_HOME:-${HOME:-/root}/.cache}/cloudfilm}

die() { printf 'cloudfilm: %s\n' "$*" >&2; exit 1; }
say() { printf 'cloudfilm: %s\n' "$*" >&2; }

packages_of() { sed 's/#.*//' "$@" | awk 'NF' | sort -u; }

# Where every package of the list is the system's own (the Docker image, the tests' root), no private root is built.
is_system_complete() {
    local list; list=$(packages_of "$@")
    # shellcheck disable=SC2086
    [ "$(dpkg-query -W -f '${db:Status-Abbrev}\n' $list 2>/dev/null | grep -c '^ii')" = "$(wc -w <<<"$list")" ]
}

# What the command itself prints goes to a log: on failure its last line is shown, and where to find the rest.
logged() {
    local what=$1 hint=$2 log; shift 2
    log=$cache/log/${what// /-}.log
    mkdir -p "$cache/log"
    "$@" >"$log" 2>&1 </dev/null && return
    printf '%s\n' "$(tail -n 3 "$log")" >&2
    die "$what failed: $hint The whole output is in $log"
}

build_root() {
    local root=$1; shift
    if ! command -v mmdebstrap >/dev/null; then
        say 'installing mmdebstrap on this machine'
        logged 'apt-get update' 'is the network up?' apt-get update -qq
        logged 'apt-get install mmdebstrap' 'is this Debian 12 or 13 with network access?' \
            env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends mmdebstrap
    fi
    say 'building the private Debian 13 root (about 40 s, once)'
    rm -rf "$root.part"
    logged 'building the root' 'is the network up, and are 2 GB of disk free?' \
        mmdebstrap --variant=apt --include="$(packages_of "$@" | paste -sd,)" trixie "$root.part"
    mv "$root.part" "$root"
}

build_venv() {
    local venv=$1 flavour=$2 empty=$cache/empty
    say 'installing the Python packages (once)'
    rm -rf "$venv.part" && mkdir -p "$venv.part" "$empty"
    logged 'installing the Python packages' 'is the network up?' run_in "$root" "$venv.part" "$empty" "$empty" \
        sh -c 'python3 -m venv --system-site-packages /opt/cloudfilm/venv &&
               exec pip install --require-hashes --no-deps --disable-pip-version-check -r "requirements/$0.txt"' "$flavour"
    mv "$venv.part" "$venv"
}

build_ohif() {
    local ohif=$1 empty=$cache/empty
    say 'installing the OHIF viewer (once)'
    rm -rf "$ohif.part" && mkdir -p "$ohif.part" "$empty"
    logged 'installing the OHIF viewer' 'is the network up?' run_in "$root" "$venv" "$ohif.part" "$empty" \
        ohif_config/install /opt/cloudfilm/ohif
    mv "$ohif.part" "$ohif"
}

# The --data DIR among a command's options, for enter, which shows that folder to the command.
data_options() {
    data=()
    while [ $# -gt 0 ]; do
        case $1 in
            --data) data=(--data "${2:-}") ;;
            --data=*) data=(--data "${1#--data=}") ;;
        esac
        shift
    done
}
