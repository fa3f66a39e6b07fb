#!/bin/sh
# Speak the demo's line: made once, the result (line.wav) is kept beside this script.
# Wants flite (its voice slt, made from the free CMU ARCTIC recordings) and sox:
#   apt-get install flite sox
set -eu
cd "$(dirname "$0")"
spoken=$(mktemp --suffix=.wav)
trap 'rm -f "$spoken"' EXIT
flite -voice slt -t "Hello! I never said this. My lips were moved by a computer." -o "$spoken"
sox -R "$spoken" -b 16 line.wav \
    silence 1 0.05 0.1% reverse silence 1 0.05 0.1% reverse pad 0.1 0.1 gain -n -3
