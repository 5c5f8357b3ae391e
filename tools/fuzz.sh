#!/bin/sh
# Runs every fuzz target of the module for the given time, one after the other.
set -eu
cd "$(dirname "$0")/.."
for package in $(go list ./...); do
	dir=$(go list -f '{{.Dir}}' "$package")
	for target in $(grep -hoE '^func Fuzz[A-Za-z0-9]+' "$dir"/*_test.go 2>/dev/null | sed 's/func //'); do
		echo "$package $target"
		go test -run '^$' -fuzz "^$target\$" -fuzztime "${1:-60s}" -fuzzminimizetime 10x "$package"
	done
done
