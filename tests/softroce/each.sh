#!/bin/sh
# Runs test programs one after another, each with its own time limit; suite.py reads what it leaves in FOLDER: for the
# n-th program n.status, and n.xml if it came to write it.
#
# usage: each.sh FOLDER {SECONDS PROGRAM}...
set -u

folder=$1
shift
number=0
while [ $# -ge 2 ]; do
  number=$((number + 1))
  echo "=== ${2##*/}"
  timeout --kill-after=5 "$1" "$2" --gtest_output="xml:$folder/$number.xml"
  status=$?
  echo $status > "$folder/$number.status"
  echo "=== ${2##*/}: exit status $status"
  # Heals the devices for the next one.
  [ $status -eq 0 ] || sh "$RINGWAY_SOFTROCE_DEVICES" heal
  shift 2
done
