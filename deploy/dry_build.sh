#!/usr/bin/env bash
# Build the image's steps without a container engine: in a chroot, as root, on Debian.
#
#   deploy/dry_build.sh [FOLDER]        (default: a new temporary folder; about 2 GB, some minutes)
#
# Each instruction of the Dockerfile is done as a builder would: FROM is Debian with its own Python
# (from debootstrap, in place of the official image), RUN runs under chroot, COPY takes only what
# Dockerfile.dockerignore lets through, and the second stage gets no more than what it copies. At
# the end the image's own command is asked, as the image's user, for its version and by `doctor`.
#
# What it cannot show: the official Python image, layers and their caching, VOLUME and EXPOSE.
# MODELS=baked GPU=cuda VERSION=1.2.3 in the environment are the build arguments.
set -euo pipefail
cd "$(dirname "$0")/.."
[ "$(id -u)" = 0 ] || { echo "chroot wants root" >&2; exit 1; }
command -v debootstrap >/dev/null || { echo "apt-get install debootstrap" >&2; exit 1; }

work=${1:-$(mktemp -d)}
mkdir -p "$work"
base=$work/base
if [ ! -x "$base/usr/bin/python3" ]; then
    debootstrap --variant=minbase --include=ca-certificates,python3,python3-venv bookworm "$base"
    ln -sf python3 "$base/usr/bin/python"
fi

declare -A arguments=([PYTHON]=debian [VERSION]="${VERSION:-0.1.dev0}"
    [MODELS]="${MODELS:-mounted}" [GPU]="${GPU:-none}")
root='' user=0 folder=/ stage=0
declare -a environment=() entrypoint=()

# The way to the package index is this machine's; none of it is left in the image.
lend() {
    cp /etc/resolv.conf "$root/etc/resolv.conf"
    cp "${PIP_CERT:-/etc/ssl/certs/ca-certificates.crt}" "$root/tmp/lent.crt"
    python3 -m pip config list 2>/dev/null | sed -n "s/^global\.\(index-url\|extra-index-url\)='\(.*\)'$/\1=\2/p" |
        sed '1i [global]' >"$root/tmp/lent.conf"
}
take_back() { rm -f "$root"/tmp/lent.*; }

inside() {
    chroot --userspec="$user:$user" "$root" /usr/bin/env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/tmp \
        PIP_CONFIG_FILE=/tmp/lent.conf PIP_CERT=/tmp/lent.crt SSL_CERT_FILE=/tmp/lent.crt \
        "${environment[@]}" /bin/sh -c 'cd "$1" && shift && exec "$@"' - "$folder" "$@"
}

fill_in() {
    local text=$1 name
    for name in "${!arguments[@]}"; do text=${text//\$\{$name\}/${arguments[$name]}}; done
    printf '%s' "$text"
}

copy() {
    local from=$PWD owner='' target
    local -a words=()
    for word in "$@"; do
        case $word in
        --from=*) from=$work/${word#--from=} ;;
        --chown=*) owner=${word#--chown=} ;;
        *) words+=("$word") ;;
        esac
    done
    target=$root${words[-1]}
    for source in "${words[@]::${#words[@]}-1}"; do
        if [ "$from" = "$PWD" ]; then
            grep -qxF "!$source" deploy/Dockerfile.dockerignore || { echo "$source is ignored" >&2; exit 1; }
        fi
        case ${words[-1]} in
        */) mkdir -p "$target" && cp -R "$from/$source" "$target" ;;
        *) mkdir -p "$(dirname "$target")" && cp -RT "$from/$source" "$target" ;;
        esac
    done
    find "$target" -name __pycache__ -path '*/src/*' -prune -exec rm -rf {} +
    [ -z "$owner" ] || chown -R "$owner" "$target"
}

sed '/^#/d' deploy/Dockerfile | sed -e ':a' -e '/\\$/N; s/\\\n//; ta' >"$work/instructions"
while read -r word rest; do
    [ -n "$word" ] || continue
    echo "== $word $rest"
    case $word in
    FROM)
        stage=$((stage + 1)) environment=() user=0 folder=/
        name=${rest##* AS } && [ "$name" != "$rest" ] || name=image
        root=$work/$name
        rm -rf "$root" && cp -a "$base" "$root"
        ;;
    ARG) ;;
    ENV) for pair in $rest; do
            pair=${pair//\$PATH//usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin}
            environment+=("$pair")
        done ;;
    RUN)
        lend
        for name in "${!arguments[@]}"; do environment+=("$name=${arguments[$name]}"); done
        inside sh -euc "$rest" </dev/null
        take_back
        ;;
    COPY) read -ra words <<<"$(fill_in "$rest")" && copy "${words[@]}" ;;
    USER) user=$rest ;;
    WORKDIR) folder=$rest && mkdir -p "$root$rest" ;;
    VOLUME | EXPOSE) ;;
    ENTRYPOINT) mapfile -t entrypoint < <(python3 -c 'import json,sys; print(*json.loads(sys.argv[1]), sep="\n")' "$rest") ;;
    CMD) ;;
    *) echo "unknown instruction $word" >&2; exit 1 ;;
    esac
done <"$work/instructions"

echo "== the image's user asks the image's command"
[ "$stage" = 2 ] && [ "$user" != 0 ]
inside "${entrypoint[@]}" --version </dev/null
inside "${entrypoint[@]}" migrate </dev/null
inside "${entrypoint[@]}" doctor </dev/null || [ "${arguments[MODELS]}" = mounted ]
if inside sh -c 'touch /opt/lipwright/x' 2>/dev/null; then
    echo "the image's user can change the program" >&2
    exit 1
fi
du -sh "$root" | cut -f1 | sed 's/^/size of the image, base included: /'
