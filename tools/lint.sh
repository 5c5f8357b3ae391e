#!/bin/sh
# Runs every linter over the modules of this repository. Each linter is pinned in a module of its
# own, so that none of their dependencies reach the product.
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
bin=$root/bin/tools
mkdir -p "$bin"
for tool in mvdan.cc/gofumpt:gofumpt honnef.co/go/tools/cmd/staticcheck:staticcheck \
	github.com/polyfloyd/go-errorlint:errorlint github.com/mgechev/revive:revive; do
	(cd "$root/tools/${tool##*:}" && go build -o "$bin/${tool##*:}" "${tool%%:*}")
done

failed=0
unformatted=$("$bin/gofumpt" -l "$root")
if [ -n "$unformatted" ]; then
	echo "not formatted (run: make format):" && echo "$unformatted"
	failed=1
fi
for module in . examples/demo examples/lab examples/bench tools/layers tools/dashboards; do
	[ -f "$root/$module/go.mod" ] || continue
	cd "$root/$module"
	go vet ./... || failed=1
	"$bin/staticcheck" ./... || failed=1
	"$bin/errorlint" -errorf-multi ./... || failed=1
	"$bin/revive" -config "$root/tools/revive/revive.toml" ./... || failed=1
done
exit $failed
